/** Values with everything set, of which a test says only what matters to it. */
import { randomUUID } from 'node:crypto';
import type { BusEvent, KeptEvent, Delivery, Subscription } from '../../dist/model.js';
import type { AttemptRecord, EventRecord } from '../../dist/store/store.js';

export const masterTenant = '00000000-0000-4000-8000-000000000001';
export const otherTenant = '11111111-1111-4111-8111-111111111111';

export const sampleSubscription = (more: Partial<Subscription> = {}): Subscription => ({
  uuid: randomUUID(),
  name: 'a subscription',
  service: 'http',
  config: {},
  events: ['call_created'],
  eventsUserUuid: null,
  eventsWazoUuid: null,
  ownerUserUuid: null,
  ownerTenantUuid: masterTenant,
  metadata: {},
  filter: null,
  delivery: {},
  disabled: null,
  ...more,
});

/** The same as a client sends it. */
export const sampleInput = (more: object = {}) => ({
  name: 'test',
  service: 'http',
  events: ['call_created'],
  config: { url: 'http://127.0.0.1:9/', method: 'post' },
  ...more,
});

export const sampleEvent = (more: Partial<BusEvent> = {}): BusEvent => ({
  name: 'call_created',
  data: { id: 1 },
  originUuid: null,
  headers: {},
  receivedAt: Date.now(),
  ...more,
});

/** The same, kept for delivery. */
export const sampleKeptEvent = (more: Partial<BusEvent> = {}): KeptEvent => {
  const event = sampleEvent(more);
  return { ...event, dataJson: JSON.stringify(event.data) };
};

export const sampleDelivery = (more: Partial<Delivery> = {}): Delivery => ({
  id: randomUUID(),
  subscriptionUuid: 'a-subscription',
  event: sampleKeptEvent(),
  attempts: 0,
  attemptsBefore: 0,
  size: 100,
  request: null,
  ...more,
});

const quiet = () => undefined;

/** What a service is told of an attempt. */
export const sampleContext = {
  delivery: { id: 'd' },
  attempt: 1,
  maxAttempts: 1,
  signal: new AbortController().signal,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  secrets: {},
};

/** An event with one delivery for each of the subscriptions. */
export const sampleRecord = (
  subscriptions: string[],
  more: Partial<EventRecord> = {},
): EventRecord => ({
  name: 'call_created',
  originUuid: 'a-server',
  headers: '{"name":"call_created"}',
  data: '{"id":1}',
  receivedAt: 1_000,
  fingerprint: null,
  deliveries: subscriptions.map((subscriptionUuid) => ({ id: randomUUID(), subscriptionUuid })),
  ...more,
});

export const sampleAttempt = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
  deliveryId: 'a-delivery',
  subscriptionUuid: 'a-subscription',
  number: 1,
  maxAttempts: 10,
  status: 'success',
  startedAt: 2_000,
  endedAt: 2_010,
  detail: '{}',
  dataKey: null,
  nextAttemptAt: null,
  requests: [],
  ...more,
});

/** What a subscription of wazo-webhookd does not have, unless it was said otherwise. */
export const ownDefaults = {
  filter: null,
  delivery: {},
  enabled: true,
  disabled_reason: null,
  disabled_at: null,
};
