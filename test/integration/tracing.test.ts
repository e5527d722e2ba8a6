/** The trace an event belongs to: passed on as it is, or with spans of the daemon's own when an SDK listens. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { TestDaemon } from '../support/daemon.ts';
import { installPlugin } from '../support/plugins.ts';
import type { RecordedSpan } from '../support/record-spans.ts';
import { packageRoot } from '../support/root.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const publisherSpan = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${publisherSpan}-01`;
const tracestate = 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7';

/** A service and a handler in a process of their own, which tell the trace they see, and return a request. */
const telling = `
import { request } from 'webhookd/plugin';
export class Told {
  callback({ config }, event, { trace }) {
    return event.data.read ? { trace: trace ?? null } : request.post(config.url, { json: {} });
  }
}
export class Responding {
  static respondsTo = 'responded';
  compute(event, { trace }) { this.log.info('responded in ' + JSON.stringify(trace ?? null)); }
}`;

const withPlugin = ({ directory }: TestDaemon) =>
  void installPlugin(join(directory, 'plugins'), 'webhookd-telling', {
    code: telling,
    manifest: { services: { told: './index.js#Told', responding: './index.js#Responding' } },
  });

describe('without an SDK', () => {
  const scene = useScene({}, withPlugin);

  test('a plugin in a process of its own sees the trace, and the requests it returns carry it on', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    const config = { url: inbox.url };
    const uuid = await daemon.subscribe(['told'], '', { service: 'told', config });
    const headers = { traceparent, tracestate };
    await publisher.publish({ name: 'told', data: { read: true }, headers });
    const [first] = await scene().attempts(uuid, 1);
    expect(first?.detail).toMatchObject({ trace: { traceparent, tracestate } });
    await publisher.publish({ name: 'told', data: { read: true } });
    expect((await scene().attempts(uuid, 2))[1]?.detail).toMatchObject({ trace: null });
    await publisher.publish({ name: 'told', data: {}, headers });
    await inbox.received(1);
    expect(inbox.requests[0]?.headers).toMatchObject(headers);
    await publisher.publish({ name: 'responded', data: {}, headers });
    await daemon.logged(`responded in ${JSON.stringify(headers)}`);
  });

  test('the trace of the message is passed on as it is, and nothing that is none', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    await daemon.subscribe(['traced'], inbox.url);
    const headersOf = async (headers: Record<string, unknown>) => {
      const count = inbox.requests.length;
      await publisher.publish({ name: 'traced', data: {}, headers });
      await until('it is delivered', () => inbox.requests.length > count);
      const { traceparent: parent, tracestate: state } = inbox.requests.at(-1)?.headers ?? {};
      return { parent, state };
    };
    expect(await headersOf({ traceparent, tracestate })).toEqual({
      parent: traceparent,
      state: tracestate,
    });
    expect(await headersOf({})).toEqual({});
    expect(await headersOf({ traceparent: `${traceparent}\r\nx: y`, tracestate })).toEqual({});
    expect(await headersOf({ traceparent, tracestate: 'a=b\r\nwebhook-id: forged' })).toEqual({
      parent: traceparent,
    });
  });

  test('a subscription cannot set it', async () => {
    const { daemon } = scene();
    const answer = await daemon.call('POST', '/subscriptions', {
      name: 'forged',
      service: 'http',
      events: ['traced'],
      config: { url: 'http://127.0.0.1:1/', headers: { Traceparent: traceparent } },
    });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('is a header that only the daemon sets');
  });

  test('not even the API of OpenTelemetry is loaded', () => {
    expect(scene().daemon.output).not.toContain('traces are made');
  });
});

describe('with an SDK', () => {
  const recorder = join(packageRoot, 'build', 'test', 'support', 'record-spans.js');
  const folder = mkdtempSync(join(tmpdir(), 'webhookd-spans-'));
  const file = join(folder, 'spans.jsonl');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const scene = useScene(
    {
      environment: { NODE_OPTIONS: `--import=${pathToFileURL(recorder).href}`, SPANS_FILE: file },
    },
    withPlugin,
  );

  const spans = (): RecordedSpan[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as RecordedSpan)
      : [];

  const spansOf = (event: string, name: string) =>
    spans().filter((span) => span.name === name && span.attributes['webhookd.event'] === event);

  test('an event’s receipt, commit and attempts are spans of its trace, over a restart too', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(inbox.requests.length === 1 ? 500 : 200).end(),
    );
    const uuid = await daemon.subscribe(['spanned'], inbox.url, { delivery: { schedule: [1] } });
    const headers = { traceparent, tracestate };
    await publisher.publish({ name: 'spanned', data: {}, headers });
    await scene().attempts(uuid, 1);
    await daemon.stop();
    await daemon.start();
    await scene().attempts(uuid, 2);
    const [first, second] = await until('both attempts are told of', () => {
      const attempts = spansOf('spanned', 'webhookd.attempt');
      return attempts.length >= 2 && attempts;
    });
    const [receipt] = spansOf('spanned', 'webhookd.receive');
    expect(receipt).toMatchObject({
      trace: traceId,
      parent: publisherSpan,
      attributes: { 'webhookd.receipt': 'kept', 'messaging.destination.name': 'webhookd' },
    });
    const commit = spans().find(
      ({ name, parent }) => name === 'webhookd.commit' && parent === receipt?.id,
    );
    expect(commit).toMatchObject({ trace: traceId });
    expect(first).toMatchObject({
      trace: traceId,
      parent: receipt?.id,
      status: 2,
      attributes: {
        'webhookd.attempt': 1,
        'webhookd.status': 'failure',
        'webhookd.subscription': uuid,
      },
    });
    expect(second).toMatchObject({
      trace: traceId,
      parent: receipt?.id,
      status: 0,
      attributes: { 'webhookd.attempt': 2, 'webhookd.status': 'success' },
    });
    expect(inbox.requests.map((request) => request.headers['traceparent'])).toEqual([
      `00-${traceId}-${first?.id}-01`,
      `00-${traceId}-${second?.id}-01`,
    ]);
    expect(inbox.requests.map((request) => request.headers['tracestate'])).toEqual([
      tracestate,
      tracestate,
    ]);
  });

  test('without a trace of its publisher an event begins one', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    await daemon.subscribe(['begun'], inbox.url);
    await publisher.publish({ name: 'begun', data: {} });
    const [attempt] = await until('the attempt is told of', () => {
      const attempts = spansOf('begun', 'webhookd.attempt');
      return attempts.length > 0 && attempts;
    });
    const [receipt] = spansOf('begun', 'webhookd.receive');
    expect(receipt).toMatchObject({ parent: null });
    expect(attempt).toMatchObject({ trace: receipt?.trace, parent: receipt?.id });
    expect(inbox.requests[0]?.headers['traceparent']).toBe(
      `00-${attempt?.trace}-${attempt?.id}-01`,
    );
  });

  test('a plugin in a process of its own sees the span of its attempt', async () => {
    const { daemon, publisher } = scene();
    const uuid = await daemon.subscribe(['told'], '', { service: 'told', config: {} });
    await publisher.publish({ name: 'told', data: { read: true }, headers: { traceparent } });
    const [attempt] = await scene().attempts(uuid, 1);
    const [span] = await until('the attempt is told of', () => {
      const attempts = spansOf('told', 'webhookd.attempt');
      return attempts.length > 0 && attempts;
    });
    expect(attempt?.detail).toMatchObject({
      trace: { traceparent: `00-${traceId}-${span?.id}-01` },
    });
  });

  test('an event that comes again is known all the same', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    await daemon.subscribe(['again'], inbox.url);
    const headers = { name: 'again', timestamp: '2026-01-01T00:00:00' };
    for (let copy = 0; copy < 2; copy++)
      publisher.raw(Buffer.from('{"name":"again","data":{}}'), { headers, messageId: 'same' });
    await publisher.channel.waitForConfirms();
    await until('both are told of', () => spansOf('again', 'webhookd.receive').length === 2);
    const receipts = spansOf('again', 'webhookd.receive').map(
      ({ attributes }) => attributes['webhookd.receipt'],
    );
    expect(receipts.sort()).toEqual(['kept', 'repeated']);
  });
});
