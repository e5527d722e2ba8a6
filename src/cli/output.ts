/** What commands print: tables and lines for people, JSON for scripts. */
import { oneLine } from '../one-line.ts';

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Columns as wide as their widest cell. A row stays on its line, whoever wrote what is in it. */
export function printTable(headings: string[], cells: string[][]): void {
  const rows = cells.map((row) => row.map(oneLine));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const print = (row: string[]) =>
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  print(headings);
  for (const row of rows) print(row);
}

/** Names and values, one a line. */
export function printFields(fields: Record<string, unknown>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, value] of Object.entries(fields)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    console.log(oneLine(`${name.padEnd(width)}  ${text}`));
  }
}

/** One thing: its fields for people, or JSON for scripts. */
export const printOne = (fields: Record<string, unknown>, json: boolean) =>
  json ? printJson(fields) : printFields(fields);
