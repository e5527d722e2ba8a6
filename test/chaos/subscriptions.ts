/** Subscriptions come and go while events flow: each event goes to those that existed when it was received. */
import { randomUUID } from 'node:crypto';
import { until } from '../support/wait.ts';
import type { ChaosOptions, DeliveryReport, Scenarios } from './scenario.ts';
import { onStand, type Stand } from './stand.ts';

/** Events a second. */
const rate = { full: 500, small: 200 };
const subscriptions = { full: 1_000, small: 100 };

/** So many names, each in the same share of the events: a subscription wants one of them. */
const names = Array.from({ length: 50 }, (_, index) => `churn_event_${index}`);

/** So many are made and deleted at once. */
const workers = 20;

/** When things were done, ms since the process began; each is a moment before or after the thing itself. */
interface Life {
  path: string;
  name: number;
  askedFor: number;
  exists: number;
  /** When it was asked to go, and when it had gone. */
  askedToGo: number;
  gone: number;
}

class Churn {
  readonly lives: Life[] = [];
  readonly publishedAt: number[] = [];
  /** When the subscription to everything had got it: it was received before. */
  readonly witnessedAt = new Map<number, number>();
  worstWait = 0;

  constructor(
    private readonly stand: Stand,
    private readonly random: () => number,
  ) {}

  /** Makes subscriptions, lets each live for a while, and deletes it, until all were. */
  async work(count: number): Promise<void> {
    for (let made = 0; made < count; made++) await this.#live();
  }

  async #live(): Promise<void> {
    const { daemon, sink, options } = this.stand;
    const name = Math.floor(this.random() * names.length);
    const path = `/${randomUUID()}`;
    const askedFor = performance.now();
    const uuid = await daemon.subscribe([names[name] ?? ''], sink.url.slice(0, -1) + path);
    const exists = performance.now();
    const seen = this.witnessedAt.size;
    const enough = seen + Math.ceil((2 + 2 * this.random()) * names.length);
    await until('events flow', () => this.witnessedAt.size >= Math.min(enough, options.events));
    const askedToGo = performance.now();
    const life = { path, name, askedFor, exists, askedToGo, gone: Infinity };
    // What waits for a subscription is cancelled with it: it is deleted when it has what it must get.
    await until(`${path} gets what it must`, () => this.missing(life) === 0, 120_000).catch(
      () => undefined,
    );
    this.worstWait = Math.max(this.worstWait, performance.now() - askedToGo);
    await daemon.call('DELETE', `/subscriptions/${uuid}`);
    this.lives.push({ ...life, gone: performance.now() });
  }

  /** Events published after it existed, and received before it was asked to go. */
  due({ name, exists, askedToGo }: Life): number[] {
    const due: number[] = [];
    for (let id = name; id < this.publishedAt.length; id += names.length) {
      const publishedAt = this.publishedAt[id] ?? Infinity;
      if (publishedAt > exists && (this.witnessedAt.get(id) ?? Infinity) < askedToGo) due.push(id);
    }
    return due;
  }

  missing(life: Life): number {
    const counts = this.stand.sink.counts(life.path);
    return this.due(life).filter((id) => !counts.has(id)).length;
  }

  /** What it got although it was published after it was gone, or received before it was asked for. */
  strangers({ path, askedFor, gone }: Life): number {
    return [...this.stand.sink.counts(path).keys()].filter(
      (id) =>
        (this.publishedAt[id] ?? 0) > gone || (this.witnessedAt.get(id) ?? Infinity) < askedFor,
    ).length;
  }
}

const churning = (options: ChaosOptions) =>
  onStand(options, async (stand) => {
    const { isSmall, events, random, say } = options;
    const size = isSmall ? 'small' : 'full';
    const { daemon, sink, subject } = stand;
    const churn = new Churn(stand, random);
    sink.onAccept = (path, id) => {
      if (path === '/witness' && !churn.witnessedAt.has(id))
        churn.witnessedAt.set(id, performance.now());
    };
    await daemon.subscribe(names, `${sink.url}witness`);
    const publishing = stand.publish({
      names,
      rate: rate[size],
      onPublish: (id) => (churn.publishedAt[id] = performance.now()),
    });
    const share = Math.ceil(subscriptions[size] / workers);
    const working = Array.from({ length: workers }, () => churn.work(share));
    await Promise.all(working);
    const made = churn.lives.length;
    const published = churn.publishedAt.length;
    say(`${made} subscriptions came and went, ${published} events had been published by then`);
    await publishing;
    await until('the witness gets everything', () => churn.witnessedAt.size >= events, 120_000);
    await subject.settled();
    return reportOn(churn, stand);
  });

function reportOn(churn: Churn, { options, sink }: Stand): DeliveryReport {
  const { events } = options;
  const sum = (of: (life: Life) => number) =>
    churn.lives.reduce((total, life) => total + of(life), 0);
  const paths = ['/witness', ...churn.lives.map(({ path }) => path)];
  const repeated = paths
    .flatMap((path) => [...sink.counts(path).values()])
    .filter((times) => times > 1).length;
  const due = sum((life) => churn.due(life).length);
  const missing = sum((life) => churn.missing(life));
  options.say(`${due} deliveries were due to them, beside the ${events} of one that stayed`);
  return {
    published: events,
    expected: events + due,
    arrived: events + due - missing,
    missing,
    repeated,
    unexplained: repeated + sum((life) => churn.strangers(life)),
    worstRecovery: Math.round(churn.worstWait),
  };
}

export const subscriptionScenarios: Scenarios = {
  'subscriptions-churn': { run: churning, events: { full: 20_000, small: 1_500 } },
};
