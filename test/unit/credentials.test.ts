import { expect, test } from 'vitest';
import { lifecycleEvent } from '../../dist/subscriptions/lifecycle.js';
import { maskCredentials, withoutPaths } from '../../dist/subscriptions/credentials.js';
import { sampleSubscription } from '../support/samples.ts';

const mask = '********';

test('credentials are masked by their name, and passwords in addresses; the rest stays', () => {
  expect(
    maskCredentials({
      url: 'https://alice:a%40b:c@example.com/path?x=1',
      method: 'post',
      body: 'mail alice@example.com',
      auth: { type: 'basic', username: 'alice', password: 'p' },
      headers: { Authorization: 'Bearer t', 'X-Api-Key': 'k', 'X-Auth-Token': 't', Accept: '*/*' },
      client_certificate: '/c.pem',
      client_key: '/k.pem',
      accounts: [{ api_key: 'k', id: 1 }, 'ftp://bob:secret@example.com'],
      token: ['one', 'two'],
      verify_certificate: null,
    }),
  ).toEqual({
    url: `https://alice:${mask}@example.com/path?x=1`,
    method: 'post',
    body: 'mail alice@example.com',
    auth: { type: 'basic', username: 'alice', password: mask },
    headers: { Authorization: mask, 'X-Api-Key': mask, 'X-Auth-Token': mask, Accept: '*/*' },
    client_certificate: '/c.pem',
    client_key: mask,
    accounts: [{ api_key: mask, id: 1 }, `ftp://bob:${mask}@example.com`],
    token: [mask, mask],
    verify_certificate: null,
  });
});

test('the bus is told of a subscription without its credentials', () => {
  const config = {
    url: 'https://a:planted@example.com/',
    auth: { type: 'bearer', token: 'planted' },
  };
  for (const ownerUserUuid of [null, 'a user']) {
    const subscription = sampleSubscription({ config, ownerUserUuid });
    expect(JSON.stringify(lifecycleEvent('created', subscription))).not.toContain('planted');
    expect(subscription.config).toEqual(config);
  }
});

test.each([
  [
    '500: x for url: https://a:b@hooks.example.com:8443/T0/B0/secret?x=y',
    '500: x for url: https://hooks.example.com:8443/...',
  ],
  ['http://127.0.0.1:9/', 'http://127.0.0.1:9/'],
  ['http://127.0.0.1:9', 'http://127.0.0.1:9'],
  ['no valid URL: http://u:p@host:99999/x', 'no valid URL: http://host:99999/...'],
  ['https://host?token=1 and http://b/c d', 'https://host/... and http://b/... d'],
  ['connect ECONNREFUSED 127.0.0.1:9', 'connect ECONNREFUSED 127.0.0.1:9'],
])('the log of the daemon is told of %s without its path', (text, shown) => {
  expect(withoutPaths(text)).toBe(shown);
});
