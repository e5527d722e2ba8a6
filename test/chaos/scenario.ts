/** What a scenario is, and what is said of it. */
import type { Broker } from '../support/broker.ts';

/** What a scenario is run with. */
export interface ChaosOptions {
  broker: Broker;
  events: number;
  /** As a test of a few seconds: shorter outages, fewer rounds. */
  isSmall: boolean;
  /** The loop one would write by hand takes the daemon's place. */
  isNaive: boolean;
  /** Numbers from 0 to 1, the same for the same seed. */
  random: () => number;
  say: (line: string) => void;
}

/** What came of it. */
export interface DeliveryReport {
  /** Events. */
  published: number;
  /** Deliveries that were to arrive: one for each event and subscription. */
  expected: number;
  arrived: number;
  missing: number;
  /** Deliveries that arrived more than once. */
  repeated: number;
  /** Of these, those that nothing explains, and deliveries that should not have been made: there must be none. */
  unexplained: number;
  /** Longest time from a fault, or from its end where nothing can arrive before, to the next arrival, ms. */
  worstRecovery: number;
}

export interface ChaosReport extends DeliveryReport {
  /** How often what was tested ended by itself. */
  crashes: number;
}

export interface Scenario {
  run: (options: ChaosOptions) => Promise<ChaosReport>;
  events: { full: number; small: number };
  /** Whether it says something about the loop one would write by hand, too. */
  hasNaive?: true;
}

export type Scenarios = Record<string, Scenario>;

/** How often each id arrived. */
export type Counts = ReadonlyMap<number, number>;

/**
 * @param parts what arrived where, and how many ids from 0 on were to arrive there
 * @param explained ids that may have arrived twice
 */
export function reportOf(
  published: number,
  parts: { counts: Counts; expected: number }[],
  {
    explained = new Set(),
    worstRecovery,
  }: { explained?: ReadonlySet<number>; worstRecovery: number },
): DeliveryReport {
  const arrived = parts.reduce((sum, { counts }) => sum + counts.size, 0);
  const expected = parts.reduce((sum, part) => sum + part.expected, 0);
  const repeated = parts.flatMap(({ counts }) =>
    [...counts].filter(([, times]) => times > 1).map(([id]) => id),
  );
  return {
    published,
    expected,
    arrived,
    missing: expected - arrived,
    repeated: repeated.length,
    unexplained: repeated.filter((id) => !explained.has(id)).length,
    worstRecovery: Math.round(worstRecovery),
  };
}
