/** Every test there is, by name. */
import type { Budget } from './budget.ts';
import { bind } from './call.ts';
import { compare, isEqual, isIn } from './comparison.ts';
import { filters } from './filters.ts';
import { binary } from './operators.ts';
import { str } from './printing.ts';
import {
  type Args,
  Callable,
  Dict,
  dictEntries,
  isDataDict,
  isFloat,
  isHost,
  isInt,
  isNumber,
  listItems,
  Markup,
  Range,
  Sequence,
  textOf,
  Tuple,
  Undefined,
  type Value,
} from './values.ts';
import type { Comparison } from './nodes.ts';

export type Test = (value: Value, args: Args, budget: Budget) => boolean;

const plain =
  (name: string, is: (value: Value, budget: Budget) => boolean): Test =>
  (value, args, budget) => {
    bind(name, args, []);
    return is(value, budget);
  };

const comparing =
  (name: string, operator: Comparison): Test =>
  (value, args, budget) => {
    const [other = null] = bind(name, args, ['other']);
    return compare(operator, value, other, budget);
  };

const remainder =
  (wanted: number) =>
  (value: Value, budget: Budget): boolean =>
    isEqual(binary('%', value, 2, budget), wanted, budget);

const isIterable = (value: Value) =>
  textOf(value) !== undefined ||
  value instanceof Undefined ||
  value instanceof Tuple ||
  value instanceof Range ||
  value instanceof Sequence ||
  listItems(value) !== undefined ||
  dictEntries(value) !== undefined;

/** What has a length and items by place or key. */
const isSequence = (value: Value) => isIterable(value) && !(value instanceof Sequence);

/** Python says of text that it is lower when it has letters with a case, and all are. */
function inCase(value: Value, budget: Budget, change: (text: string) => string): boolean {
  const text = str(value, budget);
  budget.apart(text.length);
  return text === change(text) && text.toLowerCase() !== text.toUpperCase();
}

/** Whether two are one object: small ints and constants are, lists are not. */
function isSame(value: Value, other: Value): boolean {
  if (typeof value === 'object' && value !== null && !isNumber(value)) return value === other;
  return typeof value === typeof other && value === other;
}

const equal = comparing('eq', '==');

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['boolean', plain('boolean', (value) => typeof value === 'boolean')],
  [
    'callable',
    plain(
      'callable',
      (value) => value instanceof Callable || (isHost(value) && value.call !== undefined),
    ),
  ],
  ['defined', plain('defined', (value) => !(value instanceof Undefined))],
  ['undefined', plain('undefined', (value) => value instanceof Undefined)],
  [
    'divisibleby',
    (value, args, budget) => {
      const [by = null] = bind('divisibleby', args, ['num']);
      return isEqual(binary('%', value, by, budget), 0, budget);
    },
  ],
  ['escaped', plain('escaped', (value) => value instanceof Markup)],
  ['even', plain('even', remainder(0))],
  ['odd', plain('odd', remainder(1))],
  ['false', plain('false', (value) => value === false)],
  ['true', plain('true', (value) => value === true)],
  ['none', plain('none', (value) => value === null)],
  ['filter', plain('filter', (value) => filters.has(textOf(value) ?? ''))],
  ['test', plain('test', (value) => tests.has(textOf(value) ?? ''))],
  ['float', plain('float', isFloat)],
  ['integer', plain('integer', (value) => isInt(value) && typeof value !== 'boolean')],
  ['number', plain('number', isNumber)],
  ['string', plain('string', (value) => textOf(value) !== undefined)],
  ['mapping', plain('mapping', (value) => value instanceof Dict || isDataDict(value))],
  ['sequence', plain('sequence', isSequence)],
  ['iterable', plain('iterable', isIterable)],
  ['lower', plain('lower', (value, budget) => inCase(value, budget, (text) => text.toLowerCase()))],
  ['upper', plain('upper', (value, budget) => inCase(value, budget, (text) => text.toUpperCase()))],
  [
    'in',
    (value, args, budget) => {
      const [container = null] = bind('in', args, ['seq']);
      return isIn(value, container, budget);
    },
  ],
  [
    'sameas',
    (value, args) => {
      const [other = null] = bind('sameas', args, ['other']);
      return isSame(value, other);
    },
  ],
  ...(['eq', 'equalto', '=='] as const).map((name) => [name, equal] as [string, Test]),
  ...(
    [
      [['ne', '!='], '!='],
      [['lt', 'lessthan', '<'], '<'],
      [['le', '<='], '<='],
      [['gt', 'greaterthan', '>'], '>'],
      [['ge', '>='], '>='],
    ] as const
  ).flatMap(([names, operator]) =>
    names.map((name) => [name, comparing(name, operator)] as [string, Test]),
  ),
]);
