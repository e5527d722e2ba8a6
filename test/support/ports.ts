import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { codeOf } from '#dist/errors.js';

/** Below those that the system gives to connections, which may take one between here and the one it is for. */
const range = { from: 10_000, to: 32_000 };

/** Ports of the loopback interface that nobody uses, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const taken = await Promise.all(Array.from({ length: count }, takePort));
  await Promise.all(taken.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return taken.map(({ port }) => port);
}

async function takePort(): Promise<{ port: number; server: Server }> {
  for (;;) {
    const port = randomInt(range.from, range.to);
    const server = createServer();
    const error = await new Promise<Error | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(port, '127.0.0.1', () => resolve(undefined));
    });
    if (error === undefined) return { port, server };
    if (codeOf(error) !== 'EADDRINUSE') throw error;
  }
}
