/** A way to the broker that can fall silent: bytes are swallowed, and neither side is told. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class CutCable {
  #isCut = false;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target where the other end is */
  static async open(target: { host: string; port: number }): Promise<CutCable> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cable = new CutCable(server, (server.address() as AddressInfo).port);
    server.on('connection', (near) => cable.#join(near, connect(target)));
    return cable;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** What was open stays dead, as after a change of addresses; new connections get through. */
  mend(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#isCut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #join(...ends: [Socket, Socket]): void {
    for (const [from, to] of [ends, [...ends].reverse() as [Socket, Socket]]) {
      this.#sockets.add(from);
      from.on('data', (chunk) => this.#isCut || to.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!this.#isCut) to.destroy();
      });
    }
  }
}
