/** Expressions, with the precedence of Jinja2: each method parses one level and asks the next for its parts. */
import { filters } from './filters.ts';
import type { Arguments, BinaryOperator, Comparison, Expression, FilterStep } from './nodes.ts';
import { tests } from './tests.ts';
import type { TokenStream } from './token-stream.ts';
import { float, int } from './values.ts';

/** How long a chain of operators, attributes or filters may be: each link is a call within a call later. */
const maxChain = 200;

const constants: Record<string, boolean | null> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=']);

export interface TupleRules {
  /** Whether `a if b` is taken; `for` and `if` tags take no condition here. */
  withCondition?: boolean;
  /** A name that ends the tuple. */
  endsAt?: string;
  isInParentheses?: boolean;
}

export class ExpressionParser {
  constructor(private readonly stream: TokenStream) {}

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
    const steps: FilterStep[] = [];
    do steps.push(this.#filterStep());
    while (this.stream.skipOperator('|'));
    return steps;
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
    for (let links = 0; stream.isName('if'); links = this.#link(links)) {
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
    for (let links = 0; this.stream.skipName('or'); links = this.#link(links))
      left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    for (let links = 0; this.stream.skipName('and'); links = this.#link(links))
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
      for (let links = 0; ; links = this.#link(links)) {
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
        ? this.#postfix(this.#primary())
        : { kind: sign, of: stream.nested(() => this.#unary(false)) };
    return withFilter ? this.#filters(operand) : operand;
  }

  #primary(): Expression {
    const { stream } = this;
    const token = stream.next;
    switch (token?.type) {
      case 'name': {
        stream.take();
        return Object.hasOwn(constants, token.text)
          ? { kind: 'constant', value: constants[token.text] ?? null }
          : { kind: 'name', name: token.text };
      }
      case 'string':
        return { kind: 'constant', value: this.#strings() };
      case 'integer':
        stream.take();
        return { kind: 'constant', value: int(token.value) };
      case 'float':
        stream.take();
        return { kind: 'constant', value: float(token.value) };
      default:
        return this.#enclosed();
    }
  }

  /** What stands in brackets. */
  #enclosed(): Expression {
    const { stream } = this;
    if (stream.skipOperator('(')) {
      const inner = stream.nested(() => this.tuple({ isInParentheses: true }));
      stream.expectOperator(')');
      return inner;
    }
    if (stream.skipOperator('['))
      return { kind: 'list', items: this.#items(']', () => this.expression()) };
    if (stream.skipOperator('{'))
      return { kind: 'dict', entries: this.#items('}', () => this.#pair()) };
    throw stream.unexpected();
  }

  /** Strings side by side are one. */
  #strings(): string {
    let text = '';
    for (let token = this.stream.next; token?.type === 'string'; token = this.stream.next) {
      text += token.text;
      this.stream.take();
    }
    return text;
  }

  #items<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.stream.skipOperator(end)) {
      if (items.length > 0) {
        this.stream.expectOperator(',');
        if (this.stream.skipOperator(end)) break;
      }
      items.push(item());
    }
    return items;
  }

  #pair(): [Expression, Expression] {
    const key = this.expression();
    this.stream.expectOperator(':');
    return [key, this.expression()];
  }

  #postfix(start: Expression): Expression {
    let node = start;
    for (let links = 0; ; links = this.#link(links)) {
      if (this.stream.skipOperator('.')) node = this.#attribute(node);
      else if (this.stream.skipOperator('[')) node = this.#subscript(node);
      else if (this.stream.isOperator('(')) node = this.#call(node);
      else return node;
    }
  }

  #attribute(of: Expression): Expression {
    const token = this.stream.take();
    if (token.type === 'name') return { kind: 'attribute', of, name: token.text };
    if (token.type === 'integer')
      return { kind: 'item', of, key: { kind: 'constant', value: int(token.value) } };
    throw this.stream.error('expected name or number', token.line);
  }

  #subscript(of: Expression): Expression {
    const { stream } = this;
    const parts: Expression[] = [];
    let hasComma = false;
    do {
      if (stream.isOperator(']')) break;
      const part = this.#sliceOrIndex(of);
      if (part.kind === 'slice') {
        stream.expectOperator(']');
        return part;
      }
      parts.push(part);
      hasComma = stream.isOperator(',');
    } while (stream.skipOperator(','));
    stream.expectOperator(']');
    const [only] = parts;
    if (only === undefined) throw stream.error('expected subscript expression');
    return {
      kind: 'item',
      of,
      key: hasComma || parts.length > 1 ? { kind: 'tuple', items: parts } : only,
    };
  }

  #sliceOrIndex(of: Expression): Expression {
    const { stream } = this;
    const part = () =>
      stream.isOperator(':') || stream.isOperator(']') || stream.isOperator(',')
        ? null
        : this.expression();
    const start = part();
    if (!stream.skipOperator(':')) {
      if (start === null) throw stream.unexpected('an expression');
      return start;
    }
    const stop = part();
    const step = stream.skipOperator(':') ? part() : null;
    return { kind: 'slice', of, start, stop, step };
  }

  #call(callee: Expression): Expression {
    return { kind: 'call', callee, args: this.#arguments() };
  }

  #arguments(): Arguments {
    const { stream } = this;
    const args: Arguments = { positional: [], named: [], list: null, mapping: null };
    stream.expectOperator('(');
    for (let count = 0; !stream.skipOperator(')'); count++) {
      if (count > 0) {
        stream.expectOperator(',');
        if (stream.skipOperator(')')) break;
      }
      this.#argument(args);
    }
    return args;
  }

  #argument(args: Arguments): void {
    const { stream } = this;
    const require = (isRight: boolean) => {
      if (!isRight) throw stream.error('invalid syntax for function call expression');
    };
    if (stream.skipOperator('*')) {
      require(args.list === null && args.mapping === null);
      args.list = this.expression();
    } else if (stream.skipOperator('**')) {
      require(args.mapping === null);
      args.mapping = this.expression();
    } else if (stream.next?.type === 'name' && stream.peek(1)?.text === '=') {
      require(args.mapping === null);
      const name = stream.expectName();
      stream.take();
      args.named.push([name, this.expression()]);
    } else {
      require(args.named.length === 0 && args.list === null && args.mapping === null);
      args.positional.push(this.expression());
    }
  }

  /** Filters, tests, and calls of what they give. */
  #filters(start: Expression): Expression {
    const { stream } = this;
    let node = start;
    for (let links = 0; ; links = this.#link(links)) {
      if (stream.skipOperator('|')) node = { kind: 'filter', of: node, ...this.#filterStep() };
      else if (stream.skipName('is')) node = this.#test(node);
      else if (stream.isOperator('(')) node = this.#call(node);
      else return node;
    }
  }

  #filterStep(): FilterStep {
    const name = this.#dottedName();
    if (!filters.has(name)) throw this.stream.error(`No filter named '${name}'.`);
    return { name, args: this.stream.isOperator('(') ? this.#arguments() : noArguments };
  }

  #test(of: Expression): Expression {
    const { stream } = this;
    const isNegated = stream.skipName('not');
    const name = this.#dottedName();
    if (!tests.has(name)) throw stream.error(`No test named '${name}'.`);
    const test: Expression = { kind: 'test', of, name, args: this.#testArguments() };
    return isNegated ? { kind: 'not', of: test } : test;
  }

  /** In parentheses, or one value without: `x is divisibleby 3`. */
  #testArguments(): Arguments {
    const { stream } = this;
    if (stream.isOperator('(')) return this.#arguments();
    const token = stream.next;
    const isWord = token?.type === 'name' && ['else', 'or', 'and'].includes(token.text);
    const isValue =
      (token?.type === 'name' && !isWord) ||
      token?.type === 'string' ||
      token?.type === 'integer' ||
      token?.type === 'float' ||
      stream.isOperator('[') ||
      stream.isOperator('{');
    if (!isValue) return noArguments;
    if (stream.isName('is')) throw stream.error('You cannot chain multiple tests with is');
    return { ...noArguments, positional: [this.#postfix(this.#primary())] };
  }

  #dottedName(): string {
    let name = this.stream.expectName();
    while (this.stream.skipOperator('.')) name += `.${this.stream.expectName()}`;
    return name;
  }

  /** One link more. Throws when the chain is too long. */
  #link(count: number): number {
    if (count >= maxChain)
      throw this.stream.error(`a chain of more than ${maxChain} operators, attributes or filters`);
    return count + 1;
  }
}

const noArguments: Arguments = { positional: [], named: [], list: null, mapping: null };
