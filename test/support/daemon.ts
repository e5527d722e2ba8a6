/** The built daemon as a child process, with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { checkForSecrets, plantedIn } from './planted.ts';
import { freePorts } from './ports.ts';
import { cliFile } from './root.ts';
import { until } from './wait.ts';

/** An answer of the API. */
export interface ApiAnswer<T = unknown> {
  status: number;
  body: T;
}

/** One line of the daemon's log. */
export type LogLine = Record<string, unknown> & { msg: string };

export interface DaemonSettings {
  brokerUrl: string;
  /** Further configuration, in the words of the YAML files. */
  config?: Record<string, unknown>;
  /** Further environment. */
  environment?: Record<string, string>;
  /** A command that runs the daemon's: `['setpriv', '--reuid=1']`. */
  wrapper?: string[];
  /** In a process group of its own, which Ctrl-C at a terminal does not reach. */
  isDetached?: boolean;
}

export class TestDaemon {
  readonly directory: string;
  readonly configFile: string;
  readonly #settings: DaemonSettings;
  /** Further environment of the next start. */
  environment: Record<string, string>;
  #port = 0;
  #child: ChildProcess | undefined;
  #isToEnd = false;
  #crashes = 0;
  #output = '';
  /** Since the first start. */
  #everything = '';

  constructor(settings: DaemonSettings) {
    this.#settings = settings;
    this.environment = settings.environment ?? {};
    this.directory = mkdtempSync(join(tmpdir(), 'webhookd-test-'));
    this.configFile = join(this.directory, 'webhookd.yml');
    mkdirSync(join(this.directory, 'plugins'));
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon does not run');
    return pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How often it ended by itself, other than with a word to the administrator. */
  get crashes(): number {
    return this.#crashes;
  }

  get databaseFile(): string {
    return join(this.directory, 'webhookd.db');
  }

  /** All that was printed since the last start. */
  get output(): string {
    return this.#output;
  }

  get log(): LogLine[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Starts the process, and waits until it consumes. */
  async start(): Promise<this> {
    await this.spawn();
    await this.ready();
    return this;
  }

  /** Starts the process and does not wait. */
  async spawn(): Promise<void> {
    if (this.#port === 0) [this.#port = 0] = await freePorts(1);
    this.writeConfig();
    this.#output = '';
    const { wrapper = [] } = this.#settings;
    const [command, ...args] = [...wrapper, cliFile, 'run', '--config', this.configFile];
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: this.#settings.isDetached ?? false,
    });
    this.#child = child;
    this.#isToEnd = false;
    child.once('close', (status) => {
      const isRefusal = status === 2 || (status === 1 && /^webhookd: /m.test(this.#output));
      if (this.#child === child && !this.#isToEnd && !isRefusal) this.#crashes++;
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        this.#output += String(chunk);
        this.#everything += String(chunk);
      });
  }

  /** From now on what it prints is read and not kept: that takes time, which a benchmark has not to give. */
  forgetOutput(): void {
    for (const stream of [this.#child?.stdout, this.#child?.stderr])
      stream?.removeAllListeners('data').resume();
  }

  writeConfig(more: Record<string, unknown> = {}): void {
    const { brokerUrl, config = {} } = this.#settings;
    const own = {
      bus: { url: brokerUrl, ...plantedIn.bus, ...(config['bus'] as object | undefined) },
      auth: { ...plantedIn.auth, ...(config['auth'] as object | undefined) },
      rest_api: { port: this.#port, ...(config['rest_api'] as object | undefined) },
      database: { uri: `sqlite:${this.databaseFile}` },
      plugins: {
        directory: join(this.directory, 'plugins'),
        // On a busy machine a process takes its time to start.
        load_timeout: 120,
        ...(config['plugins'] as object | undefined),
      },
      extra_config_files: join(this.directory, 'conf.d'),
    };
    writeFileSync(this.configFile, stringify({ ...config, ...own, ...more }));
  }

  async ready(): Promise<void> {
    await this.logged('webhookd is ready');
  }

  /** Waits for a line that contains the text. */
  async logged(text: string): Promise<LogLine> {
    return until(
      `the daemon logs ${JSON.stringify(text)}; it printed:\n${this.#output.slice(-3000)}`,
      () => {
        const line = this.log.find(({ msg }) => msg.includes(text));
        if (line === undefined && this.hasEnded)
          throw new Error(`the daemon ended: ${this.#output.slice(-3000)}`);
        return line;
      },
    );
  }

  get hasEnded(): boolean {
    return (
      this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
    );
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM' || signal === 'SIGKILL') this.#isToEnd = true;
    this.#child?.kill(signal);
  }

  /** Waits for the end of the process; its exit status, or the signal that killed it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const child = this.#child;
    await until('the daemon ends', () => this.hasEnded);
    return child?.exitCode ?? child?.signalCode ?? null;
  }

  /** SIGTERM, and the exit status. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.signal('SIGTERM');
    return this.ended();
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Ends the process and removes its folder. Fails when the daemon ever printed a secret it was given or made. */
  async remove(): Promise<void> {
    if (!this.hasEnded) await this.kill();
    const file = join(this.directory, 'local-token');
    const made = existsSync(file) ? [this.token] : [];
    rmSync(this.directory, { recursive: true, force: true });
    checkForSecrets('what the daemon printed', this.#everything, made);
  }

  get token(): string {
    return readFileSync(join(this.directory, 'local-token'), 'utf8').trim();
  }

  /** Calls the API: `await daemon.call('GET', '/subscriptions')`. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { 'x-auth-token': this.token },
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.url}/1.0${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  /** Creates a subscription to be delivered by http; its uuid. */
  async subscribe(
    events: string[],
    url: string,
    more: Record<string, unknown> = {},
  ): Promise<string> {
    const input = { name: 'test', service: 'http', events, config: { url }, ...more };
    const { status, body } = await this.call<{ uuid: string }>('POST', '/subscriptions', input);
    if (status !== 201) throw new Error(`not created: ${JSON.stringify(body)}`);
    return body.uuid;
  }
}
