/** `/1.0/tokens`: for the master tenant only. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { array, integer, maybe, nothing, object, string } from '../schema.ts';
import type { AccessToken } from '../model.ts';
import { principalOf } from './auth.ts';
import { ApiError } from './errors.ts';
import { failures } from './schemas.ts';
import type { Tokens } from './tokens.ts';

const TokenInput = object({
  name: string({ minLength: 1, maxLength: 128, description: 'What the token is for.' }),
  tenant_uuid: maybe(
    string({
      minLength: 36,
      maxLength: 36,
      description: 'Whose subscriptions it reaches; the master tenant’s unless said.',
    }),
  ),
});

const TokenOutput = object({
  uuid: string({ format: 'uuid' }),
  name: string(),
  tenant_uuid: string(),
  created_at: string({ format: 'date-time' }),
});

const toOutput = ({ uuid, name, tenantUuid, createdAt }: AccessToken) => ({
  uuid,
  name,
  tenant_uuid: tenantUuid,
  created_at: new Date(createdAt).toISOString(),
});

export function tokenRoutes(
  scope: FastifyInstance,
  { tokens, masterTenantUuid }: { tokens: Tokens; masterTenantUuid: string },
): void {
  const tags = ['tokens'];
  const requireMaster = (request: FastifyRequest) => {
    if (principalOf(request).tenantUuid !== masterTenantUuid) {
      throw new ApiError('unauthorized', 'Tokens are managed with a token of the master tenant');
    }
  };

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
      requireMaster(request);
      const items = tokens.list().map(toOutput);
      return Promise.resolve({ items, total: items.length });
    },
  );

  scope.post<{ Body: { name: string; tenant_uuid?: string } }>(
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
      requireMaster(request);
      const { name, tenant_uuid: tenantUuid } = request.body;
      const { secret, token } = await tokens.create(name, tenantUuid);
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
      requireMaster(request);
      const { uuid } = request.params;
      if (!(await tokens.revoke(uuid)))
        throw new ApiError('no-such-token', `No such token: ${uuid}`, { token_uuid: uuid });
      return reply.status(204).send();
    },
  );
}
