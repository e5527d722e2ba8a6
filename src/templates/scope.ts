import type { Budget } from './budget.ts';
import { Undefined, type Value } from './values.ts';

/** Names and what they stand for here; what is not known here is asked of the scope around it. */
export class Scope {
  readonly #values = new Map<string, Value>();

  constructor(
    readonly budget: Budget,
    /** The scope around this one; for the outermost the variables and functions there are. */
    private readonly outer: Scope | ReadonlyMap<string, Value>,
  ) {}

  get(name: string): Value {
    const found = this.find(name);
    return found === undefined ? new Undefined(`'${name}' is undefined`) : found;
  }

  find(name: string): Value | undefined {
    const own = this.#values.get(name);
    if (own !== undefined) return own;
    return this.outer instanceof Scope ? this.outer.find(name) : this.outer.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  inner(): Scope {
    return new Scope(this.budget, this);
  }
}
