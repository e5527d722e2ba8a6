/** Everybody who may ask, and what they ask about: with tokens made here, or with those of wazo-auth. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { TestDaemon } from './daemon.ts';
import { installPlugin } from './plugins.ts';
import { TestPublisher } from './publisher.ts';
import { until } from './wait.ts';
import { newVhost } from './vhost.ts';
import { StandInWazoAuth } from './wazo-auth.ts';

export interface Grant {
  acl?: string[];
  tenantUuid?: string;
  userUuid?: string;
}

export interface Cast {
  daemon: TestDaemon;
  /** Whose the things are. */
  tenant: string;
  user: string;
  other: string;
  makeToken(grant: Grant): Promise<string>;
  /** Ends a token. */
  revoke(token: string): Promise<void>;
  /** The value of a parameter of a path: something of the tenant's, or of the user's. */
  thing(parameter: string, isOwned: boolean): Promise<string>;
  close(): Promise<void>;
}

const plugin = 'webhookd-matrix';

/** @param hasWazoAuth whether the tokens are those of wazo-auth */
export async function openCast(hasWazoAuth: boolean): Promise<Cast> {
  const brokerUrl = await newVhost();
  const auth = hasWazoAuth ? await StandInWazoAuth.open() : undefined;
  const daemon = new TestDaemon({
    brokerUrl,
    config: {
      rest_api: { max_auth_failures: null },
      ...(auth === undefined
        ? {}
        : {
            auth: {
              type: 'wazo',
              host: '127.0.0.1',
              port: auth.port,
              ...auth.credentials,
              // A token that was revoked just now would still be known.
              cache_ttl: 0,
            },
          }),
    },
  });
  installPlugin(join(daemon.directory, 'plugins'), plugin, {
    manifest: { services: { matrix: './index.js' }, variables: [{ name: 'COLOUR' }] },
  });
  const publisher = await TestPublisher.open(brokerUrl);
  const close = async () => {
    await publisher.close();
    await daemon.remove();
    await auth?.close();
  };
  try {
    await daemon.start();
    const people = peopleOf(daemon, auth);
    return { daemon, close, ...people, thing: await thingsFor(daemon, publisher, people) };
  } catch (error) {
    await close();
    throw error;
  }
}

type People = Pick<Cast, 'tenant' | 'user' | 'other' | 'makeToken' | 'revoke'>;

function peopleOf(daemon: TestDaemon, auth: StandInWazoAuth | undefined): People {
  const user = randomUUID();
  if (auth !== undefined)
    return {
      user,
      tenant: auth.addTenant(),
      other: auth.addTenant(),
      makeToken: (grant) => Promise.resolve(auth.addToken(grant)),
      revoke: (token) => Promise.resolve(void auth.tokens.delete(token)),
    };
  const made = new Map<string, string>();
  return {
    user,
    tenant: randomUUID(),
    other: randomUUID(),
    makeToken: async ({ acl, tenantUuid, userUuid }) => {
      const { status, body } = await daemon.call<{ token: string; uuid: string }>(
        'POST',
        '/tokens',
        { name: 'a token', acl, tenant_uuid: tenantUuid, user_uuid: userUuid },
      );
      if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
      made.set(body.token, body.uuid);
      return body.token;
    },
    revoke: async (token) => {
      await daemon.call('DELETE', `/tokens/${made.get(token) ?? ''}`);
    },
  };
}

async function thingsFor(
  daemon: TestDaemon,
  publisher: TestPublisher,
  { tenant, user, makeToken }: People,
): Promise<Cast['thing']> {
  const tokens = {
    tenant: await makeToken({ tenantUuid: tenant }),
    user: await makeToken({ tenantUuid: tenant, userUuid: user }),
  };
  const create = async (path: string, whose: keyof typeof tokens, body: object) => {
    const answer = await daemon.call<Record<string, string>>('POST', path, body, {
      'x-auth-token': tokens[whose],
    });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const input = (service: string, events: string[]) => ({
    name: 'a subscription',
    service,
    events,
    config: { url: 'http://127.0.0.1:9/' },
  });
  const uuidOf = ({ uuid = '' }: Record<string, string>) => uuid;
  // Nobody provides its service: its deliveries wait.
  const waiting = uuidOf(await create('/subscriptions', 'tenant', input('nobodys', ['matrix'])));
  await publisher.publish({ name: 'matrix', data: {}, headers: { tenant_uuid: tenant } });
  publisher.raw(Buffer.from('no event'), { headers: { name: 'matrix' } }, 'matrix');
  const firstOf = (path: string) =>
    until(`something at ${path}`, async () => {
      const { body } = await daemon.call<{ items: { id: string }[] }>('GET', path);
      return body.items[0]?.id;
    });
  const delivery = await firstOf(`/deliveries?subscription=${waiting}`);
  const letter = await firstOf('/deadletter');
  const replay = (await create(`/subscriptions/${waiting}/replay`, 'tenant', {}))['id'] ?? '';

  return async (parameter, isOwned) => {
    if (parameter === 'subscription_uuid')
      return isOwned
        ? uuidOf(await create('/users/me/subscriptions', 'user', input('http', ['e'])))
        : uuidOf(await create('/subscriptions', 'tenant', input('http', ['e'])));
    if (parameter === 'uuid') {
      const { body } = await daemon.call<{ uuid: string }>('POST', '/tokens', { name: 'a token' });
      return body.uuid;
    }
    const known: Record<string, string> = {
      delivery_id: delivery,
      replay_id: replay,
      id: letter,
      name: plugin,
      variable: 'COLOUR',
    };
    const value = known[parameter];
    if (value === undefined) throw new Error(`what is {${parameter}}? Say so here`);
    return value;
  };
}
