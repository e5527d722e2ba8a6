/**
 * What the daemon keeps, as an interface that knows no database. Every adapter passes the same
 * conformance tests.
 */
import type { KeptDetail } from '../attempt-detail.ts';
import type {
  AccessToken,
  Attempt,
  Delivery,
  DeliveryRecord,
  LoggedAttempt,
  PluginState,
  PluginVariable,
  Replay,
  ReplaySelection,
  ShownStatus,
  Subscription,
} from '../model.ts';

/** An event to be kept, with one delivery for each subscription that wants it. */
export interface EventRecord {
  name: string;
  originUuid: string | null;
  /** JSON */
  headers: string;
  /** JSON */
  data: string;
  receivedAt: number;
  /** Tells a redelivered message; null when the message carries no identity. */
  fingerprint: string | null;
  deliveries: { id: string; subscriptionUuid: string }[];
}

/** A finished attempt to be kept. The delivery becomes pending again, or final. */
export interface AttemptRecord extends Omit<Attempt, 'detail'>, KeptDetail {
  /** Requests to be made because of this attempt: deliveries of the same event, for the same subscription. */
  requests: { id: string; request: string }[];
}

/** What becomes durable together. */
export interface WriteBatch {
  events: EventRecord[];
  attempts: AttemptRecord[];
}

/** Deliveries of one subscription that are due. */
export interface DueQuery {
  subscriptionUuid: string;
  /** Due by this time. */
  until: number;
  limit: number;
  /** In the order of the events: nothing while the oldest one is not due. */
  isOrdered: boolean;
  /** Stop after this many bytes of events; at least one delivery is returned if one is due. */
  maxSize: number;
}

export interface DueDeliveries {
  /** By the time they are due; of an ordered query by age. */
  deliveries: Delivery[];
  /** When the next delivery that is not among these is due; null when there is none. */
  nextDueAt: number | null;
}

/** A subscription with deliveries waiting in the store. */
export interface Backlog {
  subscriptionUuid: string;
  /** When the first of them is due. */
  dueAt: number;
}

/** A subscription with nothing but failures. */
export interface Failing {
  subscriptionUuid: string;
  /** When the first attempt after the last success failed, ms since the epoch. */
  since: number;
  /** Of what share of the time until it is disabled people were warned, %. */
  warned: number;
}

/** Something the bus is to be told. */
export interface Announcement {
  id: number;
  /** As it was given. */
  message: string;
}

export const attemptOrders = [
  'started_at',
  'ended_at',
  'status',
  'attempts',
  'max_attempts',
] as const;

/** Which attempts of a subscription to list. */
export interface AttemptQuery {
  subscriptionUuid: string;
  limit: number;
  offset: number;
  order: (typeof attemptOrders)[number];
  direction: 'asc' | 'desc';
  /** Only attempts that began at this time or later. */
  from: number | null;
  /** Words that all occur in the event, the error or the address; null: any. */
  search: string | null;
}

/** Which deliveries to list, the newest first. */
export interface DeliveryQuery {
  /** Only those of these subscriptions; null: of all, deleted ones included. */
  subscriptionUuids: string[] | null;
  status: ShownStatus | null;
  /** A name, or a pattern of names; null: any. */
  event: string | null;
  /** Received then or later; null: from the beginning. */
  since: number | null;
  /** Received before; null: until now. */
  until: number | null;
  /** Only those with a smaller id: the last one of the page before. */
  before: string | null;
  limit: number;
}

/** Ends early when it would become too large. */
export interface DeliveryPage {
  items: DeliveryRecord[];
  /** `before` of the next page; null: there is none. */
  next: string | null;
}

export type ReplayCounts = Record<ReplaySelection['statuses'][number], number>;

/** One slice of a purge, the oldest first. What is still to be delivered stays, and replays that run do. */
export interface PurgeQuery {
  /** Only what was received before this time goes. */
  before: number;
  /** Where the slice before this one ended; empty for the first. */
  after: string;
  /** Whether what is parked goes too. */
  takesParked: boolean;
  /** Nothing more goes once so many bytes or fewer are used; null: all that is old goes. */
  downTo: number | null;
}

/** What a slice removed. */
export interface PurgeSlice {
  events: number;
  deliveries: number;
  attempts: number;
  /** How many of the deliveries were parked: they were never made. */
  parked: number;
  /** Replays that had ended. */
  replays: number;
  /** Where the next slice begins; null when nothing is left to look at. */
  next: string | null;
  /** How many bytes are used after it. */
  used: number;
}

/** Bytes on the disk. */
export interface StoreSize {
  /** Of the database, what is free in it included. */
  total: number;
  /** What is free in it, and used before it grows. */
  free: number;
  /** Of the write-ahead log beside it. */
  log: number;
}

/** Rejects with {@link StoreUnavailable} when trying again later may help; any other rejection is a bug. */
export interface Store {
  /** Resolves when the whole batch is on disk; a batch that fails leaves nothing behind. */
  commit(batch: WriteBatch): Promise<void>;
  dueDeliveries(query: DueQuery): Promise<DueDeliveries>;
  backlog(): Promise<Backlog[]>;
  /** How many deliveries have no final outcome, and when the event of the oldest came. */
  pending(): Promise<{ count: number; oldest: number | null }>;
  /**
   * Sees to it that nothing waits longer than it was to, although the clock was set back since: a pause that
   * began in the future begins now. How many deliveries had to be changed.
   */
  mendSchedule(now: number): Promise<number>;
  /** Fingerprints of the events kept last, oldest first. */
  recentFingerprints(limit: number): Promise<string[]>;

  subscriptions(): Promise<Subscription[]>;
  /** Makes or replaces. The announcements become durable with it. */
  putSubscription(subscription: Subscription, announcements?: string[]): Promise<void>;
  /** Its pending deliveries and its replays are cancelled, and its keys forgotten. The announcements become durable with it. */
  deleteSubscription(uuid: string, announcements?: string[]): Promise<void>;

  /** Keeps what the bus is to be told. */
  addAnnouncements(messages: string[]): Promise<void>;
  /** What was kept and not deleted, the oldest first. */
  announcements(limit: number): Promise<Announcement[]>;
  deleteAnnouncements(ids: number[]): Promise<void>;

  failing(): Promise<Failing[]>;
  putFailing(failing: Failing): Promise<void>;
  deleteFailing(subscriptionUuid: string): Promise<void>;
  /** What was put, or null. */
  signingKeys(subscriptionUuid: string): Promise<string | null>;
  putSigningKeys(subscriptionUuid: string, sealed: string): Promise<void>;
  /** A page that would become too large ends early. Rejects with {@link QueryTooLong} when a search takes too long. */
  attempts(query: AttemptQuery): Promise<{ items: LoggedAttempt[]; filtered: number }>;

  deliveries(query: DeliveryQuery): Promise<DeliveryPage>;
  /** null when there is none of that id. */
  deliveryRecord(id: string): Promise<DeliveryRecord | null>;
  /** With its latest attempts, the first one first: all of them unless that would become too large. */
  delivery(id: string): Promise<{ delivery: DeliveryRecord; attempts: Attempt[] } | null>;
  /** Makes it due now, with all of its schedule ahead. Whether there is one. */
  retryDelivery(id: string, now: number): Promise<boolean>;
  /** Whether it was pending. */
  cancelDelivery(id: string): Promise<boolean>;

  /**
   * What a subscription has pending is due since its event came, or now when that is in the future because the clock
   * was set back: also what would be attempted later.
   */
  hastenParked(subscriptionUuid: string, now: number): Promise<void>;

  /** How many deliveries a replay would take up, by status. */
  countReplay(subscriptionUuid: string, selection: ReplaySelection): Promise<ReplayCounts>;
  replays(): Promise<Replay[]>;
  replay(id: string): Promise<Replay | null>;
  putReplay(replay: Replay): Promise<void>;
  /** Takes up to so many deliveries up again; what the replay is then. */
  advanceReplay(replay: Replay, limit: number, now: number): Promise<Replay>;

  /** An answer kept for who asks twice, or null. */
  answer(key: string): Promise<string | null>;
  /** Keeps one, and lets go of those made before a time. */
  putAnswer(key: string, sealed: string, createdAt: number, before: number): Promise<void>;

  /** Removes some of what is old, in a time that commits can wait for. */
  purge(query: PurgeQuery): Promise<PurgeSlice>;
  size(): Promise<StoreSize>;
  /**
   * Gives some of what is free back to the disk, in a time that commits can wait for, until the total is so
   * many bytes. The total after it: the same as before when no more can be given back.
   */
  shrink(to: number): Promise<number>;

  tokens(): Promise<AccessToken[]>;
  putToken(token: AccessToken): Promise<void>;
  /** Whether there was one. */
  deleteToken(uuid: string): Promise<boolean>;

  /** A value kept under a name, such as this server's uuid. */
  setting(name: string): Promise<string | null>;
  putSetting(name: string, value: string): Promise<void>;

  pluginStates(): Promise<PluginState[]>;
  putPluginState(state: PluginState): Promise<void>;
  deletePluginState(name: string): Promise<void>;
  pluginVariables(): Promise<PluginVariable[]>;
  putPluginVariable(variable: PluginVariable): Promise<void>;
  /** Whether there was one. */
  deletePluginVariable(plugin: string, name: string): Promise<boolean>;
  /** Replaces these variables and a setting, all or nothing. */
  rekey(variables: PluginVariable[], setting: { name: string; value: string }): Promise<void>;

  close(): Promise<void>;
}

/** A question that would take longer than others can wait; a narrower one may not. */
export class QueryTooLong extends Error {
  override readonly name = 'QueryTooLong';
  /** Tells it on the other side of a thread, where classes are lost. */
  readonly code = 'QUERY_TOO_LONG';
}

/** A failure of the disk or of the database as a whole, not of what was to be written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
