/** The endpoint: a process of its own that counts what arrives and how long it took. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { preciseNow } from './events.ts';

/** What the sink has seen since the last reset. */
export interface SinkReport {
  distinct: number;
  requests: number;
  /** ms since the epoch of the last new one */
  lastAt: number;
  /** ms, for events with `sent_at` */
  latencies: number[];
}

let seen = new Set<number>();
let report: SinkReport = { distinct: 0, requests: 0, lastAt: 0, latencies: [] };

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    response.writeHead(200, { 'content-length': 2 });
    response.end('ok');
    const [, id = '', sentAt = ''] = /"id":(\d+),"sent_at":([\d.]+)/.exec(body) ?? [];
    report.requests++;
    if (seen.has(Number(id))) return;
    seen.add(Number(id));
    report.distinct++;
    report.lastAt = preciseNow();
    report.latencies.push(report.lastAt - Number(sentAt));
  });
});

process.on('message', (message) => {
  if (message === 'reset') {
    seen = new Set();
    report = { distinct: 0, requests: 0, lastAt: 0, latencies: [] };
    process.send?.({ done: true });
  } else if (message === 'count') {
    process.send?.({ ...report, latencies: [] });
  } else if (message === 'report') {
    process.send?.(report);
  }
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
