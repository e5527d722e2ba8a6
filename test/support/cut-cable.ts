/** A way to the broker that fails as networks do: it falls silent, is slow, breaks off, or leads elsewhere. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Place {
  host: string;
  port: number;
}

/** Which way bytes are swallowed. */
type Cut = 'both' | 'to target' | 'from target';

export class CutCable {
  /** Bytes arrive so much later, ms. */
  delay = 0;
  #cut: Cut | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    /** Where the other end of new connections is. */
    public target: Place,
  ) {}

  /** @param target where the other end is */
  static async open(target: Place): Promise<CutCable> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cable = new CutCable(server, (server.address() as AddressInfo).port, target);
    server.on('connection', (near) => {
      const far = connect(cable.target);
      cable.#join(near, far, 'to target');
      cable.#join(far, near, 'from target');
    });
    return cable;
  }

  /** Bytes are swallowed, and neither side is told. */
  cut(way: Cut = 'both'): void {
    this.#cut = way;
  }

  /** What was open stays dead, as after a change of addresses; new connections get through. */
  mend(): void {
    this.drop();
    this.#cut = undefined;
  }

  /** Ends what is open, in the middle of whatever is being said. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The same with a reset (RST), as by a firewall that has forgotten the connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #join(from: Socket, to: Socket, way: Cut): void {
    this.#sockets.add(from);
    let lastAt = 0;
    from.on('data', (chunk) => {
      if (this.#cut === 'both' || this.#cut === way) return;
      const now = performance.now();
      // What was sent first arrives first, although the delay may have become shorter.
      const at = Math.max(now + this.delay, lastAt);
      if (at <= now) to.write(chunk);
      else setTimeout(() => to.write(chunk), (lastAt = at) - now);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      if (this.#cut === undefined) to.destroy();
    });
  }
}
