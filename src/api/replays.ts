/** Replays of a subscription's past deliveries, and a delivery to try it with. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Replays } from '../deliveries/replays.ts';
import type { SampleDeliveries } from '../deliveries/sample-delivery.ts';
import { hasSample, sampleEvent } from '../events/samples.ts';
import type { Json, Replay } from '../model.ts';
import {
  array,
  boolean,
  integer,
  maybe,
  nullable,
  object,
  oneOf,
  open,
  string,
} from '../schema.ts';
import type { Store } from '../store/store.ts';
import { isPattern } from '../subscriptions/patterns.ts';
import { NoSuchSubscription, type SubscriptionService } from '../subscriptions/service.ts';
import { ApiError } from './errors.ts';
import { failures, isoTime, momentIn } from './schemas.ts';
import { type ByUuid, reachOf, UuidParams } from './subscriptions.ts';

export interface ReplayRoutes {
  subscriptions: SubscriptionService;
  replays: Pick<Replays, 'create' | 'cancel'>;
  samples: Pick<SampleDeliveries, 'make'>;
  store: Pick<Store, 'replay' | 'countReplay'>;
}

const statuses = ['succeeded', 'failed', 'cancelled'] as const;

const ReplayInput = object({
  since: maybe(string({ format: 'iso-date-time', description: 'Received then or later.' })),
  until: maybe(string({ format: 'iso-date-time', description: 'Received before.' })),
  status: array(oneOf(statuses), {
    default: ['failed'],
    minItems: 1,
    uniqueItems: true,
    description: 'How they ended.',
  }),
  events: array(string({ minLength: 1, maxLength: 128 }), {
    default: [],
    maxItems: 100,
    description: 'Only events of these names; `*` is anything.',
  }),
  dry_run: boolean({ default: false, description: 'Only count.' }),
});

const ShownReplay = object({
  id: string(),
  subscription_uuid: string(),
  status: oneOf(['running', 'done', 'cancelled']),
  total: integer({ description: 'How many deliveries are taken up.' }),
  done: integer({ description: 'How many were until now.' }),
  created_at: string({ format: 'date-time' }),
  ended_at: nullable(string({ format: 'date-time' })),
});

interface ReplayBody {
  since?: string;
  until?: string;
  status: (typeof statuses)[number][];
  events: string[];
  dry_run: boolean;
}

const shown = (replay: Replay) => ({
  id: replay.id,
  subscription_uuid: replay.subscriptionUuid,
  status: replay.status,
  total: replay.total,
  done: replay.done,
  created_at: isoTime(replay.createdAt),
  ended_at: isoTime(replay.endedAt),
});

const noSuchReplay = (id: string) => new ApiError('no-such-replay', `No such replay: ${id}`);

export function replayRoutes(scope: FastifyInstance, subjects: ReplayRoutes): void {
  const { subscriptions, replays, samples, store } = subjects;
  const tags = ['deliveries'];

  const subscriptionOf = async (request: FastifyRequest<ByUuid>) =>
    subscriptions.get(request.params.subscription_uuid, await reachOf(request));

  const find = async (request: FastifyRequest<{ Params: { replay_id: string } }>) => {
    const id = request.params.replay_id;
    const replay = await store.replay(id);
    const reach = await reachOf(request);
    try {
      if (replay !== null) subscriptions.get(replay.subscriptionUuid, reach);
    } catch (error) {
      // Of another tenant's, not even that it exists is told.
      if (error instanceof NoSuchSubscription) throw noSuchReplay(id);
      throw error;
    }
    if (replay === null) throw noSuchReplay(id);
    return replay;
  };

  scope.post<ByUuid & { Body: ReplayBody }>(
    '/subscriptions/:subscription_uuid/replay',
    {
      schema: {
        tags,
        summary: 'Deliver events of the past again, under the same ids',
        params: UuidParams,
        body: ReplayInput,
        response: {
          200: object({ total: integer(), by_status: open() }),
          202: ShownReplay,
          ...failures(400, 401, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { uuid } = await subscriptionOf(request);
      const { since, until, status, events, dry_run: isTrial } = request.body;
      const selection = {
        statuses: status,
        events,
        since: momentIn(since),
        until: momentIn(until),
      };
      if (!isTrial) return reply.status(202).send(shown(await replays.create(uuid, selection)));
      const counts = await store.countReplay(uuid, selection);
      const total = status.reduce((sum, one) => sum + counts[one], 0);
      return { total, by_status: counts };
    },
  );

  const params = object({ replay_id: string({ maxLength: 36 }) });
  scope.get<{ Params: { replay_id: string } }>(
    '/replays/:replay_id',
    {
      schema: {
        tags,
        summary: 'Show how far a replay has come',
        params,
        response: { 200: ShownReplay, ...failures(401, 404) },
      },
    },
    async (request) => shown(await find(request)),
  );

  scope.post<{ Params: { replay_id: string } }>(
    '/replays/:replay_id/cancel',
    {
      schema: {
        tags,
        summary: 'Take up nothing more',
        params,
        response: { 200: ShownReplay, ...failures(401, 404, 503) },
      },
    },
    async (request) => {
      const replay = await find(request);
      return shown((await replays.cancel(replay.id)) ?? replay);
    },
  );

  scope.post<ByUuid & { Body: { event?: string; data?: Json } | null }>(
    '/subscriptions/:subscription_uuid/test',
    {
      schema: {
        tags,
        summary: 'Deliver a sample now, and return what the endpoint said',
        params: UuidParams,
        body: object({
          event: maybe(string({ minLength: 1, maxLength: 128, description: 'Its name.' })),
          data: maybe(open({ type: undefined, description: 'Its data; a sample unless given.' })),
        }),
        response: {
          200: object({
            status: oneOf(['success', 'failure', 'error']),
            event: string(),
            duration: integer({ description: 'Milliseconds.' }),
            detail: open(),
          }),
          ...failures(400, 401, 404, 409),
        },
      },
    },
    async (request) => {
      const subscription = await subscriptionOf(request);
      const { event, data } = request.body ?? {};
      const named = event ?? subscription.events.find((name) => !isPattern(name));
      const name = named ?? 'webhookd_test';
      const sample = hasSample(name)
        ? sampleEvent(name)
        : { name, data: { test: true }, headers: {} };
      const outcome = await samples.make(subscription, {
        ...sample,
        ...(data === undefined ? {} : { data }),
      });
      return { event: name, ...outcome };
    },
  );
}
