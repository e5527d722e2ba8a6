import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileTemplate, TemplateError } from '../../../dist/templates/template.js';
import { delimiters } from '../../support/delimiters.ts';
import { type Rendered, renderWithJinja } from '../../support/jinja.ts';
import { contexts } from './cases-expressions.ts';

const [context = {}] = contexts;

/**
 * Jinja2 works constants out while it compiles, by other rules than while it renders: a slice of the number 5
 * is nothing then and a mistake later, and a key that is none is a mistake even where nobody comes to.
 */
const isAboutConstants = (own: Rendered, real: Rendered): boolean =>
  ('error' in own && /is not subscriptable|unhashable type: 'slice'/.test(own.error)) ||
  ('error' in real && real.error.includes('unhashable type'));

/** Values that print alike everywhere: no generators, no functions, whose addresses differ. */
const atom = fc.oneof(
  fc.integer({ min: -50, max: 50 }).map((n) => (n < 0 ? `(${n})` : `${n}`)),
  fc.constantFrom(
    '0.5',
    '2.0',
    '1e3',
    'true',
    'false',
    'none',
    '""',
    '"a"',
    '"Hello w"',
    "'it\\'s'",
  ),
  fc.constantFrom(
    'event.list',
    'event.number',
    'event.text',
    'event.user.name',
    'event.missing',
    'event_name',
    'nowhere',
  ),
  fc.constantFrom('[1, 2, 3]', '[]', '(1, "x")', '{"a": 1}', '["b", "A"]'),
);

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const sub = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      atom,
      fc
        .tuple(sub, fc.constantFrom('+', '-', '*', '/', '//', '%', '~'), sub)
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(sub, fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in', 'not in'), sub)
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(sub, fc.constantFrom('and', 'or'), sub).map(([a, op, b]) => `(${a} ${op} ${b})`),
      sub.map((a) => `(not ${a})`),
      sub.map((a) => `(-${a})`),
      fc.tuple(sub, sub, sub).map(([a, b, c]) => `(${a} if ${b} else ${c})`),
      fc
        .tuple(
          sub,
          fc.constantFrom(
            'upper',
            'lower',
            'length',
            'string',
            'trim',
            'capitalize',
            'title',
            'e',
            'first',
            'last',
            'list',
            'sort',
            'sum',
            'min',
            'max',
            'int',
            'float',
            'abs',
            'round',
            'tojson',
            'urlencode',
            'join("-")',
            'default("d")',
            'replace("a", "b")',
            'truncate(5)',
            'wordcount',
            'reverse|list',
            'unique|list',
            'center(9)',
            'indent',
          ),
        )
        .map(([a, f]) => `(${a}|${f})`),
      fc
        .tuple(
          sub,
          fc.constantFrom(
            'defined',
            'none',
            'odd',
            'even',
            'string',
            'number',
            'mapping',
            'sequence',
            'iterable',
            'integer',
            'float',
            'boolean',
            'lower',
            'upper',
          ),
        )
        .map(([a, t]) => `(${a} is ${t})`),
      fc
        .tuple(sub, fc.constantFrom('[0]', '[-1]', '[1:]', '[::-1]', '["a"]', '.a', '.x'))
        .map(([a, s]) => `${a}${s}`),
      fc.tuple(sub, sub).map(([a, b]) => `[${a}, ${b}]`),
      fc.tuple(sub, sub).map(([a, b]) => `{${a}: ${b}}`),
    ),
  };
});

/** Whole templates, and pieces of templates in any order. */
const piece = fc.oneof(
  fc.string({ maxLength: 20 }),
  expression.map((inner) => `{{ ${inner} }}`),
  expression.map((inner) => `{% if ${inner} %}a{% else %}b{% endif %}`),
  expression.map((inner) => `{% for x in ${inner} %}{{ x }}{{ loop.index }}{% endfor %}`),
  expression.map((inner) => `{% set y = ${inner} %}{{ y }}`),
  expression.map((inner) => `{% macro m(a) %}{{ a }}${inner}{% endmacro %}{{ m(${inner}) }}`),
  fc.constantFrom(
    ...delimiters,
    '{% raw %}',
    '{% endraw %}',
    '{% endif %}',
    '{%-',
    '-%}',
    '{% for x in',
    '(',
    ')',
    '"',
    '|',
    '\n',
  ),
);

test('whatever the template, it ends in text or in a TemplateError, and changes no data', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const variables = structuredClone(context);
      const before = JSON.stringify(variables);
      try {
        const text = compileTemplate(pieces.join('')).render(variables);
        expect(text.length).toBeLessThanOrEqual(1_048_576);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        expect(error.message).not.toBe('');
        expect(error.line).toBeGreaterThan(0);
      }
      expect(JSON.stringify(variables)).toBe(before);
    }),
    { numRuns: 2_000 },
  );
});

test('expressions made by chance give what Jinja2 gives', () => {
  // The same in every run, so that a run says something of the code alone; another one finds other things.
  const seed = Number(process.env['TEMPLATE_SEED'] ?? 1);
  const made = fc.sample(expression, { numRuns: 600, seed });
  const jobs = made.map((inner) => ({ template: `{{ ${inner} }}`, variables: context }));
  const theirs = renderWithJinja(jobs);
  const wrong = jobs.flatMap(({ template, variables }, place) => {
    const real = theirs[place] ?? { error: '' };
    let own: Rendered;
    try {
      own = { text: compileTemplate(template).render(variables) };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      own = { error: error.message };
    }
    const isSame =
      'text' in own && 'text' in real ? own.text === real.text : 'error' in own && 'error' in real;
    return isSame || isAboutConstants(own, real)
      ? []
      : [`${template}\n    ours:   ${JSON.stringify(own)}\n    theirs: ${JSON.stringify(real)}`];
  });
  expect(wrong.join('\n'), `seed ${seed}`).toBe('');
});
