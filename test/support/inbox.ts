/** A web server that remembers what it was sent. */
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './wait.ts';

export interface ReceivedRequest {
  at: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers a request; without one it is 200. */
export type Answer = (request: ReceivedRequest, response: ServerResponse) => void;

export class Inbox {
  readonly requests: ReceivedRequest[] = [];
  readonly #server: Server;
  answer: Answer = (_request, response) => response.writeHead(200).end();

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        const received = {
          at: Date.now(),
          method,
          path,
          headers,
          body: Buffer.concat(chunks).toString(),
        };
        this.requests.push(received);
        this.answer(received, response);
      });
      request.on('error', () => undefined);
    });
  }

  static async open(port = 0): Promise<Inbox> {
    const inbox = new Inbox();
    await new Promise<void>((resolve, reject) => {
      inbox.#server.once('error', reject);
      inbox.#server.listen(port, '127.0.0.1', resolve);
    });
    return inbox;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** The bodies, as JSON. */
  get bodies(): Record<string, unknown>[] {
    return this.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }

  /** How many requests carried each value of `data.id`. */
  countsById(): Map<unknown, number> {
    const counts = new Map<unknown, number>();
    for (const { id } of this.bodies) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  async received(count: number): Promise<ReceivedRequest[]> {
    await until(`the inbox gets ${count} requests`, () => this.requests.length >= count);
    return this.requests;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
