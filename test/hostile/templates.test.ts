/** Templates, filters of subscriptions and what they are given: text of any kind, and noise. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventFilter } from '../../dist/subscriptions/filter.js';
import { compileCondition } from '../../dist/templates/condition.js';
import { compileTemplate, TemplateError } from '../../dist/templates/template.js';
import { delimiters } from '../support/delimiters.ts';
import { readableLog } from '../support/logs.ts';
import { sampleEvent, sampleSubscription } from '../support/samples.ts';
import { corpus, type Entry } from './corpus.ts';
import { json, jsonObject, key, text } from './generators.ts';
import { patience, settings } from './settings.ts';

/** CPU time of one template or filter, ms: a budget and what comes around it. */
const longest = 250;

const word = fc.constantFrom(
  'event',
  'event_name',
  'headers',
  'loop',
  'self',
  'namespace',
  'cycler',
  'range',
  'dict',
  'a',
  '0',
  '1e9',
  '-1',
  '"a"',
  "'%s'",
  'none',
  'true',
  '[]',
  '{}',
  '()',
  '(1,)',
);

const operator = fc.constantFrom(
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '~',
  '==',
  '<',
  'in',
  'not in',
  'is',
  'is not',
  'and',
  'or',
  'if',
  'else',
  '|',
  '.',
  '..',
  ',',
  ':',
  '=',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ...delimiters,
  '-%}',
  '{%-',
  '\\',
  '"',
  "'",
  '#',
  '$',
  '`',
);

const filter = fc.constantFrom(
  'center(999)',
  'indent(99)',
  'wordwrap(1)',
  'urlize',
  'striptags',
  'xmlattr',
  'groupby("a")',
  'batch(3)',
  'slice(3)',
  'map("upper")',
  'map(attribute="__proto__")',
  'selectattr("constructor")',
  'reject("odd")',
  'sort(attribute="a.b")',
  'dictsort',
  'tojson(9)',
  'pprint',
  'format(1)',
  'replace("", "xx")',
  'truncate(0, true, "")',
  'filesizeformat',
  'random',
  'attr("__class__")',
  'sum(start=[])',
  'join',
  'unique',
  'float',
  'int(base=99)',
  'round(-400)',
  'urlencode',
);

const tag = fc.constantFrom(
  '{% if event %}',
  '{% elif 1 %}',
  '{% else %}',
  '{% endif %}',
  '{% for k, v in event.items() recursive %}',
  '{{ loop(v) }}',
  '{% endfor %}',
  '{% set ns = namespace() %}',
  '{% set ns.__proto__ = event %}',
  '{% macro m(a, b=m) %}',
  '{% endmacro %}',
  '{{ m(m) }}',
  '{% call(x) m() %}',
  '{% endcall %}',
  '{% filter upper %}',
  '{% endfilter %}',
  '{% raw %}',
  '{% endraw %}',
  '{% with a=event %}',
  '{% endwith %}',
  '{% include "x" %}',
  '{% extends x %}',
  '{% import "os" as os %}',
  '{% block x %}',
  '{% endblock %}',
  '{% do event.pop() %}',
  '{% autoescape true %}',
  '{% endautoescape %}',
);

const noise = fc.oneof(
  word,
  operator,
  filter.map((name) => `|${name}`),
  tag,
  text,
  key,
);

const source = fc.oneof(
  { weight: 3, arbitrary: fc.array(noise, { maxLength: 14 }).map((parts) => parts.join('')) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.oneof(
          tag,
          fc.tuple(word, filter).map(([one, name]) => `{{ ${one}|${name} }}`),
        ),
        { maxLength: 10 },
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(noise, fc.nat(3_000))
      .map(([part, times]) => `{{ ${part.slice(0, 20).repeat(times)} }}`),
  },
  fc.uint8Array({ maxLength: 200 }).map((bytes) => `{{${Buffer.from(bytes).toString('latin1')}}}`),
);

/** Ends as it may, and soon: the best of three, since a machine may be busy with other things. */
function endsSoon(work: () => void): void {
  let least = Infinity;
  for (let round = 0; round < 3 && least > longest; round++) {
    const { user } = process.cpuUsage();
    try {
      work();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      expect(error.message).not.toBe('');
    }
    least = Math.min(least, (process.cpuUsage().user - user) / 1_000);
  }
  expect(least).toBeLessThan(longest);
}

test(
  'a template of any kind is text or a mistake in the template, soon, and changes nothing',
  patience,
  () => {
    fc.assert(
      fc.property(source, jsonObject, (template, event) => {
        const before = JSON.stringify(event);
        endsSoon(() => compileTemplate(template).render({ event, event_name: 'x', headers: {} }));
        expect(JSON.stringify(event)).toBe(before);
      }),
      settings(5),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
);

test(
  'a filter of any kind judges or is a mistake, soon; an event that cannot be judged is reported once',
  patience,
  () => {
    const expression = fc.oneof(
      fc
        .array(
          fc.oneof(
            word,
            operator,
            filter.map((name) => `|${name}`),
          ),
          { maxLength: 10 },
        )
        .map((parts) => parts.join(' ')),
      text,
    );
    fc.assert(
      fc.property(expression, json, jsonObject, (wanted, data, headers) => {
        endsSoon(() => compileCondition(wanted));
        const { log, lines } = readableLog();
        const filters = new EventFilter(log);
        const subscription = sampleSubscription({ filter: wanted });
        const event = sampleEvent({ data: data as never, headers: headers as never });
        endsSoon(() => {
          expect(typeof filters.passes(subscription, event)).toBe('boolean');
          filters.passes(subscription, event);
        });
        expect(lines.length).toBeLessThanOrEqual(1);
      }),
      settings(3),
    );
  },
);

test.each(corpus<Entry & { template: string }>('templates'))('$what', patience, ({ template }) => {
  endsSoon(() => compileTemplate(template).render({ event: { a: 'a'.repeat(10_000) } }));
  endsSoon(() => compileCondition(template.slice(0, 4_000)));
});
