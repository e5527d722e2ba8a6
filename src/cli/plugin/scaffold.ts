/** The files of a new plugin. */
import { join } from 'node:path';
import { packageRoot } from '../../plugins/discovery.ts';
import { version } from '../../version.ts';

export type Template = 'service' | 'handler';

export interface Answers {
  name: string;
  template: Template;
  language: 'js' | 'ts';
}

/** By path in the new folder. */
export function filesOf(answers: Answers): Record<string, string> {
  const { template, language } = answers;
  const isTyped = language === 'ts';
  const code = template === 'service' ? serviceCode(answers) : handlerCode(answers);
  const test = template === 'service' ? serviceTest(answers) : handlerTest(answers);
  return {
    'package.json': `${JSON.stringify(packageOf(answers), null, 2)}\n`,
    [`src/plugin.${language}`]: code,
    [`test/plugin.test.${language}`]: test,
    'README.md': readmeOf(answers),
    '.gitignore': 'node_modules/\ndist/\nbuild/\n',
    ...(isTyped ? { 'tsconfig.json': `${JSON.stringify(tsconfig, null, 2)}\n` } : {}),
  };
}

/** The service's or handler's name: that of the package without scope and prefix. */
const shortName = ({ name }: Answers) => name.replace(/^@[^/]+\//, '').replace(/^webhookd-/, '');

const className = (answers: Answers) =>
  shortName(answers)
    .split(/[^a-z0-9]+/i)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
    .replace(/^(?=\d)/, 'Plugin');

/** In no catalogue: the package declares them. */
const handledEvents = ['task_created', 'task_updated'];

function packageOf(answers: Answers) {
  const { name, template, language } = answers;
  const isTyped = language === 'ts';
  const entry = isTyped ? './dist/src/plugin.js' : './src/plugin.js';
  return {
    name,
    version: '0.1.0',
    description:
      template === 'service'
        ? 'A service of webhookd: delivers what subscriptions ask for'
        : 'A handler of webhookd: responds to events by itself',
    type: 'module',
    files: isTyped ? ['dist/src'] : ['src'],
    scripts: isTyped
      ? {
          build: 'tsc',
          prepare: 'npm run build',
          test: 'npm run build && node --test dist/test/plugin.test.js',
        }
      : { test: 'node --test test/plugin.test.js' },
    peerDependencies: { webhookd: `^${version.split('.')[0] ?? '1'}` },
    devDependencies: {
      ...(isTyped ? { '@types/node': '^20', typescript: '^6' } : {}),
      webhookd: `file:${join(packageRoot, 'sdk')}`,
    },
    webhookd: {
      services: { [shortName(answers)]: entry },
      variables:
        template === 'service'
          ? []
          : [
              {
                name: 'TARGET_URL',
                description: 'Where tasks are sent',
                default: 'https://example.com/tasks',
              },
              {
                name: 'AUTH_TOKEN',
                description: 'Sent as bearer token',
                secret: true,
                required: true,
              },
            ],
      ...(template === 'handler' ? { events: handledEvents } : {}),
      engines: '^1',
    },
  };
}

const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: '.',
    outDir: 'dist',
    sourceMap: true,
  },
  include: ['src', 'test'],
};

function handlerCode(answers: Answers): string {
  return `import { Handler, request } from 'webhookd/plugin';

/** Sends the id of every task to another system. */
export default class ${className(answers)} extends Handler {
  static ${typed(answers, 'override ')}respondsTo = [${handledEvents.map((name) => `'${name}'`).join(', ')}];

  ${typed(answers, 'override ')}compute() {
    const { TARGET_URL = '', AUTH_TOKEN = '' } = this.secrets;
    this.log.info(\`\${this.event.name} of \${this.target}\`);
    return request.post(TARGET_URL, {
      json: { event: this.event.name, id: this.target },
      headers: { authorization: \`Bearer \${AUTH_TOKEN}\` },
    });
  }
}
`;
}

function handlerTest(answers: Answers): string {
  const name = className(answers);
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness } from 'webhookd/testing';
import ${name} from '../src/plugin.js';

test('a task is sent with its id and the token', async () => {
  const harness = await createHarness(${name}, {
    secrets: { TARGET_URL: 'https://example.com/tasks', AUTH_TOKEN: 'a-token' },
  });
  const { status, requests } = await harness.deliver({
    event: { name: 'task_created', data: { id: 'task-1' } },
  });
  assert.equal(status, 'success');
  assert.equal(requests.length, 1);
  assert.equal(requests[0]?.url, 'https://example.com/tasks');
  assert.equal(requests[0]?.headers.authorization, 'Bearer a-token');
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), { event: 'task_created', id: 'task-1' });
  await harness.dispose();
});
`;
}

function serviceCode(answers: Answers): string {
  const types =
    answers.language === 'ts'
      ? "import { type AttemptContext, type BusEvent, request, type Subscription } from 'webhookd/plugin';"
      : "import { request } from 'webhookd/plugin';";
  const given =
    answers.language === 'ts'
      ? '(subscription: Subscription, event: BusEvent, { attempt, log }: AttemptContext)'
      : '(subscription, event, { attempt, log })';
  const read =
    answers.language === 'ts' ? 'subscription.config as { url: string }' : 'subscription.config';
  return `${types}

/** Sends the events of subscriptions with \`service: ${shortName(answers)}\` to the URL in their config. */
export default class ${className(answers)} {
  static configSchema = {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string', httpUrl: true, description: 'Where events are sent' } },
  };

  callback${given} {
    const { url } = ${read};
    log.info(\`\${event.name} goes to \${url}\`, { attempt });
    return request.post(url, { json: { event: event.name, data: event.data } });
  }
}
`;
}

function serviceTest(answers: Answers): string {
  const name = className(answers);
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, InvalidSubscription } from 'webhookd/testing';
import ${name} from '../src/plugin.js';

test('an event is sent to the URL of its subscription', async () => {
  const harness = await createHarness(${name});
  const { status, requests } = await harness.deliver({
    event: { name: 'call_created', data: { call_id: '1' } },
    config: { url: 'https://example.com/calls' },
  });
  assert.equal(status, 'success');
  assert.equal(requests[0]?.url, 'https://example.com/calls');
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), {
    event: 'call_created',
    data: { call_id: '1' },
  });
  await harness.dispose();
});

test('a subscription without a URL is refused', async () => {
  const harness = await createHarness(${name});
  await assert.rejects(
    harness.deliver({ event: { name: 'call_created' }, config: {} }),
    InvalidSubscription,
  );
  await harness.dispose();
});
`;
}

const typed = ({ language }: Answers, text: string) => (language === 'ts' ? text : '');

function readmeOf(answers: Answers): string {
  const { name, template } = answers;
  const use =
    template === 'service'
      ? `Make a subscription of it:

    webhookd subscription create --name calls --service ${shortName(answers)} --event call_created --set url=https://example.com/calls
    webhookd emit call_created --sample`
      : `Tell it the token, and try it:

    webhookd secret set ${name} AUTH_TOKEN
    webhookd emit task_created --sample`;
  return `# ${name}

${packageOf(answers).description}.

    npm install && npm test
    webhookd plugin install .

${use}

    webhookd logs --plugin ${name}

While you write it: \`webhookd plugin dev .\` builds and reloads it whenever a file is saved.

\`devDependencies.webhookd\` in package.json points to the webhookd that wrote this; put a version there when the
plugin is built elsewhere.
`;
}
