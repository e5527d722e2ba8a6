/** Lines of text no longer than a width, as Python's textwrap breaks them (white space kept, tabs kept). */
import { type Budget, elementSize } from './budget.ts';

/** @returns the lines; without their trailing white space */
export function wrapText(
  text: string,
  width: number,
  breaksWords: boolean,
  breaksHyphens: boolean,
  budget: Budget,
): string[] {
  budget.step(Math.ceil(text.length / 2));
  const chunks = chunksOf(text, breaksHyphens);
  budget.space(text.length + chunks.length * elementSize);
  budget.step(chunks.length);
  const lines: string[] = [];
  let line: string[] = [];
  let length = 0;
  const end = () => {
    if (line.length > 0 && (line.at(-1) ?? '').trim() === '') line.pop();
    if (line.length > 0) lines.push(line.join(''));
    line = [];
    length = 0;
  };
  for (const chunk of chunks) {
    if (line.length === 0 && lines.length > 0 && chunk.trim() === '') continue;
    if (length + chunk.length <= width) {
      line.push(chunk);
      length += chunk.length;
      continue;
    }
    if (chunk.length <= width || !breaksWords) {
      if (chunk.length <= width || line.length > 0) end();
      if (chunk.trim() === '' && lines.length > 0) continue;
      line.push(chunk);
      length = chunk.length;
      continue;
    }
    // Too long for any line: what is left of this one is filled up first.
    for (let rest = chunk; rest !== '';) {
      const room = Math.max(width - length, 1);
      line.push(rest.slice(0, room));
      length += room;
      rest = rest.slice(room);
      if (rest !== '') end();
      else length = line.reduce((sum, part) => sum + part.length, 0);
      budget.step();
    }
  }
  end();
  return lines;
}

/** Words, the white space between them, and parts of words that end with a hyphen. */
function chunksOf(text: string, breaksHyphens: boolean): string[] {
  const parts = text.match(/\s+|\S+/g) ?? [];
  return breaksHyphens ? parts.flatMap(byHyphens) : parts;
}

/** After a hyphen between letters: `well-known` is two. */
function byHyphens(word: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = word.indexOf('-'); at >= 0; at = word.indexOf('-', at + 1)) {
    const isBetween =
      /[\p{L}]{2}$/u.test(word.slice(Math.max(from, at - 4), at)) &&
      /^\p{L}{2}/u.test(word.slice(at + 1, at + 5));
    if (!isBetween) continue;
    parts.push(word.slice(from, at + 1));
    from = at + 1;
  }
  return [...parts, word.slice(from)];
}
