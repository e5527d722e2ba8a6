/** The daemon of the quick start: the built command as a child process, with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigFile } from '#dist/config/schema.js';
import { UserError } from '#dist/errors.js';
import { freePorts } from '../../test/support/ports.ts';
import { packageRoot } from '../../test/support/root.ts';
import { until } from '../../test/support/wait.ts';

const startPatience = 30_000;

/** Longer than the daemon waits for attempts in flight. */
const stopPatience = 15_000;

export class QuickstartDaemon {
  readonly directory = mkdtempSync(join(tmpdir(), 'webhookd-quickstart-'));
  readonly configFile = join(this.directory, 'webhookd.yml');
  readonly logFile = join(this.directory, 'webhookd.log');
  readonly tokenFile = join(this.directory, 'local-token');
  #port = 0;
  #child: ChildProcess | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it consumes. */
  async start(
    bus: Partial<ConfigFile['bus']>,
    preferredPort: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.#port = (await isFree(preferredPort)) ? preferredPort : ((await freePorts(1))[0] ?? 0);
    const config = {
      bus,
      rest_api: { listen: '127.0.0.1', port: this.#port },
      auth: { local_token_file: this.tokenFile },
      database: { uri: `sqlite:${join(this.directory, 'webhookd.db')}` },
      plugins: { directory: join(this.directory, 'plugins') },
      extra_config_files: join(this.directory, 'conf.d'),
    };
    mkdirSync(config.plugins.directory);
    // It holds the broker's password.
    writeFileSync(this.configFile, stringify(config), { mode: 0o600 });
    const log = openSync(this.logFile, 'a');
    try {
      this.#child = spawn(
        join(packageRoot, 'dist/cli/main.js'),
        ['run', '--config', this.configFile],
        {
          cwd: packageRoot,
          env: environment(),
          stdio: ['ignore', log, log],
          // Not in the terminal's group: Ctrl-C is for the quick start, which then stops all in order.
          detached: true,
        },
      );
    } finally {
      closeSync(log);
    }
    const isOver = () =>
      signal.aborted || this.hasEnded || this.#log().includes('"webhookd is ready"');
    await until('the daemon is ready', isOver, startPatience).catch(() => undefined);
    if (signal.aborted) return;
    if (this.hasEnded) throw new UserError(`the daemon ended by itself:\n${this.tail()}`);
    if (!this.#log().includes('"webhookd is ready"')) {
      throw new UserError(`the daemon does not get ready:\n${this.tail()}`);
    }
  }

  /** Resolves when the process ends. */
  ended(): Promise<void> {
    return new Promise((resolve) => this.#child?.once('exit', () => resolve()));
  }

  get hasEnded(): boolean {
    const child = this.#child;
    return child?.exitCode !== null || child.signalCode !== null;
  }

  /** The end of its log. */
  tail(lines = 12): string {
    return this.#log().trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Creates a subscription over the API. */
  async subscribe(name: string, events: string[], url: string): Promise<void> {
    const response = await fetch(`${this.url}/1.0/subscriptions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-auth-token': readFileSync(this.tokenFile, 'utf8').trim(),
      },
      body: JSON.stringify({ name, service: 'http', events, config: { url } }),
    });
    if (!response.ok)
      throw new UserError(`the subscription was refused: ${await response.text()}`, 1);
  }

  /** Ends the process and removes its folder. */
  async remove(): Promise<void> {
    const child = this.#child;
    if (!this.hasEnded) {
      child?.kill('SIGTERM');
      await until('the daemon ends', () => this.hasEnded, stopPatience).catch(() =>
        child?.kill('SIGKILL'),
      );
      await until('the daemon is gone', () => this.hasEnded);
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #log(): string {
    return readFileSync(this.logFile, 'utf8');
  }
}

/** What is configured by variables has been read already, and would override the file. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('WEBHOOKD_'));
  return Object.fromEntries(kept);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
