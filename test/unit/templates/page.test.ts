import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filters } from '../../../dist/templates/filters.js';
import { tests } from '../../../dist/templates/tests.js';
import { packageRoot } from '../../support/root.ts';
import { differences } from './differences.ts';

const page = readFileSync(join(packageRoot, 'docs/reference/templates.md'), 'utf8');

test.each([...filters.keys()])('the filter %s is in the reference', (name) => {
  expect(page).toContain(`\`${name}\``);
});

test.each([...tests.keys()])('the test %s is in the reference', (name) => {
  expect(page).toContain(`\`${name}\``);
});

test.each(differences.map(({ name }) => name))(
  'the difference "%s" is in the reference',
  (name) => {
    expect(page).toContain(`| ${name} `);
  },
);

test('every filter and test of Jinja2 3.1 that needs nothing else is there', () => {
  const known =
    'abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby indent int items join last length list lower map max min pprint random reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap xmlattr';
  expect(known.split(' ').filter((name) => !filters.has(name))).toEqual([]);
  const asked =
    'boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper == != < <= > >=';
  expect(asked.split(' ').filter((name) => !tests.has(name))).toEqual([]);
});
