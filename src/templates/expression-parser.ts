/** Expressions, with the precedence of Jinja2: each method parses one level and asks the next for its parts. */
import type { BinaryOperator, Comparison, Expression, FilterStep } from './nodes.ts';
import { type Inner, OperandParser, type TupleRules } from './operand-parser.ts';
import type { TokenStream } from './token-stream.ts';

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Reads an expression off the tokens. */
export class ExpressionParser implements Inner {
  readonly #operands: OperandParser;

  constructor(private readonly stream: TokenStream) {
    this.#operands = new OperandParser(stream, this);
  }

  expression(withCondition = true): Expression {
    return this.stream.nested(() => (withCondition ? this.#condition() : this.#or()));
  }

  /** One expression, or several with commas between them. */
  tuple({ withCondition = true, endsAt, isInParentheses = false }: TupleRules = {}): Expression {
    const { stream } = this;
    const items: Expression[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0 && !stream.skipOperator(',')) break;
      isTuple = items.length > 0 || isTuple;
      if (this.#isTupleEnd(endsAt)) break;
      items.push(this.expression(withCondition));
    }
    const [first] = items;
    if (!isTuple && first !== undefined) return first;
    if (items.length === 0 && !isInParentheses) throw stream.unexpected('an expression');
    return { kind: 'tuple', items };
  }

  /** `name(args)` after a `|`, and those that follow. */
  filterChain(): FilterStep[] {
    return this.#operands.filterChain();
  }

  #isTupleEnd(endsAt: string | undefined): boolean {
    const { stream } = this;
    return (
      stream.next?.type === 'end' ||
      stream.isOperator(')') ||
      (endsAt !== undefined && stream.isName(endsAt))
    );
  }

  #condition(): Expression {
    const { stream } = this;
    let then = this.#or();
    for (let links = 0; stream.isName('if'); links = this.stream.link(links)) {
      const { line } = stream;
      stream.take();
      const test = this.#or();
      const otherwise = stream.skipName('else') ? stream.nested(() => this.#condition()) : null;
      then = { kind: 'if', test, then, else: otherwise, line };
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    for (let links = 0; this.stream.skipName('or'); links = this.stream.link(links))
      left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    for (let links = 0; this.stream.skipName('and'); links = this.stream.link(links))
      left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.stream.skipName('not')
      ? { kind: 'not', of: this.stream.nested(() => this.#not()) }
      : this.#comparison();
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: { operator: Comparison; with: Expression }[] = [];
    for (let operator = this.#comparisonSign(); operator !== undefined;) {
      rest.push({ operator, with: this.#sum() });
      operator = this.#comparisonSign();
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  #comparisonSign(): Comparison | undefined {
    const { stream } = this;
    const token = stream.peek();
    if (token?.type === 'operator' && comparisons.has(token.text)) {
      stream.take();
      return token.text as Comparison;
    }
    if (stream.skipName('in')) return 'in';
    if (stream.isName('not') && stream.peek(1)?.text === 'in') {
      stream.take();
      stream.take();
      return 'not in';
    }
    return undefined;
  }

  #sum = this.#binary(['+', '-'], () => this.#concatenation());

  #concatenation(): Expression {
    const items = [this.#product()];
    while (this.stream.skipOperator('~')) items.push(this.#product());
    const [first] = items;
    return items.length === 1 && first !== undefined ? first : { kind: 'concat', items };
  }

  #product = this.#binary(['*', '/', '//', '%'], () => this.#power());

  #power = this.#binary(['**'], () => this.#unary());

  /** Operators of one level, from left to right. */
  #binary(signs: readonly BinaryOperator[], part: () => Expression): () => Expression {
    return () => {
      let left = part();
      for (let links = 0; ; links = this.stream.link(links)) {
        const operator = signs.find((sign) => this.stream.isOperator(sign));
        if (operator === undefined) return left;
        this.stream.take();
        left = { kind: 'binary', operator, left, right: part() };
      }
    };
  }

  #unary(withFilter = true): Expression {
    const { stream } = this;
    const sign = stream.isOperator('-') ? 'negative' : stream.isOperator('+') ? 'positive' : null;
    if (sign !== null) stream.take();
    const operand: Expression =
      sign === null
        ? this.#operands.operand()
        : { kind: sign, of: stream.nested(() => this.#unary(false)) };
    return withFilter ? this.#operands.filtered(operand) : operand;
  }
}
