/**
 * A broker that speaks just enough AMQP 0-9-1 to open a connection, and then misbehaves: its
 * `connection.close` comes in the same segment as `open-ok`.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A method frame: type 1, channel 0, class, method, arguments, end (AMQP 0-9-1, 4.2.3 and 4.2.4). */
function methodFrame(classId: number, methodId: number, args: Buffer): Buffer {
  const payload = Buffer.concat([
    Buffer.from([classId >> 8, classId & 255, methodId >> 8, methodId & 255]),
    args,
  ]);
  const header = Buffer.alloc(7);
  header.writeUInt8(1, 0);
  header.writeUInt16BE(0, 1);
  header.writeUInt32BE(payload.length, 3);
  return Buffer.concat([header, payload, Buffer.from([0xce])]);
}

const shortString = (text: string) =>
  Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

function longString(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

const emptyTable = Buffer.alloc(4);
const start = methodFrame(
  10,
  10,
  Buffer.concat([Buffer.from([0, 9]), emptyTable, longString('PLAIN'), longString('en_US')]),
);
const tune = methodFrame(10, 30, Buffer.from([0, 0, 0, 2, 0, 0, 0, 10]));
const openOk = methodFrame(10, 41, shortString(''));
const close = methodFrame(
  10,
  50,
  Buffer.concat([Buffer.from([1, 64]), shortString('CONNECTION_FORCED'), Buffer.alloc(4)]),
);

export class FakeBroker {
  /** Connections that were opened and closed in one segment. */
  closedWithOpenOk = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      this.#converse(socket);
    });
  }

  static async open(port = 0): Promise<FakeBroker> {
    const broker = new FakeBroker();
    await new Promise<void>((resolve) => broker.#server.listen(port, '127.0.0.1', resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers the client's steps in their order: header, start-ok, tune-ok with open. */
  #converse(socket: Socket): void {
    let isStarted = false;
    socket.on('data', (chunk: Buffer) => {
      if (!isStarted) {
        isStarted = true;
        socket.write(start);
      } else if (includesMethod(chunk, 10, 11)) {
        socket.write(tune);
      } else if (includesMethod(chunk, 10, 40)) {
        this.closedWithOpenOk++;
        socket.write(Buffer.concat([openOk, close]));
      }
    });
  }
}

/** Whether a method frame of this kind is somewhere in what was received. */
function includesMethod(chunk: Buffer, classId: number, methodId: number): boolean {
  return chunk.includes(Buffer.from([classId >> 8, classId & 255, methodId >> 8, methodId & 255]));
}
