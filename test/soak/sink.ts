/** The endpoint that works: a process of its own that knows of every event how often it came, for each subscription. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { preciseNow } from '../bench/events.ts';
import { percentile } from '../bench/statistics.ts';
import { eventNames } from './plan.ts';

/** What came since the sample before. */
export interface SinkSample {
  arrived: number;
  /** From publish to arrival, ms; null when nothing came. */
  p50: number | null;
  p99: number | null;
}

export interface Expectation {
  published: number;
  /** Places in the list of names that each subscription wants. */
  wanted: { number: number; names: number[] }[];
}

export interface SinkCheck {
  expected: number;
  missing: number;
  repeated: number;
  /** The first that are missing, as subscription and event. */
  examples: string[];
}

/** How often each event came, by subscription and name; events of one name follow each other in steps of 100. */
const counts = new Map<string, Uint8Array>();
let arrived = 0;
let latencies: number[] = [];

function note(subscription: number, id: number): void {
  const key = `${subscription} ${id % eventNames.length}`;
  const place = Math.floor(id / eventNames.length);
  let seen = counts.get(key) ?? new Uint8Array(1024);
  if (place >= seen.length) {
    const larger = new Uint8Array(Math.max(place + 1, 2 * seen.length));
    larger.set(seen);
    seen = larger;
  }
  seen[place] = Math.min(255, (seen[place] ?? 0) + 1);
  counts.set(key, seen);
}

function check({ published, wanted }: Expectation): SinkCheck {
  const result: SinkCheck = { expected: 0, missing: 0, repeated: 0, examples: [] };
  for (const { number, names } of wanted) {
    for (const name of names) {
      const seen = counts.get(`${number} ${name}`) ?? [];
      for (let id = name; id < published; id += eventNames.length) {
        const times = seen[Math.floor(id / eventNames.length)] ?? 0;
        result.expected++;
        if (times > 1) result.repeated++;
        if (times > 0) continue;
        result.missing++;
        if (result.examples.length < 10) result.examples.push(`${number}: ${id}`);
      }
    }
  }
  return result;
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    response.writeHead(200, { 'content-length': 2 }).end('ok');
    const [, id = '', sentAt = ''] = /"id":(\d+),"sent_at":([\d.]+)/.exec(body) ?? [];
    note(Number(request.url?.slice(1)), Number(id));
    arrived++;
    latencies.push(preciseNow() - Number(sentAt));
  });
});

process.on('message', (message) => {
  if (message === 'sample') {
    const of = (percent: number) =>
      latencies.length === 0 ? null : percentile(latencies, percent);
    process.send?.({ arrived, p50: of(50), p99: of(99) } satisfies SinkSample);
    latencies = [];
  } else process.send?.(check(message as Expectation));
});
// Ctrl-C is for whoever started this: it asks for what there is before it goes.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
