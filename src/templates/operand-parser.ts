/** What operators stand between: names, values, brackets, with the calls, items, filters and tests behind them. */
import { filters } from './filters.ts';
import type { Arguments, Expression, FilterStep } from './nodes.ts';
import { tests } from './tests.ts';
import type { TokenStream } from './token-stream.ts';
import { float, int } from './values.ts';

const constants: Record<string, boolean | null> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** How a tuple without parentheses is read. */
export interface TupleRules {
  /** Whether `a if b` is taken; `for` and `if` tags take no condition here. */
  withCondition?: boolean;
  /** A name that ends the tuple. */
  endsAt?: string;
  isInParentheses?: boolean;
}

/** Who parses the whole expressions that operands have in them: in brackets, as arguments. */
export interface Inner {
  expression(): Expression;
  tuple(rules?: TupleRules): Expression;
}

const noArguments: Arguments = { positional: [], named: [], list: null, mapping: null };

/** Reads one operand off the tokens. */
export class OperandParser {
  constructor(
    private readonly stream: TokenStream,
    private readonly inner: Inner,
  ) {}

  /** A value, with its attributes, items and calls. */
  operand(): Expression {
    return this.#postfix(this.#primary());
  }

  /** What is given, with the filters, tests and calls behind it. */
  filtered(start: Expression): Expression {
    const { stream } = this;
    let node = start;
    for (let links = 0; ; links = this.stream.link(links)) {
      if (stream.skipOperator('|')) node = { kind: 'filter', of: node, ...this.#filterStep() };
      else if (stream.skipName('is')) node = this.#test(node);
      else if (stream.isOperator('(')) node = this.#call(node);
      else return node;
    }
  }

  /** `name(args)` after a `|`, and those that follow. */
  filterChain(): FilterStep[] {
    const steps: FilterStep[] = [];
    do steps.push(this.#filterStep());
    while (this.stream.skipOperator('|'));
    return steps;
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
      const inner = stream.nested(() => this.inner.tuple({ isInParentheses: true }));
      stream.expectOperator(')');
      return inner;
    }
    if (stream.skipOperator('['))
      return { kind: 'list', items: this.#items(']', () => this.inner.expression()) };
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
    const key = this.inner.expression();
    this.stream.expectOperator(':');
    return [key, this.inner.expression()];
  }

  #postfix(start: Expression): Expression {
    let node = start;
    for (let links = 0; ; links = this.stream.link(links)) {
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
        : this.inner.expression();
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
      args.list = this.inner.expression();
    } else if (stream.skipOperator('**')) {
      require(args.mapping === null);
      args.mapping = this.inner.expression();
    } else if (stream.next?.type === 'name' && stream.peek(1)?.text === '=') {
      require(args.mapping === null);
      const name = stream.expectName();
      stream.take();
      args.named.push([name, this.inner.expression()]);
    } else {
      require(args.named.length === 0 && args.list === null && args.mapping === null);
      args.positional.push(this.inner.expression());
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
    return { ...noArguments, positional: [this.operand()] };
  }

  #dottedName(): string {
    let name = this.stream.expectName();
    while (this.stream.skipOperator('.')) name += `.${this.stream.expectName()}`;
    return name;
  }
}
