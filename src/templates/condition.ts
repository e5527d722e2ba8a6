/** One expression of the templates' language, as a question. */
import { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import { compileExpression } from './evaluate.ts';
import { globals } from './globals.ts';
import { Lexer } from './lexer.ts';
import { Scope } from './scope.ts';
import { StatementParser } from './statement-parser.ts';
import { asTemplateError } from './template.ts';
import { TokenStream } from './token-stream.ts';
import { isTrue, type Value } from './values.ts';

/** Characters of an expression at most. */
const maxSource = 4_096;

/** Every event is asked about every condition: they get far less time than templates. */
const maxSteps = 10_000;

export interface Condition {
  /**
   * Whether the expression is true of these variables, which are JSON values and are not changed.
   *
   * @throws TemplateError when the data does not fit the expression, or the budget is used up
   */
  isMet(variables: Readonly<Record<string, unknown>>): boolean;
}

/** Throws {@link TemplateError}: wrong syntax, an unknown filter or test, or more than one expression. */
export function compileCondition(source: string): Condition {
  if (source.length > maxSource)
    throw new TemplateError(
      `the expression has ${source.length} characters, ${maxSource} are allowed`,
      1,
    );
  const text = `{{ ${source} }}`;
  const [only, ...more] = new StatementParser(
    new TokenStream(new Lexer(text).tokens(), text),
  ).template();
  if (only?.kind !== 'output' || more.length > 0)
    throw new TemplateError('this is not one expression', 1);
  const evaluate = compileExpression(only.of);
  return {
    isMet(variables) {
      const known = new Map(globals);
      for (const name of Object.keys(variables)) known.set(name, variables[name] as Value);
      try {
        return isTrue(evaluate(new Scope(new Budget(maxSteps), known)));
      } catch (error) {
        throw asTemplateError(error);
      }
    },
  };
}
