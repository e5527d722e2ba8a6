import type { Budget } from './budget.ts';
import type { Args, Value } from './values.ts';

/** What a filter that calls other filters or tests asks of the rest. */
export interface FilterContext {
  budget: Budget;
  /** Throws when there is none of that name. */
  filter(name: string, value: Value, args: Args): Value;
  /** Throws when there is none of that name. */
  test(name: string, value: Value, args: Args): boolean;
}

export type Filter = (value: Value, args: Args, context: FilterContext) => Value;
