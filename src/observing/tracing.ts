/**
 * Spans for OpenTelemetry: of an event's receipt and its commit, and of every attempt. The SDK is the
 * operator's, loaded before the daemon with `--import`. Without one there is nothing here at all: not even
 * the API is loaded.
 */
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { AttemptStatus, BusEvent, Delivery, JsonObject, Subscription } from '../model.ts';
import type { TraceContext } from '../plugin-api/contract.ts';
import { traceOf } from './trace-context.ts';

type Api = typeof import('@opentelemetry/api');

/** Where the API keeps what was registered with it, so that all copies of it find the same. */
const registered = Symbol.for('opentelemetry.js.api.1');

/** What became of an event that was received. */
export type Receipt = 'kept' | 'unwanted' | 'repeated' | 'rejected';

/** An event on its way in. */
export interface EventTrace {
  /** What is kept with the event: the parent of its attempts, whenever they are made. */
  readonly context: TraceContext;
  /** It goes to the disk. */
  commit(): void;
  end(receipt: Receipt): void;
}

/** One attempt. */
export interface AttemptTrace {
  /** What is passed on. */
  readonly context: TraceContext;
  /** undefined: the attempt was cut. */
  end(status: AttemptStatus | undefined): void;
}

/** The API's own provider: it has no tracer as long as no other one is registered. */
interface StandIn {
  getDelegateTracer(name: string, version: string): Tracer | undefined;
}

const isStandIn = (provider: object): provider is StandIn => 'getDelegateTracer' in provider;

/** undefined when nobody listens. */
export async function startTracing(
  version: string,
  queue: string,
): Promise<OpenTelemetry | undefined> {
  if (!(registered in globalThis)) return undefined;
  const api = await import('@opentelemetry/api');
  const provider = api.trace.getTracerProvider();
  const isSilent =
    isStandIn(provider) && provider.getDelegateTracer('webhookd', version) === undefined;
  return isSilent
    ? undefined
    : new OpenTelemetry(api, provider.getTracer('webhookd', version), queue);
}

export class OpenTelemetry {
  constructor(
    private readonly api: Api,
    private readonly tracer: Tracer,
    /** The daemon's queue. */
    private readonly queue: string,
  ) {}

  receive({ name, headers }: BusEvent): EventTrace {
    const { api, tracer } = this;
    const span = tracer.startSpan(
      'webhookd.receive',
      {
        kind: api.SpanKind.CONSUMER,
        attributes: {
          'messaging.system': 'rabbitmq',
          'messaging.operation.type': 'process',
          'messaging.destination.name': this.queue,
          'webhookd.event': name,
        },
      },
      this.#parent(headers),
    );
    let commit: Span | undefined;
    return {
      context: contextOf(span),
      commit: () => {
        const parent = api.trace.setSpan(api.ROOT_CONTEXT, span);
        commit = tracer.startSpan('webhookd.commit', {}, parent);
      },
      end: (receipt) => {
        span.setAttribute('webhookd.receipt', receipt);
        if (receipt === 'rejected') {
          span.setStatus({ code: api.SpanStatusCode.ERROR });
          commit?.setStatus({ code: api.SpanStatusCode.ERROR });
        }
        commit?.end();
        span.end();
      },
    };
  }

  attempt(
    { uuid, name, service }: Subscription,
    { id, event, attempts }: Pick<Delivery, 'id' | 'event' | 'attempts'>,
  ): AttemptTrace {
    const { api, tracer } = this;
    const span = tracer.startSpan(
      'webhookd.attempt',
      {
        kind: api.SpanKind.CLIENT,
        attributes: {
          'webhookd.event': event.name,
          'webhookd.delivery': id,
          'webhookd.attempt': attempts + 1,
          'webhookd.subscription': uuid,
          'webhookd.subscription.name': name,
          'webhookd.service': service,
        },
      },
      this.#parent(event.headers),
    );
    return {
      context: contextOf(span),
      end: (status) => {
        span.setAttribute('webhookd.status', status ?? 'cut');
        if (status !== 'success') span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  #parent(headers: JsonObject): Context {
    const { trace, ROOT_CONTEXT, createTraceState } = this.api;
    const known = traceOf(headers);
    if (known === undefined) return ROOT_CONTEXT;
    const { traceparent, tracestate } = known;
    const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
    });
  }
}

function contextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
