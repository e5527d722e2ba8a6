import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { CommandModule } from 'yargs';
import { UserError } from '../../errors.ts';
import { ask } from '../ask.ts';
import { type Answers, filesOf, type Template } from './scaffold.ts';

interface InitOptions {
  name?: string | undefined;
  template?: Template | undefined;
  js?: boolean | undefined;
  ts?: boolean | undefined;
}

export const initCommand: CommandModule<object, InitOptions> = {
  command: 'init [name]',
  describe: 'Write a new plugin into a folder of its name; asks for what is not given',
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', describe: 'The package’s name' })
      .option('template', {
        choices: ['service', 'handler'] as const,
        describe:
          'service: delivers what subscriptions ask for; handler: responds to events itself',
      })
      .option('js', { type: 'boolean', describe: 'In JavaScript' })
      .option('ts', { type: 'boolean', describe: 'In TypeScript' })
      .conflicts('js', 'ts'),
  handler: async (options) => {
    const answers = await complete(options);
    checkName(answers.name);
    const folder = resolve(answers.name.replace(/^@[^/]+\//, ''));
    if (existsSync(folder) && readdirSync(folder).length > 0)
      throw new UserError(`${folder} is not empty: name another plugin, or empty it first`);
    for (const [path, content] of Object.entries(filesOf(answers))) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    console.log(
      [
        `wrote ${folder}`,
        '',
        `  cd ${folder}`,
        '  npm install && npm test',
        '  webhookd plugin install .',
        '',
      ].join('\n'),
    );
  },
};

/** Asks on a terminal; elsewhere what has an answer that suits most gets that one. */
async function complete({ name, template, js, ts }: InitOptions): Promise<Answers> {
  const language = js === true ? 'js' : ts === true ? 'ts' : undefined;
  if (!process.stdin.isTTY) {
    if (name === undefined) throw new UserError('name the plugin: webhookd plugin init NAME', 2);
    return { name, template: template ?? 'handler', language: language ?? 'ts' };
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const choose = async <T extends string>(
    question: string,
    standard: T,
    allowed?: readonly T[],
  ) => {
    for (;;) {
      const answer = (await ask(terminal, `${question} [${standard}] `)).trim() || standard;
      if (allowed === undefined || allowed.includes(answer as T)) return answer as T;
      console.log(`expected ${allowed.join(' or ')}, found ${answer}`);
    }
  };
  try {
    return {
      name: name ?? (await choose<string>('Name of the package', 'webhookd-mine')),
      template:
        template ??
        (await choose<Template>('service or handler?', 'handler', ['service', 'handler'])),
      language: language ?? (await choose<'js' | 'ts'>('ts or js?', 'ts', ['ts', 'js'])),
    };
  } finally {
    terminal.close();
  }
}

/** What npm takes for a name. */
function checkName(name: string): void {
  if (!/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) || name.length > 214)
    throw new UserError(
      `${JSON.stringify(name)} is no name of a package: lower case letters, digits, - and _`,
      2,
    );
}
