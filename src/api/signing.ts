/** `/1.0/subscriptions/<uuid>/secret`: what a receiver needs to check signatures. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { array, maybe, nullable, number, object, string } from '../schema.ts';
import type { SubscriptionService, Visible } from '../subscriptions/service.ts';
import type { ShownKeys, Signer } from '../subscriptions/signing.ts';
import { failures } from './schemas.ts';
import { type ByUuid, reachOf, UuidParams } from './subscriptions.ts';
import { ownOf, userPath } from './user-subscriptions.ts';

export interface SigningRoutes {
  subscriptions: SubscriptionService;
  signer: Pick<Signer, 'list' | 'rotate'>;
}

const Secrets = object({
  secrets: array(
    object({
      secret: string({ description: 'For `v1`: shared with the receiver.' }),
      public_key: string({ description: 'For `v1a`: all the receiver needs.' }),
      created_at: string({ format: 'date-time' }),
      expires_at: nullable(string({ format: 'date-time' }), {
        description: 'Until when it signs too; null: it is the present one.',
      }),
    }),
    { description: 'Those that sign at present, the newest first.' },
  ),
});

const Rotation = object({
  overlap: maybe(
    number({
      minimum: 0,
      maximum: 2_592_000,
      description:
        'How long the former secret signs too, seconds; `delivery.secret_overlap` unless given.',
    }),
  ),
});

const shown = (keys: ShownKeys[]) => ({
  secrets: keys.map(({ secret, publicKey, createdAt, expiresAt }) => ({
    secret,
    public_key: publicKey,
    created_at: new Date(createdAt).toISOString(),
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  })),
});

export function signingRoutes(scope: FastifyInstance, subjects: SigningRoutes): void {
  addFor(scope, subjects, { path: '/subscriptions', tag: 'subscriptions', reach: reachOf });
  addFor(scope, subjects, {
    path: userPath,
    tag: 'users',
    reach: (request) => Promise.resolve(ownOf(request)),
  });
}

interface Place {
  path: string;
  tag: string;
  reach: (request: FastifyRequest) => Promise<Visible>;
}

function addFor(
  scope: FastifyInstance,
  { subscriptions, signer }: SigningRoutes,
  { path, tag, reach }: Place,
): void {
  // Who may update a subscription may see its secret.
  const actsAs = { method: 'PUT', url: `/1.0${path}/:subscription_uuid` };
  const found = async (request: FastifyRequest<ByUuid>) =>
    subscriptions.get(request.params.subscription_uuid, await reach(request)).uuid;

  scope.get<ByUuid>(
    `${path}/:subscription_uuid/secret`,
    {
      config: { actsAs },
      schema: {
        tags: [tag],
        summary: 'Show the secrets that a subscription’s deliveries are signed with',
        params: UuidParams,
        response: { 200: Secrets, ...failures(401, 404, 503) },
      },
    },
    async (request) => shown(await signer.list(await found(request))),
  );

  scope.post<ByUuid & { Body: { overlap?: number } | null }>(
    `${path}/:subscription_uuid/secret/rotate`,
    {
      config: { actsAs },
      schema: {
        tags: [tag],
        summary: 'Make a new secret; the former one signs too for a while',
        params: UuidParams,
        body: Rotation,
        response: { 200: Secrets, ...failures(400, 401, 404, 503) },
      },
    },
    async (request) => {
      const overlap = request.body?.overlap;
      return shown(
        await signer.rotate(
          await found(request),
          overlap === undefined ? undefined : overlap * 1000,
        ),
      );
    },
  );
}
