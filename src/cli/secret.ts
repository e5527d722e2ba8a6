import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { ask } from './ask.ts';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { pluginPath } from './plugin/local.ts';
import { printJson, printTable } from './output.ts';

interface Variable {
  name: string;
  description: string | null;
  secret: boolean;
  required: boolean;
  is_set: boolean;
  value: string | null;
}

/** From the terminal without an echo, or the whole of standard input. */
async function askFor(name: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Ends the terminal's echo, so it comes first: an answer may be typed as soon as the question is read.
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(`${name}: `);
  try {
    const value = await ask(terminal, '');
    process.stderr.write('\n');
    return value;
  } finally {
    terminal.close();
  }
}

const setCommand: CommandModule<object, RemoteOptions & { plugin: string; names: string[] }> = {
  command: 'set <plugin> <names..>',
  describe: 'Set variables of a plugin; it sees them at once',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('plugin', { type: 'string', demandOption: true })
      .positional('names', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'NAME=VALUE, or NAME: its value is asked for, or read from standard input',
      }),
  handler: async (options) => {
    const call = connect(options);
    const asked = options.names.filter((name) => !name.includes('='));
    if (asked.length > 1 && !process.stdin.isTTY)
      throw new UserError('standard input is the value of one variable: set one at a time', 2);
    for (const pair of options.names) {
      const place = pair.indexOf('=');
      const name = place < 0 ? pair : pair.slice(0, place);
      const value = place < 0 ? await askFor(name) : pair.slice(place + 1);
      await call('PUT', pluginPath(options.plugin, `/variables/${encodeURIComponent(name)}`), {
        value,
      });
      if (!options.json) console.log(`set ${name}`);
    }
  },
};

const listCommand: CommandModule<object, RemoteOptions & { plugin: string }> = {
  command: 'list <plugin>',
  describe: 'List what a plugin can be told, and what is set; never the value of a secret',
  builder: (yargs) =>
    withRemote(yargs).positional('plugin', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const { items } = (await connect(options)('GET', pluginPath(options.plugin, '/variables'))) as {
      items: Variable[];
    };
    if (options.json) printJson(items);
    else
      printTable(
        ['NAME', 'SET', 'KIND', 'DESCRIPTION'],
        items.map(({ name, is_set: isSet, secret, required, description }) => [
          name,
          isSet ? 'set' : required ? 'NOT SET' : 'not set',
          [secret ? 'secret' : 'plain', ...(required ? ['required'] : [])].join(', '),
          description ?? '',
        ]),
      );
  },
};

const unsetCommand: CommandModule<object, RemoteOptions & { plugin: string; names: string[] }> = {
  command: 'unset <plugin> <names..>',
  describe: 'Take variables of a plugin back',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('plugin', { type: 'string', demandOption: true })
      .positional('names', { type: 'string', array: true, demandOption: true }),
  handler: async (options) => {
    const call = connect(options);
    for (const name of options.names) {
      await call('DELETE', pluginPath(options.plugin, `/variables/${encodeURIComponent(name)}`));
      if (!options.json) console.log(`unset ${name}`);
    }
  },
};

const rekeyCommand: CommandModule<object, RemoteOptions> = {
  command: 'rekey',
  describe: 'Encrypt all secrets anew with a new key',
  builder: (yargs) => withRemote(yargs),
  handler: async (options) => {
    const { secrets } = (await connect(options)('POST', 'plugins/rekey')) as { secrets: number };
    if (options.json) printJson({ secrets });
    else console.log(`${secrets} ${secrets === 1 ? 'secret' : 'secrets'} encrypted anew`);
  },
};

export const secretCommand: CommandModule = {
  command: 'secret',
  describe: 'Tell plugins what they need to know',
  builder: (yargs) =>
    yargs
      .command(setCommand)
      .command(listCommand)
      .command(unsetCommand)
      .command(rekeyCommand)
      .demandCommand(1, 'Name what to do: set, list, unset or rekey.'),
  handler: () => undefined,
};
