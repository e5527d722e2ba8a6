/**
 * A batch as flat lists of values: between threads an object costs several times what its values do,
 * since each carries the names of its keys along.
 */
import type { AttemptRecord, EventRecord, WriteBatch } from '../store.ts';

type Value = string | number | null;

/** The records' values one after the other, in the order in which {@link unpackBatch} reads them. */
export interface PackedBatch {
  events: Value[];
  attempts: Value[];
}

export function packBatch({ events, attempts }: WriteBatch): PackedBatch {
  const packed: PackedBatch = { events: [], attempts: [] };
  for (const event of events) {
    const { name, originUuid, headers, data, receivedAt, fingerprint, deliveries } = event;
    packed.events.push(name, originUuid, headers, data, receivedAt, fingerprint, deliveries.length);
    for (const { id, subscriptionUuid } of deliveries) packed.events.push(id, subscriptionUuid);
  }
  for (const attempt of attempts) {
    const { deliveryId, subscriptionUuid, number, maxAttempts, status } = attempt;
    packed.attempts.push(deliveryId, subscriptionUuid, number, maxAttempts, status);
    const { startedAt, endedAt, detail, dataKey, nextAttemptAt, requests } = attempt;
    packed.attempts.push(startedAt, endedAt, detail, dataKey, nextAttemptAt, requests.length);
    for (const { id, request } of requests) packed.attempts.push(id, request);
  }
  return packed;
}

export function unpackBatch(packed: PackedBatch): WriteBatch {
  const events = new Reader(packed.events);
  const attempts = new Reader(packed.attempts);
  const batch: WriteBatch = { events: [], attempts: [] };
  while (!events.isAtEnd) batch.events.push(readEvent(events));
  while (!attempts.isAtEnd) batch.attempts.push(readAttempt(attempts));
  return batch;
}

const readEvent = (values: Reader): EventRecord => ({
  name: values.next(),
  originUuid: values.next(),
  headers: values.next(),
  data: values.next(),
  receivedAt: values.next(),
  fingerprint: values.next(),
  deliveries: Array.from({ length: values.next() }, () => ({
    id: values.next(),
    subscriptionUuid: values.next(),
  })),
});

const readAttempt = (values: Reader): AttemptRecord => ({
  deliveryId: values.next(),
  subscriptionUuid: values.next(),
  number: values.next(),
  maxAttempts: values.next(),
  status: values.next(),
  startedAt: values.next(),
  endedAt: values.next(),
  detail: values.next(),
  dataKey: values.next(),
  nextAttemptAt: values.next(),
  requests: Array.from({ length: values.next() }, () => ({
    id: values.next(),
    request: values.next(),
  })),
});

class Reader {
  #at = 0;

  constructor(private readonly values: readonly Value[]) {}

  get isAtEnd(): boolean {
    return this.#at >= this.values.length;
  }

  /** The value that stands next; it is of the type that was packed there. */
  next(): never {
    return this.values[this.#at++] as never;
  }
}
