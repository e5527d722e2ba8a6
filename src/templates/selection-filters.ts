/** Filters that call another filter or test for every item. */
import { elementSize } from './budget.ts';
import { TemplateError } from './error.ts';
import type { Filter, FilterContext } from './filter.ts';
import { iterate } from './iterate.ts';
import { attributeGetter } from './paths.ts';
import { isTrue, Sequence, textOf, type Args, type Value } from './values.ts';

const generator = (items: readonly Value[], { budget }: FilterContext): Sequence => {
  budget.space(items.length * elementSize);
  return new Sequence('generator', items);
};

const map: Filter = (value, args, context) => {
  const { budget } = context;
  const items = iterate(value, budget);
  if (args.positional.length === 0 && args.named.has('attribute')) {
    const unknown = [...args.named.keys()].find((key) => key !== 'attribute' && key !== 'default');
    if (unknown !== undefined) throw new TemplateError(`Unexpected keyword argument '${unknown}'`);
    const otherwise = args.named.get('default');
    const get = attributeGetter(
      args.named.get('attribute'),
      budget,
      otherwise === undefined ? {} : { otherwise },
    );
    return generator(items.map(get), context);
  }
  const [name, ...rest] = args.positional;
  const filter = name === undefined ? undefined : textOf(name);
  if (filter === undefined) throw new TemplateError('map requires a filter argument');
  const given: Args = { positional: rest, named: args.named };
  return generator(
    items.map((item) => {
      budget.step();
      return context.filter(filter, item, given);
    }),
    context,
  );
};

/** @param keeps the outcome of the test that keeps an item; @param byAttribute whether the first argument names what is tested */
const choose =
  (keeps: boolean, byAttribute: boolean): Filter =>
  (value, args, context) => {
    const { budget } = context;
    const [attribute, ...others] = args.positional;
    if (byAttribute && attribute === undefined)
      throw new TemplateError('Missing parameter for attribute name');
    const get = attributeGetter(byAttribute ? attribute : undefined, budget);
    const [test, ...rest] = byAttribute ? others : args.positional;
    const name = test === undefined ? undefined : textOf(test);
    const given: Args = { positional: rest, named: args.named };
    const isRight = (item: Value) => {
      budget.step();
      return name === undefined ? isTrue(get(item)) : context.test(name, get(item), given);
    };
    return generator(
      iterate(value, budget).filter((item) => isRight(item) === keeps),
      context,
    );
  };

export const selectionFilters: [string, Filter][] = [
  ['map', map],
  ['select', choose(true, false)],
  ['reject', choose(false, false)],
  ['selectattr', choose(true, true)],
  ['rejectattr', choose(false, true)],
];
