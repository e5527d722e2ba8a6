/** `/1.0/subscriptions/import`: takes subscriptions over from another daemon, with uuid and owners. */
import type { FastifyInstance } from 'fastify';
import type { MasterTenant } from '../auth/master-tenant.ts';
import { messageOf } from '../errors.ts';
import { toCamelKeys } from '../naming.ts';
import { array, boolean, integer, maybe, object, oneOf, open, string } from '../schema.ts';
import { problemsFrom } from '../subscriptions/problems.ts';
import { SubscriptionInput } from '../subscriptions/schema.ts';
import { InvalidSubscription, type SubscriptionService } from '../subscriptions/service.ts';
import { compileSchema } from '../validation.ts';
import { requireMaster } from './auth.ts';
import { failures } from './schemas.ts';

const ImportedSubscription = object({
  uuid: string({ format: 'uuid' }),
  owner_tenant_uuid: string({ format: 'uuid' }),
  ...SubscriptionInput.properties,
});

const validate = compileSchema(ImportedSubscription);

/** What became of one of them. */
interface ImportResult {
  uuid: string;
  result: 'created' | 'updated' | 'unchanged' | 'refused';
  reason?: string;
}

export function importRoutes(
  scope: FastifyInstance,
  {
    subscriptions,
    masterTenant,
  }: { subscriptions: SubscriptionService; masterTenant: MasterTenant },
): void {
  const importOne = async (given: object, isTrial: boolean): Promise<ImportResult> => {
    const named = (given as { uuid?: unknown }).uuid;
    const uuid = typeof named === 'string' ? named : '';
    const problems = problemsFrom(validate(given) ?? []);
    if (problems.length > 0) return { uuid, result: 'refused', reason: inWords(problems) };
    try {
      const { enabled, ...fields } = toCamelKeys(
        ImportedSubscription,
        given,
      ) as unknown as SubscriptionInput & { uuid: string; ownerTenantUuid: string };
      const subscription = { ...fields, disabled: subscriptions.disabledAs(uuid, enabled) };
      return { uuid, result: await subscriptions.put(subscription, { isTrial }) };
    } catch (error) {
      if (!(error instanceof InvalidSubscription)) throw error;
      return { uuid, result: 'refused', reason: messageOf(error) };
    }
  };

  scope.post<{ Body: { subscriptions: object[]; dry_run: boolean } }>(
    '/subscriptions/import',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'Take subscriptions over, with uuid and owners',
        body: object({
          subscriptions: array(open(), {
            description:
              'As they are returned; one that does not fit is refused, and the others are taken.',
          }),
          dry_run: boolean({
            default: false,
            description: 'Change nothing, only say what would be.',
          }),
        }),
        response: {
          200: object({
            items: array(
              object({
                uuid: string(),
                result: oneOf(['created', 'updated', 'unchanged', 'refused']),
                reason: maybe(string({ description: 'Why it was refused.' })),
              }),
            ),
            total: integer(),
          }),
          ...failures(400, 401, 413, 503),
        },
      },
    },
    async (request) => {
      requireMaster(request, masterTenant);
      const { subscriptions: given, dry_run: isTrial } = request.body;
      const items: ImportResult[] = [];
      for (const subscription of given) items.push(await importOne(subscription, isTrial));
      return { items, total: items.length };
    },
  );
}

const inWords = (problems: readonly { field: string; message: string }[]): string =>
  problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
