import { afterEach, describe, expect, test, vi } from 'vitest';
import { compileTemplate } from '../../../dist/templates/template.js';

const render = (source: string, variables: Record<string, unknown> = {}) =>
  compileTemplate(source).render(variables);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('digits that are no number in the end are read once', () => {
  // The clock of the budget, of this process alone: digits read again for each of them do not end by it.
  const countOwnTime = () =>
    vi.spyOn(performance, 'now').mockImplementation(() => process.cpuUsage().user / 1_000);
  const after = '{% for i in range(60) %}{% endfor %}';

  test.each([
    ['{{ digits|float }}', 40_000, '0.0'],
    ['{{ digits|filesizeformat }}', 40_000, '0 Bytes'],
    ['{% for i in range(20) %}{{ digits|int }}{% endfor %}', 4_000, '0'.repeat(20)],
  ])('%s', (source, length, answer) => {
    countOwnTime();
    expect(render(source + after, { digits: `${'1'.repeat(length)}x` })).toBe(answer);
  });

  test.each([
    ['1.', '1.0', 1],
    ['.5', '0.5', 0],
    ['1.5e3', '1500.0', 1500],
    ['-1_0.2_5', '-10.25', -10],
    [' +7e-1 ', '0.7', 0],
    ['.', 'no', 'no'],
    ['1.2.3', 'no', 'no'],
    ['+-1.5', 'no', 'no'],
    ['e5', 'no', 'no'],
  ])('%j', (text, asFloat, asInt) => {
    expect(render('{{ text|float("no") }} {{ text|int("no") }}', { text })).toBe(
      `${asFloat} ${asInt}`,
    );
  });
});
