/** `loop` within `for`. */
import { bind } from './call.ts';
import type { Budget } from './budget.ts';
import { isEqual } from './comparison.ts';
import { TemplateError } from './error.ts';
import { Callable, type Host, host, Tuple, Undefined, type Value } from './values.ts';

export class LoopState {
  #place = 0;
  /** What `changed` was asked with last. */
  #seen: Value | undefined;
  readonly host: Host;

  /** @param recurse what `loop(items)` gives */
  constructor(
    private readonly items: readonly Value[],
    private readonly depth: number,
    recurse: (items: Value, budget: Budget) => Value,
  ) {
    this.host = host({
      typeName: 'runtime.LoopContext',
      shown: `<LoopContext>`,
      attribute: (name: string) => this.#attribute(name),
      call: (args, budget) => {
        const [inner = null] = bind('loop', args, ['iterable']);
        return recurse(inner, budget);
      },
    });
  }

  advance(): void {
    this.#place++;
  }

  #attribute(name: string): Value | undefined {
    const { length } = this.items;
    const index = this.#place;
    switch (name) {
      case 'index':
        return index + 1;
      case 'index0':
        return index;
      case 'revindex':
        return length - index;
      case 'revindex0':
        return length - index - 1;
      case 'first':
        return index === 0;
      case 'last':
        return index === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.depth + 1;
      case 'depth0':
        return this.depth;
      case 'previtem':
        return this.#itemAt(index - 1, 'there is no previous item');
      case 'nextitem':
        return this.#itemAt(index + 1, 'there is no next item');
      case 'cycle':
        return new Callable('cycle', ({ positional }) => this.#cycle(positional));
      case 'changed':
        return new Callable('changed', ({ positional }, budget) =>
          this.#changed(new Tuple(positional), budget),
        );
      default:
        return undefined;
    }
  }

  #itemAt(place: number, message: string): Value {
    const item = this.items[place];
    return item === undefined ? new Undefined(message) : item;
  }

  #cycle(values: readonly Value[]): Value {
    if (values.length === 0) throw new TemplateError('no items for cycling given');
    return values[this.#place % values.length] ?? null;
  }

  #changed(values: Tuple, budget: Budget): boolean {
    if (this.#seen !== undefined && isEqual(this.#seen, values, budget)) return false;
    this.#seen = values;
    return true;
  }
}

/** Loops within loops are calls within calls. */
export function recursiveLoop(isRecursive: boolean, budget: Budget, run: () => string): Value {
  if (!isRecursive)
    throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.");
  budget.enter();
  try {
    return run();
  } finally {
    budget.leave();
  }
}
