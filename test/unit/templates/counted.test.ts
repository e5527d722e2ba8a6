import { afterEach, describe, expect, test, vi } from 'vitest';
import { compileTemplate } from '../../../dist/templates/template.js';

const render = (source: string, variables: Record<string, unknown> = {}) =>
  compileTemplate(source).render(variables);

/** With a clock that stands, only what is counted ends a rendering. */
const stopClock = () => vi.spyOn(performance, 'now').mockReturnValue(0);

afterEach(() => {
  vi.restoreAllMocks();
});

const tooMuch = /takes? more than \d+ (?:steps|characters)/;

const capitals = 'A'.repeat(1_000);
const long = 'A'.repeat(100_000);
const numbered = <V>(length: number, value: V) =>
  Object.fromEntries(Array.from({ length }, (_, n) => [`k${n}`, value]));

test.each<[string, string, Record<string, unknown>?]>([
  ['small letters to sort by', '{{ (["A" * 1000] * 2000)|sort|length }}'],
  [
    'small letters of attributes to sort by',
    '{{ ([{"a": "A" * 1000}] * 2000)|sort(attribute="a,a")|length }}',
  ],
  ['small letters to group by', '{{ ([{"a": "A" * 1000}] * 2000)|groupby("a")|length }}'],
  [
    'small letters of a mapping to sort',
    '{{ event|dictsort(by="value")|length }}',
    { event: numbered(2_000, capitals) },
  ],
  ['small letters to tell apart', '{{ (["A" * 1000] * 2000)|unique|list|length }}'],
  ['small letters for the least', '{{ (["A" * 1000] * 2000)|min|length }}'],
  ['small letters for the most', '{{ (["A" * 1000] * 2000)|max|length }}'],
  ['long texts to tell apart', '{{ ([long] * 1000)|unique(true)|list|length }}'],
  ['long keys of pairs', '{{ dict([[long, 1]] * 1000)|length }}'],
  ['long keys put in', '{% set d = {} %}{{ d.update([[long, 1]] * 1000) }}'],
  ['long keys written', `{{ {${'long: 1, '.repeat(1_000)}} }}`],
  ['a key of many texts', '{{ {(("A" * 10000,) * 1000): 1}|length }}'],
  ['pairs', '{{ dict([["a", 1]] * 90000)|length }}'],
  ['long beginnings', '{{ long.startswith(("A" * 99999 ~ "B",) * 1000) }}'],
  ['long ends', '{{ long.endswith(("B" ~ "A" * 99999,) * 1000) }}'],
  ['many beginnings', '{{ "a".startswith(("b",) * 160000) }}'],
  ['empty lines to wrap', '{{ ("\\n" * 200000)|wordwrap|length }}'],
  ['empty lines to indent', '{{ ("\\n" * 200000)|indent|length }}'],
  ['places to replace', '{{ ("a" * 200000)|replace("a", "b")|length }}'],
  ['places to count', '{{ ("a" * 200000).count("a") }}'],
  ['steps of a path', '{{ []|map(attribute="." * 1300000)|list }}'],
  ['underscores of a number', '{{ ("1_" * 650000 ~ "1")|float }}'],
  ['marks after an address', '{{ (")" * 160000)|urlize|length }}'],
])('%s are counted', (_what, source, variables) => {
  stopClock();
  expect(() => render(source, { long, ...variables })).toThrow(tooMuch);
});

test('long texts in a list of ordinary size are sorted, without regard to case too', () => {
  stopClock();
  const texts = ['b', 'C', 'a', 'B'].map((sign) => sign.repeat(5_000));
  const of = (expression: string) => render(`{{ ${expression} }}`, { texts });
  expect(of('(texts * 10)|sort|map("first")|join')).toBe(
    'a'.repeat(10) + 'bB'.repeat(10) + 'C'.repeat(10),
  );
  expect(of('([texts[2]] * 100)|sort|length')).toBe('100');
  expect(of('texts|unique|map("first")|join')).toBe('bCa');
  expect(of('texts|max|first')).toBe('C');
});

test('directives are looked for one after another, as they are counted', () => {
  stopClock();
  const search = vi.spyOn(RegExp.prototype, 'exec');
  expect(() => render('{{ ("%%" * 300000) % () }}')).toThrow(tooMuch);
  expect(search.mock.calls.length).toBeLessThan(151_000);
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
