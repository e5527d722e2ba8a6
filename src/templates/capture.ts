/** Where the text of a template goes: out, or into a value. */
import type { Budget } from './budget.ts';
import type { Scope } from './scope.ts';

/** Where text goes. */
export interface Output {
  put(text: string): void;
}

/** Text that becomes a value. */
export class Capture implements Output {
  readonly #parts: string[] = [];

  constructor(private readonly budget: Budget) {}

  put(text: string): void {
    this.budget.space(text.length);
    this.#parts.push(text);
  }

  get text(): string {
    return this.#parts.join('');
  }
}

export type Execute = (scope: Scope, output: Output) => void;
