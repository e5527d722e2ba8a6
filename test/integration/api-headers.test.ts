import { rmSync } from 'node:fs';
import { get } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '../support/certificates.ts';
import { RawRequest, readAnswer } from '../support/raw-request.ts';
import { useScene } from '../support/scene.ts';

const app = 'https://app.example.com';

const secure = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const shown = (headers: Headers): Record<string, string> => Object.fromEntries(headers.entries());

describe('as it comes', () => {
  const scene = useScene();
  const ask = async (path: string, init: RequestInit = {}) => {
    const { daemon } = scene();
    const response = await fetch(`${daemon.url}${path}`, {
      ...init,
      headers: { 'x-auth-token': daemon.token, ...(init.headers as object) },
    });
    await response.arrayBuffer();
    return response;
  };

  test.each<[string, string, RequestInit, number]>([
    ['an answer', '/1.0/status', {}, 200],
    ['what is not there', '/1.0/nothing', {}, 404],
    ['outside of the API', '/', {}, 404],
    ['an address that is none', '/%ff', {}, 400],
    ['a refusal', '/1.0/status', { headers: { 'x-auth-token': 'wrong' } }, 401],
    ['what does not fit', '/1.0/subscriptions', { method: 'POST' }, 400],
    ['an answer without content', '/1.0/subscriptions/x', { method: 'HEAD' }, 404],
    ['the API’s document', '/1.0/openapi.json', {}, 200],
    ['metrics', '/1.0/metrics', {}, 200],
    ['health', '/health/live', {}, 200],
  ])('%s has the headers of one that no browser is to show', async (_what, path, init, status) => {
    const response = await ask(path, init);
    expect(response.status).toBe(status);
    const headers = shown(response.headers);
    expect(headers).toMatchObject(secure);
    for (const name of ['server', 'x-powered-by', 'strict-transport-security'])
      expect(headers).not.toHaveProperty(name);
  });

  test('no page of another origin may read, nor ask what it may', async () => {
    const read = await ask('/1.0/status', { headers: { origin: app } });
    expect(read.status).toBe(200);
    const asked = await ask('/1.0/subscriptions', {
      method: 'OPTIONS',
      headers: { origin: app, 'access-control-request-method': 'PUT' },
    });
    expect(asked.status).toBe(404);
    for (const { headers } of [read, asked])
      expect(Object.keys(shown(headers)).filter((name) => name.startsWith('access-'))).toEqual([]);
  });
});

describe('with HTTPS and an origin', () => {
  const authority = makeAuthority();
  afterAll(() => rmSync(authority.directory, { recursive: true, force: true }));
  const { certificate, key } = authority.server;
  const scene = useScene({
    config: {
      rest_api: { certificate, private_key: key, cors: { origins: [app] } },
    },
  });

  const ask = (path: string, origin: string) =>
    new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const { daemon } = scene();
      const url = daemon.url.replace('http:', 'https:') + path;
      const headers = { origin, 'x-auth-token': daemon.token };
      get(url, { rejectUnauthorized: false, headers }, (response) => {
        resolve(response.headers);
        response.destroy();
      }).on('error', reject);
    });

  test('a browser is told to stay with HTTPS', async () => {
    expect(await ask('/1.0/status', app)).toMatchObject({
      ...secure,
      'strict-transport-security': 'max-age=31536000',
    });
  });

  test('its pages may read, those of others may not', async () => {
    for (const path of ['/1.0/status', '/1.0/nothing', '/1.0/logs?follow=true']) {
      expect(await ask(path, app)).toMatchObject({ 'access-control-allow-origin': app });
      for (const other of ['https://evil.example.com', `${app}.evil.example`, 'null'])
        expect(await ask(path, other)).not.toHaveProperty('access-control-allow-origin');
    }
    expect(await ask('/1.0/status', app)).not.toHaveProperty('access-control-allow-credentials');
  });
});

describe('where nobody is asked for a token', () => {
  const scene = useScene({ config: { auth: { type: 'none' } } });

  /** A browser sends this of any page without asking first. */
  const order = async (headers: Record<string, string>) => {
    const port = new URL(scene().daemon.url).port;
    const request = await RawRequest.open(Number(port));
    const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers });
    request.send(
      `POST /1.0/plugins/rekey HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-length: 0\r\nconnection: close\r\n\r\n`,
    );
    return readAnswer(await request.closed()).status;
  };

  test('a page of another origin can give no orders', async () => {
    const { port } = new URL(scene().daemon.url);
    expect(await order({})).toBe(200);
    expect(await order({ origin: `http://127.0.0.1:${port}` })).toBe(200);
    expect(await order({ origin: app })).toBe(401);
    expect(await order({ origin: 'null' })).toBe(401);
    expect(await order({ origin: 'http://127.0.0.1:1' })).toBe(401);
  });

  test('nor one whose name was made to lead here', async () => {
    const { port } = new URL(scene().daemon.url);
    const name = `evil.example:${port}`;
    expect(await order({ host: name, origin: `http://${name}` })).toBe(401);
    expect(await order({ host: name })).toBe(401);
    expect(await order({ host: `localhost:${port}` })).toBe(200);
    expect(await order({ host: `[::1]:${port}` })).toBe(200);
  });
});
