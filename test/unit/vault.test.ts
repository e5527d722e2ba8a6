/** Variables and secrets of plugins, from the key file to what the plugin sees. */
import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KeyFile } from '../../dist/plugins/key-file.js';
import { redactorOf } from '../../dist/plugins/redactor.js';
import { SecretBox } from '../../dist/plugins/secret-box.js';
import { Vault } from '../../dist/plugins/vault.js';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { giveUpKey } from '../support/key.ts';
import { silentLog } from '../support/logs.ts';
import { startManager } from '../support/manager.ts';
import { installPlugin } from '../support/plugins.ts';
import { sampleContext, sampleDelivery, sampleSubscription } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

const code = `
export default class {
  constructor({ secrets, log }) { this.secrets = secrets; this.log = log; }
  callback(subscription, event, context) {
    this.log.info('the token is ' + this.secrets.TOKEN);
    console.log('printed ' + this.secrets.TOKEN);
    if (subscription.config.fails) throw new Error('refused ' + this.secrets.TOKEN);
    return { own: { ...this.secrets }, context: { ...context.secrets } };
  }
}`;

const variables = [
  { name: 'TOKEN', secret: true, required: true, description: 'A token' },
  { name: 'PLACE', default: 'here', schema: { enum: ['here', 'there'] } },
];

async function start(folder = tempFolder()) {
  installPlugin(`${folder}/plugins`, 'told', {
    code,
    manifest: { services: { told: './index.js' }, variables },
  });
  return { folder, ...(await startManager(folder)) };
}

test('a plugin that misses a required variable is held, and starts when it is set', async () => {
  const { manager, registry } = await start();
  expect(manager.get('told')).toMatchObject({
    state: 'held',
    missing: ['TOKEN'],
    reason: 'not set: TOKEN',
  });
  expect(registry.find('told')).toBeUndefined();
  await manager.setVariable('told', 'TOKEN', 'first-token');
  expect(manager.get('told')).toMatchObject({ state: 'loaded', missing: [] });
  const call = () =>
    registry.find('told')?.call(sampleSubscription(), sampleDelivery(), sampleContext);
  expect(await call()).toEqual({
    own: { TOKEN: 'first-token', PLACE: 'here' },
    context: { TOKEN: 'first-token', PLACE: 'here' },
  });
  const { pid } = manager.get('told');
  await manager.setVariable('told', 'TOKEN', 'second-token');
  expect(await call()).toMatchObject({ own: { TOKEN: 'second-token' } });
  expect(manager.get('told').pid).toBe(pid);
  await manager.setVariable('told', 'TOKEN', null);
  expect(manager.get('told')).toMatchObject({ state: 'held' });
});

test('values that do not fit, and names nobody declared, are refused', async () => {
  const { manager } = await start();
  await expect(manager.setVariable('told', 'PLACE', 'nowhere')).rejects.toThrow(
    /^PLACE: must be equal/,
  );
  await expect(manager.setVariable('told', 'OTHER', 'x')).rejects.toThrow(/TOKEN, PLACE/);
  await expect(manager.setVariable('nobody', 'X', 'x')).rejects.toThrow(/No such plugin/);
});

test('secrets are on the disk in no form, are never listed, and are taken out of logs and errors', async () => {
  const { folder, manager, registry, lines, stop } = await start();
  const secret = 'a "zebra" secret/token';
  await manager.setVariable('told', 'TOKEN', secret);
  const failing = sampleSubscription({ config: { fails: true } });
  const service = registry.find('told');
  await expect(service?.call(failing, sampleDelivery(), sampleContext)).rejects.toThrow(secret);
  expect(service?.redact(`refused ${secret}`)).toBe('refused ********');
  expect(JSON.stringify(manager.list())).not.toContain('zebra');
  await stop();
  expect(JSON.stringify(lines)).toContain('the token is ********');
  expect(JSON.stringify(lines)).toContain('printed ********');
  expect(JSON.stringify(lines)).not.toContain('zebra');
  for (const file of ['webhookd.db', 'webhookd.db-wal'])
    if (existsSync(join(folder, file)))
      expect(readFileSync(join(folder, file)).includes('zebra')).toBe(false);
});

test('they survive a restart, and a change of the key', async () => {
  const first = await start();
  const { folder } = first;
  await first.manager.setVariable('told', 'TOKEN', 'kept');
  const sealed = first.vault.seal('a request', 'request');
  const before = readFileSync(join(folder, 'secret.key'), 'utf8');
  expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600);
  expect(await first.manager.rekey()).toBe(1);
  expect(readFileSync(join(folder, 'secret.key'), 'utf8')).not.toBe(before);
  await first.stop();
  const second = await startManager(folder);
  expect(second.manager.get('told').state).toBe('loaded');
  expect(second.vault.unseal(sealed, 'request')).toBe('a request');
});

test('of two keys that an interrupted change left behind the one in use is taken', async () => {
  for (const moment of ['before the store was changed', 'after it']) {
    const first = await start();
    await first.manager.setVariable('told', 'TOKEN', 'kept');
    const file = join(first.folder, 'secret.key');
    const old = readFileSync(file);
    await first.manager.rekey();
    await first.stop();
    if (moment === 'after it') {
      renameSync(file, `${file}.next`);
      writeFileSync(file, old, { mode: 0o600 });
    } else {
      writeFileSync(`${file}.next`, 'ab'.repeat(32), { mode: 0o600 });
    }
    const second = await startManager(first.folder);
    expect([moment, second.manager.get('told').state]).toEqual([moment, 'loaded']);
    expect(existsSync(`${file}.next`)).toBe(false);
  }
});

test('with another key, or none, it does not open, and with the right one again everything is there', async () => {
  const folder = tempFolder();
  const file = join(folder, 'secret.key');
  const store = await SqliteStore.open(join(folder, 'webhookd.db'));
  onTestFinished(() => store.close());
  const open = async () => {
    const vault = new Vault(store, KeyFile.locate(null, file, {}), silentLog);
    await vault.open();
    return vault;
  };
  const sealed = (await open()).seal('a request', 'request');
  renameSync(file, `${file}.elsewhere`);
  await expect(open()).rejects.toThrow(/secret\.key is not there: put that key back/);
  expect(existsSync(file)).toBe(false);
  for (const place of [file, `${file}.next`]) {
    writeFileSync(place, 'cd'.repeat(32), { mode: 0o600 });
    await expect(open()).rejects.toThrow(/secret\.key has the key [0-9a-f]{12}: put that key back/);
    rmSync(file);
  }
  renameSync(`${file}.elsewhere`, file);
  expect((await open()).unseal(sealed, 'request')).toBe('a request');
});

test('a secret whose key was given up counts as not set, and the log says why', async () => {
  const { folder, manager, stop } = await start();
  await manager.setVariable('told', 'TOKEN', 'kept');
  await stop();
  rmSync(join(folder, 'secret.key'));
  giveUpKey(join(folder, 'webhookd.db'));
  const second = await startManager(folder);
  expect(second.manager.get('told').state).toBe('held');
  expect(JSON.stringify(second.lines)).toMatch(/TOKEN cannot be decrypted with [^ ]*secret\.key/);
});

describe('the key', () => {
  test('comes from the file named, else from a credential of systemd, else from a file of our own', () => {
    const folder = tempFolder();
    const own = join(folder, 'secret.key');
    expect(KeyFile.locate('/etc/key', own, {}).file).toBe('/etc/key');
    writeFileSync(join(folder, 'webhookd-secret-key'), 'ab'.repeat(32), { mode: 0o600 });
    const credential = KeyFile.locate(null, own, { CREDENTIALS_DIRECTORY: folder });
    expect(credential.isCredential).toBe(true);
    expect(() => credential.prepare(SecretBox.withNewKey())).toThrow(/systemd credential/);
    expect(KeyFile.locate(null, own, {}).file).toBe(own);
  });

  test.each([
    ['too short', 'abc', 0o600, /is no key: expected 32 bytes/],
    ['readable by everybody', 'ab'.repeat(32), 0o644, /may be read by everybody/],
  ])('that is %s is refused', (_what, content, mode, message) => {
    const file = join(tempFolder(), 'key');
    writeFileSync(file, content);
    chmodSync(file, mode);
    expect(() => KeyFile.locate(file, file, {}).read(null)).toThrow(message);
  });
});

test('a sealed text opens with its key and for its purpose alone', () => {
  const box = SecretBox.withNewKey();
  const sealed = box.seal('text', 'this');
  expect(box.open(sealed, 'this')).toBe('text');
  expect(() => box.open(sealed, 'that')).toThrow(/changed/);
  expect(() => SecretBox.withNewKey().open(sealed, 'this')).toThrow(/another|with the key/);
  expect(() => box.open(`${sealed.slice(0, -6)}AAAAAA`, 'this')).toThrow(/changed/);
});

test('redaction knows the forms a secret takes, and leaves short values alone', () => {
  const redact = redactorOf(['p@ss/"word"', 'abc']);
  const basic = Buffer.from('p@ss/"word"').toString('base64');
  for (const text of [
    'p@ss/"word"',
    JSON.stringify('p@ss/"word"'),
    encodeURIComponent('p@ss/"word"'),
    basic,
  ])
    expect(redact(`x ${text} y`)).not.toMatch(/word|cEBzcy/);
  expect(redact('abc')).toBe('abc');
});

test('of a secret with several lines each line is taken out of what is shown, as logs are written by lines', () => {
  const lines = ['MIIEvQIBADANBgkqhkiG9w0B', 'AQEFAASCBKcwggSjAgEAAoIB', 'abc'];
  const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join('\r\n')}\n-----END PRIVATE KEY-----\n`;
  const redact = redactorOf([pem]);
  expect(redact(pem)).toBe('********');
  expect(redact(lines[0] ?? '')).toBe('********');
  expect(redact(`key: ${pem.trim().replace(/\s*\n\s*/g, ' ')}`)).toBe(
    'key: -----BEGIN PRIVATE KEY----- ******** ******** abc -----END PRIVATE KEY-----',
  );
  // What says nothing of the secret stays readable.
  expect(redact('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----');
});

test('a plugin’s secrets are decrypted once for all that is shown, until one of them changes', async () => {
  const folder = tempFolder();
  const store = await SqliteStore.open(join(folder, 'webhookd.db'));
  onTestFinished(() => store.close());
  const vault = new Vault(store, KeyFile.locate(null, join(folder, 'secret.key'), {}), silentLog);
  await vault.open();
  const token = {
    name: 'TOKEN',
    isSecret: true,
    isRequired: false,
    description: null,
    default: null,
    schema: null,
  };
  const manifest = { name: 'told', variables: [token] };
  const shown = () => vault.redactor(manifest)('first second');
  expect(shown()).toBe('first second');
  await vault.set('told', token, 'first');
  expect(shown()).toBe('******** second');
  expect(vault.redactor(manifest)).toBe(vault.redactor(manifest));
  await vault.set('told', token, 'second');
  expect(shown()).toBe('first ********');
  await vault.unset('told', 'TOKEN');
  expect(shown()).toBe('first second');
});
