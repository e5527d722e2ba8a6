/** The methods Python's str has. */
import { type Budget, elementSize } from './budget.ts';
import { bind } from './call.ts';
import { intArg, textArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import { codePoints, iterate, newList } from './iterate.ts';
import { pad } from './spec.ts';
import {
  capitalized,
  centered,
  joined,
  occurrences,
  piecesOf,
  replaced,
  splitLines,
  stripped,
  swapped,
  titled,
  wordsOf,
} from './text.ts';
import { type Args, textOf, Tuple, typeName, type Value } from './values.ts';

export type TextMethod = (text: string, args: Args, budget: Budget) => Value;

/** Characters that are gone through in a step. */
const stepLength = 2;

/** Without arguments. */
const plain =
  (name: string, work: (text: string) => Value): TextMethod =>
  (text, args, budget) => {
    bind(name, args, []);
    budget.space(text.length);
    budget.step(Math.ceil(text.length / stepLength));
    return work(text);
  };

const letters = /\p{L}/u;

function isTitle(text: string): boolean {
  return letters.test(text) && text === titled(text);
}

const hasCase = (text: string) => text.toLowerCase() !== text.toUpperCase();
const everySign = (pattern: RegExp) => (text: string) => pattern.test(text);

const strip =
  (name: string, atStart: boolean, atEnd: boolean): TextMethod =>
  (text, args, budget) => {
    const [given] = bind(name, args, ['chars?']);
    budget.space(text.length);
    const chars = given === undefined || given === null ? undefined : textArg(given);
    return stripped(text, chars, budget, atStart, atEnd);
  };

const split =
  (name: string, fromEnd: boolean): TextMethod =>
  (text, args, budget) => {
    const [by, most] = bind(name, args, ['sep?', 'maxsplit?']);
    budget.step(1 + Math.ceil(text.length / 4));
    const limit = intArg(most) ?? -1;
    const separator = by === undefined || by === null ? undefined : textArg(by);
    if (separator === '') throw new TemplateError('empty separator');
    const parts =
      separator === undefined
        ? wordsOf(text, limit, fromEnd)
        : piecesOf(text, separator, limit, fromEnd);
    budget.space(text.length + parts.length * elementSize);
    return newList(parts, budget);
  };

const find =
  (name: string, fromEnd: boolean, mustBe: boolean): TextMethod =>
  (text, args, budget) => {
    const [sub, start, end] = bind(name, args, ['sub', 'start?', 'end?']);
    const part = textArg(sub) ?? '';
    budget.step(1 + Math.ceil(text.length / 256));
    const { piece, from } = section(text, start, end, budget);
    const place = fromEnd ? piece.lastIndexOf(part) : piece.indexOf(part);
    if (place < 0 && mustBe) throw new TemplateError('substring not found');
    return place < 0 ? -1 : from + codePoints(piece.slice(0, place));
  };

/** The part between two places, counted in characters. */
function section(
  text: string,
  start: Value | undefined,
  end: Value | undefined,
  budget: Budget,
): { piece: string; from: number } {
  if (start === undefined && end === undefined) return { piece: text, from: 0 };
  budget.apart(text.length);
  const signs = Array.from(text);
  const place = (value: Value | undefined, otherwise: number) => {
    const given = value === undefined || value === null ? otherwise : (intArg(value) ?? otherwise);
    return Math.max(0, Math.min(signs.length, given < 0 ? given + signs.length : given));
  };
  const from = place(start, 0);
  return { piece: signs.slice(from, place(end, signs.length)).join(''), from };
}

function count(text: string, args: Args, budget: Budget): Value {
  const [sub, start, end] = bind('count', args, ['sub', 'start?', 'end?']);
  const part = textArg(sub) ?? '';
  budget.step(1 + Math.ceil(text.length / 128));
  const { piece } = section(text, start, end, budget);
  return part === '' ? codePoints(piece) + 1 : occurrences(piece, part, budget);
}

const affix =
  (name: string, work: (text: string, part: string) => boolean): TextMethod =>
  (text, args, budget) => {
    const [given, start, end] = bind(name, args, [
      name === 'startswith' ? 'prefix' : 'suffix',
      'start?',
      'end?',
    ]);
    const { piece } = section(text, start, end, budget);
    const parts = given instanceof Tuple ? given.items : [given as Value];
    return parts.some((part) => {
      const affixText = textOf(part);
      if (affixText === undefined)
        throw new TemplateError(
          `${name} first arg must be str or a tuple of str, not ${typeName(part)}`,
        );
      budget.step();
      budget.through(Math.min(piece.length, affixText.length));
      return work(piece, affixText);
    });
  };

const justify =
  (name: string, align: '<' | '>' | '^'): TextMethod =>
  (text, args, budget) => {
    const [width, fill] = bind(name, args, ['width', 'fillchar?']);
    const sign = textArg(fill) ?? ' ';
    if (codePoints(sign) !== 1)
      throw new TemplateError('The fill character must be exactly one character long');
    const columns = intArg(width) ?? 0;
    return align === '^'
      ? centered(text, columns, sign, budget)
      : pad(text, { fill: sign, align, width: columns }, budget);
  };

function zfill(text: string, args: Args, budget: Budget): Value {
  const [width] = bind('zfill', args, ['width']);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  budget.through(text.length);
  const missing = (intArg(width) ?? 0) - codePoints(text);
  if (missing <= 0) return text;
  budget.space(missing + text.length);
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

const partition =
  (name: string, fromEnd: boolean): TextMethod =>
  (text, args, budget) => {
    const [by] = bind(name, args, ['sep']);
    const separator = textArg(by) ?? '';
    if (separator === '') throw new TemplateError('empty separator');
    budget.space(text.length);
    const place = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (place < 0) return new Tuple(fromEnd ? ['', '', text] : [text, '', '']);
    return new Tuple([text.slice(0, place), separator, text.slice(place + separator.length)]);
  };

function join(text: string, args: Args, budget: Budget): Value {
  const [given] = bind('join', args, ['iterable']);
  const items = iterate(given ?? null, budget, () => 'can only join an iterable');
  const parts = items.map((item, place) => {
    const part = textOf(item);
    if (part === undefined)
      throw new TemplateError(
        `sequence item ${place}: expected str instance, ${typeName(item)} found`,
      );
    return part;
  });
  return joined(parts, text, budget);
}

function expandTabs(text: string, args: Args, budget: Budget): Value {
  const [given] = bind('expandtabs', args, ['tabsize?']);
  const size = intArg(given) ?? 8;
  budget.apart(text.length);
  budget.space(text.length + (text.split('\t').length - 1) * Math.max(0, size));
  let column = 0;
  return Array.from(text, (sign) => {
    if (sign === '\t') {
      const width = size > 0 ? size - (column % size) : 0;
      column += width;
      return ' '.repeat(width);
    }
    column = sign === '\n' || sign === '\r' ? 0 : column + 1;
    return sign;
  }).join('');
}

export const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['upper', plain('upper', (text) => text.toUpperCase())],
  ['lower', plain('lower', (text) => text.toLowerCase())],
  ['casefold', plain('casefold', (text) => text.toLowerCase().replaceAll('ß', 'ss'))],
  ['title', plain('title', titled)],
  ['capitalize', plain('capitalize', capitalized)],
  ['swapcase', plain('swapcase', swapped)],
  ['isdigit', plain('isdigit', everySign(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉]+$/u))],
  ['isdecimal', plain('isdecimal', everySign(/^\p{Nd}+$/u))],
  ['isnumeric', plain('isnumeric', everySign(/^[\p{Nd}\p{Nl}\p{No}]+$/u))],
  ['isalpha', plain('isalpha', everySign(/^\p{L}+$/u))],
  ['isalnum', plain('isalnum', everySign(/^[\p{L}\p{Nd}\p{Nl}\p{No}]+$/u))],
  ['isspace', plain('isspace', everySign(/^\s+$/u))],
  ['isascii', plain('isascii', (text) => /^[\x00-\x7f]*$/.test(text))],
  [
    'isidentifier',
    plain('isidentifier', everySign(/^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u)),
  ],
  ['islower', plain('islower', (text) => hasCase(text) && text === text.toLowerCase())],
  ['isupper', plain('isupper', (text) => hasCase(text) && text === text.toUpperCase())],
  ['istitle', plain('istitle', isTitle)],
  ['strip', strip('strip', true, true)],
  ['lstrip', strip('lstrip', true, false)],
  ['rstrip', strip('rstrip', false, true)],
  ['split', split('split', false)],
  ['rsplit', split('rsplit', true)],
  [
    'splitlines',
    (text, args, budget) => {
      const [keep] = bind('splitlines', args, ['keepends?']);
      budget.step(Math.ceil(text.length / 2));
      budget.space(text.length);
      return newList(splitLines(text, budget, truthArg(keep, false)), budget);
    },
  ],
  ['find', find('find', false, false)],
  ['rfind', find('rfind', true, false)],
  ['index', find('index', false, true)],
  ['rindex', find('rindex', true, true)],
  ['count', count],
  [
    'replace',
    (text, args, budget) => {
      const [from, to, limit] = bind('replace', args, ['old', 'new', 'count?']);
      return replaced(text, textArg(from) ?? '', textArg(to) ?? '', intArg(limit) ?? -1, budget);
    },
  ],
  ['startswith', affix('startswith', (text, part) => text.startsWith(part))],
  ['endswith', affix('endswith', (text, part) => text.endsWith(part))],
  [
    'removeprefix',
    (text, args) => {
      const [part] = bind('removeprefix', args, ['prefix']).map(textArg);
      return part !== undefined && text.startsWith(part) ? text.slice(part.length) : text;
    },
  ],
  [
    'removesuffix',
    (text, args) => {
      const [part = ''] = bind('removesuffix', args, ['suffix']).map(textArg);
      return part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text;
    },
  ],
  ['ljust', justify('ljust', '<')],
  ['rjust', justify('rjust', '>')],
  ['center', justify('center', '^')],
  ['zfill', zfill],
  ['partition', partition('partition', false)],
  ['rpartition', partition('rpartition', true)],
  ['join', join],
  ['expandtabs', expandTabs],
]);
