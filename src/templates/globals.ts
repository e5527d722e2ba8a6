/** The functions every template knows. */
import { elementSize } from './budget.ts';
import { bind } from './call.ts';
import { putAll } from './collection-methods.ts';
import { intArg } from './convert.ts';
import { TemplateError } from './error.ts';
import { maxRange } from './iterate.ts';
import { str } from './printing.ts';
import { type Args, Callable, Dict, host, Range, type Value } from './values.ts';

const range = new Callable(
  'range',
  (args) => {
    const { length } = args.positional;
    const [first, second, third] = bind('range', args, ['start', 'stop?', 'step?']).map(intArg);
    const [start, stop] = length < 2 ? [0, first ?? 0] : [first ?? 0, second ?? 0];
    const step = third ?? 1;
    if (step === 0) throw new TemplateError('range() arg 3 must not be zero');
    const made = new Range(start, stop, step);
    if (made.length > maxRange)
      throw new TemplateError(
        `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${maxRange}).`,
      );
    return made;
  },
  "<class 'range'>",
);

const dict = new Callable(
  'dict',
  (args, budget) => {
    const made = new Dict();
    if (args.positional.length > 1)
      throw new TemplateError(`dict expected at most 1 argument, got ${args.positional.length}`);
    for (const more of args.positional) putAll(made, more, budget);
    budget.space(args.named.size * elementSize * 2);
    for (const [key, value] of args.named) made.set(key, value, budget);
    return made;
  },
  "<class 'dict'>",
);

const namespace = new Callable(
  'namespace',
  (args, budget) => {
    const values = new Map<string, Value>();
    const initial = dict.call(args, budget);
    if (initial instanceof Dict)
      for (const { key, value } of initial.entries.values()) values.set(str(key, budget), value);
    return host({
      typeName: 'utils.Namespace',
      shown: '<Namespace>',
      attribute: (name: string) => values.get(name),
      assign: (name: string, value: Value) => {
        budget.space(elementSize * 2);
        values.set(name, value);
      },
    });
  },
  "<class 'jinja2.utils.Namespace'>",
);

const cycler = new Callable(
  'cycler',
  ({ positional }: Args) => {
    if (positional.length === 0) throw new TemplateError('at least one item has to be provided');
    let place = 0;
    const current = () => positional[place] ?? null;
    const next = new Callable('next', () => {
      const value = current();
      place = (place + 1) % positional.length;
      return value;
    });
    const reset = new Callable('reset', () => {
      place = 0;
      return null;
    });
    return host({
      typeName: 'utils.Cycler',
      shown: '<Cycler>',
      attribute: (name: string) =>
        name === 'next'
          ? next
          : name === 'reset'
            ? reset
            : name === 'current'
              ? current()
              : name === 'pos'
                ? place
                : undefined,
    });
  },
  "<class 'jinja2.utils.Cycler'>",
);

const joiner = new Callable(
  'joiner',
  (args) => {
    const [separator = ', '] = bind('joiner', args, ['sep?']);
    let isUsed = false;
    return host({
      typeName: 'utils.Joiner',
      shown: '<Joiner>',
      attribute: (name: string) =>
        name === 'sep' ? separator : name === 'used' ? isUsed : undefined,
      call: () => {
        if (isUsed) return separator;
        isUsed = true;
        return '';
      },
    });
  },
  "<class 'jinja2.utils.Joiner'>",
);

export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', range],
  ['dict', dict],
  ['namespace', namespace],
  ['cycler', cycler],
  ['joiner', joiner],
]);
