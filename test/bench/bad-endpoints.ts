/** Endpoints that do not work, each on a port of its own: a process that says their addresses. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const late = 10_000;
let calls = 0;

const answers = {
  /** Takes the request, and that is all. */
  never: () => undefined,
  /** In time, but only just: attempts may take 15 s. */
  late: async (response: ServerResponse) => {
    await sleep(late);
    response.writeHead(200).end('ok');
  },
  error: (response: ServerResponse) => void response.writeHead(500).end('no'),
  reset: (response: ServerResponse) => void response.socket?.destroy(),
  /** Every second request fails. */
  flaky: (response: ServerResponse) => void response.writeHead(calls++ % 2 ? 200 : 500).end(),
};

/** The address of each. */
export type BadEndpoints = Record<keyof typeof answers, string>;

const addresses = await Promise.all(
  Object.entries(answers).map(async ([name, answer]) => {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => void answer(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return [name, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`];
  }),
);

// Ctrl-C is for whoever started this: it asks for what there is before it goes.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
process.send?.(Object.fromEntries(addresses));
