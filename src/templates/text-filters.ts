/** Filters of text. */
import type { Budget } from './budget.ts';
import { bind } from './call.ts';
import { intArg, textArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import type { Filter, FilterContext } from './filter.ts';
import { escapeValue, htmlEscape } from './html.ts';
import { codePoints, lengthOf } from './iterate.ts';
import { toJson } from './json.ts';
import { formatPercent } from './percent.ts';
import { str } from './printing.ts';
import { pprint } from './pprint.ts';
import {
  capitalized,
  centered,
  firstSigns,
  joined,
  replaced,
  splitLines,
  stripped,
} from './text.ts';
import {
  defined,
  Dict,
  dictEntries,
  isTrue,
  Markup,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';
import { wrapText } from './wrap.ts';

/** A filter without arguments that turns text into text; markup stays markup. */
const ofText =
  (name: string, work: (text: string) => string): Filter =>
  (value, args, { budget }) => {
    bind(name, args, []);
    const text = str(value, budget);
    budget.space(text.length * 2);
    budget.step(Math.ceil(text.length / 2));
    return value instanceof Markup ? new Markup(work(text)) : work(text);
  };

/** Words begin after white space, hyphens and opening brackets. */
const titled = (text: string) => text.replace(/[^-\s({[<]+/gu, (word) => capitalized(word));

const replace: Filter = (value, args, { budget }) => {
  const [from, to, count] = bind('replace', args, ['old', 'new', 'count?']);
  const limit = count === undefined || count === null ? -1 : (intArg(count) ?? -1);
  const text = str(value, budget);
  return replaced(text, str(from as Value, budget), str(to as Value, budget), limit, budget);
};

const trim: Filter = (value, args, { budget }) => {
  const [chars] = bind('trim', args, ['chars?']);
  const text = str(value, budget);
  budget.space(text.length);
  const given = chars === undefined || chars === null ? undefined : textArg(chars);
  const cut = stripped(text, given, budget);
  return value instanceof Markup ? new Markup(cut) : cut;
};

const defaultFilter: Filter = (value, args) => {
  const [otherwise = '', isBoolean] = bind('default', args, ['default_value?', 'boolean?']);
  return value instanceof Undefined || (truthArg(isBoolean, false) && !isTrue(value))
    ? otherwise
    : value;
};

const indent: Filter = (value, args, { budget }) => {
  const [width, first, blank] = bind('indent', args, ['width?', 'first?', 'blank?']);
  if (textOf(value) === undefined)
    throw new TemplateError(`indent needs text, not ${typeName(defined(value))}`);
  const wide = width === undefined ? undefined : textOf(width);
  const columns = wide === undefined ? Math.max(0, intArg(width) ?? 4) : 0;
  budget.space(columns);
  const prefix = wide ?? ' '.repeat(columns);
  const text = `${str(value, budget)}\n`;
  budget.apart(text.length);
  const lines = splitLines(text, budget);
  budget.space(text.length + lines.length * prefix.length);
  const [head = '', ...rest] = lines;
  const isBlank = truthArg(blank, false);
  const body = rest.map((line) => (isBlank || line !== '' ? prefix + line : line));
  const begin = truthArg(first, false) ? prefix + head : head;
  const indented = [begin, ...body].join('\n');
  return value instanceof Markup ? new Markup(indented) : indented;
};

const truncate: Filter = (value, args, { budget }) => {
  const [length, kill, end, leeway] = bind('truncate', args, [
    'length?',
    'killwords?',
    'end?',
    'leeway?',
  ]);
  const limit = intArg(length) ?? 255;
  const tail = textArg(end) ?? '...';
  const slack = leeway === undefined || leeway === null ? 5 : (intArg(leeway) ?? 5);
  if (limit < codePoints(tail))
    throw new TemplateError(`expected length >= ${codePoints(tail)}, got ${limit}`);
  if (slack < 0) throw new TemplateError(`expected leeway >= 0, got ${slack}`);
  if (lengthOf(value, budget) <= limit + slack) return value;
  const text = textOf(value);
  if (text === undefined) throw new TemplateError(`truncate needs text, not ${typeName(value)}`);
  budget.space(text.length * 2);
  const cut = firstSigns(text, limit - codePoints(tail));
  if (truthArg(kill, false)) return cut + tail;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + tail;
};

const wordwrap: Filter = (value, args, { budget }) => {
  const [width, breaks, newline, hyphens] = bind('wordwrap', args, [
    'width?',
    'break_long_words?',
    'wrapstring?',
    'break_on_hyphens?',
  ]);
  const text = str(value, budget);
  const columns = intArg(width) ?? 79;
  if (columns <= 0) throw new TemplateError(`invalid width ${columns} (must be > 0)`);
  const separator = newline === undefined || newline === null ? '\n' : (textArg(newline) ?? '\n');
  budget.apart(text.length);
  const lines = splitLines(text, budget).map((line) =>
    joined(
      wrapText(line, columns, truthArg(breaks, true), truthArg(hyphens, true), budget),
      separator,
      budget,
    ),
  );
  return joined(lines, separator, budget);
};

const wordcount: Filter = (value, args, { budget }) => {
  bind('wordcount', args, []);
  const text = str(value, budget);
  const word = /[\p{L}\p{N}_]+/gu;
  let count = 0;
  for (; word.test(text); count++) budget.step();
  return count;
};

const striptags: Filter = (value, args, { budget }) => {
  bind('striptags', args, []);
  const text = str(value, budget);
  budget.space(text.length * 2);
  budget.apart(text.length);
  const plain = withoutTags(withoutComments(text, budget), budget);
  return unescapeHtml(plain.trim().replace(/\s+/g, ' '));
};

const withoutComments = (text: string, budget: Budget) => without(text, '<!--', '-->', budget);

const withoutTags = (text: string, budget: Budget) => without(text, '<', '>', budget);

/** The text without what stands from an `opening` to the next `closing`, both included. */
function without(text: string, opening: string, closing: string, budget: Budget): string {
  const parts: string[] = [];
  let from = 0;
  for (let open = text.indexOf(opening); open >= 0; open = text.indexOf(opening, from)) {
    budget.step();
    const close = text.indexOf(closing, open);
    if (close < 0) break;
    parts.push(text.slice(from, open));
    from = close + closing.length;
  }
  return parts.join('') + text.slice(from);
}

const named: Record<string, string> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', reg: '®',
  hellip: '…', ndash: '–', mdash: '—', euro: '€', laquo: '«', raquo: '»',
}; // prettier-ignore

const unescapeHtml = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g,
    (whole: string, decimal?: string, hex?: string, name: string | undefined = '') => {
      if (decimal === undefined && hex === undefined) return named[name] ?? whole;
      const code = decimal !== undefined ? Number(decimal) : parseInt(hex ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );

const xmlattr: Filter = (value, args, { budget }) => {
  const [autospace] = bind('xmlattr', args, ['autospace?']);
  const entries = dictEntries(value);
  if (entries === undefined)
    throw new TemplateError(`'${typeName(value)}' object has no attribute 'items'`);
  const pairs = entries
    .filter(([, held]) => held !== null && !(held instanceof Undefined))
    .map(([key, held]) => {
      const name = str(key, budget);
      if (/[\s/>=]/.test(name))
        throw new TemplateError(`Invalid character in attribute name: '${name}'`);
      return `${htmlEscape(name)}="${escapeValue(held, budget).text}"`;
    });
  const text = joined(pairs, ' ', budget);
  return text !== '' && truthArg(autospace, true) ? ` ${text}` : text;
};

const format: Filter = (value, args, { budget }) => {
  if (args.positional.length > 0 && args.named.size > 0)
    throw new TemplateError("can't handle positional and keyword arguments at the same time");
  const text = str(value, budget);
  const values = args.named.size > 0 ? namedDict(args.named, budget) : new Tuple(args.positional);
  const formatted = formatPercent(text, values, budget, value instanceof Markup);
  return value instanceof Markup ? new Markup(formatted) : formatted;
};

function namedDict(values: ReadonlyMap<string, Value>, budget: Budget): Dict {
  const dict = new Dict();
  for (const [key, value] of values) dict.set(key, value, budget);
  return dict;
}

const escape: Filter = (value, args, { budget }) => (
  bind('escape', args, []),
  escapeValue(value, budget)
);

const center: Filter = (value, args, { budget }) => {
  const [width] = bind('center', args, ['width?']);
  const text = centered(str(value, budget), intArg(width) ?? 80, ' ', budget);
  return value instanceof Markup ? new Markup(text) : text;
};

const pretty = (value: Value, args: Parameters<Filter>[1], { budget }: FilterContext): Value => {
  bind('pprint', args, []);
  return pprint(value, budget);
};

const tojson: Filter = (value, args, { budget }) => {
  const [indentation] = bind('tojson', args, ['indent?']);
  const spaces =
    indentation === undefined || indentation === null ? null : (intArg(indentation) ?? 0);
  return new Markup(toJson(value, spaces, budget));
};

export const textFilters: [string, Filter][] = [
  ['capitalize', ofText('capitalize', capitalized)],
  ['lower', ofText('lower', (text) => text.toLowerCase())],
  ['upper', ofText('upper', (text) => text.toUpperCase())],
  ['title', ofText('title', titled)],
  ['center', center],
  ['default', defaultFilter],
  ['d', defaultFilter],
  ['escape', escape],
  ['e', escape],
  [
    'forceescape',
    (value, args, { budget }) => {
      bind('forceescape', args, []);
      return escapeValue(str(value, budget), budget);
    },
  ],
  ['format', format],
  ['indent', indent],
  ['pprint', pretty],
  ['replace', replace],
  ['safe', (value, args, { budget }) => (bind('safe', args, []), new Markup(str(value, budget)))],
  [
    'string',
    (value, args, { budget }) => {
      bind('string', args, []);
      return value instanceof Markup ? value : str(value, budget);
    },
  ],
  ['striptags', striptags],
  ['tojson', tojson],
  ['trim', trim],
  ['truncate', truncate],
  ['wordcount', wordcount],
  ['wordwrap', wordwrap],
  ['xmlattr', xmlattr],
];
