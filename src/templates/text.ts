/** What is done with text by methods of str and by filters alike, as Python does it. */
import { type Budget, elementSize } from './budget.ts';
import { codePoints } from './iterate.ts';

/** Every letter after a non-letter is a capital. */
export function titled(text: string): string {
  return text.replace(/\p{L}+(?:\p{M}+\p{L}*)*/gu, (word) => {
    const [first = '', ...rest] = Array.from(word);
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

/** The first letter is a capital, the others are not. */
export function capitalized(text: string): string {
  const [first = '', ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Capitals become small letters, and the other way round. */
export const swapped = (text: string) =>
  Array.from(text, (sign) =>
    sign === sign.toUpperCase() ? sign.toLowerCase() : sign.toUpperCase(),
  ).join('');

/** The first so many characters, of which each may take two places. */
export const firstSigns = (text: string, count: number) =>
  Array.from(text.slice(0, Math.max(0, count) * 2))
    .slice(0, Math.max(0, count))
    .join('');

/** Without these characters, or without white space, at its ends. */
export function stripped(
  text: string,
  chars: string | undefined,
  budget: Budget,
  atStart = true,
  atEnd = true,
): string {
  if (chars === undefined) {
    const start = atStart ? text.trimStart() : text;
    return atEnd ? start.trimEnd() : start;
  }
  budget.apart(text.length);
  const set = new Set(chars);
  const signs = Array.from(text);
  let [from, to] = [0, signs.length];
  while (atStart && from < to && set.has(signs[from] ?? '')) from++;
  while (atEnd && to > from && set.has(signs[to - 1] ?? '')) to--;
  return signs.slice(from, to).join('');
}

/** What is between separators; after so many of them the rest is one piece. */
export function piecesOf(
  text: string,
  separator: string,
  limit: number,
  fromEnd: boolean,
): string[] {
  const pieces = text.split(separator);
  if (limit < 0 || pieces.length <= limit + 1) return pieces;
  if (fromEnd) {
    const cut = pieces.length - limit;
    return [pieces.slice(0, cut).join(separator), ...pieces.slice(cut)];
  }
  return [...pieces.slice(0, limit), pieces.slice(limit).join(separator)];
}

/** What is between white space; after so many words the rest is one. */
export function wordsOf(text: string, limit: number, fromEnd: boolean): string[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const words = trimmed.split(/\s+/);
  if (limit < 0 || words.length <= limit) return words;
  const taken = fromEnd ? words.slice(words.length - limit) : words.slice(0, limit);
  // What is left once the words are taken off keeps the white space at its other end.
  let rest = fromEnd ? text.trimEnd() : text.trimStart();
  for (const word of fromEnd ? [...taken].reverse() : taken)
    rest = fromEnd
      ? rest.slice(0, rest.length - word.length).trimEnd()
      : rest.slice(word.length).trimStart();
  if (rest === '') return taken;
  return fromEnd ? [rest, ...taken] : [...taken, rest];
}

/** With a separator between all; counted before it is done. */
export function joined(parts: readonly string[], separator: string, budget: Budget): string {
  budget.step(Math.ceil(parts.length / 8));
  budget.space(
    parts.reduce((sum, part) => sum + part.length, 0) +
      separator.length * Math.max(0, parts.length - 1),
  );
  return parts.join(separator);
}

/** The lines, by whatever Python ends a line at. */
export function splitLines(text: string, budget: Budget, keepsEnds = false): string[] {
  const found = text.matchAll(
    /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/g,
  );
  const lines = Array.from(found, ([line]) => (budget.step(), line));
  const whole = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return keepsEnds
    ? whole
    : whole.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, ''));
}

/** How often a part, which is not empty, stands in a text; a step for each. */
export function occurrences(text: string, part: string, budget: Budget): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) {
    budget.step();
    count++;
  }
  return count;
}

/** As many times as there is room for in the budget; counted before it is done. */
export function replaced(
  text: string,
  from: string,
  to: string,
  limit: number,
  budget: Budget,
): string {
  budget.step(1 + Math.ceil(text.length / 128));
  if (from === '') budget.apart(text.length);
  else occurrences(text, from, budget);
  const pieces = from === '' ? ['', ...Array.from(text), ''] : text.split(from);
  const times = limit < 0 ? pieces.length - 1 : Math.min(limit, pieces.length - 1);
  budget.space(text.length + times * to.length + pieces.length * elementSize);
  if (from === '') {
    // Between all characters, and at both ends.
    const signs = Array.from(text);
    const most = limit < 0 ? signs.length + 1 : Math.min(limit, signs.length + 1);
    return (
      signs.map((sign, place) => (place < most ? to : '') + sign).join('') +
      (most > signs.length ? to : '')
    );
  }
  return (
    pieces.slice(0, times + 1).join(to) +
    pieces
      .slice(times + 1)
      .map((piece) => from + piece)
      .join('')
  );
}

/** Python puts the odd one to the left when width and rest are odd both. */
export function centered(text: string, width: number, fill: string, budget: Budget): string {
  budget.through(text.length);
  const missing = width - codePoints(text);
  if (missing <= 0) return text;
  budget.space(missing + text.length);
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}
