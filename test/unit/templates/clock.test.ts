/** The clock of a rendering: what takes too long is ended, and a machine that stands still for once is no reason. */
import { afterEach, expect, test, vi } from 'vitest';
import { compileTemplate } from '../../../dist/templates/template.js';

/** Looks at the clock more than thirty times. */
const source = '{% for n in range(2000) %}{{ n }}{% endfor %}';

/** @param passed between one look and the next, by number, ms */
function renderWith(passed: (look: number) => number): string {
  let now = 0;
  let looks = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += passed(looks++)));
  return compileTemplate(source).render({});
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('a machine that stands still once, however long, fails no rendering', () => {
  for (const at of [1, 5, 20])
    expect(renderWith((look) => (look === at ? 60_000 : 0.1))).toContain('1999');
});

test.each<[string, (look: number) => number]>([
  ['step by step', () => 1],
  ['with a long pause again and again', (look) => (look % 5 === 4 ? 60_000 : 0.1)],
  ['step by step after a long pause', (look) => (look === 3 ? 60_000 : 1)],
])('what takes too long %s is ended', (_how, passed) => {
  expect(() => renderWith(passed)).toThrow('the template takes longer than 25 ms');
});
