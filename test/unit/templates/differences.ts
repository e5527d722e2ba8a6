/** Where we differ from Jinja2 on purpose, each with its reason; docs/reference/templates.md says the same. */
export interface Difference {
  /** What stands in the page. */
  name: string;
  /** Templates of which this is true. */
  pattern: RegExp;
}

export const differences: readonly Difference[] = [
  {
    // Where an object lies in memory is nobody's business, and never twice the same.
    name: 'How methods, functions, macros, generators and loops print',
    pattern: /^\{\{ (?:'a'\.upper|event\.items) \}\}$/,
  },
  {
    name: 'Constant expressions',
    pattern: /^\{\{ (?:5\[1:\]|1 or \{\[\]: 1\}) \}\}$/,
  },
];

export const isKnownDifference = (template: string): boolean =>
  differences.some(({ pattern }) => pattern.test(template));
