/** A broker that speaks TLS and asks for a client certificate. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../support/broker.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import { TestDaemon } from '../support/daemon.ts';
import { Inbox } from '../support/inbox.ts';
import { freePorts } from '../support/ports.ts';
import { TestPublisher } from '../support/publisher.ts';

let authority: Authority;
let broker: Broker;
let address = '';

beforeAll(async () => {
  authority = makeAuthority();
  const [port = 0] = await freePorts(1);
  address = `amqps://guest:guest@127.0.0.1:${port}`;
  broker = await startBroker({
    config: [
      `listeners.ssl.1 = 127.0.0.1:${port}`,
      `ssl_options.cacertfile = ${authority.ca.certificate}`,
      `ssl_options.certfile = ${authority.server.certificate}`,
      `ssl_options.keyfile = ${authority.server.key}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
    ].join('\n'),
  });
});

afterAll(async () => {
  await broker.stop();
  rmSync(authority.directory, { recursive: true });
});

async function withDaemon(
  tls: Record<string, unknown>,
  run: (daemon: TestDaemon) => Promise<void>,
) {
  const daemon = new TestDaemon({ brokerUrl: address, config: { bus: { tls } } });
  try {
    await daemon.spawn();
    await run(daemon);
  } finally {
    await daemon.remove();
  }
}

test('events are consumed over TLS with the authority and client certificate of the configuration', async () => {
  const { ca, client } = authority;
  const tls = { ca_file: ca.certificate, cert_file: client.certificate, key_file: client.key };
  await withDaemon(tls, async (daemon) => {
    await daemon.ready();
    const inbox = await Inbox.open();
    await daemon.subscribe(['call_created'], inbox.url);
    const publisher = await TestPublisher.open(broker.url);
    await publisher.publish({ name: 'call_created', data: { id: 'over TLS' } });
    await inbox.received(1);
    expect(inbox.bodies).toEqual([{ id: 'over TLS' }]);
    await publisher.close();
    await inbox.close();
  });
});

test('a broker whose certificate nobody vouches for is refused', async () => {
  await withDaemon({}, async (daemon) => {
    const line = await daemon.logged('cannot connect to the bus');
    expect(line.msg).toMatch(/certificate/);
    expect(daemon.output).not.toContain('webhookd is ready');
  });
});

test('a certificate that cannot be read ends the start with one line', async () => {
  await withDaemon({ ca_file: '/nowhere/ca.pem' }, async (daemon) => {
    expect(await daemon.ended()).toBe(2);
    expect(daemon.output).toContain('bus.tls.ca_file: /nowhere/ca.pem cannot be read');
    expect(daemon.output).not.toMatch(/^\s+at /m);
  });
});
