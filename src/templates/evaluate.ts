/** Expressions made into functions, once for all renderings. */
import { type Budget, elementSize } from './budget.ts';
import { compare } from './comparison.ts';
import { TemplateError } from './error.ts';
import type { FilterContext } from './filter.ts';
import { filters } from './filters.ts';
import { iterate } from './iterate.ts';
import { getAttribute, getItem, slice } from './lookup.ts';
import type { Arguments, Expression } from './nodes.ts';
import { binary, concat, negative, positive } from './operators.ts';
import type { Scope } from './scope.ts';
import { tests } from './tests.ts';
import {
  type Args,
  Callable,
  defined,
  Dict,
  dictEntries,
  isHost,
  isTrue,
  List,
  textOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

export type Evaluate = (scope: Scope) => Value;

export function compileExpression(node: Expression): Evaluate {
  switch (node.kind) {
    case 'constant': {
      const { value } = node;
      return () => value;
    }
    case 'name': {
      const { name } = node;
      return (scope) => scope.get(name);
    }
    case 'list':
    case 'tuple':
    case 'concat':
      return compileItems(node.kind, node.items);
    case 'dict':
      return compileDict(node.entries);
    case 'attribute': {
      const [of, { name }] = [compileExpression(node.of), node];
      return (scope) => (scope.budget.step(), getAttribute(of(scope), name, scope.budget));
    }
    case 'item': {
      const [of, key] = [compileExpression(node.of), compileExpression(node.key)];
      return (scope) => (scope.budget.step(), getItem(of(scope), key(scope), scope.budget));
    }
    case 'slice':
      return compileSlice(node);
    case 'call':
      return compileCall(compileExpression(node.callee), compileArguments(node.args));
    case 'filter': {
      const [of, args] = [compileExpression(node.of), compileArguments(node.args)];
      const { name } = node;
      return (scope) => applyFilter(name, of(scope), args(scope), scope.budget);
    }
    case 'test': {
      const [of, args] = [compileExpression(node.of), compileArguments(node.args)];
      const { name } = node;
      return (scope) => applyTest(name, of(scope), args(scope), scope.budget);
    }
    case 'if':
      return compileCondition(node);
    default:
      return compileOperator(node);
  }
}

type Operator = Extract<
  Expression,
  { kind: 'not' | 'negative' | 'positive' | 'and' | 'or' | 'binary' | 'compare' }
>;

function compileOperator(node: Operator): Evaluate {
  switch (node.kind) {
    case 'not': {
      const of = compileExpression(node.of);
      return (scope) => !isTrue(of(scope));
    }
    case 'negative': {
      const of = compileExpression(node.of);
      return (scope) => negative(of(scope));
    }
    case 'positive': {
      const of = compileExpression(node.of);
      return (scope) => positive(of(scope));
    }
    case 'and':
    case 'or': {
      const [left, right] = [compileExpression(node.left), compileExpression(node.right)];
      const goesOn = node.kind === 'and';
      return (scope) => {
        const first = left(scope);
        return isTrue(first) === goesOn ? right(scope) : first;
      };
    }
    case 'binary': {
      const [left, right] = [compileExpression(node.left), compileExpression(node.right)];
      const { operator } = node;
      return (scope) => {
        scope.budget.step();
        return binary(operator, left(scope), right(scope), scope.budget);
      };
    }
    case 'compare':
      return compileComparison(node);
  }
}

function compileComparison(node: Extract<Expression, { kind: 'compare' }>): Evaluate {
  const first = compileExpression(node.first);
  const rest = node.rest.map(({ operator, with: other }) => ({
    operator,
    other: compileExpression(other),
  }));
  return (scope) => {
    let left = first(scope);
    for (const { operator, other } of rest) {
      scope.budget.step();
      const right = other(scope);
      if (!compare(operator, left, right, scope.budget)) return false;
      left = right;
    }
    return true;
  };
}

function compileCondition(node: Extract<Expression, { kind: 'if' }>): Evaluate {
  const [test, then] = [compileExpression(node.test), compileExpression(node.then)];
  const otherwise = node.else === null ? undefined : compileExpression(node.else);
  const missing = `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`;
  return (scope) =>
    isTrue(test(scope)) ? then(scope) : (otherwise?.(scope) ?? nothing(otherwise, missing));
}

/** The else part may well be None. */
const nothing = (otherwise: Evaluate | undefined, message: string): Value =>
  otherwise === undefined ? new Undefined(message) : null;

function compileItems(kind: 'list' | 'tuple' | 'concat', nodes: readonly Expression[]): Evaluate {
  const items = nodes.map(compileExpression);
  const size = items.length * elementSize;
  return (scope) => {
    scope.budget.step();
    scope.budget.space(size);
    const values = items.map((item) => item(scope));
    if (kind === 'concat') return concat(values, scope.budget);
    return kind === 'list' ? new List(values) : new Tuple(values);
  };
}

function compileDict(nodes: readonly [Expression, Expression][]): Evaluate {
  const entries = nodes.map(
    ([key, value]) => [compileExpression(key), compileExpression(value)] as const,
  );
  return (scope) => {
    scope.budget.space(entries.length * elementSize * 2);
    const dict = new Dict();
    for (const [key, value] of entries) dict.set(key(scope), value(scope), scope.budget);
    return dict;
  };
}

function compileSlice(node: Extract<Expression, { kind: 'slice' }>): Evaluate {
  const of = compileExpression(node.of);
  const part = (expression: Expression | null): Evaluate =>
    expression === null ? () => null : compileExpression(expression);
  const [start, stop, step] = [part(node.start), part(node.stop), part(node.step)];
  return (scope) =>
    slice(of(scope), { start: start(scope), stop: stop(scope), step: step(scope) }, scope.budget);
}

function compileCall(callee: Evaluate, args: (scope: Scope) => Args): Evaluate {
  return (scope) => {
    scope.budget.step();
    return call(callee(scope), args(scope), scope.budget);
  };
}

/** Calls what can be called. */
export function call(callee: Value, args: Args, budget: Budget): Value {
  defined(callee);
  if (callee instanceof Callable) return callee.call(args, budget);
  if (isHost(callee) && callee.call !== undefined) return callee.call(args, budget);
  throw new TemplateError(`'${typeName(callee)}' object is not callable`);
}

export function compileArguments({
  positional,
  named,
  list,
  mapping,
}: Arguments): (scope: Scope) => Args {
  const values = positional.map(compileExpression);
  const pairs = named.map(([name, value]) => [name, compileExpression(value)] as const);
  const more = list === null ? undefined : compileExpression(list);
  const others = mapping === null ? undefined : compileExpression(mapping);
  if (values.length === 0 && pairs.length === 0 && more === undefined && others === undefined)
    return () => none;
  return (scope) => {
    const given = values.map((value) => value(scope));
    if (more !== undefined) {
      const items = iterate(more(scope), scope.budget);
      scope.budget.space(items.length * elementSize);
      for (const item of items) given.push(item);
    }
    const keys = new Map(pairs.map(([name, value]) => [name, value(scope)] as const));
    if (others !== undefined) addNamed(keys, others(scope));
    return { positional: given, named: keys };
  };
}

const none: Args = { positional: [], named: new Map() };

function addNamed(keys: Map<string, Value>, mapping: Value): void {
  const entries = dictEntries(defined(mapping));
  if (entries === undefined)
    throw new TemplateError(`argument after ** must be a mapping, not ${typeName(mapping)}`);
  for (const [key, value] of entries) {
    const name = textOf(key);
    if (name === undefined) throw new TemplateError('keywords must be strings');
    if (keys.has(name))
      throw new TemplateError(`got multiple values for keyword argument '${name}'`);
    keys.set(name, value);
  }
}

export function applyFilter(name: string, value: Value, args: Args, budget: Budget): Value {
  budget.step();
  const filter = filters.get(name);
  if (filter === undefined) throw new TemplateError(`No filter named '${name}'.`);
  return filter(value, args, contextOf(budget));
}

function applyTest(name: string, value: Value, args: Args, budget: Budget): boolean {
  budget.step();
  const test = tests.get(name);
  if (test === undefined) throw new TemplateError(`No test named '${name}'.`);
  return test(value, args, budget);
}

const contexts = new WeakMap<Budget, FilterContext>();

function contextOf(budget: Budget): FilterContext {
  let context = contexts.get(budget);
  if (context === undefined) {
    context = {
      budget,
      filter: (name, value, args) => applyFilter(name, value, args, budget),
      test: (name, value, args) => applyTest(name, value, args, budget),
    };
    contexts.set(budget, context);
  }
  return context;
}
