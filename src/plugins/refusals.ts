/** What cannot be done with a plugin. */

/** A plugin cannot be used as asked; nothing was changed. */
export class PluginRefused extends Error {
  override readonly name = 'PluginRefused';
}

export class NoSuchPlugin extends Error {
  override readonly name = 'NoSuchPlugin';

  constructor(readonly plugin: string) {
    super(`No such plugin: ${plugin}`);
  }
}
