/**
 * JavaScript reads integers beyond 2^53 as the nearest number it has. Others, Python for one, write ids as such
 * integers and expect them back as they were.
 */

/** More digits than every number of JavaScript can keep. */
const longNumber = /\d{16}/;

const quote = 34;
const backslash = 92;

/**
 * The text of `data` in a message, when a number in it may not survive being read.
 *
 * @param text JSON of an object
 * @returns JSON; undefined when the value that was read is as good, or there is no `data`
 */
export function exactData(text: string): string | undefined {
  if (!longNumber.test(text)) return undefined;
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

/** Where a string that begins at a quote ends, the other quote included. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const sign = text.charCodeAt(at);
    if (sign === backslash) at++;
    else if (sign === quote) return at + 1;
  }
}
