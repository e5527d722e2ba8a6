/** `/1.0/tokens`: for the master tenant only. */
import type { FastifyInstance } from 'fastify';
import { array, integer, maybe, nothing, nullable, object, string } from '../schema.ts';
import type { AccessToken } from '../model.ts';
import type { MasterTenant } from '../auth/master-tenant.ts';
import type { Tokens } from '../auth/tokens.ts';
import { requireMaster } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures } from './schemas.ts';

const TokenInput = object({
  name: string({ minLength: 1, maxLength: 128, description: 'What the token is for.' }),
  tenant_uuid: maybe(
    string({
      minLength: 36,
      maxLength: 36,
      description: 'Whose subscriptions it reaches; the master tenant’s unless said.',
    }),
  ),
  user_uuid: maybe(
    string({
      minLength: 36,
      maxLength: 36,
      description: 'The user it acts for under `/users/me`; nobody unless said.',
    }),
  ),
  acl: array(string({ minLength: 1, maxLength: 256, pattern: '^[^\\s]+$' }), {
    default: ['#'],
    description:
      'What it may do, as words with dots: `*` is one part, `#` all that follow. Everything unless said.',
  }),
});

const TokenOutput = object({
  uuid: string({ format: 'uuid' }),
  name: string(),
  tenant_uuid: nullable(string(), { description: 'null: the master tenant.' }),
  user_uuid: nullable(string()),
  acl: array(string()),
  created_at: string({ format: 'date-time' }),
});

const toOutput = ({ uuid, name, tenantUuid, userUuid, acl, createdAt }: AccessToken) => ({
  uuid,
  name,
  tenant_uuid: tenantUuid,
  user_uuid: userUuid,
  acl,
  created_at: new Date(createdAt).toISOString(),
});

export function tokenRoutes(
  scope: FastifyInstance,
  { tokens, masterTenant }: { tokens: Tokens; masterTenant: MasterTenant },
): void {
  const tags = ['tokens'];

  scope.get(
    '/tokens',
    {
      schema: {
        tags,
        summary: 'List tokens',
        response: {
          200: object({ items: array(TokenOutput), total: integer() }),
          ...failures(401),
        },
      },
    },
    (request) => {
      requireMaster(request, masterTenant);
      const items = tokens.list().map(toOutput);
      return Promise.resolve({ items, total: items.length });
    },
  );

  scope.post<{
    Body: { name: string; tenant_uuid?: string; user_uuid?: string; acl: string[] };
  }>(
    '/tokens',
    {
      schema: {
        tags,
        summary: 'Make a token',
        body: TokenInput,
        response: {
          201: object({
            ...TokenOutput.properties,
            token: string({ description: 'The token itself, shown this once.' }),
          }),
          ...failures(400, 401),
        },
      },
    },
    async (request, reply) => {
      requireMaster(request, masterTenant);
      const { name, tenant_uuid: tenantUuid, user_uuid: userUuid, acl } = request.body;
      const { secret, token } = await tokens.create(name, {
        tenantUuid: tenantUuid ?? null,
        userUuid: userUuid ?? null,
        acl,
      });
      return reply.status(201).send({ ...toOutput(token), token: secret });
    },
  );

  scope.delete<{ Params: { uuid: string } }>(
    '/tokens/:uuid',
    {
      schema: {
        tags,
        summary: 'Revoke a token',
        params: object({ uuid: string({ maxLength: 128 }) }),
        response: { 204: nothing(), ...failures(401, 404) },
      },
    },
    async (request, reply) => {
      requireMaster(request, masterTenant);
      const { uuid } = request.params;
      if (!(await tokens.revoke(uuid)))
        throw new ApiError('no-such-token', `No such token: ${uuid}`, { token_uuid: uuid });
      return reply.status(204).send();
    },
  );
}
