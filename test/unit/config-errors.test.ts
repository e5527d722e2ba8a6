import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../dist/config/load.js';
import { type ConfigText, mistakeIn } from '../support/config.ts';
import { tempFolder } from '../support/temp.ts';

const mistakes: [string, ConfigText, string | RegExp][] = [
  [
    'an unknown key',
    { main: 'debug: true\nbsu:\n  host: x' },
    /^FILE:2: bsu: unknown key; did you mean bus\? Known here: debug, log_level, /,
  ],
  [
    'an unknown key of a section',
    { main: 'bus:\n  host: x\n  prot: 1' },
    /^FILE:3: bus\.prot: unknown key; did you mean port\? Known here: url, username, /,
  ],
  [
    'an unknown key two sections down',
    { main: 'bus:\n  tls:\n    ca: /x' },
    /^FILE:3: bus\.tls\.ca: unknown key; did you mean ca_file\? Known here: ca_file, cert_file, key_file, verify_certificate$/,
  ],
  [
    'an unknown key in an extra file',
    { extra: { 'a.yml': '\nfoo: 1' } },
    /^EXTRA\/a\.yml:2: foo: unknown key; did you mean /,
  ],
  [
    'an unknown key in the environment',
    { environment: { WEBHOOKD__BUS__HOTS: 'x' } },
    /^environment variable WEBHOOKD__BUS__HOTS: bus\.hots: unknown key; did you mean host\?/,
  ],
  [
    'an unknown flag',
    { flags: { log_levle: 'info' } },
    /^the flag for log_levle: log_levle: unknown key; did you mean log_level\?/,
  ],
  [
    'a key named like a property of objects',
    { main: 'constructor: 1' },
    /^FILE:1: constructor: unknown key; did you mean /,
  ],
  [
    'a key named __proto__',
    { main: '__proto__: { debug: true }' },
    /^FILE:1: __proto__: unknown key; did you mean /,
  ],
  [
    'text for a number',
    { main: 'bus:\n  port: many' },
    'FILE:2: bus.port: found "many", expected an integer from 1 to 65535',
  ],
  [
    'a number out of range',
    { main: 'hook_max_attempts: 0' },
    'FILE:1: hook_max_attempts: found 0, expected an integer from 1 to 1000',
  ],
  [
    'a broken number',
    { main: 'bus: { prefetch: 1.5 }' },
    'FILE:1: bus.prefetch: found 1.5, expected an integer from 1 to 65535',
  ],
  [
    'zero seconds',
    { main: 'http: { timeout: 0 }' },
    'FILE:1: http.timeout: found 0, expected a number greater than 0 (s)',
  ],
  [
    'a number below its minimum',
    { main: 'bus: { max_message_size: 1 }' },
    'FILE:1: bus.max_message_size: found 1, expected an integer of at least 1024 (bytes)',
  ],
  [
    'text for a boolean',
    { main: 'debug: "yes"' },
    'FILE:1: debug: found "yes", expected true or false',
  ],
  [
    'a number for text',
    { main: 'bus: { host: 5 }' },
    'FILE:1: bus.host: found 5, expected text that is not empty',
  ],
  [
    'empty text',
    { main: "bus: { exchange_name: '' }" },
    'FILE:1: bus.exchange_name: found "", expected text of at most 255 characters',
  ],
  [
    'a word that is not one of those allowed',
    { main: 'log_level: verbose' },
    'FILE:1: log_level: found "verbose", expected one of trace, debug, info, warning, error, critical',
  ],
  [
    'null for a value',
    { main: 'log_level:' },
    'FILE:1: log_level: found null, expected one of trace, debug, info, warning, error, critical',
  ],
  [
    'a uuid that is too short',
    { main: 'uuid: abc' },
    'FILE:1: uuid: found "abc", expected text of 36 characters or null',
  ],
  [
    'a database of another kind',
    { main: 'database: { uri: "postgresql://x" }' },
    'FILE:1: database.uri: found "postgresql://x", expected `sqlite:` followed by a path',
  ],
  [
    'text for a section',
    { main: 'delivery: fast' },
    'FILE:1: delivery: found text, expected a section of keys',
  ],
  [
    'a list for a section',
    { main: 'delivery: [1]' },
    'FILE:1: delivery: found a list, expected a section of keys',
  ],
  [
    'text for a list',
    { main: 'rest_api:\n  cors:\n    origins: https://a' },
    'FILE:3: rest_api.cors.origins: found "https://a", expected a list, each item text',
  ],
  [
    'a wrong item of a list',
    { main: 'rest_api:\n  cors:\n    origins: [https://a, 5]' },
    'FILE:3: rest_api.cors.origins.1: found 5, expected a list, each item text',
  ],
  [
    'a service that is neither on nor off',
    { main: 'enabled_services:\n  http: maybe' },
    'FILE:2: enabled_services.http: found "maybe", expected true or false',
  ],
  [
    'a wrong value in the environment',
    { environment: { WEBHOOKD__BUS__PORT: 'x' } },
    'environment variable WEBHOOKD__BUS__PORT: bus.port: found "x", expected an integer from 1 to 65535',
  ],
  [
    'a wrong flag',
    { flags: { log_level: 'loud' } },
    'the flag for log_level: log_level: found "loud", expected one of trace, debug, info, warning, error, critical',
  ],
  ['broken YAML', { main: 'bus:\n  host: [a\n' }, /^FILE:\d+:\d+: not valid YAML: /],
  [
    'a key given twice',
    { main: 'debug: true\ndebug: false' },
    /^FILE:2:1: not valid YAML: .*unique/,
  ],
  [
    'broken YAML in an extra file',
    { extra: { 'b.yml': '{' } },
    /^EXTRA\/b\.yml:\d+:\d+: not valid YAML: /,
  ],
  [
    'broken YAML in the environment',
    { environment: { WEBHOOKD__BUS__PORT: '[1' } },
    /^environment variable WEBHOOKD__BUS__PORT: not valid YAML: /,
  ],
  [
    'a file that is a list',
    { main: '- a\n- b' },
    'FILE: expected keys with values (`bus:`, `log_level: info`), found a list',
  ],
  [
    'a file that is text',
    { main: 'hello' },
    'FILE: expected keys with values (`bus:`, `log_level: info`), found text',
  ],
  [
    'aliases that explode',
    {
      main: `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]`,
    },
    /^FILE: not valid YAML: /,
  ],
  [
    'no authentication on every address',
    { main: 'rest_api: { listen: 0.0.0.0 }\nauth: { type: none }' },
    /^FILE:2: auth\.type: found none, but rest_api\.listen is 0\.0\.0\.0: /,
  ],
  [
    'no authentication on a name that is not local',
    { main: 'rest_api: { listen: 127.example.com }\nauth: { type: none }' },
    /auth\.type: found none, but rest_api\.listen is 127\.example\.com/,
  ],
  [
    'a certificate without key',
    { main: 'rest_api: { certificate: /c.pem }' },
    'FILE:1: rest_api.certificate: certificate and private_key go together: set both or neither',
  ],
  [
    'a key without certificate',
    { main: 'rest_api: { private_key: /k.pem }' },
    'FILE:1: rest_api.private_key: certificate and private_key go together: set both or neither',
  ],
  [
    'a client certificate without key',
    { main: 'bus: { tls: { cert_file: /c.pem } }' },
    'FILE:1: bus.tls.cert_file: cert_file and key_file go together: set both or neither',
  ],
  [
    'a client key without certificate',
    { main: 'bus: { tls: { key_file: /c.pem } }' },
    'FILE:1: bus.tls.key_file: cert_file and key_file go together: set both or neither',
  ],
  [
    'a bus address that is none',
    { main: 'bus: { url: "amqp://h:99999" }' },
    'FILE:1: bus.url: not an address; expected amqp://USER:PASSWORD@HOST:PORT/VHOST',
  ],
];

describe('a mistake in the configuration is told with its place and what is allowed', () => {
  test.each(mistakes)('%s', (_name, text, expected) => {
    expect(mistakeIn(text)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  test('each mistake has a line of its own', () => {
    const lines = mistakeIn({ main: 'debug: 1\nbus:\n  port: 0\nnew_key: 2' }).split('\n');
    expect(lines.map((line) => line.slice(0, 17))).toEqual([
      'FILE:4: new_key: ',
      'FILE:1: debug: fo',
      'FILE:3: bus.port:',
    ]);
  });

  test('a long value is cut', () => {
    expect(mistakeIn({ main: `log_level: ${'x'.repeat(5000)}` }).length).toBeLessThan(250);
  });

  test('a main file that does not exist', () => {
    const file = join(tempFolder(), 'nowhere.yml');
    expect(() => loadConfig({ file, environment: {} })).toThrow(`${file}: cannot be read: ENOENT`);
  });

  test('a main file that is a directory', () => {
    const file = tempFolder();
    expect(() => loadConfig({ file, environment: {} })).toThrow(`${file}: cannot be read: EISDIR`);
  });

  test('an extra directory that is a file', () => {
    const message = mistakeIn({
      main: 'debug: true',
      flags: { extra_config_files: '/etc/passwd' },
    });
    expect(message).toMatch(/^\/etc\/passwd: cannot be read: ENOTDIR/);
  });
});
