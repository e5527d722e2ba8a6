/** A stand-in for wazo-auth: the part of its API 0.1 that the daemon uses, over HTTP. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a token is worth. */
interface KnownToken {
  tenantUuid: string;
  userUuid: string | null;
  acl: string[];
  /** ms since the epoch */
  expiresAt: number;
}

export class StandInWazoAuth {
  readonly serverUuid = randomUUID();
  readonly masterTenant = randomUUID();
  /** A tenant's parent. */
  readonly tenants = new Map<string, string | null>();
  readonly users = new Set<string>();
  readonly tokens = new Map<string, KnownToken>();
  /** Who may ask for a token. */
  readonly credentials = { username: 'wazo-webhookd', password: 'a secret of the daemon' };
  /** `METHOD path?query`, as they came. */
  readonly requests: string[] = [];
  /** What the daemon's own tokens are good for, ms. */
  lifetime = 21_600_000;
  /** An answer to everything instead of the right one. */
  brokenStatus: number | undefined;
  /** Done when a list was read, before it is sent. */
  onListed: ((kind: string) => void | Promise<void>) | undefined;
  #server: Server;

  private constructor(
    private readonly prefix: string,
    /** PEM; with it the stand-in speaks HTTPS. */
    private readonly certificate: { cert: string; key: string } | undefined,
  ) {
    this.tenants.set(this.masterTenant, null);
    this.#server = this.#makeServer();
  }

  static async open({
    prefix = '',
    certificate,
  }: {
    prefix?: string;
    certificate?: { cert: string; key: string } | undefined;
  } = {}): Promise<StandInWazoAuth> {
    const auth = new StandInWazoAuth(prefix, certificate);
    await auth.listen(0);
    return auth;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  /** Nobody answers at the port from now on; the port, to listen on again. */
  async close(): Promise<number> {
    const { port } = this;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#server = this.#makeServer();
    return port;
  }

  addTenant(parent: string = this.masterTenant): string {
    const uuid = randomUUID();
    this.tenants.set(uuid, parent);
    return uuid;
  }

  addToken({
    tenantUuid = this.masterTenant,
    userUuid = null,
    acl = ['#'],
    expiresAt = Date.now() + 3_600_000,
  }: Partial<KnownToken> = {}): string {
    const token = randomUUID();
    if (userUuid !== null) this.users.add(userUuid);
    this.tokens.set(token, { tenantUuid, userUuid, acl, expiresAt });
    return token;
  }

  count(start: string): number {
    return this.requests.filter((request) => request.startsWith(start)).length;
  }

  #makeServer(): Server {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      request.resume();
      request.on('end', () => this.#answer(request, response));
    };
    return this.certificate === undefined
      ? createServer(listener)
      : createSecureServer(this.certificate, listener);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, 'http://here');
    const send = (status: number, body?: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const base = `${this.prefix}/0.1/`;
    const [resource, name] = pathname.slice(base.length).split('/').map(decodeURIComponent);
    const caller = this.#known(String(request.headers['x-auth-token']));
    const asked = request.headers['wazo-tenant'];
    if (this.brokenStatus !== undefined) send(this.brokenStatus, {});
    else if (!pathname.startsWith(base)) send(404);
    else if (resource === 'token' && method === 'POST') this.#createToken(request, send);
    else if (resource === 'token' && name !== undefined)
      this.#showToken(method, name, searchParams, send);
    else if (caller === undefined) send(401);
    else if (resource === 'tenants')
      void this.#sendList(
        resource,
        [...this.#below(String(asked ?? caller.tenantUuid))],
        searchParams,
        send,
      );
    else if (resource === 'users')
      void this.#sendList(resource, [...this.users], searchParams, send);
    else send(404);
  }

  async #sendList(
    kind: string,
    uuids: string[],
    query: URLSearchParams,
    send: (status: number, body?: unknown) => void,
  ): Promise<void> {
    const offset = Number(query.get('offset') ?? 0);
    // Pages of two, so that a client that reads only the first is found out.
    const end = query.has('limit') ? offset + 2 : undefined;
    const items = uuids.slice(offset, end).map((uuid) => ({ uuid }));
    await this.onListed?.(kind);
    send(200, { items, total: uuids.length, filtered: uuids.length });
  }

  #createToken({ headers }: IncomingMessage, send: (status: number, body?: unknown) => void): void {
    const { username, password } = this.credentials;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (headers.authorization !== basic) {
      send(401);
      return;
    }
    const token = this.addToken({ expiresAt: Date.now() + this.lifetime });
    send(200, { data: this.#detailsOf(token) });
  }

  #showToken(
    method: string,
    token: string,
    query: URLSearchParams,
    send: (status: number, body?: unknown) => void,
  ): void {
    const known = this.#known(token);
    if (known === undefined) {
      send(404);
      return;
    }
    if (method === 'GET') {
      send(200, { data: this.#detailsOf(token) });
      return;
    }
    const tenant = query.get('tenant') ?? known.tenantUuid;
    const isAllowed =
      this.#below(known.tenantUuid).has(tenant) && fits(query.get('scope') ?? '', known.acl);
    send(isAllowed ? 204 : 403);
  }

  #known(token: string): KnownToken | undefined {
    const known = this.tokens.get(token);
    return known !== undefined && known.expiresAt > Date.now() ? known : undefined;
  }

  #detailsOf(token: string): object {
    const { tenantUuid, userUuid, acl, expiresAt } = this.tokens.get(token) ?? {
      ...({} as KnownToken),
    };
    return {
      token,
      acl,
      xivo_uuid: this.serverUuid,
      utc_expires_at: new Date(expiresAt).toISOString().slice(0, -1),
      metadata: { uuid: userUuid, tenant_uuid: tenantUuid },
    };
  }

  /** The tenant and all below it. */
  #below(uuid: string): Set<string> {
    const found = new Set(this.tenants.has(uuid) ? [uuid] : []);
    for (const [tenant, parent] of this.tenants)
      if (parent !== null && found.has(parent)) found.add(tenant);
    return found;
  }
}

/** Only what the tests need of wazo-auth's patterns. */
const fits = (access: string, acl: string[]) =>
  acl.some((pattern) => pattern === '#' || pattern === access);
