/** What purges have in common. */
import type { PurgeSlice } from '../store/store.ts';

/** ms */
const slicePause = 20;

/** What a purge removed. */
export type Purged = Pick<PurgeSlice, 'events' | 'deliveries' | 'attempts' | 'parked' | 'replays'>;

export const noneYet: Readonly<Purged> = {
  events: 0,
  deliveries: 0,
  attempts: 0,
  parked: 0,
  replays: 0,
};

/** Between two slices: commits get more of the disk than a purge does. */
export const betweenSlices = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, slicePause));

/** Adds what a slice removed to what others did. */
export function addTo(purged: Purged, slice: Purged): void {
  purged.events += slice.events;
  purged.deliveries += slice.deliveries;
  purged.attempts += slice.attempts;
  purged.parked += slice.parked;
  purged.replays += slice.replays;
}
