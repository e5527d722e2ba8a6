/** What is said of an attempt, as it is kept: the event's data, which most requests carry, are kept once. */
import type { Json, JsonObject } from './model.ts';

export interface KeptDetail {
  /** JSON of an object, with null in place of the event's data. */
  detail: string;
  /** Where the event's data belong; null: nowhere. */
  dataKey: string | null;
}

/** Throws when the detail is no JSON. */
export function keptDetail(detail: JsonObject, data: Json): KeptDetail {
  const dataKey = typeof data === 'object' && data !== null ? keyOf(detail, data) : null;
  if (dataKey === null) return { detail: JSON.stringify(detail), dataKey };
  const withoutData = { ...detail };
  withoutData[dataKey] = null;
  return { detail: JSON.stringify(withoutData), dataKey };
}

/** @param data of the event of the attempt */
export function wholeDetail({ detail, dataKey }: KeptDetail, data: Json): JsonObject {
  const whole = JSON.parse(detail) as JsonObject;
  if (dataKey !== null) whole[dataKey] = data;
  return whole;
}

/** The key with this very value: not one that looks the same. */
function keyOf(detail: JsonObject, value: object): string | null {
  for (const key of Object.keys(detail))
    if (detail[key] === value && key !== '__proto__') return key;
  return null;
}
