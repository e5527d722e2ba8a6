/**
 * Jinja2 over JSON values: what the options of a subscription may use.
 *
 * Templates come from users. Nothing but the given variables can be reached, and every rendering has a
 * budget of work, memory, output and time.
 */
import { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import type { Execute } from './capture.ts';
import { compileBody } from './execute.ts';
import { globals } from './globals.ts';
import { Lexer } from './lexer.ts';
import { Scope } from './scope.ts';
import { placed, StatementParser } from './statement-parser.ts';
import { TokenStream } from './token-stream.ts';
import type { Value } from './values.ts';

export { TemplateError };

/** Characters of a template at most. */
const maxSource = 65_536;

/** A template that was found to be right. */
export interface Template {
  /** Whether every rendering gives the same text, at no cost. */
  readonly isConstant: boolean;
  /**
   * The text for these variables, which are JSON values and are not changed.
   *
   * @throws TemplateError with line and expression when the data does not fit the template, or the budget is used up
   */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/** Throws {@link TemplateError} with the line: wrong syntax, an unknown filter or test, or too much of it. */
export function compileTemplate(source: string): Template {
  if (source.length > maxSource)
    throw new TemplateError(
      `the template has ${source.length} characters, ${maxSource} are allowed`,
      1,
    );
  const text = withoutLastNewline(source.replace(/\r\n?/g, '\n'));
  if (!/\{[{%#]/.test(text)) return { isConstant: true, render: () => text };
  const statements = new StatementParser(
    new TokenStream(new Lexer(text).tokens(), text),
  ).template();
  return new CompiledTemplate(compileBody(statements));
}

/** One newline at the end does not count, as in Jinja2. */
const withoutLastNewline = (text: string) => (text.endsWith('\n') ? text.slice(0, -1) : text);

class CompiledTemplate implements Template {
  readonly isConstant = false;

  constructor(private readonly body: Execute) {}

  render(variables: Readonly<Record<string, unknown>>): string {
    const budget = new Budget();
    const known = new Map(globals);
    for (const name of Object.keys(variables)) known.set(name, variables[name] as Value);
    const parts: string[] = [];
    const put = (text: string) => {
      budget.output(text.length);
      parts.push(text);
    };
    try {
      this.body(new Scope(budget, known), { put });
    } catch (error) {
      throw asTemplateError(error);
    }
    return parts.join('');
  }
}

/** The engine's own limits are a second net: text longer than any string, or calls beyond the stack. */
export function asTemplateError(error: unknown): unknown {
  if (error instanceof RangeError)
    return placed(new TemplateError(`the template needs too much: ${error.message}`), {
      line: 1,
      source: '',
    });
  return error;
}
