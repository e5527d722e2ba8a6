/** What the quick start prints. */
import { relative } from 'node:path';
import type { JsonObject } from '#dist/model.js';
import type { ReceivedRequest } from '../../test/support/inbox.ts';
import { packageRoot } from '../../test/support/root.ts';
import type { QuickstartDaemon } from './daemon.ts';

/** Headers every HTTP client sends; they say nothing of the webhook. */
const commonHeaders = new Set(['host', 'connection', 'content-length', 'accept', 'user-agent']);

const isColorful = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const style = (code: number) => (text: string) =>
  isColorful ? `\u001B[${code}m${text}\u001B[0m` : text;
const bold = style(1);
const dim = style(2);
const red = style(31);
const green = style(32);
const cyan = style(36);

const print = (text = '') => console.log(text);

/** Fits a terminal of usual width with its indentation. */
const shownWidth = 88;

export const showTitle = () => print(`\n${bold('webhookd quick start')}\n`);

/** Something that is in place now. */
export const showDone = (what: string, how: string) =>
  print(`  ${green('✓')} ${what.padEnd(13)} ${how}`);

/** Something that takes a while. */
export const showDoing = (what: string) => print(`  ${dim(`… ${what}`)}`);

export const showHeading = (text: string) => print(`\n${bold(text)}`);

export const showPublished = (name: string, story: string) =>
  print(`\n  ${cyan('→')} ${name}  ${dim(`(${story})`)}`);

export const showLost = (name: string, seconds: number, log: string) =>
  print(`  ${red('✗')} ${name} did not arrive within ${seconds} s; the daemon's log ends:\n${log}`);

/** A webhook as it came in. */
export function showRequest(request: ReceivedRequest, took?: number): void {
  const after = took === undefined ? '' : `  ${green(`delivered in ${took} ms`)}`;
  print(`  ${green('←')} ${request.method} ${request.path}${after}`);
  for (const [name, value] of Object.entries(request.headers)) {
    if (!commonHeaders.has(name)) print(`      ${dim(`${name}: ${String(value)}`)}`);
  }
  for (const line of bodyLines(request.body)) print(`      ${line}`);
}

/** As many keys a line as fit: an event's data has a lot of them. */
function bodyLines(body: string): string[] {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    return body.split('\n');
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [body];
  const lines: string[] = [];
  let line = '';
  const entries = Object.entries(data as JsonObject);
  for (const [index, [key, value]] of entries.entries()) {
    const isLast = index === entries.length - 1;
    const part = `${JSON.stringify(key)}: ${JSON.stringify(value)}${isLast ? '' : ','}`;
    if (line !== '' && line.length + part.length >= shownWidth) {
      lines.push(`  ${line}`);
      line = '';
    }
    line += `${line === '' ? '' : ' '}${part}`;
  }
  return ['{', ...lines, `  ${line}`, '}'];
}

/** What to do next. */
export function showNext(
  { url, configFile, tokenFile, logFile }: QuickstartDaemon,
  event: string,
): void {
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const folder = relative(from, packageRoot);
  const command = `${folder === '' ? '.' : folder}/dist/cli/main.js`;
  const line = (text: string) => print(`  ${text}`);
  showHeading('Go on in another terminal');
  line(
    `${dim('REST API')}   ${url}/1.0  ${dim('(description:')} ${url}/1.0/openapi.json${dim(')')}`,
  );
  line(`${dim('token')}      ${tokenFile}`);
  line(`${dim('log')}        ${logFile}`);
  print();
  line(`export WEBHOOKD_CONFIG=${configFile}`);
  const examples: [string, string][] = [
    ['status', 'what the daemon says of itself'],
    ['subscription list', 'who wants what'],
    ['receive --port 8080', 'an inbox of your own; then, in a third terminal:'],
    ['subscription create --event agent_paused --set url=http://127.0.0.1:8080/', ''],
    [`emit agent_paused --data '{"agent_number": "1001"}'`, 'publishes an event'],
    [`emit ${event} --data '{"hello": "world"}'`, 'arrives here'],
    ['subscription logs UUID', 'every attempt; UUIDs are in the list'],
  ];
  for (const [args, note] of examples)
    line(`${command} ${args}${note === '' ? '' : dim(`   # ${note}`)}`);
  print();
  line(`curl -H "X-Auth-Token: $(cat ${tokenFile})" ${url}/1.0/subscriptions`);
  print(
    `\n${bold('Running.')} Webhooks are shown as they arrive; Ctrl-C ends everything and removes its folder.`,
  );
}
