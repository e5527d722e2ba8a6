/** Names of events with `*` for any characters: `call_*`. */

export const isPattern = (name: string): boolean => name.includes('*');

/** What tells whether a name fits. */
export interface NameTest {
  test(name: string): boolean;
}

/**
 * Tells whether a name fits a pattern. No regular expression: with many stars in the pattern one would
 * try all ways to share out a long name.
 */
export function patternTest(pattern: string): NameTest {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  return {
    test(name) {
      if (name.length < first.length + last.length) return false;
      if (!name.startsWith(first) || !name.endsWith(last)) return false;
      const end = name.length - last.length;
      let from = first.length;
      for (const part of rest) {
        const place = name.indexOf(part, from);
        if (place < 0 || place + part.length > end) return false;
        from = place + part.length;
      }
      return true;
    },
  };
}
