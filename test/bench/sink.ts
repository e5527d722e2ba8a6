/**
 * The endpoint: a process of its own that counts what arrives and how long it took.
 *
 * It shares two cores with what it measures. A server of `node:http` would take half as much of them as the fastest
 * contender does, so this one reads no more of HTTP/1.1 than the contenders send: bodies with a Content-Length, on
 * connections that stay open.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
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

function take(body: string): void {
  const [, id = '', sentAt = ''] = /"id":(\d+),"sent_at":([\d.]+)/.exec(body) ?? [];
  report.requests++;
  if (seen.has(Number(id))) return;
  seen.add(Number(id));
  report.distinct++;
  report.lastAt = preciseNow();
  report.latencies.push(report.lastAt - Number(sentAt));
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers every request that has come in whole; what is left of the next one. */
function answerAll(socket: Socket, received: string): string {
  const endOfHead = received.indexOf('\r\n\r\n');
  if (endOfHead < 0) return received;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, endOfHead))?.[1];
  if (length === undefined) throw new Error('a request without a Content-Length came to the sink');
  const end = endOfHead + 4 + Number(length);
  if (received.length < end) return received;
  socket.write(answer);
  take(received.slice(endOfHead + 4, end));
  return answerAll(socket, received.slice(end));
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  // One character a byte: a Content-Length counts bytes.
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (rest = answerAll(socket, rest + chunk)));
  // A contender that was killed.
  socket.on('error', () => socket.destroy());
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
