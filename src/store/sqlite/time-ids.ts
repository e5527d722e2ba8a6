/** Ids of deliveries are UUIDs of version 7, which begin with their time: their order is that of age. */

/** No id made at this time (ms since the epoch) or later is smaller. */
export function firstIdOf(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** When an id was made, ms since the epoch. */
export const timeOfId = (id: string): number =>
  Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
