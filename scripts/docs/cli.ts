/** From what every command says of itself: the reference page. */
import { execFile } from 'node:child_process';
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

/** Sections of a command and of all below it. */
async function sections(command: string[]): Promise<string[]> {
  const help = await helpOf(command);
  const below = await Promise.all(listedIn(help).map(sections));
  const heading = command.length === 0 ? [] : [`## ${code(`webhookd ${command.join(' ')}`)}`];
  return [...heading, `\`\`\`text\n${help}\n\`\`\``, ...below.flat()];
}

export async function cliPage(): Promise<string> {
  return (
    [
      '# Command line',
      madeBy('src/cli'),
      'A command prints readable text, or JSON with `--json`. It ends with 0 when it did what it was asked for, with 1 when that failed, and with 2 when it was used wrongly or the configuration has a mistake.',
      'Commands that talk to a daemon find its address and the local administrator’s token by the configuration. For another one give `--url` and `--token`, or set `WEBHOOKD_URL` and `WEBHOOKD_TOKEN`.',
      ...(await sections([])),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}
