/** Requests of every kind to every route of a running daemon. */
import { readFileSync } from 'node:fs';
import { Agent, request as send } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { useScene } from '../../support/scene.ts';
import { until } from '../../support/wait.ts';
import { corpus, type Entry } from '../corpus.ts';
import {
  type ApiDocument,
  type Known,
  type Operation,
  type Request,
  requestsTo,
} from '../requests.ts';
import { patience, seed, settings } from '../settings.ts';

type StoredRequest = Entry & Request;

interface Answer {
  status: number;
  type: string;
  text: string;
}

const scene = useScene({ config: { log_level: 'info' } });
/** What a request does to its connection is not to be seen by the next one. */
const agent = new Agent({ keepAlive: false });
const subscribedTo = ['served', '__proto__', 'line\nfeed'];
let document: ApiDocument;
let known: Known;
let pid: number;
let token: string;

/** What every error looks like. */
const errorForm = {
  message: expect.any(String) as unknown,
  error_id: expect.stringMatching(/^[a-z-]+$/) as unknown,
  details: expect.any(Object) as unknown,
  timestamp: expect.any(Number) as unknown,
};

beforeAll(async () => {
  const { daemon, publisher } = scene();
  ({ pid, token } = daemon);
  const { url } = await scene().inbox();
  const uuid = await daemon.subscribe(subscribedTo, url, { metadata: { a: 'b' } });
  await publisher.publish(...subscribedTo.map((name) => ({ name, data: { name } })));
  publisher.channel.sendToQueue('webhookd', Buffer.from('nonsense'), {});
  const first = async <T>(path: string) =>
    until(
      `something at ${path}`,
      async () => (await daemon.call<{ items: T[] }>('GET', path)).body.items[0],
    );
  const { id: delivery } = await first<{ id: string }>('/deliveries');
  const { id: letter } = await first<{ id: string }>('/deadletter');
  const { body } = await daemon.call<{ id: string }>('POST', `/subscriptions/${uuid}/replay`, {});
  ({ body: document } = await daemon.call<ApiDocument>('GET', '/openapi.json'));
  known = {
    subscription_uuid: [uuid],
    subscription: [uuid],
    delivery_id: [delivery],
    replay_id: [body.id],
    id: [letter],
    service: ['http', 'example', 'nothing'],
    // Nobody else is asked for anything: the port is one where nothing listens.
    url: [
      'http://127.0.0.1:9/{{ event }}',
      'http://[::1]:9/',
      'http://127.0.0.1:9/\\',
      'ftp://127.0.0.1/',
      '',
    ],
    config: [{ url: 'http://127.0.0.1:9/' }, { url: '' }, { sleep_time: 0 }, {}],
    filter: ['event.a == 1', 'event[', '1', null],
    name: ['webhookd-http', 'webhookd-example', 'a name'],
    // A stream has no end.
    follow: [false],
  };
});

const ask = ({ method, path, headers, body }: Request): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = send(scene().daemon.url, {
      agent,
      method,
      path,
      headers: {
        'x-auth-token': token,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** Node's client refuses some paths and headers by itself; of long ones the server says so before it reads them. */
const canBeSent = ({ path, headers }: Request): boolean =>
  path.length < 12_000 &&
  /^\/[!-~\u0080-\u00ff]*$/.test(path) &&
  Object.values(headers).every((value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value));

/** No answer that is an error of the daemon's, or in a form of its own. */
async function isAnswered(request: Request, operation?: Operation): Promise<void> {
  const answer = await ask(request);
  const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 500)}`;
  expect(answer.status, said).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(JSON.parse(answer.text), said).toMatchObject(errorForm);
    expect(answer.text, said).not.toMatch(/\n\s+at |node_modules|\.js:\d+/);
  } else if (answer.type.startsWith('application/json')) {
    const check = checkOf(operation, answer.status);
    expect(
      check?.(JSON.parse(answer.text)) ?? true,
      `${said}: ${JSON.stringify(check?.errors)}`,
    ).toBe(true);
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
formats.default(ajv);

const compiled = new Map<object, ReturnType<typeof ajv.compile>>();

function checkOf(operation: Operation | undefined, status: number) {
  const schema = operation?.responses[String(status)]?.content?.['application/json']?.schema;
  if (schema === undefined) return undefined;
  const check = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, check);
  return check;
}

/** As it was before, and nothing in its log that nobody expected. */
async function isAsBefore(): Promise<void> {
  const { daemon, publisher } = scene();
  expect(daemon.pid).toBe(pid);
  expect(daemon.hasEnded).toBe(false);
  const odd = daemon.log.filter(
    ({ msg, level }) => (level as number) >= 50 && /bug|request failed|unhandled/i.test(msg),
  );
  expect(odd).toEqual([]);
  await daemon.call('POST', '/plugins/webhookd-http/enable');
  const here = await scene().inbox();
  await daemon.subscribe(['still.there'], here.url);
  await publisher.publish({ name: 'still.there', data: { id: 1 } });
  await here.received(1);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const memory = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  console.log(`seed ${seed}: ${memory.toFixed(0)} MiB`);
  expect(memory).toBeLessThan(500);
}

test(
  'every route of the API document answers whatever it is asked, in the form that is documented',
  patience,
  async () => {
    for (const [path, operations] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(operations))
        await fc.assert(
          fc.asyncProperty(
            requestsTo(method, path, operation, known).filter(canBeSent),
            (request) => isAnswered(request, operation),
          ),
          settings(0.1),
        );
    await isAsBefore();
  },
);

test.each(corpus<StoredRequest>('requests'))(
  '$what',
  patience,
  async ({ method, body, headers, ...request }) => {
    const path = request.path.replace('{subscription}', String(known['subscription_uuid']?.[0]));
    const content = { 'content-type': 'application/json', ...headers };
    await isAnswered({ method, body, headers: body === undefined ? headers : content, path });
  },
);

test('afterwards the daemon is as it was before', patience, isAsBefore);
