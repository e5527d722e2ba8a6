import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CommandModule } from 'yargs';
import { messageOf, UserError } from '../../errors.ts';
import { plainLines } from '../../one-line.ts';
import { manifestOf } from '../../plugins/installer.ts';
import { type LogLine, readable } from '../../log-line.ts';
import { follow } from '../client.ts';
import { queryOf } from '../logs.ts';
import { type RemoteOptions, withRemote } from '../options.ts';
import { lend } from './lend.ts';
import { describePlugin, pluginsConfig, reload } from './local.ts';
import { watchTree } from './watch.ts';

const run = promisify(execFile);

/** Changes within this time are one, ms: editors write several files at once. */
const quietTime = 150;

export const devCommand: CommandModule<object, RemoteOptions & { dir: string }> = {
  command: 'dev <dir>',
  describe:
    'Run a plugin from its folder: build and reload it when a file is saved, and show its log',
  builder: (yargs) =>
    withRemote(yargs).positional('dir', {
      type: 'string',
      demandOption: true,
      describe: 'The folder of the package',
    }),
  handler: async (options) => {
    const folder = folderOf(options.dir);
    await build(folder);
    const { name } = manifestOf(folder, options.dir);
    const ended = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
    // A terminal that is closed may say so twice, from the kernel and from the shell.
    process.on('SIGHUP', () => ended.abort());
    const restore = lend(folder, name, pluginsConfig(options).directory);
    try {
      await takeUp(name, options);
      const since = new Date().toISOString();
      watchFolder(folder, ended.signal, async () => {
        await build(folder);
        await takeUp(name, options);
      });
      console.log(`watching ${folder}; Ctrl-C ends`);
      await follow(
        options,
        `logs?follow=true&${queryOf({ plugin: name, since })}`,
        (line) => console.log(readable(line as LogLine)),
        ended.signal,
      );
    } finally {
      if (restore()) await reload(name, options).catch(() => undefined);
      else console.log('what was installed before does not come back: it was replaced or removed');
    }
  },
};

function folderOf(directory: string): string {
  if (!existsSync(join(directory, 'package.json')))
    throw new UserError(`${resolve(directory)}: there is no package.json; name a plugin’s folder`);
  return realpathSync(directory);
}

async function takeUp(name: string, options: RemoteOptions): Promise<void> {
  const plugin = await reload(name, options);
  if (plugin === undefined) throw new UserError('no daemon runs here; start one: webhookd run');
  if (plugin !== null) console.log(describePlugin(plugin));
}

/** Runs the package's own build, if it has one. */
async function build(folder: string): Promise<void> {
  if (!hasBuild(folder)) return;
  try {
    await run('npm', ['run', '--silent', 'build'], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new UserError(`npm run build fails:\n${`${stdout}${stderr}`.trim()}`, 1, {
      cause: error,
    });
  }
}

function hasBuild(folder: string): boolean {
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return scripts['build'] !== undefined;
}

/** Calls back after files were saved, one call at a time; what it throws is shown, and the next save tried. */
function watchFolder(folder: string, signal: AbortSignal, onSave: () => Promise<void>): void {
  const isBuilt = hasBuild(folder);
  const ignored = isBuilt
    ? /(^|\/)(node_modules|\.git|dist)(\/|$)/
    : /(^|\/)(node_modules|\.git)(\/|$)/;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const work = () => {
    working = working
      .then(onSave)
      .catch((error: unknown) => console.error(plainLines(messageOf(error))));
  };
  watchTree(folder, ignored, signal, () => {
    clearTimeout(timer);
    timer = setTimeout(work, quietTime);
  });
}
