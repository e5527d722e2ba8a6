/**
 * From text to tokens, in one pass from left to right: no token is looked at twice, however the text is
 * made (Jinja2's rules for tags, white space control and literals).
 */
import { TemplateError } from './error.ts';

export type Token =
  | { type: 'text'; text: string; line: number }
  | {
      type: 'begin';
      tag: 'output' | 'statement';
      line: number;
      /** Where the tag begins in the source. */
      at: number;
    }
  | { type: 'end'; line: number; /** Where the tag ends. */ at: number }
  | { type: 'name' | 'operator' | 'string'; text: string; line: number }
  | { type: 'integer'; value: bigint; line: number }
  | { type: 'float'; value: number; line: number };

const operators = [
  '**', '//', '==', '!=', '>=', '<=',
  '+', '-', '*', '/', '%', '~', '[', ']', '(', ')', '{', '}', '>', '<', '=', '.', ':', '|', ',', ';',
]; // prettier-ignore

const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

const isSpace = (sign: string | undefined) => sign !== undefined && /\s/.test(sign);
const isDigit = (sign: string | undefined) => sign !== undefined && sign >= '0' && sign <= '9';
const isNameStart = (sign: string | undefined) =>
  sign !== undefined && /[\p{L}\p{Nl}_]/u.test(sign);
const isNamePart = (sign: string | undefined) =>
  sign !== undefined && /[\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]/u.test(sign);

export class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** The line up to this place is known. */
  #counted = 0;

  /** @param source with `\n` as the only line end */
  constructor(source: string) {
    this.#source = source;
  }

  tokens(): Token[] {
    let isTrimming = false;
    while (this.#at < this.#source.length) {
      const open = this.#findTag();
      const isTagHere = open < this.#source.length;
      const trimsBefore = isTagHere && this.#source[open + 2] === '-';
      this.#text(open, isTrimming, trimsBefore);
      if (!isTagHere) break;
      isTrimming = this.#tag();
    }
    return this.#tokens;
  }

  /** Where the next `{{`, `{%` or `{#` is; the end when there is none. */
  #findTag(): number {
    for (let at = this.#at; ; at++) {
      at = this.#source.indexOf('{', at);
      if (at < 0) return this.#source.length;
      const next = this.#source[at + 1];
      if (next === '{' || next === '%' || next === '#') return at;
    }
  }

  #text(end: number, trimsStart: boolean, trimsEnd: boolean): void {
    let text = this.#source.slice(this.#at, end);
    const line = this.#lineAt(this.#at);
    if (trimsStart) text = text.trimStart();
    if (trimsEnd) text = text.trimEnd();
    if (text !== '') this.#tokens.push({ type: 'text', text, line });
    this.#at = end;
  }

  /** One tag; whether white space after it goes. */
  #tag(): boolean {
    const at = this.#at;
    const line = this.#lineAt(at);
    const kind = this.#source[at + 1];
    this.#at += 2;
    const sign = this.#source[this.#at];
    if (kind === '#') return this.#comment(line);
    if (sign === '-' || (sign === '+' && kind === '%')) this.#at++;
    if (kind === '%' && this.#skipWord('raw')) return this.#raw(line);
    this.#tokens.push({
      type: 'begin',
      tag: kind === '{' ? 'output' : 'statement',
      line,
      at,
    });
    return this.#inside(kind === '{' ? '}}' : '%}', line);
  }

  #comment(line: number): boolean {
    const end = this.#source.indexOf('#}', this.#at);
    if (end < 0) throw new TemplateError('Missing end of comment tag', line);
    const trims = this.#source[end - 1] === '-' && end > this.#at;
    this.#at = end + 2;
    return trims;
  }

  /** `{% raw %}` with everything up to `{% endraw %}`. The tag's begin and the word are behind us. */
  #raw(line: number): boolean {
    this.#skipSpace();
    let trims = false;
    if (this.#source[this.#at] === '-' || this.#source[this.#at] === '+') {
      trims = this.#source[this.#at] === '-';
      this.#at++;
    }
    if (!this.#source.startsWith('%}', this.#at))
      throw new TemplateError('expected the end of the raw tag', line);
    this.#at += 2;
    const from = this.#at;
    for (let open = this.#source.indexOf('{%', from); open >= 0;) {
      this.#at = open + 2;
      const sign = this.#source[this.#at];
      if (sign === '-' || sign === '+') this.#at++;
      if (this.#skipWord('endraw')) {
        this.#skipSpace();
        const last = this.#source[this.#at];
        if (last === '-' || last === '+') this.#at++;
        if (this.#source.startsWith('%}', this.#at)) {
          const after = this.#at + 2;
          this.#at = from;
          this.#text(open, trims, sign === '-');
          this.#at = after;
          return last === '-';
        }
      }
      open = this.#source.indexOf('{%', open + 2);
    }
    throw new TemplateError('Missing end of raw directive', line);
  }

  /** Whether a word stands here, after white space; it is passed over then. */
  #skipWord(word: string): boolean {
    const back = this.#at;
    this.#skipSpace();
    if (
      this.#source.startsWith(word, this.#at) &&
      !isNamePart(this.#source[this.#at + word.length])
    ) {
      this.#at += word.length;
      return true;
    }
    this.#at = back;
    return false;
  }

  #skipSpace(): void {
    while (isSpace(this.#source[this.#at])) this.#at++;
  }

  /** The tokens up to the tag's end; whether white space after it goes. */
  #inside(end: string, begin: number): boolean {
    const open: string[] = [];
    for (;;) {
      this.#skipSpace();
      const line = this.#lineAt(this.#at);
      const sign = this.#source[this.#at];
      if (sign === undefined) throw new TemplateError('unexpected end of template', begin);
      if (open.length === 0) {
        const control = sign === '-' || (sign === '+' && end === '%}') ? 1 : 0;
        if (this.#source.startsWith(end, this.#at + control)) {
          this.#at += control + 2;
          this.#tokens.push({ type: 'end', line, at: this.#at });
          return control === 1 && sign === '-';
        }
      }
      if (isDigit(sign)) this.#number(line);
      else if (isNameStart(this.#signHere())) this.#name(line);
      else if (sign === '"' || sign === "'") this.#string(sign, line);
      else this.#operator(open, line);
    }
  }

  #signHere(): string {
    return String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
  }

  #name(line: number): void {
    const from = this.#at;
    for (let sign = this.#signHere(); this.#at < this.#source.length && isNamePart(sign);) {
      this.#at += sign.length;
      sign = this.#signHere();
    }
    this.#tokens.push({ type: 'name', text: this.#source.slice(from, this.#at), line });
  }

  #operator(open: string[], line: number): void {
    const text = operators.find((operator) => this.#source.startsWith(operator, this.#at));
    if (text === undefined)
      throw new TemplateError(`unexpected char ${JSON.stringify(this.#signHere())}`, line);
    const closes = closing[text];
    if (closes !== undefined) open.push(closes);
    if (text === ')' || text === ']' || text === '}') {
      const expected = open.pop();
      if (expected === undefined) throw new TemplateError(`unexpected '${text}'`, line);
      if (expected !== text)
        throw new TemplateError(`unexpected '${text}', expected '${expected}'`, line);
    }
    this.#at += text.length;
    this.#tokens.push({ type: 'operator', text, line });
  }

  #number(line: number): void {
    // Sticky patterns of digits without alternatives: they are read once, from left to right.
    const rest = (pattern: RegExp) => {
      pattern.lastIndex = this.#at;
      return pattern.exec(this.#source)?.[0];
    };
    const previous = this.#tokens.at(-1);
    const isAfterDot =
      previous?.type === 'operator' && previous.text === '.' && this.#source[this.#at - 1] === '.';
    const real = isAfterDot
      ? undefined
      : rest(/\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+(?:_\d+)*)?/y);
    const whole =
      rest(/0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\dA-Fa-f])+/y) ??
      rest(/[1-9](?:_?\d)*|0(?:_?0)*/y) ??
      '';
    if (real !== undefined && /[.eE]/.test(real) && !/^0[xX]/.test(whole)) {
      this.#at += real.length;
      this.#tokens.push({ type: 'float', value: Number(real.replaceAll('_', '')), line });
      return;
    }
    if (whole.length > 4300) throw new TemplateError('the number has too many digits', line);
    this.#at += whole.length;
    this.#tokens.push({ type: 'integer', value: BigInt(whole.replaceAll('_', '')), line });
  }

  #string(quote: string, line: number): void {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote)
      end += this.#source[end] === '\\' ? 2 : 1;
    if (end >= this.#source.length)
      throw new TemplateError(`unexpected char ${JSON.stringify(quote)}`, line);
    const text = unescape(this.#source.slice(this.#at + 1, end), line);
    this.#at = end + 1;
    this.#tokens.push({ type: 'string', text, line });
  }

  /** Places are asked for in ascending order. */
  #lineAt(place: number): number {
    for (; this.#counted < place; this.#counted++)
      if (this.#source[this.#counted] === '\n') this.#line++;
    return this.#line;
  }
}

const plainEscapes: Record<string, string> = {
  '\n': '', '\\': '\\', "'": "'", '"': '"',
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v',
}; // prettier-ignore

/** Escapes as in a string literal of Python; what is none stays as it is. */
function unescape(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  const pattern =
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([xuUN])|([^]))/g;
  const replace = (
    whole: string,
    x?: string,
    u?: string,
    long?: string,
    octal?: string,
    broken?: string,
    single = '',
  ): string => {
    if (broken !== undefined) throw new TemplateError(`truncated escape ${whole}`, line);
    const hex = x ?? u ?? long;
    if (hex === undefined && octal === undefined) return plainEscapes[single] ?? whole;
    const code = hex !== undefined ? parseInt(hex, 16) : parseInt(octal ?? '', 8);
    if (code > 0x10ffff) throw new TemplateError(`illegal character ${whole}`, line);
    return String.fromCodePoint(code);
  };
  return text.replace(pattern, replace);
}
