import { type Budget, elementSize } from './budget.ts';
import { order } from './comparison.ts';
import type { Value } from './values.ts';

/** Stable, by keys made once; a reversed order keeps equals as they stood. */
export function sorted(
  items: readonly Value[],
  keyOf: (item: Value) => Value,
  isReversed: boolean,
  budget: Budget,
): Value[] {
  budget.space(items.length * elementSize * 2);
  const keyed = items.map((item) => {
    budget.step();
    return { item, key: keyOf(item) };
  });
  const sign = isReversed ? -1 : 1;
  keyed.sort((a, b) => sign * order(a.key, b.key, budget));
  return keyed.map(({ item }) => item);
}
