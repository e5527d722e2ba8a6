/** An endpoint that counts every id it accepted, and that can misbehave. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How an endpoint behaves; `well` accepts. */
export type Manner =
  | 'well'
  | 'refusing'
  | 'slow'
  | 'resetting'
  | 'garbage'
  | 'endless headers'
  | 'endless body'
  | 'trickling';

/** Longer than anybody waits for an answer, ms. */
const slowDelay = 30_000;

export class Sink {
  manner: Manner = 'well';
  /** Requests, whatever became of them. */
  requests = 0;
  /** Requests by id, whatever became of them. */
  readonly tries = new Map<number, number>();
  /** Told of every id that was accepted, with the path it came to. */
  onAccept: (path: string, id: number) => void = () => undefined;
  readonly #accepted = new Map<string, Map<number, number>>();
  #server: Server;
  #port = 0;

  private constructor() {
    this.#server = this.#makeServer();
  }

  static async open(): Promise<Sink> {
    const sink = new Sink();
    await sink.reopen();
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** How often each id was accepted at a path. */
  counts(path = '/'): Map<number, number> {
    let counts = this.#accepted.get(path);
    if (counts === undefined) this.#accepted.set(path, (counts = new Map<number, number>()));
    return counts;
  }

  /** Connections are refused from now on. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Listens again where it did before. */
  async reopen(): Promise<void> {
    if (this.#server.listening) return;
    this.#server = this.#makeServer();
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #makeServer(): Server {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number };
        this.requests++;
        this.tries.set(id, (this.tries.get(id) ?? 0) + 1);
        this.#answer(request, response, id);
      });
    });
    server.on('connection', (socket) => socket.on('error', () => undefined));
    return server;
  }

  #answer(request: IncomingMessage, response: ServerResponse, id: number): void {
    const { url: path = '/', socket } = request;
    const accept = () => {
      // Not counted when the other side has gone: nobody knows of it.
      response.once('finish', () => this.#count(path, id));
      response.writeHead(200).end();
    };
    switch (this.manner) {
      case 'well':
        accept();
        break;
      case 'refusing':
        response.writeHead(503).end();
        break;
      case 'slow':
        endWith(socket, setTimeout(accept, slowDelay));
        break;
      case 'resetting':
        socket.resetAndDestroy();
        break;
      case 'garbage':
        socket.end('\u0016\u0003\u0001 no HTTP at all\r\n\r\n\r\n200 OK');
        break;
      case 'endless headers':
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, `x-filler: ${'x'.repeat(1000)}\r\n`);
        break;
      case 'endless body':
        // Who has seen the status need not read on.
        this.#count(path, id);
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n');
        flood(socket, 'x'.repeat(64 * 1024));
        break;
      case 'trickling':
        trickle(socket, Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
        break;
    }
  }

  #count(path: string, id: number): void {
    const counts = this.counts(path);
    counts.set(id, (counts.get(id) ?? 0) + 1);
    this.onAccept(path, id);
  }
}

/** A timer that ends with the connection. */
function endWith(socket: Socket, timer: NodeJS.Timeout): void {
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** The same again, as fast as it is taken. */
function flood(socket: Socket, text: string): void {
  const timer = setInterval(() => {
    if (socket.writableNeedDrain) return;
    socket.write(text);
  }, 5);
  endWith(socket, timer);
}

/** A byte a second, and then nothing. */
function trickle(socket: Socket, bytes: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 1_000);
  endWith(socket, timer);
}
