import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import { messageOf, UserError } from '../errors.ts';
import { oneLine } from '../one-line.ts';
import { type GlobalOptions, withJson } from './options.ts';

interface ReceiveOptions extends GlobalOptions {
  port: number;
  status: number;
  delay: number;
  json: boolean;
}

/** Bodies are printed up to this size, bytes. */
const shownSize = 16_384;

export const receiveCommand: CommandModule<object, ReceiveOptions> = {
  command: 'receive',
  describe: 'Be a webhook inbox on this machine, and print what arrives',
  builder: (yargs) =>
    withJson(yargs)
      .option('port', {
        type: 'number',
        default: 8080,
        describe: 'Port to listen on; 0 takes a free one',
      })
      .option('status', { type: 'number', default: 200, describe: 'Status to answer with' })
      .option('delay', {
        type: 'number',
        default: 0,
        describe: 'Milliseconds to wait before the answer',
      }),
  handler: async ({ port, status, delay, json }) => {
    checkRange('status', status, 200, 599);
    checkRange('port', port, 0, 65_535);
    checkRange('delay', delay, 0, 3_600_000);
    const server = createServer((request, response) => {
      void (async () => {
        const body = await readBody(request);
        console.log(json ? JSON.stringify(asJson(request, body)) : asText(request, body));
        // Once the command is ended nobody gets this answer: it is not waited for.
        await sleep(delay, undefined, { ref: false });
        response.writeHead(status).end();
      })().catch((error: unknown) => console.error(`a request broke off: ${messageOf(error)}`));
    });
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new UserError(`--port: cannot listen on ${port}: ${messageOf(error)}`)),
      );
      server.listen(port, '127.0.0.1', resolve);
    });
    console.log(
      `listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/ , answering ${status}; end with Ctrl-C`,
    );
    await stopped;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
};

function checkRange(option: string, value: number, from: number, to: number): void {
  if (Number.isInteger(value) && value >= from && value <= to) return;
  throw new UserError(
    `--${option}: expected a whole number from ${from} to ${to}, found ${value}`,
    2,
  );
}

/** Reads to the end, and keeps what is shown. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (size < shownSize) chunks.push(chunk);
    size += chunk.length;
  }
  const text = Buffer.concat(chunks).subarray(0, shownSize).toString();
  return size > shownSize ? `${text}\n... (${size} bytes in all)` : text;
}

const asJson = ({ method, url, headers }: IncomingMessage, body: string) => ({
  at: new Date().toISOString(),
  method,
  url,
  headers,
  body,
});

function asText({ method, url, headers }: IncomingMessage, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) =>
    oneLine(`  ${name}: ${String(value)}`),
  );
  return [
    `\n${new Date().toLocaleTimeString('en-GB')}  ${method ?? ''} ${oneLine(url ?? '')}`,
    ...lines,
    '',
    indent(prettyJson(body)),
  ].join('\n');
}

/** Control characters from the network do not reach the terminal. */
const indent = (text: string) => text.replace(/[^\P{Cc}\n\t]/gu, '?').replace(/^/gm, '  ');

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
