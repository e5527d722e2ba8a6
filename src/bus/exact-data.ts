/**
 * JavaScript reads integers beyond 2^53 as the nearest number it has. Others, Python for one, write ids as such
 * integers and expect them back as they were.
 */

/** A number of so many digits is one that JavaScript may not keep. */
const manyDigits = 16;

const quote = 34;
const backslash = 92;

/**
 * The text of `data` in a message, when a number in it may not survive being read.
 *
 * @param text JSON of an object
 * @returns JSON; undefined when the value that was read is as good, or there is no `data`
 */
export function exactData(text: string): string | undefined {
  if (!hasLongNumber(text)) return undefined;
  let found: string | undefined;
  let depth = 0;
  let key: string | undefined;
  let valueAt = 0;
  for (let at = text.indexOf('{') + 1; depth >= 0; at++) {
    const sign = text[at];
    if (sign === '"') {
      const end = endOfString(text, at);
      if (depth === 0) key ??= JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (sign === '{' || sign === '[') depth++;
    else if (depth > 0) {
      if (sign === '}' || sign === ']') depth--;
    } else if (sign === ':') valueAt = at + 1;
    else if (sign === ',' || sign === '}') {
      // Of several of the same name the last one counts, as in JSON.parse.
      if (key === 'data') found = text.slice(valueAt, at).trim();
      key = undefined;
      if (sign === '}') depth = -1;
    }
  }
  return found;
}

/** Whether there are {@link manyDigits} in a row: such a row cannot lie between two of the places looked at. */
function hasLongNumber(text: string): boolean {
  for (let at = manyDigits - 1; at < text.length; at += manyDigits) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (isDigit(text.charCodeAt(first - 1))) first--;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end - first >= manyDigits) return true;
  }
  return false;
}

/** @param code NaN beyond the ends of a text */
const isDigit = (code: number) => code >= 48 && code <= 57;

/** Where a string that begins at a quote ends, the other quote included. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const sign = text.charCodeAt(at);
    if (sign === backslash) at++;
    else if (sign === quote) return at + 1;
  }
}
