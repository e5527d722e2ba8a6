/** An SDK for OpenTelemetry, loaded before a daemon with `--import`: each span is a line of the file SPANS_FILE. */
import { appendFileSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** A span as the file has it. */
export interface RecordedSpan {
  name: string;
  kind: number;
  trace: string;
  id: string;
  parent: string | null;
  attributes: Record<string, unknown>;
  status: number;
}

const toFile = (file: string): SpanProcessor => ({
  onStart: () => undefined,
  onEnd: (span) => {
    const { traceId, spanId } = span.spanContext();
    const recorded: RecordedSpan = {
      name: span.name,
      kind: span.kind,
      trace: traceId,
      id: spanId,
      parent: span.parentSpanContext?.spanId ?? null,
      attributes: span.attributes,
      status: span.status.code,
    };
    appendFileSync(file, `${JSON.stringify(recorded)}\n`);
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
});

const file = process.env['SPANS_FILE'];
if (file !== undefined)
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [toFile(file)] }));
