/** Attributes named by text: `map(attribute='a.b')`, `groupby('a')`, `sort(attribute='a,b')`. */
import type { Budget } from './budget.ts';
import { getItem } from './lookup.ts';
import { textOf, Tuple, Undefined, type Value } from './values.ts';

/** A function that follows `a.b.0`; without an attribute it gives the value itself. */
export function attributeGetter(
  attribute: Value | undefined,
  budget: Budget,
  {
    change = (value: Value) => value,
    otherwise,
  }: {
    change?: (value: Value) => Value;
    otherwise?: Value | undefined;
  } = {},
): (value: Value) => Value {
  const steps = stepsOf(attribute, budget);
  return (value) => {
    let target = value;
    for (const step of steps) {
      budget.step();
      target = getItem(target, step, budget);
      if (target instanceof Undefined && otherwise !== undefined) target = otherwise;
    }
    return change(target);
  };
}

/** The same for several with commas between them: their values as a tuple. */
export function attributesGetter(
  attribute: Value | undefined,
  budget: Budget,
  change?: (value: Value) => Value,
): (value: Value) => Value {
  const text = attribute === undefined ? undefined : textOf(attribute);
  budget.apart(text?.length ?? 0);
  const getters = (text?.split(',') ?? [attribute]).map((part) =>
    attributeGetter(part, budget, change === undefined ? {} : { change }),
  );
  const [only] = getters;
  return getters.length === 1 && only !== undefined
    ? only
    : (value) => new Tuple(getters.map((get) => get(value)));
}

function stepsOf(attribute: Value | undefined, budget: Budget): readonly Value[] {
  if (attribute === undefined || attribute === null) return [];
  const text = textOf(attribute);
  if (text === undefined) return [attribute];
  budget.apart(text.length);
  return text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
