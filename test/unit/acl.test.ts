import { describe, expect, test } from 'vitest';
import { accessTo, isCovered } from '../../dist/auth/acl.js';

describe('what a request needs follows from its route', () => {
  test.each([
    ['GET', '/1.0/subscriptions', {}, 'webhookd.subscriptions.read'],
    ['HEAD', '/1.0/status', {}, 'webhookd.status.read'],
    ['POST', '/1.0/users/me/subscriptions', {}, 'webhookd.users.me.subscriptions.create'],
    ['PATCH', '/1.0/config', {}, 'webhookd.config.update'],
    [
      'DELETE',
      '/1.0/subscriptions/:subscription_uuid',
      { subscription_uuid: 'a.b.#' },
      'webhookd.subscriptions.a_b_#.delete',
    ],
  ])('%s %s', (method, pattern, parameters, access) => {
    expect(accessTo(method, pattern, parameters)).toBe(access);
  });
});

describe('a pattern covers', () => {
  test.each<[string, string, boolean]>([
    ['webhookd.subscriptions.read', 'webhookd.subscriptions.read', true],
    ['webhookd.subscriptions.read', 'webhookd.subscriptions.create', false],
    ['webhookd.subscriptions.*.read', 'webhookd.subscriptions.a.read', true],
    ['webhookd.subscriptions.*.read', 'webhookd.subscriptions.a.b.read', false],
    ['webhookd.subscriptions.*.read', 'webhookd.subscriptions.read', false],
    ['webhookd.subscriptions.#', 'webhookd.subscriptions.a.logs.read', true],
    ['webhookd.subscriptions.#', 'webhookd.status.read', false],
    ['webhookd.*.read', 'webhookd.status.read', true],
    ['#', 'webhookd.config.update', true],
    ['', 'webhookd.status.read', false],
    ['webhookd', 'webhookd.status.read', false],
    ['webhookd.stat', 'webhookd.status.read', false],
  ])('%s, %s: %s', (pattern, access, expected) => {
    expect(isCovered(access, [pattern])).toBe(expected);
    expect(isCovered(access, ['other.#', pattern])).toBe(expected);
  });

  test('what no pattern covers is not allowed', () => {
    expect(isCovered('webhookd.status.read', [])).toBe(false);
  });
});
