/** What an attempt that failed tells of the endpoint: subscriptions of all tenants share what is known of it. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHarness } from 'webhookd/testing';
import HttpService from '../../plugins/http/dist/plugin.js';
import { freePorts } from '../support/ports.ts';
import { sampleContext, sampleKeptEvent, sampleSubscription } from '../support/samples.ts';

/** @returns its host and port */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** One that answers. */
const answering = (answer: RequestListener) => listen(createServer(answer));

/** One that takes connections, and says nothing. */
const silent = () =>
  listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
    }),
  );

const deadPlace = async () => `127.0.0.1:${(await freePorts(1)).join()}`;

interface Attempt {
  config: object;
  delivery?: object;
  http?: object;
}

async function told({ config, delivery = {}, http = {} }: Attempt) {
  const harness = await createHarness(HttpService, {
    config: { http: { follow_redirects: true, ...http } },
  });
  onTestFinished(() => harness.dispose());
  const subscription = sampleSubscription({ config: { ...config }, delivery });
  return harness.service.callback(subscription, sampleKeptEvent(), sampleContext).then(
    () => 'success',
    (error: unknown) => error,
  );
}

const pem = (kind: string, content: string) =>
  `-----BEGIN ${kind}-----\n${content}\n-----END ${kind}-----\n`;

describe('nothing is told of the endpoint', () => {
  test.each([
    ['no PEM', 'a certificate', 'a key'],
    ['PEM of nothing', pem('CERTIFICATE', 'AAAA'), pem('PRIVATE KEY', 'AAAA')],
    ['PEM that is spoiled', pem('CERTIFICATE', '%%%%'), pem('PRIVATE KEY', '%%%%')],
  ])('by a client certificate that is %s', async (_what, client_certificate, client_key) => {
    const url = `https://${await silent()}/`;
    expect(await told({ config: { url, client_certificate, client_key } })).toMatchObject({
      name: 'HookRetry',
      endpoint: 'unknown',
    });
  });

  test('by a subscription that waits less for a connection than others do', async () => {
    const url = `https://${await silent()}/`;
    const delivery = { connectTimeout: 0.1 };
    expect(await told({ config: { url }, delivery })).toMatchObject({
      detail: { error: expect.stringMatching(/connect timeout/i) as string },
      endpoint: 'unknown',
    });
  });
});

describe('an endpoint that redirects works', () => {
  const redirecting = async (to: string) =>
    `http://${await answering((_request, response) => {
      response.writeHead(307, { location: to }).end();
    })}/`;

  test('though nobody is where it redirects to', async () => {
    const url = await redirecting(`http://${await deadPlace()}/`);
    expect(await told({ config: { url } })).toMatchObject({
      detail: { error: expect.stringContaining('ECONNREFUSED') as string },
      endpoint: undefined,
    });
  });

  test('though who is there does not', async () => {
    const broken = await answering((_request, response) => void response.writeHead(500).end());
    const url = await redirecting(`http://${broken}/`);
    expect(await told({ config: { url } })).toMatchObject({
      detail: { response_status_code: 500 },
      endpoint: undefined,
    });
  });

  test('though it never does anything else', async () => {
    expect(await told({ config: { url: await redirecting('/again') } })).toMatchObject({
      detail: { error: expect.stringMatching(/^more than 5 redirects for url/) as string },
      endpoint: undefined,
    });
  });
});

describe('an endpoint is down', () => {
  test('that refuses connections', async () => {
    const url = `http://${await deadPlace()}/`;
    expect(await told({ config: { url } })).toMatchObject({ endpoint: 'down' });
  });

  test('that cannot be connected to in the time that the configuration gives', async () => {
    const url = `https://${await silent()}/`;
    expect(await told({ config: { url }, http: { connect_timeout: 0.1 } })).toMatchObject({
      detail: { error: expect.stringMatching(/connect timeout/i) as string },
      endpoint: 'down',
    });
  });

  test('that fails behind a redirect of its own', async () => {
    const place = await answering(({ url }, response) => {
      response.writeHead(url === '/' ? 307 : 500, { location: '/next' }).end();
    });
    expect(await told({ config: { url: `http://${place}/` } })).toMatchObject({ endpoint: 'down' });
  });
});
