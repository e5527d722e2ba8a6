import { describe, expect, test } from 'vitest';
import { type ConfigText, loadText, mistakeIn } from '../support/config.ts';

const leaks: [string, ConfigText][] = [
  ['a password that is a number', { main: 'bus: { password: 5551234 }' }],
  ['a password that is a list', { main: 'bus: { password: [5551234] }' }],
  ['an address of another scheme', { main: 'bus: { url: "http://u:5551234@h" }' }],
  ['an address that cannot be read', { main: 'bus: { url: "amqp://u:5551234@h:99999" }' }],
  ['an address where the section belongs', { main: 'bus: amqp://u:5551234@h' }],
  ['a section inside of a list', { main: 'bus:\n  - password: 5551234' }],
  ['a password that breaks the YAML', { main: 'bus: { password: "5551234 }' }],
  [
    'an address in the environment that is no YAML',
    { environment: { WEBHOOKD__BUS__URL: '@5551234' } },
  ],
];

describe('a secret is never printed', () => {
  test.each(leaks)('%s', (_name, text) => {
    const message = mistakeIn(text);
    expect(message).not.toContain('5551234');
    expect(message).toMatch(/bus|FILE|BUS__URL/);
  });
});

describe('what is right is accepted', () => {
  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])(
    'no authentication on the loopback address %s',
    (listen) => {
      const { config } = loadText({
        main: `rest_api: { listen: "${listen}" }\nauth: { type: none }`,
      });
      expect(config.auth.type).toBe('none');
    },
  );

  test('a token on every address, and certificate with key', () => {
    const { restApi } = loadText({
      main: 'rest_api: { listen: 0.0.0.0, certificate: /c, private_key: /k }',
    }).config;
    expect(restApi).toMatchObject({ listen: '0.0.0.0', certificate: '/c', privateKey: '/k' });
  });
});
