/**
 * Inputs that were found or thought of, each replayed as a test. The files are JSON; what would be long in it
 * is written shorter: `{ "$repeat": ["[", 1000] }`, `{ "$join": ["a", ...] }`, and `{ "$base64": "/w==" }`
 * for bytes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Short = { $repeat: [string, number] } | { $join: unknown[] } | { $base64: string };

/** Every entry of a file says what it is. */
export interface Entry {
  what: string;
}

export function corpus<T extends Entry>(name: string): T[] {
  const file = join(import.meta.dirname, 'corpus', `${name}.json`);
  return expand(JSON.parse(readFileSync(file, 'utf8'))) as T[];
}

function expand(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(expand);
  const short = value as Short;
  if ('$repeat' in short) return short.$repeat[0].repeat(short.$repeat[1]);
  if ('$join' in short) return short.$join.map(expand).join('');
  if ('$base64' in short) return Buffer.from(short.$base64, 'base64');
  const result = {};
  // Assignment would take `__proto__` for the prototype.
  for (const [key, inner] of Object.entries(value))
    Object.defineProperty(result, key, { value: expand(inner), enumerable: true });
  return result;
}
