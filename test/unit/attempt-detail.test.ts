import { describe, expect, test } from 'vitest';
import { keptDetail, wholeDetail } from '../../dist/attempt-detail.js';
import type { Json, JsonObject } from '../../dist/model.js';

describe('the detail of an attempt as it is kept', () => {
  test('is without the event’s data, and whole again with them, in the same order', () => {
    const data = { id: 1, who: 'Alice' };
    const detail = { request_method: 'POST', request_body: data, response_body: 'ok' };
    const kept = keptDetail(detail, data);
    expect(kept.detail).not.toContain('Alice');
    expect(JSON.stringify(wholeDetail(kept, data))).toBe(JSON.stringify(detail));
    expect(detail.request_body).toBe(data);
  });

  test('is all there when what is in it only looks like the data', () => {
    const detail = { request_body: { id: 1 } };
    const kept = keptDetail(detail, { id: 1 });
    expect(kept).toEqual({ detail: JSON.stringify(detail), dataKey: null });
    expect(wholeDetail(kept, { id: 2 })).toEqual(detail);
  });

  test.each<[string, Json]>([
    ['null', null],
    ['a number', 7],
    ['text', 'text'],
  ])('is all there when the data are %s', (_, data) => {
    expect(keptDetail({ request_body: data }, data).dataKey).toBeNull();
  });

  test('is all there when a hostile key has the data', () => {
    const data = { id: 1 };
    const detail = Object.defineProperty<JsonObject>({}, '__proto__', {
      value: data,
      enumerable: true,
    });
    const kept = keptDetail(detail, data);
    expect(kept).toEqual({ detail: '{"__proto__":{"id":1}}', dataKey: null });
  });
});
