/** The unit's sandbox without systemd: as much of it as this machine can do is done, and tried with the built daemon. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Inbox } from '../support/inbox.ts';
import { installPlugin } from '../support/plugins.ts';
import { freePorts } from '../support/ports.ts';
import { TestPublisher } from '../support/publisher.ts';
import { cliFile, packageRoot } from '../support/root.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

/** Settings of the unit by name; one that is there twice has two values. */
const unit = new Map<string, string[]>();
for (const line of readFileSync(join(packageRoot, 'systemd/webhookd.service'), 'utf8').split(
  '\n',
)) {
  const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
  if (name !== '') unit.set(name, [...(unit.get(name) ?? []), value]);
}

const isRoot = process.getuid?.() === 0;

function works(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Whether there can be a root of the daemon's own that is read-only. */
const hasMounts = isRoot && works('unshare', '--mount', 'true');
/** Whether there can be another user. */
const hasUsers =
  isRoot && works('setpriv', '--reuid=nobody', '--clear-groups', '--regid=nogroup', 'true');

test('the unit asks for what is tried here, and for nothing that V8 cannot do without', () => {
  expect(Object.fromEntries(unit)).toMatchObject({
    NoNewPrivileges: ['yes'],
    CapabilityBoundingSet: [''],
    ProtectSystem: ['strict'],
    PrivateTmp: ['yes'],
    StateDirectory: ['webhookd'],
    ConfigurationDirectory: ['webhookd'],
    UMask: ['0077'],
    RestrictNamespaces: ['yes'],
  });
  expect([...unit.keys()]).not.toContain('MemoryDenyWriteExecute');
});

describe('in what this machine can do of the unit’s sandbox', () => {
  const place = mkdtempSync(join(tmpdir(), 'webhookd-sandbox-'));
  const state = join(place, 'state');
  const configuration = join(place, 'etc');
  const outside = join(place, 'outside');
  let brokerUrl = '';
  let port = 0;
  let inbox: Inbox;
  let publisher: TestPublisher;
  let output = '';
  let daemon: ReturnType<typeof spawn>;

  beforeAll(async () => {
    brokerUrl = await newVhost();
    [port = 0] = await freePorts(1);
    inbox = await Inbox.open();
    publisher = await TestPublisher.open(brokerUrl);
    for (const folder of [state, configuration, outside]) mkdirSync(folder);
    chmodSync(place, 0o755);
    // Nothing but file modes would keep the daemon from this: the mounts have to.
    chmodSync(outside, 0o777);
    installPlugin(join(state, 'plugins'), 'webhookd-sandboxed', {
      code: `import { writeFileSync } from 'node:fs';
const tried = (file) => { try { writeFileSync(file, ''); return 'written'; } catch (error) { return error.code; } };
export default class {
  callback() {
    return {
      uid: process.getuid(),
      outside: tried(${JSON.stringify(join(outside, 'plugin'))}),
      temporary: tried('/tmp/webhookd-sandboxed'),
    };
  }
}`,
      manifest: { services: { sandboxed: './index.js' } },
    });
    writeFileSync(
      join(configuration, 'webhookd.yml'),
      stringify({
        bus: { url: brokerUrl },
        rest_api: { port },
        database: { uri: `sqlite:${join(state, 'webhookd.db')}` },
        plugins: { directory: join(state, 'plugins') },
        extra_config_files: join(configuration, 'conf.d'),
      }),
    );
    if (hasUsers) execFileSync('chown', ['-R', 'nobody:nogroup', state]);
    daemon = start();
    await logged('webhookd is ready');
  });

  afterAll(async () => {
    daemon.kill('SIGKILL');
    await publisher.close();
    await inbox.close();
    rmSync(place, { recursive: true, force: true });
  });

  /** `exec` all the way, so that the process started is the daemon itself. */
  function start() {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    const user = hasUsers ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
    const rights = isRoot ? ['--bounding-set=-all', '--inh-caps=-all'] : [];
    const run = [
      'exec',
      'setpriv',
      ...user,
      ...rights,
      '--no-new-privs',
      process.execPath,
      cliFile,
      'run',
    ]
      .map((word, place) => (place === 0 ? word : quoted(word)))
      .join(' ');
    const mounts = [
      // What is writable is a mount of its own; then all the others are made read-only, as ProtectSystem=strict does.
      `mount --bind ${quoted(state)} ${quoted(state)}`,
      `mount --bind ${quoted(configuration)} ${quoted(configuration)}`,
      'mount -t tmpfs -o size=64m tmpfs /run',
      "awk '{print $5}' /proc/self/mountinfo | sort -r | while read -r point; do",
      `  case "$point" in ${quoted(state)}|/proc|/proc/*|/dev|/dev/*) ;;`,
      '  *) mount -o remount,bind,ro "$point" 2>/dev/null || true ;; esac',
      'done',
    ];
    const script = [
      ...(hasMounts ? mounts : []),
      `umask ${unit.get('UMask')?.[0] ?? ''}`,
      `cd ${quoted(state)}`,
      run,
    ];
    const [command = '', ...args] = hasMounts
      ? ['unshare', '--mount', '--propagation=private', 'sh', '-euc', script.join('\n')]
      : ['sh', '-euc', script.join('\n')];
    const child = spawn(command, args, {
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        WEBHOOKD_CONFIG: join(configuration, 'webhookd.yml'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    return child;
  }

  const hasEnded = () => daemon.exitCode !== null || daemon.signalCode !== null;

  const logged = (text: string) =>
    until(`the daemon logs ${text}; it printed:\n${output}`, () => {
      if (hasEnded()) throw new Error(`the daemon ended: ${output}`);
      return output.includes(text);
    });

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}/1.0${path}`, {
      method,
      headers: {
        'x-auth-token': readFileSync(join(state, 'local-token'), 'utf8').trim(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };

  const subscribe = async (service: string, config: object) =>
    String(
      (await call('POST', '/subscriptions', { name: 'n', service, events: ['boxed'], config }))[
        'uuid'
      ],
    );

  test('the daemon has the rights of nobody', () => {
    const status = readFileSync(`/proc/${daemon.pid ?? 0}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
    expect(field('NoNewPrivs')).toBe('1');
    if (isRoot)
      expect([field('CapBnd'), field('CapEff')]).toEqual(Array(2).fill('0000000000000000'));
    expect(field('Uid')).toBe(hasUsers ? '65534' : String(process.getuid?.()));
  });

  test('events are delivered, by plugins in processes of their own too, which write nothing outside', async () => {
    await subscribe('http', { url: inbox.url });
    const boxed = await subscribe('sandboxed', {});
    await publisher.publish({ name: 'boxed', data: { id: 1 } });
    await inbox.received(1);
    const detail = await until('the plugin has been called', async () => {
      const { items } = await call('GET', `/subscriptions/${boxed}/logs`);
      return (items as { detail: Record<string, unknown> }[])[0]?.detail;
    });
    expect(detail).toEqual({
      uid: hasUsers ? 65534 : process.getuid?.(),
      outside: hasMounts ? 'EROFS' : 'written',
      temporary: hasMounts ? 'EROFS' : 'written',
    });
    if (!hasMounts) rmSync('/tmp/webhookd-sandboxed', { force: true });
  });

  test('everything it made lies in its state folder, for nobody else to read', () => {
    for (const name of readdirSync(state)) {
      if (name === 'plugins') continue;
      expect([name, statSync(join(state, name)).mode & 0o077]).toEqual([name, 0]);
    }
    expect(readdirSync(configuration)).toEqual(['webhookd.yml']);
    if (hasMounts) {
      expect(readdirSync(outside)).toEqual([]);
      expect(existsSync('/tmp/webhookd-sandboxed')).toBe(false);
    }
  });

  test('it stops when it is told to', async () => {
    daemon.kill('SIGTERM');
    await until('the daemon ends', hasEnded);
    expect(daemon.exitCode).toBe(0);
    expect(output).toContain('webhookd stopped');
    expect(output).not.toMatch(/EROFS|EACCES|EPERM|"level":(50|60)/);
  });
});
