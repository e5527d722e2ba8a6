import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokerAddress } from '../../dist/bus/address.js';
import { UserError } from '../../dist/errors.js';
import { busConfig } from '../support/config.ts';
import { tempFolder, writeFiles } from '../support/temp.ts';

const addressOf = (main: string) => brokerAddress(busConfig(main));
const ofUrl = (url: string) =>
  addressOf(`bus: { url: '${url}', username: ignored, host: ignored, vhost: ignored }`);

describe('the address of the broker', () => {
  test('is made of its parts', () => {
    const { connect, label } = addressOf(
      'bus: { username: me, password: "p:@/", host: h, port: 1, vhost: /a b, heartbeat: 7 }',
    );
    expect(connect).toEqual({
      protocol: 'amqp',
      username: 'me',
      password: 'p:@/',
      hostname: 'h',
      port: 1,
      vhost: '%2Fa%20b',
      heartbeat: 7,
    });
    expect(label).toBe('amqp://me@h:1/%2Fa%20b');
  });

  test.each([
    [
      'amqp://u:p@h:5673/v',
      { protocol: 'amqp', username: 'u', password: 'p', hostname: 'h', port: 5673, vhost: 'v' },
    ],
    ['amqp://h', { username: 'guest', password: 'guest', port: 5672, vhost: '%2F' }],
    ['amqp://h/', { vhost: '%2F' }],
    ['amqp://h/%2F', { vhost: '%2F' }],
    ['amqp://h/%2Fother', { vhost: '%2Fother' }],
    ['amqps://h', { protocol: 'amqps', port: 5671 }],
    ['amqp://u%40x:p%2F%3A@h', { username: 'u@x', password: 'p/:' }],
    ['amqp://u@h', { username: 'u', password: '' }],
    ['amqp://[::1]:5672/v', { hostname: '::1', port: 5672 }],
  ])('is read from %s', (url, expected) => {
    expect(ofUrl(url).connect).toMatchObject(expected);
  });

  test('is shown without its password', () => {
    expect(ofUrl('amqp://u:secret@h/v').label).toBe('amqp://u@h:5672/v');
    expect(ofUrl('amqp://u:secret@h').label).toBe('amqp://u@h:5672/');
  });
});

describe('TLS to the broker', () => {
  test('reads authorities, certificate and key', () => {
    const folder = tempFolder();
    writeFiles(folder, { ca: 'CA', cert: 'CERT', key: 'KEY' });
    const file = (name: string) => join(folder, name);
    const tls = `tls: { ca_file: ${file('ca')}, cert_file: ${file('cert')}, key_file: ${file('key')}, verify_certificate: false }`;
    const { socket } = addressOf(`bus: { url: amqps://h, ${tls} }`);
    expect(socket).toMatchObject({
      ca: Buffer.from('CA'),
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
      rejectUnauthorized: false,
    });
  });

  test('checks certificates unless told otherwise, and is not used with amqp://', () => {
    expect(ofUrl('amqps://h').socket).toMatchObject({ rejectUnauthorized: true });
    expect(ofUrl('amqp://h').socket).not.toHaveProperty('rejectUnauthorized');
  });

  test('says which file is missing', () => {
    const load = () => addressOf('bus: { url: amqps://h, tls: { ca_file: /nowhere/ca.pem } }');
    expect(load).toThrow(UserError);
    expect(load).toThrow(/^bus\.tls\.ca_file: \/nowhere\/ca\.pem cannot be read: ENOENT/);
  });
});
