/** Certificates of subscriptions, before anything is connected with them. */
import { readFileSync, rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Agents } from '../../plugins/http/dist/agents.js';
import { Egress } from '../../plugins/http/dist/egress.js';
import { makeAuthority } from '../support/certificates.ts';

test.each([undefined, 'http://127.0.0.1:1'])(
  'a client certificate that cannot be used is found out before anything is connected (proxy: %s)',
  (proxy) => {
    const agents = new Agents();
    onTestFinished(() => agents.close());
    const egress = new Egress('any', { allow: [], deny: [] });
    const common = { verify: 'true', timeout: 1_000, egress, proxy };
    const { directory, client: one, server: other } = makeAuthority();
    onTestFinished(() => rmSync(directory, { recursive: true }));
    expect(agents.get({ ...common, ...one })).toBeDefined();
    for (const pair of [
      { ...one, key: other.key },
      { ...one, certificate: '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n' },
      { ...one, key: '-----BEGIN PRIVATE KEY-----' },
    ])
      expect(() => agents.get({ ...common, ...pair })).toThrow();
  },
);

test('not more agents are kept than a while of changed certificates makes', () => {
  const agents = new Agents();
  onTestFinished(() => agents.close());
  const egress = new Egress('any', { allow: [], deny: [] });
  const { directory, client } = makeAuthority();
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const certificate = readFileSync(client.certificate, 'utf8');
  const get = (change: number) =>
    agents.get({
      ...{ verify: 'true', timeout: 1, egress, proxy: undefined },
      certificate: `${certificate}${change}\n`,
      key: client.key,
    });
  const first = get(0);
  expect(get(0)).toBe(first);
  for (let change = 1; change <= 500; change++) get(change);
  expect(get(0)).not.toBe(first);
});
