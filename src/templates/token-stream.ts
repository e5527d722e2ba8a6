import { TemplateError } from './error.ts';
import type { Token } from './lexer.ts';

/** Expressions and tags within each other; Python's own parser gives up at 100 parentheses. */
const maxNesting = 90;

/** How long a chain of operators, attributes or filters may be: each link is a call within a call later. */
const maxChain = 200;

/** The tokens, the one that is next, and how deep the parser is in them. */
export class TokenStream {
  #place = 0;
  #nesting = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly source: string,
  ) {}

  get next(): Token | undefined {
    return this.tokens[this.#place];
  }

  get line(): number {
    return (this.next ?? this.tokens.at(-1))?.line ?? 1;
  }

  take(): Token {
    const token = this.next;
    if (token === undefined) throw this.error('unexpected end of template');
    this.#place++;
    return token;
  }

  /** The text of the token after `ahead` others, when it is an operator or a name. */
  peek(ahead = 0): { type: 'operator' | 'name'; text: string } | undefined {
    const token = this.tokens[this.#place + ahead];
    return token?.type === 'operator' || token?.type === 'name'
      ? { type: token.type, text: token.text }
      : undefined;
  }

  isOperator(text: string): boolean {
    const token = this.next;
    return token?.type === 'operator' && token.text === text;
  }

  isName(text: string): boolean {
    const token = this.next;
    return token?.type === 'name' && token.text === text;
  }

  skipOperator(text: string): boolean {
    const isHere = this.isOperator(text);
    if (isHere) this.#place++;
    return isHere;
  }

  skipName(text: string): boolean {
    const isHere = this.isName(text);
    if (isHere) this.#place++;
    return isHere;
  }

  expectOperator(text: string): void {
    if (!this.skipOperator(text)) throw this.unexpected(`'${text}'`);
  }

  expectName(): string {
    const token = this.next;
    if (token?.type !== 'name') throw this.unexpected('a name');
    this.#place++;
    return token.text;
  }

  /** The end of a tag; the place in the source after it. */
  expectEnd(): number {
    const token = this.next;
    if (token?.type !== 'end') throw this.unexpected('the end of the tag');
    this.#place++;
    return token.at;
  }

  unexpected(expected?: string): TemplateError {
    const found = shown(this.next);
    return this.error(
      expected === undefined ? `unexpected ${found}` : `expected ${expected}, found ${found}`,
    );
  }

  error(message: string, line = this.line): TemplateError {
    return new TemplateError(message, line);
  }

  /** The text between two places, on one line and not too long. */
  excerpt(from: number, to: number): string {
    const text = this.source.slice(from, Math.min(to, from + 200)).replace(/\s+/g, ' ');
    return to > from + 200 ? `${text}…` : text;
  }

  /** Runs what goes one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.#nesting > maxNesting)
      throw this.error(`nested more than ${maxNesting} levels deep`);
    try {
      return parse();
    } finally {
      this.#nesting--;
    }
  }

  /** Counts one more link of a chain. Throws when it is too long. */
  link(count: number): number {
    if (count >= maxChain)
      throw this.error(`a chain of more than ${maxChain} operators, attributes or filters`);
    return count + 1;
  }
}

function shown(token: Token | undefined): string {
  if (token === undefined) return 'the end of the template';
  switch (token.type) {
    case 'text':
      return 'text';
    case 'begin':
      return 'the begin of a tag';
    case 'end':
      return 'the end of the tag';
    case 'string':
      return 'a string';
    case 'integer':
    case 'float':
      return `the number ${token.value}`;
    default:
      return `'${token.text}'`;
  }
}
