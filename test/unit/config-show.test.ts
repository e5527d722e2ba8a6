import { describe, expect, test } from 'vitest';
import { showConfig } from '../../dist/config/show.js';
import { type ConfigText, configPlaces, loadText } from '../support/config.ts';
import { tempFolder } from '../support/temp.ts';

function shown(text: ConfigText, folder = tempFolder()) {
  return new Map(
    showConfig(loadText(text, folder)).map(({ key, value, origin }) => [key, { value, origin }]),
  );
}

describe('the shown configuration', () => {
  test('says of every value where it comes from', () => {
    const folder = tempFolder();
    const { main, extra } = configPlaces(folder);
    const keys = shown(
      {
        main: '# a comment\nlog_level: debug\nbus:\n  host: a\n  port: 1\nrest_api: { cors: { origins: [x] } }',
        extra: { 'a.yml': 'bus:\n  port: 2' },
        environment: { WEBHOOKD__BUS__VHOST: 'v' },
        flags: { debug: true },
      },
      folder,
    );
    expect(keys.get('log_level')).toEqual({ value: 'debug', origin: `${main}:2` });
    expect(keys.get('bus.host')).toEqual({ value: 'a', origin: `${main}:4` });
    expect(keys.get('rest_api.cors.origins')).toEqual({ value: ['x'], origin: `${main}:6` });
    expect(keys.get('bus.port')).toEqual({ value: 2, origin: `${extra}/a.yml:2` });
    expect(keys.get('bus.vhost')).toEqual({
      value: 'v',
      origin: 'environment variable WEBHOOKD__BUS__VHOST',
    });
    expect(keys.get('debug')).toEqual({ value: true, origin: 'the flag for debug' });
    expect(keys.get('bus.username')).toEqual({ value: 'guest', origin: 'default' });
    expect(keys.get('rest_api.cors.enabled')).toEqual({ value: true, origin: 'default' });
  });

  test('has every key, whether it was set or not', () => {
    const keys = shown({});
    for (const key of [
      'uuid',
      'bus.url',
      'bus.tls.ca_file',
      'auth.local_token_file',
      'plugins.directory',
      'enabled_services',
    ]) {
      expect([...keys.keys()]).toContain(key);
    }
    expect([...keys.values()].every(({ value }) => value !== undefined)).toBe(true);
  });

  test('masks passwords, its default included', () => {
    expect(shown({ main: 'bus: { password: secret }' }).get('bus.password')?.value).toBe(
      '********',
    );
    expect(shown({}).get('bus.password')?.value).toBe('********');
  });

  test.each([
    ['amqp://user:secret@host:5673/vhost', 'amqp://user:********@host:5673/vhost'],
    ['amqps://host', 'amqps://host'],
    ['amqp://user@host/%2F', 'amqp://user@host/%2F'],
  ])('masks the password of an address and nothing else: %s', (url, expected) => {
    expect(shown({ main: `bus: { url: '${url}' }` }).get('bus.url')?.value).toBe(expected);
  });

  test('shows an address that is not set as null', () => {
    expect(shown({}).get('bus.url')).toEqual({ value: null, origin: 'default' });
  });
});
