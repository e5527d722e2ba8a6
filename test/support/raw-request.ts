/** Requests as no client sends them: bytes, when the test says so. */
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './wait.ts';

export class RawRequest {
  #received = '';
  #isClosed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => (this.#received += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.#isClosed = true));
  }

  /** Ended with the test at the latest. */
  static async open(port: number): Promise<RawRequest> {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const request = new RawRequest(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return request;
  }

  get received(): string {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  end(): void {
    this.socket.destroy();
  }

  /** All that came, once the other side has closed the connection. */
  async closed(): Promise<string> {
    await until('the connection is closed', () => this.#isClosed);
    return this.#received;
  }

  /** All that came, once it contains the text. */
  async answered(text: string): Promise<string> {
    await until(`the answer contains ${text}; it is ${this.#received}`, () =>
      this.#received.includes(text),
    );
    return this.#received;
  }
}

/** Status, headers in small letters and body of an answer. */
export function readAnswer(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((one) => {
      const colon = one.indexOf(':');
      return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(line.split(' ')[1]), headers, body };
}
