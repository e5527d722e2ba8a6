/** From what every command says of itself: the reference page. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../test/support/root.ts';
import { code, madeBy } from './markdown.ts';

const run = promisify(execFile);
const main = join(packageRoot, 'dist', 'cli', 'main.js');

/** As a pipe with plain settings sees it, so that the page is the same everywhere. */
async function helpOf(command: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [main, ...command, '--help'], {
    env: { LC_ALL: 'C' },
  });
  return stdout.trimEnd();
}

/** The commands a help text lists. */
function listedIn(help: string): string[][] {
  const [, commands = ''] = /\nCommands:\n((?: .*\n)+)/.exec(`${help}\n`) ?? [];
  return [...commands.matchAll(/^ {2}webhookd ((?:[a-z-]+ ?)+)/gm)].map(([, words = '']) =>
    words.trim().split(' '),
  );
}

/** In the order of the commands; no more processes at once than there are processors. */
async function helpTexts(commands: string[][]): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < commands.length) {
    const next = commands.slice(texts.length, texts.length + availableParallelism());
    texts.push(...(await Promise.all(next.map(helpOf))));
  }
  return texts;
}

/** Sections of a command and of all below it. */
async function sections(command: string[], help: string): Promise<string[]> {
  const heading = command.length === 0 ? [] : [`## ${code(`webhookd ${command.join(' ')}`)}`];
  const all = [...heading, `\`\`\`text\n${help}\n\`\`\``];
  const listed = listedIn(help);
  const texts = await helpTexts(listed);
  for (const [index, one] of listed.entries())
    all.push(...(await sections(one, texts[index] ?? '')));
  return all;
}

export async function cliPage(): Promise<string> {
  return (
    [
      '# Command line',
      madeBy('src/cli'),
      'A command prints readable text, or JSON with `--json`. It ends with 0 when it did what it was asked for, with 1 when that failed, and with 2 when it was used wrongly or the configuration has a mistake.',
      'Commands that talk to a daemon find its address and the local administrator’s token by the configuration. For another one give `--url` and `--token`, or set `WEBHOOKD_URL` and `WEBHOOKD_TOKEN`.',
      ...(await sections([], await helpOf([]))),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}
