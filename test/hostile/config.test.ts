/** Configurations of every kind: each is taken, or refused in readable lines and with exit status 2. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { brokerAddress } from '../../dist/bus/address.js';
import { explainConfig } from '../support/config.ts';
import { type KeySchema, rootKey, valueKeys } from '../../dist/config/keys.js';
import { runCli } from '../support/cli.ts';
import { tempFolder } from '../support/temp.ts';
import { corpus, type Entry } from './corpus.ts';
import { json, jsonObject, key, number, objectOf, text } from './generators.ts';
import { patience, settings } from './settings.ts';

const keys = [...valueKeys()];

function isTakenOrExplained(main: string | Buffer, folder: string): void {
  const refusal = explainConfig(main, folder);
  if (refusal === undefined) return;
  for (const line of refusal.split('\n')) {
    expect(line).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
    expect(line.length).toBeLessThan(3_000);
    expect(line).toMatch(/^(FILE|default)/);
  }
}

/** A value for a key that fits its schema, more or less. */
function near({
  type,
  anyOf,
  enum: words,
  minimum = 0,
  maximum = 100_000,
}: KeySchema): fc.Arbitrary<unknown> {
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(near));
  if (words !== undefined) return fc.constantFrom(...words);
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: minimum, max: Math.max(minimum, maximum) }), number);
    case 'array':
      return fc.array(text, { maxLength: 3 });
    default:
      return fc.oneof(
        text,
        fc.constantFrom(
          'amqp://',
          'amqp://[',
          'amqp://a:%zz@b/%',
          'amqps://h:99999999/',
          'sqlite:',
          'sqlite:\0',
          'localhost',
          '::1',
        ),
      );
  }
}

const oneKey = fc
  .constantFrom(...keys)
  .chain(({ path, schema }) =>
    fc
      .oneof({ weight: 3, arbitrary: near(schema) }, json)
      .map((value) => path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)),
  );

const sections = Object.entries(rootKey.properties ?? {}).map(([name]) => name);

const tree = fc.oneof(
  { weight: 4, arbitrary: oneKey },
  jsonObject,
  fc.tuple(fc.constantFrom(...sections), json).map(([name, value]) => ({ [name]: value })),
  fc
    .tuple(fc.constantFrom(...sections), key, json)
    .map(([name, inner, value]) => ({ [name]: objectOf([[inner, value]]) })),
);

test('trees of values are taken or explained', patience, () => {
  const folder = tempFolder();
  fc.assert(
    fc.property(tree, fc.boolean(), (value, isFlow) => {
      isTakenOrExplained(
        stringify(value, {
          collectionStyle: isFlow ? 'flow' : 'any',
          aliasDuplicateObjects: false,
        }),
        folder,
      );
    }),
    settings(1),
  );
});

const piece = fc.oneof(
  fc.constantFrom(
    'bus:',
    'debug',
    ': ',
    '\n',
    '\n  ',
    '\t',
    '- ',
    '? ',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
    '!!set ',
    '!!omap ',
    '!<tag:x> ',
    '!!js/function ',
    '| ',
    '>-\n',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ',',
    '# ',
    '---\n',
    '...\n',
    '%YAML 1.1\n---\n',
    '%TAG ! tag:x,2000:\n---\n',
    '.inf',
    '.nan',
    '0o7777777777777777777777',
    '1e999',
    '~',
    'yes',
    '2001-12-14t21:59:43.10-05:00',
    '=',
    '@',
    '`',
    '\r',
    '\ufeff',
    '\u2028',
    '\\x41',
    '__proto__',
  ),
  fc.constantFrom(
    ...keys.map(
      ({ path }) => `${path.map((name, depth) => `${'  '.repeat(depth)}${name}:`).join('\n')} `,
    ),
  ),
  text,
);

test('pieces of YAML in any order are taken or explained', patience, () => {
  const folder = tempFolder();
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) =>
      isTakenOrExplained(pieces.join(''), folder),
    ),
    settings(2),
  );
});

const stored = corpus<Entry & { content: string | Buffer }>('configs');

test.each(stored)('$what', patience, ({ content }) => {
  isTakenOrExplained(content, tempFolder());
});

test('a command says so in lines, without a stack, and ends with 2', patience, async () => {
  const folder = tempFolder();
  const file = join(folder, 'webhookd.yml');
  for (const { what, content } of stored.slice(0, 3)) {
    writeFileSync(file, content);
    const { status, stdout, stderr } = await runCli(['config', 'check', '--config', file]);
    expect({ what, status, stdout }).toEqual({ what, status: 2, stdout: '' });
    expect(stderr).toMatch(/^([^\p{Cc}\p{Zl}\p{Zp}]+\n)+$/u);
    expect(stderr).not.toMatch(/\n\s+at |node:internal|\.js:\d+/);
  }
});

test('an address that was taken can be connected to', patience, () => {
  const folder = tempFolder();
  const address = fc
    .tuple(fc.constantFrom('amqp', 'amqps'), text, text, fc.nat(99_999), text)
    .map(([scheme, user, host, port, vhost]) => `${scheme}://${user}@${host}:${port}/${vhost}`);
  fc.assert(
    fc.property(
      fc.oneof(
        address,
        fc.webUrl().map((url) => url.replace('http', 'amqp')),
      ),
      (url) => {
        const refusal = explainConfig(stringify({ bus: { url } }), folder, ({ bus }) =>
          brokerAddress(bus),
        );
        if (refusal !== undefined) expect(refusal).toMatch(/^FILE:\d+(:\d+)?: /);
      },
    ),
    settings(1),
  );
});
