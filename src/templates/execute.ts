/** Statements made into functions that put text out, once for all renderings. */
import { Capture, type Execute, type Output } from './capture.ts';
import { TemplateError } from './error.ts';
import {
  applyFilter,
  call,
  compileArguments,
  compileExpression,
  type Evaluate,
} from './evaluate.ts';
import { iterate } from './iterate.ts';
import { LoopState, recursiveLoop } from './loop.ts';
import { makeMacro } from './macro.ts';
import type { FilterStep, Statement, Target } from './nodes.ts';
import { str } from './printing.ts';
import type { Scope } from './scope.ts';
import { placed } from './statement-parser.ts';
import { isHost, isTrue, Undefined, type Value } from './values.ts';

export function compileBody(statements: readonly Statement[]): Execute {
  const steps = statements.map(compileStatement);
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return only;
  return (scope, output) => {
    for (const step of steps) step(scope, output);
  };
}

/** A mistake gets the place of the innermost statement it happens in. */
function compileStatement(statement: Statement): Execute {
  if (statement.kind === 'text') {
    const { text } = statement;
    return (_scope, output) => output.put(text);
  }
  const run = compileTag(statement);
  return (scope, output) => {
    try {
      run(scope, output);
    } catch (error) {
      throw placed(error, statement);
    }
  };
}

function compileTag(statement: Exclude<Statement, { kind: 'text' }>): Execute {
  switch (statement.kind) {
    case 'output': {
      const of = compileExpression(statement.of);
      return (scope, output) => {
        scope.budget.step();
        output.put(str(of(scope), scope.budget));
      };
    }
    case 'if':
      return compileIf(statement);
    case 'for':
      return compileFor(statement);
    case 'set': {
      const [value, assign] = [compileExpression(statement.value), compileTarget(statement.target)];
      return (scope) => assign(scope, value(scope));
    }
    case 'set block': {
      const assign = compileTarget(statement.target);
      const body = compileCaptured(statement.body, statement.filters);
      return (scope) => assign(scope, body(scope));
    }
    case 'filter block': {
      const body = compileCaptured(statement.body, statement.filters);
      return (scope, output) => output.put(str(body(scope), scope.budget));
    }
    case 'with':
      return compileWith(statement);
    case 'macro': {
      const make = makeMacro(
        statement.name,
        statement.parameters,
        statement.body,
        compileBody(statement.body),
      );
      return (scope) => scope.set(statement.name, make(scope));
    }
    case 'call block':
      return compileCallBlock(statement);
    case 'block': {
      const body = compileBody(statement.body);
      return (scope, output) => body(scope.inner(), output);
    }
  }
}

function compileIf({ branches, else: otherwise }: Extract<Statement, { kind: 'if' }>): Execute {
  const compiled = branches.map(({ test, body }) => ({
    test: compileExpression(test),
    body: compileBody(body),
  }));
  const rest = compileBody(otherwise);
  return (scope, output) => {
    scope.budget.step();
    const branch = compiled.find(({ test }) => isTrue(test(scope)));
    (branch?.body ?? rest)(scope, output);
  };
}

function compileFor(statement: Extract<Statement, { kind: 'for' }>): Execute {
  const over = compileExpression(statement.over);
  const assign = compileTarget(statement.target);
  const test = statement.test === null ? undefined : compileExpression(statement.test);
  const [body, otherwise] = [compileBody(statement.body), compileBody(statement.else)];
  const chosen = (items: readonly Value[], scope: Scope): readonly Value[] => {
    if (test === undefined) return items;
    return items.filter((item) => {
      scope.budget.step();
      const inner = scope.inner();
      assign(inner, item);
      return isTrue(test(inner));
    });
  };
  const run = (value: Value, depth: number, scope: Scope, output: Output): void => {
    const items = chosen(iterate(value, scope.budget), scope);
    const loop = new LoopState(items, depth, (inner, budget) =>
      recursiveLoop(statement.isRecursive, budget, () => {
        const capture = new Capture(budget);
        run(inner, depth + 1, scope, capture);
        return capture.text;
      }),
    );
    if (items.length === 0) otherwise(scope.inner(), output);
    for (const item of items) {
      scope.budget.step();
      const inner = scope.inner();
      inner.set('loop', loop.host);
      assign(inner, item);
      body(inner, output);
      loop.advance();
    }
  };
  return (scope, output) => run(over(scope), 0, scope, output);
}

function compileWith({ assignments, body }: Extract<Statement, { kind: 'with' }>): Execute {
  const values = assignments.map(
    ([target, value]) => [compileTarget(target), compileExpression(value)] as const,
  );
  const run = compileBody(body);
  return (scope, output) => {
    const inner = scope.inner();
    // Each value is that of the scope around it, whatever stands before it.
    for (const [assign, value] of values) assign(inner, value(scope));
    run(inner, output);
  };
}

function compileCallBlock(statement: Extract<Statement, { kind: 'call block' }>): Execute {
  const node = statement.call;
  if (node.kind !== 'call') throw new TemplateError('expected call', statement.line);
  const [callee, args] = [compileExpression(node.callee), compileArguments(node.args)];
  const caller = makeMacro(
    'caller',
    statement.parameters,
    statement.body,
    compileBody(statement.body),
  );
  return (scope, output) => {
    const given = args(scope);
    const named = new Map(given.named).set('caller', caller(scope));
    const result = call(callee(scope), { positional: given.positional, named }, scope.budget);
    output.put(str(result, scope.budget));
  };
}

/** The text of a body, after filters. */
function compileCaptured(statements: readonly Statement[], steps: readonly FilterStep[]): Evaluate {
  const body = compileBody(statements);
  const filters = steps.map(({ name, args }) => ({ name, args: compileArguments(args) }));
  return (scope) => {
    const capture = new Capture(scope.budget);
    const inner = scope.inner();
    body(inner, capture);
    return filters.reduce<Value>(
      (value, { name, args }) => applyFilter(name, value, args(inner), scope.budget),
      capture.text,
    );
  };
}

function compileTarget(target: Target): (scope: Scope, value: Value) => void {
  switch (target.kind) {
    case 'name':
      return (scope, value) => scope.set(target.name, value);
    case 'attribute':
      return (scope, value) => {
        const owner = scope.get(target.of);
        if (owner instanceof Undefined) throw new TemplateError(owner.message);
        if (!isHost(owner) || owner.assign === undefined)
          throw new TemplateError('cannot assign attribute on non-namespace object');
        owner.assign(target.name, value);
      };
    case 'names': {
      const parts = target.targets.map(compileTarget);
      return (scope, value) => {
        const items = iterate(
          value,
          scope.budget,
          (type) => `cannot unpack non-iterable ${type} object`,
        );
        if (items.length > parts.length)
          throw new TemplateError(`too many values to unpack (expected ${parts.length})`);
        if (items.length < parts.length)
          throw new TemplateError(
            `not enough values to unpack (expected ${parts.length}, got ${items.length})`,
          );
        for (const [place, assign] of parts.entries()) assign(scope, items[place] ?? null);
      };
    }
  }
}
