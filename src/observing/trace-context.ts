/** The context of a trace as W3C's Trace Context has it, as it comes in the headers of an event. */
import type { JsonObject } from '../model.ts';
import type { TraceContext } from '../plugin-api/contract.ts';

/** Version 00, the only one there is: trace, span and flags. */
const parentForm = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const stateForm = (() => {
  const key = '[a-z0-9][a-z0-9_*/@-]{0,255}';
  const value = '[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]';
  const member = `[ \\t]*(?:${key}=${value})?[ \\t]*`;
  return new RegExp(`^${member}(?:,${member}){0,31}$`);
})();

const longestState = 512;

/** What an event's publisher said; undefined when that was nothing, or nothing valid. */
export function traceOf({ traceparent, tracestate }: JsonObject): TraceContext | undefined {
  if (typeof traceparent !== 'string' || !parentForm.test(traceparent)) return undefined;
  const isState =
    typeof tracestate === 'string' &&
    tracestate !== '' &&
    tracestate.length <= longestState &&
    stateForm.test(tracestate);
  return isState ? { traceparent, tracestate } : { traceparent };
}

/** The headers with another context in them. */
export function withTrace(headers: JsonObject, trace: TraceContext): JsonObject {
  const others = { ...headers };
  Reflect.deleteProperty(others, 'tracestate');
  return Object.assign(others, trace);
}
