/**
 * What plugin authors import as `webhookd/plugin`.
 *
 * A plugin is an npm package whose package.json has `webhookd.services`: names, each with the module
 * whose default export is a class: one that delivers what subscriptions ask for ({@link Service}), or one
 * that responds to events by itself ({@link Handler}).
 */
export type { BusEvent, Json, JsonObject, KeptEvent, Subscription } from '../model.ts';
export type { SubscriptionInput } from '../subscriptions/schema.ts';
export { batch } from './batch.ts';
export { compileTemplate, type Template, TemplateError } from '../templates/template.ts';
export type {
  AttemptContext,
  EventCallback,
  Outcome,
  PluginBusConsumer,
  PluginBusPublisher,
  PluginCradle,
  PluginLog,
  PluginSubscriptions,
  Service,
  ServiceClass,
  Sign,
  SignatureKind,
  StatusProvider,
  TraceContext,
} from './contract.ts';
export {
  type Detail,
  HookExpectedError,
  HookRetry,
  isHookExpectedError,
  isHookRetry,
} from './errors.ts';
export type { Environment, HandledEvent, Variables } from './handled-event.ts';
export { Handler } from './handler.ts';
export { type HttpRequest, type HttpRequestOptions, isHttpRequest, request } from './request.ts';
export { pluginApiVersion } from './version.ts';
