/** What is tested: the daemon, or the loop one would write by hand in its place. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { TestDaemon } from '../support/daemon.ts';
import { until } from '../support/wait.ts';

export interface Subject {
  /** Starts the process, and waits until it consumes. */
  start(): Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<unknown>;
  /** Ids of deliveries without a final outcome, once it is dead: those may be made twice. */
  unfinished(): Set<number>;
  /** Waits until nothing is left to do, so that a repeat would have been seen. */
  settled(): Promise<void>;
  /** How often it ended by itself. */
  readonly crashes: number;
  /** Ends the process, now, and removes what it has. */
  remove(): Promise<void>;
}

export class DaemonSubject implements Subject {
  constructor(readonly daemon: TestDaemon) {}

  get crashes(): number {
    return this.daemon.crashes;
  }

  start(): Promise<unknown> {
    return this.daemon.start();
  }

  kill(): Promise<void> {
    return this.daemon.kill();
  }

  stop(): Promise<unknown> {
    return this.daemon.stop();
  }

  unfinished(): Set<number> {
    const database = new Database(this.daemon.databaseFile);
    const ids = database
      .prepare<[], number>(
        `SELECT DISTINCT json_extract(e.data, '$.id') FROM deliveries d JOIN events e ON e.id = d.event_id
         WHERE d.next_attempt_at IS NOT NULL`,
      )
      .pluck()
      .all();
    database.close();
    return new Set(ids);
  }

  async settled(): Promise<void> {
    const database = new Database(this.daemon.databaseFile, { readonly: true });
    const pending = database
      .prepare('SELECT count(*) FROM deliveries WHERE next_attempt_at IS NOT NULL')
      .pluck();
    try {
      await until('every delivery has its outcome', () => pending.get() === 0, 120_000);
    } finally {
      database.close();
    }
  }

  remove(): Promise<void> {
    return this.daemon.remove();
  }
}

/** How long after its end it is started again, ms, as systemd does with `Restart=always`. */
const restartPause = 1_000;

/** As the benchmark has it: acks after the response, keeps nothing, tries nothing again. */
export class NaiveSubject implements Subject {
  crashes = 0;
  #child: ChildProcess | undefined;
  #isWanted = false;

  /** @param target where it delivers to */
  constructor(
    private readonly broker: string,
    private readonly target: string,
  ) {}

  async start(): Promise<void> {
    this.#isWanted = true;
    void this.#supervise();
    await this.#ready;
  }

  #markReady: () => void = () => undefined;
  #ready = new Promise<void>((resolve) => (this.#markReady = resolve));

  async #supervise(): Promise<void> {
    const file = fileURLToPath(new URL('../bench/bare-undici.js', import.meta.url));
    while (this.#isWanted) {
      const child = fork(file, [this.broker, this.target], { stdio: 'ignore' });
      this.#child = child;
      child.once('message', () => this.#markReady());
      await once(child, 'exit');
      if (!this.#isWanted) return;
      this.crashes++;
      await sleep(restartPause);
    }
  }

  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#ready = new Promise<void>((resolve) => (this.#markReady = resolve));
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  stop(): Promise<void> {
    return this.kill();
  }

  unfinished(): Set<number> {
    return new Set();
  }

  /** It knows of nothing that is left to do. */
  settled(): Promise<void> {
    return sleep(restartPause);
  }

  remove(): Promise<void> {
    return this.kill();
  }
}
