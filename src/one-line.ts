/** What a line of output cannot hold as it is: controls, line ends, and what turns the direction of reading. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text that somebody else wrote, to be printed: it stays on one line, and tells a terminal nothing.
 * A newline becomes `\u000a`.
 */
export const oneLine = (text: string): string =>
  text.replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The same for text of several lines, which stay lines. */
export const plainLines = (text: string): string => text.split('\n').map(oneLine).join('\n');

/** What comes before the stack, of what was thrown. */
export const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;
