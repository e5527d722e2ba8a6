/** What most integration tests need, for one test file: a virtual host, a daemon, a publisher and an inbox. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { TestDaemon, type DaemonSettings } from './daemon.ts';
import { type Answer, Inbox } from './inbox.ts';
import { TestPublisher } from './publisher.ts';
import { newVhost } from './vhost.ts';
import { until } from './wait.ts';

export interface LogItem {
  uuid: string;
  status: string;
  started_at: string;
  ended_at: string;
  attempts: number;
  max_attempts: number;
  event: { name: string; data: unknown };
  detail: Record<string, unknown>;
}

export interface LogPage {
  items: LogItem[];
  total: number;
  filtered: number;
}

export class Scene {
  readonly #inboxes: Inbox[] = [];

  constructor(
    readonly brokerUrl: string,
    readonly daemon: TestDaemon,
    readonly publisher: TestPublisher,
  ) {}

  /** A web server that is closed after the test. */
  async inbox(answer?: Answer): Promise<Inbox> {
    const inbox = await Inbox.open();
    if (answer !== undefined) inbox.answer = answer;
    this.#inboxes.push(inbox);
    return inbox;
  }

  async closeInboxes(): Promise<void> {
    await Promise.all(this.#inboxes.splice(0).map((inbox) => inbox.close()));
  }

  /** The attempts for a subscription, the oldest first, once there are so many. */
  async attempts(uuid: string, count: number): Promise<LogItem[]> {
    return until(`${count} attempts for ${uuid}`, async () => {
      const { body } = await this.daemon.call<LogPage>(
        'GET',
        `/subscriptions/${uuid}/logs?direction=asc`,
      );
      return body.items.length >= count && body.items;
    });
  }
}

/** To be called at the top of a test file. The scene is there once the first test begins. */
export function useScene(
  settings: Omit<DaemonSettings, 'brokerUrl'> = {},
  prepare: (daemon: TestDaemon) => void = () => undefined,
): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    const brokerUrl = await newVhost();
    const daemon = new TestDaemon({ brokerUrl, ...settings });
    prepare(daemon);
    scene = new Scene(brokerUrl, daemon, await TestPublisher.open(brokerUrl));
    await daemon.start();
  });
  afterEach(() => scene?.closeInboxes());
  afterAll(async () => {
    await scene?.publisher.close();
    await scene?.daemon.remove();
  });
  return () => {
    if (scene === undefined) throw new Error('the scene is there in tests only');
    return scene;
  };
}
