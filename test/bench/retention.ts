/**
 * Whether the database stays within its size while it is filled with many times as much, and what commits feel of
 * it: the daemon's own store and retention, and a week of events in minutes, with times and ids of then.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { Retention } from '#dist/deliveries/retention.js';
import { SqliteStore } from '#dist/store/sqlite/store.js';
import type { AttemptRecord, EventRecord, Store } from '#dist/store/store.js';
import { benchMessage } from './events.ts';
import { percentile, round } from './statistics.ts';

export interface RetentionRow {
  what: string;
  measured: number;
}

/** bytes */
const maxSize = 256 * 2 ** 20;

/** Ten times the 200 a second that the limit is promised for, and 80 times relative to its size. */
const rate = 2_000;

const week = 7 * 86_400_000;

/** One delivery in so many is never made: what is pending stays, and leaves its page half full. */
const pendingShare = 200;

/** Between two looks at the files, ms. */
const lookInterval = 100;

/** An event with one delivery, and its attempt unless it stays pending. */
function recordsOf(number: number, at: number): { event: EventRecord; attempts: AttemptRecord[] } {
  const { name, content, headers } = benchMessage(number, at);
  const id = uuidv7({ msecs: Math.floor(at) });
  const subscriptionUuid = `subscription-${number % 20}`;
  const event: EventRecord = {
    name,
    originUuid: null,
    headers: JSON.stringify(headers),
    data: JSON.stringify((JSON.parse(content.toString()) as { data: object }).data),
    receivedAt: Math.floor(at),
    fingerprint: null,
    deliveries: [{ id, subscriptionUuid }],
  };
  if (number % pendingShare === 0) return { event, attempts: [] };
  const attempt: AttemptRecord = {
    deliveryId: id,
    subscriptionUuid,
    number: 1,
    maxAttempts: 10,
    status: 'success',
    startedAt: Math.floor(at),
    endedAt: Math.floor(at) + 5,
    detail: JSON.stringify({
      request_method: 'POST',
      request_url: 'http://127.0.0.1:8080/hook',
      request_body: null,
      response_status_code: 200,
      response_body: 'ok',
    }),
    dataKey: 'request_body',
    nextAttemptAt: null,
    requests: [],
  };
  return { event, attempts: [attempt] };
}

/** A store that says whether a purge holds it, and for how long one did at most. */
class Watched {
  active = 0;
  slices = 0;
  longest = 0;

  constructor(private readonly store: Store) {}

  /** What the retention is given. */
  get purged(): Pick<Store, 'purge' | 'size' | 'shrink'> {
    return {
      purge: (query) => this.#watch(() => this.store.purge(query)),
      shrink: (to) => this.#watch(() => this.store.shrink(to)),
      size: () => this.store.size(),
    };
  }

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    this.active++;
    this.slices++;
    try {
      return await work();
    } finally {
      this.active--;
      this.longest = Math.max(this.longest, performance.now() - began);
    }
  }
}

/** @param seconds how long the store is filled */
export async function retention(
  seconds: number,
  say: (line: string) => void,
): Promise<RetentionRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-bench-'));
  const file = join(directory, 'webhookd.db');
  const store = await SqliteStore.open(file);
  const watched = new Watched(store);
  const purging = new Retention({
    store: watched.purged,
    days: 30,
    maxSize,
    onPurged: () => undefined,
    log: pino({ level: 'silent' }),
  });
  purging.start();
  const sizes: number[] = [];
  const look = setInterval(() => sizes.push(sizeOf(file)), lookInterval);
  try {
    const commits = await fill(store, watched, seconds, (written) =>
      say(`${written} events, ${round((sizes.at(-1) ?? 0) / 2 ** 20)} MiB`),
    );
    return rowsOf(commits, sizes, watched, seconds);
  } finally {
    clearInterval(look);
    await purging.stop();
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

interface Commit {
  /** ms */
  duration: number;
  isBesidePurge: boolean;
}

/** Commits what has come since the last commit, as the daemon does. */
async function fill(
  store: Store,
  watched: Watched,
  seconds: number,
  onTenth: (written: number) => void,
): Promise<Commit[]> {
  const total = seconds * rate;
  const from = Date.now() - week;
  const commits: Commit[] = [];
  const began = performance.now();
  let attempts: AttemptRecord[] = [];
  for (let written = 0; written < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * rate) / 1000));
    const records = Array.from({ length: Math.min(500, due - written) }, (_, place) =>
      recordsOf(written + place, from + ((written + place) / total) * week),
    );
    if (records.length > 0) {
      const slicesBefore = watched.slices;
      const wasPurging = watched.active > 0;
      const start = performance.now();
      await store.commit({ events: records.map(({ event }) => event), attempts });
      const duration = performance.now() - start;
      commits.push({
        duration,
        isBesidePurge: wasPurging || watched.slices > slicesBefore,
      });
      attempts = records.flatMap((record) => record.attempts);
    }
    const tenth = Math.floor((10 * written) / total);
    written += records.length;
    if (Math.floor((10 * written) / total) > tenth) onTenth(written);
    await sleep(5);
  }
  return commits;
}

function sizeOf(file: string): number {
  return [file, `${file}-wal`]
    .map((name) => statSync(name, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((all, size) => all + size, 0);
}

function rowsOf(
  commits: Commit[],
  sizes: number[],
  { longest, slices }: Watched,
  seconds: number,
): RetentionRow[] {
  const durations = (isBesidePurge: boolean) =>
    commits.filter((commit) => commit.isBesidePurge === isBesidePurge).map((one) => one.duration);
  const [beside, alone] = [durations(true), durations(false)];
  const percents = [50, 99, 100];
  const added = percents.map((percent) => percentile(beside, percent) - percentile(alone, percent));
  const firstFull = sizes.findIndex((size) => size > maxSize * 0.8);
  const growth = Math.max(...sizes.slice(0, firstFull)) / (firstFull * lookInterval);
  return [
    { what: 'limit, MiB', measured: maxSize / 2 ** 20 },
    { what: 'load, times the limit', measured: round((growth * seconds * 1000) / maxSize) },
    { what: 'largest size, share of the limit', measured: round(Math.max(...sizes) / maxSize, 3) },
    { what: 'slices of purges', measured: slices },
    { what: 'longest slice, ms', measured: round(longest) },
    // Of medians, 99th percentiles and longest ones: a machine that stands still now and then is both's.
    { what: 'most that a purge adds to commits, ms', measured: round(Math.max(...added)) },
    { what: 'commits beside a purge', measured: beside.length },
    { what: 'commits alone', measured: alone.length },
    ...percents.flatMap((percent) => [
      {
        what: `commit beside a purge p${percent}, ms`,
        measured: round(percentile(beside, percent)),
      },
      { what: `commit alone p${percent}, ms`, measured: round(percentile(alone, percent)) },
    ]),
  ];
}
