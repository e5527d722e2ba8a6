/** The end of sd_notify(3) that systemd has: a datagram socket, and what was sent to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'unix-dgram';

export class TestServiceManager {
  readonly #directory = mkdtempSync(join(tmpdir(), 'webhookd-notify-'));
  readonly #socket = createSocket('unix_dgram');
  /** What was sent, in order. */
  readonly messages: string[] = [];

  constructor() {
    this.#socket.on('message', (message: Buffer) => this.messages.push(message.toString()));
    this.#socket.bind(this.path);
  }

  get path(): string {
    return join(this.#directory, 'notify');
  }

  count(message: string): number {
    return this.messages.filter((each) => each === message).length;
  }

  close(): void {
    this.#socket.close();
    rmSync(this.#directory, { recursive: true });
  }
}
