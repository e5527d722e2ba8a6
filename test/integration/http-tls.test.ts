import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';

const scene = useScene();

let server: Server;
let certificate = '';
let received = 0;
/** Whether the last client showed a certificate that the server trusts. */
let shown = false;

beforeAll(async () => {
  const folder = scene().daemon.directory;
  certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  server = createServer(
    {
      key: readFileSync(key),
      cert: readFileSync(certificate),
      ca: readFileSync(certificate),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      received++;
      // A session that is resumed counts as authorized, with or without a certificate.
      if (request.socket instanceof TLSSocket)
        shown =
          request.socket.authorized && Object.keys(request.socket.getPeerCertificate()).length > 0;
      request.resume();
      response.writeHead(200).end();
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function attemptWith(options: Record<string, unknown>, event: string) {
  const { daemon, publisher } = scene();
  const config = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ...options,
  };
  const uuid = await daemon.subscribe([event], '', { config });
  await publisher.publish({ name: event, data: {} });
  return (await scene().attempts(uuid, 1))[0];
}

test.each([undefined, null, 'true'])(
  'a certificate nobody vouches for is refused with verify_certificate %s',
  async (verify) => {
    const before = received;
    const attempt = await attemptWith(
      verify === undefined ? {} : { verify_certificate: verify },
      `tls_${String(verify)}`,
    );
    expect(attempt).toMatchObject({
      status: 'failure',
      detail: { error: expect.stringMatching(/self-signed/) as string },
    });
    expect(received).toBe(before);
  },
);

test('it is accepted with verify_certificate false', async () => {
  expect(await attemptWith({ verify_certificate: 'false' }, 'tls_unchecked')).toMatchObject({
    status: 'success',
  });
});

test('it is accepted when verify_certificate names the authority', async () => {
  expect(await attemptWith({ verify_certificate: certificate }, 'tls_named')).toMatchObject({
    status: 'success',
  });
});

test('a file of authorities that is not there is a failure that names it', async () => {
  const attempt = await attemptWith({ verify_certificate: '/nowhere/ca.pem' }, 'tls_missing');
  expect(attempt).toMatchObject({
    status: 'failure',
    detail: { error: expect.stringContaining('/nowhere/ca.pem') as string },
  });
});

test('what is no file is not read, and holds up nothing', async () => {
  const attempt = await attemptWith({ verify_certificate: '/dev/zero' }, 'tls_device');
  expect(attempt).toMatchObject({
    status: 'failure',
    detail: { error: expect.stringContaining('/dev/zero is not a file') as string },
  });
});

test('a user’s subscription names no key file of the server', async () => {
  const { daemon, publisher } = scene();
  const key = join(daemon.directory, 'key.pem');
  const uuid = await daemon.subscribe(['users_key'], '', {
    config: { url: 'https://192.0.2.1/', client_certificate: certificate, client_key: key },
    owner_user_uuid: '7f523550-03cf-4dac-a858-cb8afdb34775',
  });
  await publisher.publish({ name: 'users_key', data: {} });
  const [attempt] = await scene().attempts(uuid, 1);
  expect(attempt).toMatchObject({
    status: 'error',
    detail: { error: expect.stringContaining('must be PEM text') as string },
  });
});

test.each(['path', 'text'])(
  'a client certificate is shown when there is one, as %s',
  async (how) => {
    const key = join(scene().daemon.directory, 'key.pem');
    const given = (file: string) => (how === 'path' ? file : readFileSync(file, 'utf8'));
    shown = false;
    const attempt = await attemptWith(
      {
        verify_certificate: certificate,
        client_certificate: given(certificate),
        client_key: given(key),
      },
      `mutual_${how}`,
    );
    expect(attempt).toMatchObject({ status: 'success' });
    expect(shown).toBe(true);
    const bare = await attemptWith({ verify_certificate: certificate }, `one_sided_${how}`);
    expect(bare).toMatchObject({ status: 'success' });
    expect(shown).toBe(false);
  },
);
