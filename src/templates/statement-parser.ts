/** Text and tags: what stands between `{{ }}` and `{% %}`, and what belongs to which tag. */
import { TemplateError } from './error.ts';
import { ExpressionParser } from './expression-parser.ts';
import type { Expression, Parameter, Statement, Target } from './nodes.ts';
import type { TokenStream } from './token-stream.ts';

/** Tags that need other templates, of which there are none. */
const loaderTags = new Set(['include', 'import', 'from', 'extends']);

/** Names that stand for values and cannot be set. */
const reserved = new Set(['true', 'false', 'none', 'True', 'False', 'None']);

export class StatementParser {
  readonly #expressions: ExpressionParser;
  /** Where the tag that is being parsed begins. */
  #begin = 0;

  constructor(private readonly stream: TokenStream) {
    this.#expressions = new ExpressionParser(stream);
  }

  template(): Statement[] {
    const body = this.#body([]);
    if (this.stream.next !== undefined) throw this.stream.unexpected();
    return body;
  }

  /** Statements up to a tag of one of these names, whose name is then next. */
  #body(ends: readonly string[]): Statement[] {
    const { stream } = this;
    const body: Statement[] = [];
    for (let token = stream.next; token !== undefined; token = stream.next) {
      const { line } = token;
      if (token.type === 'text') {
        stream.take();
        body.push({ kind: 'text', text: token.text, line, source: '' });
        continue;
      }
      if (token.type !== 'begin') throw stream.unexpected();
      stream.take();
      this.#begin = token.at;
      if (token.tag === 'output') {
        const of = this.#expressions.tuple();
        body.push({ kind: 'output', of, line, source: this.#endTag() });
        continue;
      }
      const next = stream.peek();
      if (next !== undefined && ends.includes(next.text)) return body;
      body.push(stream.nested(() => this.#statement(line)));
    }
    if (ends.length > 0)
      throw stream.error(`Unexpected end of template: ${ends.join(' or ')} is missing`);
    return body;
  }

  /** The tag's source. */
  #endTag(): string {
    const begin = this.#begin;
    return this.stream.excerpt(begin, this.stream.expectEnd());
  }

  #statement(line: number): Statement {
    const { stream } = this;
    const name = stream.expectName();
    switch (name) {
      case 'if':
        return this.#if(line);
      case 'for':
        return this.#for(line);
      case 'set':
        return this.#set(line);
      case 'with':
        return this.#with(line);
      case 'macro':
        return this.#macro(line);
      case 'call':
        return this.#callBlock(line);
      case 'filter':
        return this.#filterBlock(line);
      case 'block':
        return this.#block(line);
      case 'print':
        return this.#print(line);
    }
    if (loaderTags.has(name))
      throw stream.error(`'${name}' is not available: there are no other templates`, line);
    if (name === 'autoescape')
      throw stream.error(`'autoescape' is not available: use the filter 'e'`, line);
    throw stream.error(`Encountered unknown tag '${name}'.`, line);
  }

  #print(line: number): Statement {
    const items: Expression[] = [];
    do items.push(this.#expressions.expression());
    while (this.stream.skipOperator(','));
    return { kind: 'output', of: { kind: 'concat', items }, line, source: this.#endTag() };
  }

  #if(line: number): Statement {
    const { stream } = this;
    const branches: { test: Expression; body: Statement[] }[] = [];
    let source = '';
    for (;;) {
      const test = this.#expressions.tuple({ withCondition: false });
      const tag = this.#endTag();
      source ||= tag;
      branches.push({ test, body: this.#body(['elif', 'else', 'endif']) });
      const name = stream.expectName();
      if (name === 'elif') continue;
      const otherwise = name === 'else' ? this.#elseBody('endif') : [];
      this.#endTag();
      return { kind: 'if', branches, else: otherwise, line, source };
    }
  }

  /** What stands between `else` and the end, whose name is behind us then. */
  #elseBody(end: string): Statement[] {
    this.#endTag();
    const body = this.#body([end]);
    this.stream.take();
    return body;
  }

  #for(line: number): Statement {
    const { stream } = this;
    const target = this.#target({ endsAt: 'in' });
    if (hasLoop(target))
      throw stream.error("Can't assign to special loop variable in for-loop target", line);
    if (!stream.skipName('in')) throw stream.unexpected(`'in'`);
    const over = this.#expressions.tuple({ withCondition: false, endsAt: 'recursive' });
    const test = stream.skipName('if') ? this.#expressions.expression() : null;
    const isRecursive = stream.skipName('recursive');
    const source = this.#endTag();
    const body = this.#body(['endfor', 'else']);
    const otherwise = stream.expectName() === 'else' ? this.#elseBody('endfor') : [];
    this.#endTag();
    return { kind: 'for', target, over, test, isRecursive, body, else: otherwise, line, source };
  }

  #set(line: number): Statement {
    const { stream } = this;
    const target = this.#target({ withAttributes: true });
    if (stream.skipOperator('=')) {
      const value = this.#expressions.tuple();
      return { kind: 'set', target, value, line, source: this.#endTag() };
    }
    const filters = stream.skipOperator('|') ? this.#expressions.filterChain() : [];
    const source = this.#endTag();
    const body = this.#closedBody('endset');
    return { kind: 'set block', target, filters, body, line, source };
  }

  #with(line: number): Statement {
    const { stream } = this;
    const assignments: [Target, Expression][] = [];
    while (stream.next?.type !== 'end') {
      if (assignments.length > 0) stream.expectOperator(',');
      const target = this.#target();
      stream.expectOperator('=');
      assignments.push([target, this.#expressions.expression()]);
    }
    const source = this.#endTag();
    return { kind: 'with', assignments, body: this.#closedBody('endwith'), line, source };
  }

  #macro(line: number): Statement {
    const name = this.#newName();
    const parameters = this.#parameters();
    const source = this.#endTag();
    return { kind: 'macro', name, parameters, body: this.#closedBody('endmacro'), line, source };
  }

  #callBlock(line: number): Statement {
    const parameters = this.stream.isOperator('(') ? this.#parameters() : [];
    const call = this.#expressions.expression();
    if (call.kind !== 'call') throw this.stream.error('expected call', line);
    const source = this.#endTag();
    const body = this.#closedBody('endcall');
    return { kind: 'call block', parameters, call, body, line, source };
  }

  #filterBlock(line: number): Statement {
    const filters = this.#expressions.filterChain();
    const source = this.#endTag();
    return { kind: 'filter block', filters, body: this.#closedBody('endfilter'), line, source };
  }

  #block(line: number): Statement {
    const name = this.stream.expectName();
    while (this.stream.skipName('scoped') || this.stream.skipName('required'));
    const source = this.#endTag();
    const body = this.#body(['endblock']);
    this.stream.take();
    this.stream.skipName(name);
    this.#endTag();
    return { kind: 'block', body, line, source };
  }

  #closedBody(end: string): Statement[] {
    const body = this.#body([end]);
    this.stream.take();
    this.#endTag();
    return body;
  }

  #newName(): string {
    const name = this.stream.expectName();
    if (reserved.has(name)) throw this.stream.error(`can't assign to '${name}'`);
    return name;
  }

  #parameters(): Parameter[] {
    const { stream } = this;
    const parameters: Parameter[] = [];
    stream.expectOperator('(');
    while (!stream.skipOperator(')')) {
      if (parameters.length > 0) stream.expectOperator(',');
      const name = this.#newName();
      const value = stream.skipOperator('=') ? this.#expressions.expression() : null;
      if (value === null && parameters.at(-1)?.default)
        throw stream.error('non-default argument follows default argument');
      parameters.push({ name, default: value });
    }
    return parameters;
  }

  /** A name, several with commas, or (for `set`) the attribute of a namespace. */
  #target({
    endsAt,
    withAttributes = false,
  }: { endsAt?: string; withAttributes?: boolean } = {}): Target {
    const { stream } = this;
    const targets: Target[] = [];
    let isTuple = false;
    do {
      if (stream.next?.type === 'end' || (endsAt !== undefined && stream.isName(endsAt))) break;
      if (stream.isOperator('=') || stream.isOperator(')')) break;
      targets.push(this.#oneTarget(withAttributes && targets.length === 0));
      isTuple ||= stream.isOperator(',');
    } while (stream.skipOperator(','));
    const [first] = targets;
    if (first === undefined) throw stream.unexpected('a name');
    return isTuple ? { kind: 'names', targets } : first;
  }

  #oneTarget(withAttributes: boolean): Target {
    const { stream } = this;
    if (stream.skipOperator('(')) {
      const inner = stream.nested(() => this.#target());
      stream.expectOperator(')');
      return inner.kind === 'names' ? inner : { kind: 'names', targets: [inner] };
    }
    const name = this.#newName();
    if (!withAttributes || !stream.skipOperator('.')) return { kind: 'name', name };
    return { kind: 'attribute', of: name, name: stream.expectName() };
  }
}

const hasLoop = (target: Target): boolean =>
  target.kind === 'names' ? target.targets.some(hasLoop) : target.name === 'loop';

/** Adds the place of a statement to a mistake that has none yet. */
export function placed(
  error: unknown,
  { line, source }: { line: number; source: string },
): unknown {
  if (error instanceof TemplateError && error.line === undefined) {
    error.line = line;
    error.expression = source;
  }
  return error;
}
