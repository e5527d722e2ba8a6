/**
 * Lets a process that computes and computes without finishing a call, while the daemon waits for a core, run
 * a twentieth of the time.
 *
 * A low priority alone does not protect the others: the kernel lets even the lowest have its slice whenever
 * all of them wait for the disk or the network for a moment, and makes them wait for its end. On two busy
 * cores a loop had a third of a core that way. To stop and continue it needs no privilege.
 */

/** How long it runs and how long it does not, ms. */
const turn = { runs: 25, rests: 475 };

/** Cores: who takes more, and finishes nothing, is slowed down when the daemon is held up. */
const greedy = 0.25;

/**
 * So many looks in a row at a greedy process begin it. One that has finished a call before is likely to finish
 * this one too.
 */
const greedyLooks = { ofUnknown: 2, ofProven: 12 };

/** The share of the time that the daemon waits for a core when it is held up. */
const heldUp = 0.1;

/**
 * Looks before the daemon's waiting no more says that the process may run as before: it may have waited for
 * that process alone.
 */
const fewestLooks = 40;

/** Cores: who takes less of the twentieth it has does not compute without a pause any more. */
const calm = 0.02;

/** So many calm looks in a row end it. */
const calmLooks = 8;

/** What happened since the last look, a quarter of a second ago. */
export interface Look {
  /** by the process, cores */
  taken: number;
  /** whether a call was finished */
  hasFinished: boolean;
  /** share of the time in which the daemon waited for a core */
  waited: number;
}

export class Throttle {
  #timer: NodeJS.Timeout | undefined;
  #greedyLooks = 0;
  /** Since it is on. */
  #looks = 0;
  #calmLooks = 0;
  #isProven = false;

  constructor(
    private readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void,
    private readonly onSlowed: () => void,
  ) {}

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  judge({ taken, hasFinished, waited }: Look): void {
    this.#isProven ||= hasFinished;
    if (!this.isOn) {
      const enough = this.#isProven ? greedyLooks.ofProven : greedyLooks.ofUnknown;
      this.#greedyLooks = taken > greedy && !hasFinished ? this.#greedyLooks + 1 : 0;
      if (this.#greedyLooks >= enough && waited > heldUp) this.#start();
      return;
    }
    this.#looks++;
    this.#calmLooks = taken < calm ? this.#calmLooks + 1 : 0;
    const isFree = waited < heldUp && this.#looks >= fewestLooks;
    if (hasFinished || isFree || this.#calmLooks >= calmLooks) this.stop();
  }

  /** Lets it run as before. */
  stop(): void {
    if (!this.isOn) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.signal('SIGCONT');
  }

  #start(): void {
    this.#greedyLooks = 0;
    this.#looks = 0;
    this.#calmLooks = 0;
    this.onSlowed();
    this.#rest();
  }

  #rest(): void {
    this.signal('SIGSTOP');
    this.#timer = setTimeout(() => this.#run(), turn.rests).unref();
  }

  #run(): void {
    this.signal('SIGCONT');
    this.#timer = setTimeout(() => this.#rest(), turn.runs).unref();
  }
}
