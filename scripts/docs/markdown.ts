/** Small helpers for pages in Markdown. */

/** Says where a page comes from, in a comment that readers of the rendered page do not see. */
export const madeBy = (source: string) =>
  `<!-- Made from ${source} by \`npm run docs\`; do not edit. -->`;

export function table(headings: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), `|${' --- |'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

export const code = (text: string) => `\`${text}\``;

/** Breaks text into lines of at most so many characters, between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
