/** What the log says of an attempt: lines that the author of a plugin waits for. */
import type { Logger } from 'pino';
import type { Delivery } from '../model.ts';
import type { AttemptRecord } from '../store/store.ts';
import { withoutPaths } from '../subscriptions/credentials.ts';

export function reportAttempt(
  log: Logger,
  delivery: Delivery,
  { service, plugin }: { service: string; plugin: string },
  record: AttemptRecord,
): void {
  const { status, startedAt, endedAt, number, nextAttemptAt, detail } = record;
  const { name } = delivery.event;
  const duration = endedAt - startedAt;
  const line = {
    delivery: delivery.id,
    subscription: delivery.subscriptionUuid,
    plugin,
    service,
    event: name,
    attempt: number,
    status,
    duration_ms: duration,
  };
  const what = delivery.request === null ? '' : ' with a request';
  if (status === 'success') log.info(line, `${service} handled ${name}${what} in ${duration} ms`);
  else
    log.warn(
      Object.assign(line, { next_attempt_at: nextAttemptAt, error: errorIn(detail) }),
      `${service} failed at ${name}${what} in ${duration} ms`,
    );
}

function errorIn(detail: string): unknown {
  const { error } = JSON.parse(detail) as { error?: unknown };
  return typeof error === 'string' ? withoutPaths(error) : error;
}
