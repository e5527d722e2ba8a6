/**
 * `Idempotency-Key` on POST: whoever repeats a request under the same key gets the answer of the first
 * one, and nothing happens twice.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Store } from '../store/store.ts';
import { principalOf } from './auth.ts';
import { ApiError } from './errors.ts';

export interface IdempotencyOptions {
  store: Pick<Store, 'answer' | 'putAnswer'>;
  /** Answers may have secrets in them. */
  seal: (text: string, purpose: string) => string;
  open: (sealed: string, purpose: string) => string;
}

interface KeptAnswer {
  /** Tells a repeat from another request under the same key. */
  fingerprint: string;
  status: number;
  body: string;
}

/** How long an answer is kept, ms. */
const lifetime = 86_400_000;

const longestKey = 256;

const purpose = 'answer';

const digest = (...parts: (string | null)[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** For all routes of the scope that are added from now on. */
export function rememberAnswers(
  scope: FastifyInstance,
  { store, seal, open }: IdempotencyOptions,
): void {
  /** Requests that are being answered, by key, with what tells them from others. */
  const running = new Map<FastifyRequest, { key: string; fingerprint: string }>();
  const isRunning = (key: string) => [...running.values()].some((one) => one.key === key);

  const opened = (sealed: string | null) => {
    if (sealed === null) return null;
    try {
      return JSON.parse(open(sealed, purpose)) as KeptAnswer;
    } catch {
      // The key it was sealed with is lost, and what it says with it.
      return null;
    }
  };

  const keep = (
    { key, fingerprint }: { key: string; fingerprint: string },
    { status, payload }: { status: number; payload: unknown },
  ) => {
    const body = typeof payload === 'string' ? payload : '';
    const kept: KeptAnswer = { fingerprint, status, body };
    const now = Date.now();
    return store.putAnswer(key, seal(JSON.stringify(kept), purpose), now, now - lifetime);
  };

  scope.addHook('preHandler', async (request, reply) => {
    const given = request.headers['idempotency-key'];
    if (request.method !== 'POST' || typeof given !== 'string' || given === '') return;
    // Nothing was done: it may be corrected and sent again under the same key.
    if (request.validationError !== undefined) return;
    if (given.length > longestKey)
      throw new ApiError('bad-request', `Idempotency-Key has more than ${longestKey} characters`);
    const { tenantUuid, userUuid } = principalOf(request);
    const [path = ''] = request.url.split('?');
    const key = digest(given, path, tenantUuid, userUuid);
    const fingerprint = digest(JSON.stringify(request.body ?? null));
    if (isRunning(key))
      throw new ApiError('conflict', 'A request with this Idempotency-Key is being answered');
    running.set(request, { key, fingerprint });
    const kept = opened(await store.answer(key));
    if (kept === null) return;
    running.delete(request);
    if (kept.fingerprint !== fingerprint)
      throw new ApiError('conflict', 'This Idempotency-Key belongs to another request');
    await reply
      .status(kept.status)
      .header('idempotent-replayed', 'true')
      .type('application/json')
      .send(kept.body);
  });

  scope.addHook('onSend', async (request, reply, payload) => {
    const known = running.get(request);
    try {
      // What failed here may be tried again.
      if (known !== undefined && reply.statusCode < 500)
        await keep(known, { status: reply.statusCode, payload });
    } finally {
      // onResponse never comes when the client has broken off.
      running.delete(request);
    }
    return payload;
  });

  scope.addHook('onResponse', (request, _reply, done) => {
    running.delete(request);
    done();
  });
}
