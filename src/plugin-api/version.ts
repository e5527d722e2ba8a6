/** The version of the plugin contract; `webhookd.engines` of a plugin is a range that has to include it. */
export const pluginApiVersion = '1.0.0';
