import { describe, expect, test } from 'vitest';
import { compileTemplate, TemplateError } from '../../../dist/templates/template.js';

function failure(source: string, variables?: Record<string, unknown>): TemplateError {
  try {
    const template = compileTemplate(source);
    if (variables !== undefined) template.render(variables);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a mistake in a template is told with its line when it is compiled', () => {
  test.each<[string, number, RegExp]>([
    ['{{ 1 + }}', 1, /unexpected the end of the tag/],
    ['a\n\n{{ x|nofilter }}', 3, /No filter named 'nofilter'/],
    ['\n{% if x is notest %}{% endif %}', 2, /No test named 'notest'/],
    ['{% if x %}\nnever ends', 1, /elif or else or endif is missing/],
    ['\n{% include "x" %}', 2, /'include' is not available/],
    ['{{\n\n$ }}', 3, /unexpected char "\$"/],
    ['\n{{ "never ends }}', 2, /unexpected char/],
    ['\n\n{# never ends', 3, /Missing end of comment/],
    ['{% nonsense %}', 1, /unknown tag 'nonsense'/],
  ])('%j: line %i', (source, line, message) => {
    const error = failure(source);
    expect(error.message).toMatch(message);
    expect(error.line).toBe(line);
  });
});

describe('a mistake that shows with the data is told with line and expression', () => {
  test.each<[string, number, string, RegExp]>([
    ['\n{{ event.a.b }}', 2, '{{ event.a.b }}', /'dict object' has no attribute 'a'/],
    ['{{ nowhere.x }}', 1, '{{ nowhere.x }}', /'nowhere' is undefined/],
    ['{% for x in [1] %}\n{{ 1 / 0 }}{% endfor %}', 2, '{{ 1 / 0 }}', /division by zero/],
    ['{% if nowhere.x %}{% endif %}', 1, '{% if nowhere.x %}', /'nowhere' is undefined/],
    [
      '{% macro f() %}\n{{ [].x.y }}{% endmacro %}\n{{ f() }}',
      2,
      '{{ [].x.y }}',
      /no attribute 'x'/,
    ],
  ])('%j', (source, line, expression, message) => {
    const error = failure(source, { event: {} });
    expect(error.message).toMatch(message);
    expect({ line: error.line, expression: error.expression }).toEqual({ line, expression });
  });
});

test('a template without tags is constant, one with any is not', () => {
  expect(compileTemplate('https://example.com/{x}').isConstant).toBe(true);
  for (const source of ['{{ 1 }}', '{% raw %}{% endraw %}', '{# x #}'])
    expect(compileTemplate(source).isConstant).toBe(false);
});
