/** Messages of every kind on their way through a broker into the daemon. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Channel, connect, type Options } from 'amqplib';
import fc from 'fast-check';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { installPlugin } from '../../support/plugins.ts';
import { useScene } from '../../support/scene.ts';
import { until } from '../../support/wait.ts';
import { corpus, type Entry } from '../corpus.ts';
import { brokenJson, deepText, json, text } from '../generators.ts';
import { headerTable } from '../headers.ts';
import { patience, seed, shareOfRuns } from '../settings.ts';

interface Message {
  content: Buffer;
  options: Options.Publish;
}

/** A message of the corpus: text, or bytes. */
interface StoredMessage extends Entry {
  content: string | Buffer;
  headers?: Record<string, unknown>;
  properties?: Options.Publish;
}

/** The header that tells a message from others. */
const mark = 'hostile_id';

/** Writes down which events it is called for. */
const recorder = `
  import { appendFileSync } from 'node:fs';
  export default class {
    callback({ config }, { headers }) {
      appendFileSync(config.file, headers.${mark} + '\\n');
    }
  }`;

const scene = useScene({ config: { bus: { max_message_size: 100_000 } } }, ({ directory }) => {
  installPlugin(join(directory, 'plugins'), 'recorder', { code: recorder });
});
let record = '';
let channel: Channel;
let pid: number;
let sent = 0;

beforeAll(async () => {
  const { brokerUrl, daemon } = scene();
  const connection = await connect(brokerUrl);
  channel = await connection.createChannel();
  pid = daemon.pid;
  record = join(daemon.directory, 'record');
  writeFileSync(record, '');
  await daemon.subscribe(['*'], '', { service: 'recorder', config: { file: record } });
  return () => connection.close();
});

/** Publishes past the exchange, to the queue itself: a name that nobody asked for comes too. */
function send({ content, options }: Message): string {
  const id = `hostile-${sent++}`;
  const own = (options.headers ?? {}) as Record<string, unknown>;
  const headers = { ...own, [mark]: id };
  scene().publisher.channel.sendToQueue('webhookd', content, {
    ...options,
    headers,
    messageId: id,
  });
  return id;
}

/** Takes all messages out of the dead-letter queue; their ids. */
async function deadLetters(): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const message = await channel.get('webhookd.dead-letter', { noAck: true });
    if (message === false) return ids;
    ids.push(String(message.properties.messageId));
  }
}

const memoryOf = (process: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1]) / 1024;

const deliveredIds = () => readFileSync(record, 'utf8').split('\n').slice(0, -1);

/** Each message is delivered once, or is once in the dead-letter queue; and the daemon is as it was. */
async function isServed(messages: readonly Message[]): Promise<{ dead: string[] }> {
  const { daemon, publisher } = scene();
  const ids = [...messages, { content: Buffer.from('{"name":"good"}'), options: {} }].map(send);
  const mine = new Set(ids);
  await publisher.channel.waitForConfirms();
  const dead: string[] = [];
  const delivered = () => deliveredIds().filter((id) => mine.has(id));
  await until(`all of ${ids.length} messages end up somewhere`, async () => {
    dead.push(...(await deadLetters()).filter((id) => mine.has(id)));
    return delivered().length + dead.length >= ids.length;
  });
  expect(delivered()).toContain(ids.at(-1));
  expect([...delivered(), ...dead].sort()).toEqual([...ids].sort());
  expect(daemon.hasEnded).toBe(false);
  expect(daemon.pid).toBe(pid);
  expect(await channel.checkQueue('webhookd')).toMatchObject({ messageCount: 0 });
  return { dead };
}

const content = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({ name: text, data: json, origin_uuid: json })
        .map((body) => JSON.stringify(body)),
    },
    brokenJson,
    json.map((value) => JSON.stringify(value)),
    deepText.map((deep) => `{"name":"deep","data":${deep.slice(0, 200_000)}}`),
    fc.integer({ min: 99_950, max: 100_050 }).map((size) => `{"name":"${'n'.repeat(size - 11)}"}`),
  )
  .map((body) => Buffer.from(body));

const message = fc.record({
  content: fc.oneof(
    { weight: 6, arbitrary: content },
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    json.map((value) => Buffer.from(JSON.stringify(value), 'utf16le')),
    json.map((value) => Buffer.from(`\ufeff${JSON.stringify(value)}`)),
  ),
  options: fc.record(
    {
      headers: headerTable,
      // The broker itself looks at these two headers, and refuses other types.
      contentType: text.filter(isShort),
      correlationId: text.filter(isShort),
      priority: fc.nat(255),
      persistent: fc.boolean(),
      // The broker lets nobody publish as somebody else.
      userId: fc.constant('guest'),
      // Not so soon that it is gone before it is asked for.
      expiration: fc.constant(3_600_000),
    },
    { requiredKeys: ['headers'] },
  ),
});

function isShort(value: string): boolean {
  return Buffer.byteLength(value) <= 255;
}

test('messages made by chance are delivered or put aside, each once', patience, async () => {
  const { daemon } = scene();
  const count = shareOfRuns(5);
  const messages = fc.sample(message, { seed, numRuns: count });
  let dead = 0;
  for (let from = 0; from < count; from += 100)
    dead += (await isServed(messages.slice(from, from + 100))).dead.length;
  console.log(
    `seed ${seed}: of ${count} messages ${dead} were put aside; ${memoryOf(pid).toFixed(0)} MiB`,
  );
  expect(memoryOf(pid)).toBeLessThan(400);
  expect(daemon.log.filter(({ msg }) => msg.includes('bug'))).toEqual([]);
});

test.each(corpus<StoredMessage>('messages'))(
  '$what',
  patience,
  async ({ content: stored, headers = {}, properties = {} }) => {
    const bytes = typeof stored === 'string' ? Buffer.from(stored) : stored;
    await isServed([{ content: bytes, options: { ...properties, headers } }]);
  },
);

test(
  'what was put aside can be looked at, sent again and dropped, whatever it is',
  patience,
  async () => {
    const { daemon, publisher } = scene();
    const call = daemon.call.bind(daemon);
    onTestFinished(() => deadLetters().then(() => undefined));
    const stored = corpus<StoredMessage>('dead-letters').map(({ content: body, headers = {} }) => ({
      content: Buffer.from(body),
      options: { headers },
    }));
    const made = fc.sample(message, { seed, numRuns: 50 });
    for (const { content: body, options } of [...stored, ...made])
      publisher.channel.sendToQueue('webhookd.dead-letter', body, options);
    await publisher.channel.waitForConfirms();
    const list = await call('GET', '/deadletter?limit=1000');
    expect(list).toMatchObject({ status: 200, body: { total: stored.length + made.length } });
    for (const { id } of (list.body as { items: { id: string }[] }).items)
      expect((await call('GET', `/deadletter/${id}`)).status).toBe(200);
    expect(await call('POST', '/deadletter/redrive', { all: true })).toMatchObject({
      status: 200,
    });
    expect(await call('POST', '/deadletter/drop', { all: true })).toMatchObject({
      status: 200,
    });
    await isServed([]);
  },
);
