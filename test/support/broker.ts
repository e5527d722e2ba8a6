/**
 * A RabbitMQ node of one's own: own ports, own data, loopback only, nothing left behind.
 *
 * Debian's wrapper script insists on the system's data directory; the scripts it wraps do not.
 */
import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { freePorts } from './ports.ts';
import { until } from './wait.ts';

const run = promisify(execFile);

const scripts = '/usr/lib/rabbitmq/bin';

/** What it takes to run `rabbitmqctl` against a node, as plain data: it goes to other processes. */
export interface BrokerControl {
  command: string[];
  environment: Record<string, string>;
  directory: string;
}

/** Runs `rabbitmqctl` from whichever process; its output. */
export async function runCtl(
  { command, environment, directory }: BrokerControl,
  ...args: string[]
): Promise<string> {
  const [file = '', ...rest] = [...command, ...args];
  const { stdout } = await run(file, rest, { env: environment, cwd: directory });
  return stdout;
}

/** A private broker. */
export interface Broker {
  readonly port: number;
  readonly url: string;
  readonly control: BrokerControl;
  /** Runs `rabbitmqctl` against this node; its output. */
  ctl(...args: string[]): Promise<string>;
  /** Starts the node after {@link halt} or {@link kill}, with the data it had. */
  start(): Promise<void>;
  /** Stops the node gracefully; its data stay. */
  halt(): Promise<void>;
  /** SIGKILL, as when the machine loses power. */
  kill(): Promise<void>;
  /** Ends everything and removes the data. */
  stop(): Promise<void>;
}

export interface BrokerOptions {
  /** Further lines of rabbitmq.conf. */
  config?: string;
  /** Gives up while the broker starts; nothing is left. */
  signal?: AbortSignal;
  /** Of the node, of its talk to others, and of the port mapper; default: free ones. */
  ports?: number[];
  /** What the nodes of a cluster know each other by. */
  cookie?: string;
}

/** The name of the node with this port. */
export const nodeName = (port: number) => `webhookd-${port}@localhost`;

/** Starts a broker and waits until it answers. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { config = '', signal, cookie } = options;
  const ports = options.ports ?? (await freePorts(3));
  signal?.throwIfAborted();
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-broker-'));
  if (cookie !== undefined)
    writeFileSync(join(directory, '.erlang.cookie'), cookie, { mode: 0o400 });
  const broker = new PrivateBroker(ports, directory, config);
  const giveUp = () => void broker.kill();
  signal?.addEventListener('abort', giveUp);
  try {
    await broker.start();
  } catch (error) {
    await broker.stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
  return broker;
}

/** Node sets one of the two, according to how the process ended. */
const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null;

/**
 * Removes all of a node at the end of its input, which ends with the process that started it even when
 * that is killed. The file `group` holds the number of the node's process group while it runs. The port
 * mapper puts itself in the background, and may be doing so just now.
 */
const guardScript = `
cat > /dev/null
cd /
[ -f "$1/group" ] && kill -s KILL -- "-$(cat "$1/group")"
for attempt in 1 2 3 4 5; do epmd -kill && break; sleep 0.1; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }`;

class PrivateBroker implements Broker {
  readonly port: number;
  readonly url: string;
  readonly #directory: string;
  readonly #environment: Record<string, string>;
  /** As root, the node runs as the user that Debian's package made for it. */
  readonly #prefix: string[] =
    process.getuid?.() === 0
      ? ['setpriv', '--reuid=rabbitmq', '--regid=rabbitmq', '--init-groups']
      : [];
  #child: ChildProcess | undefined;
  readonly #guard: ChildProcessByStdio<Writable, null, null>;

  constructor([port = 0, distPort = 0, epmdPort = 0]: number[], directory: string, config: string) {
    this.port = port;
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.#directory = directory;
    for (const name of ['data', 'log']) mkdirSync(join(directory, name));
    writeFileSync(
      join(directory, 'rabbitmq.conf'),
      `disk_free_limit.absolute = 50MB\nlog.file.level = warning\n${config}\n`,
    );
    writeFileSync(join(directory, 'enabled_plugins'), '[].\n');
    writeFileSync(join(directory, 'env.conf'), '');
    this.#environment = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: directory,
      // A port mapper of its own, which can be ended with the node.
      ERL_EPMD_PORT: String(epmdPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      // It notices the end of a killed node late, and would refuse to be ended before.
      ERL_EPMD_RELAXED_COMMAND_CHECK: 'true',
      RABBITMQ_NODENAME: nodeName(port),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distPort),
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_PID_FILE: join(directory, 'pid'),
      RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(directory, 'env.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    };
    this.#guard = spawn('sh', ['-c', guardScript, 'guard', directory], {
      env: this.#environment,
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#guard.unref();
  }

  get #groupFile(): string {
    return join(this.#directory, 'group');
  }

  async start(): Promise<void> {
    if (this.#prefix.length > 0) await run('chown', ['-R', 'rabbitmq:rabbitmq', this.#directory]);
    const child = this.#spawn('rabbitmq-server');
    this.#child = child;
    writeFileSync(this.#groupFile, String(child.pid));
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    await until(
      'the private RabbitMQ answers',
      async () => {
        if (hasEnded(child)) return 'ended' as const;
        const connection = await connect(this.url, { timeout: 5_000 });
        await connection.close();
        return 'up' as const;
      },
      120_000,
    );
    if (hasEnded(child))
      throw new Error(`the private RabbitMQ ended by itself:\n${output.slice(-2000)}`);
  }

  get control(): BrokerControl {
    const command = [...this.#prefix, join(scripts, 'rabbitmqctl')];
    return { command, environment: this.#environment, directory: this.#directory };
  }

  async ctl(...args: string[]): Promise<string> {
    return runCtl(this.control, ...args);
  }

  async halt(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    await this.#ended(child);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    process.kill(-child.pid, 'SIGKILL');
    await this.#ended(child);
  }

  async stop(): Promise<void> {
    await this.kill();
    const guard = this.#guard;
    guard.stdin.end();
    await until('the private RabbitMQ is removed', () => hasEnded(guard));
  }

  #spawn(script: string): ChildProcess {
    const [command, ...args] = [...this.#prefix, join(scripts, script)];
    return spawn(command, args, {
      env: this.#environment,
      cwd: this.#directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async #ended(child: ChildProcess): Promise<void> {
    await until('the private RabbitMQ ends', () => hasEnded(child));
    this.#child = undefined;
    rmSync(this.#groupFile, { force: true });
  }
}
