/**
 * What one rendering may use. Templates come from users and run on the event loop: work is counted
 * before it is done, memory before it is taken, and the clock is a second net.
 */
import { TemplateError } from './error.ts';

const mostSteps = 150_000;
/** In characters, of which each takes two bytes at most. */
const maxSpace = 6_000_000;
const maxOutput = 1_048_576;
const maxDepth = 100;
/** ms */
const maxTime = 25;
/** What a step takes at most on any machine, ms: what passes beyond that is no work. */
const longStep = 0.01;
/** ms */
const longPause = 5;
/** Steps between two looks at the clock. */
const stepsPerLook = 50;

/** What an element of a list or a mapping costs, in characters. */
export const elementSize = 16;

export class Budget {
  #steps = 0;
  #space = 0;
  #output = 0;
  #depth = 0;
  #nextLook = stepsPerLook;
  #lookedAt = { time: performance.now(), steps: 0 };
  #deadline = this.#lookedAt.time + maxTime;
  #hasPaused = false;

  /** @param maxSteps how much work may be done in all */
  constructor(private readonly maxSteps = mostSteps) {}

  /** Work that is about to be done. */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps < this.#nextLook) return;
    // What is no number is too much as well.
    if (!(this.#steps <= this.maxSteps))
      throw new TemplateError(`the template takes more than ${this.maxSteps} steps`);
    this.#nextLook = this.#steps + stepsPerLook;
    this.#look(performance.now());
  }

  #look(now: number): void {
    const { time, steps } = this.#lookedAt;
    if (now > this.#deadline) {
      // One pause in the midst of steps is the machine's, or the garbage collector's: no event is to be lost for that.
      const pause = now - time - (this.#steps - steps) * longStep;
      if (this.#hasPaused || pause < longPause)
        throw new TemplateError(`the template takes longer than ${maxTime} ms`);
      this.#hasPaused = true;
      this.#deadline += pause;
    }
    this.#lookedAt = { time: now, steps: this.#steps };
  }

  /** A value of so many characters that is about to be made. */
  space(size: number): void {
    this.#space += size;
    if (!(this.#space <= maxSpace))
      throw new TemplateError(`the template's values take more than ${maxSpace} characters`);
    // Making a value takes time as well: a kilobyte is like a step.
    if (size > 1024) this.step(Math.ceil(size / 1024));
  }

  /** Text of so many characters that is about to be gone through. */
  through(length: number): void {
    this.step(Math.ceil(length / 512));
  }

  /** Text of so many characters that is about to be taken apart, by characters, lines or words. */
  apart(length: number): void {
    this.step(Math.ceil(length / 8));
  }

  /** Characters that are about to be put out. */
  output(length: number): void {
    this.#output += length;
    if (this.#output > maxOutput)
      throw new TemplateError(`the template puts out more than ${maxOutput} characters`);
  }

  /** Calls within calls; every one is to be left again. */
  enter(): void {
    if (++this.#depth > maxDepth)
      throw new TemplateError(`the template calls itself more than ${maxDepth} levels deep`);
  }

  leave(): void {
    this.#depth--;
  }
}
