/**
 * Which addresses requests may reach. What is checked is the address the socket connects to: no second
 * look-up follows, so that a name cannot mean one thing when it is checked and another when it is used.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
// As with the agent: the package's index loads much that nothing here uses.
import buildConnector from 'undici/lib/core/connect.js';
import type { buildConnector as Connectors } from 'undici';

/** The address of an endpoint is not for this subscription. */
export class EgressDenied extends Error {
  override readonly name = 'EgressDenied';
  readonly reason = 'egress-denied';
}

/** `http.egress` of the configuration. */
export interface EgressRules {
  /** What the subscriptions of users may reach. */
  user: Reach;
  /** What those of administrators may reach. */
  admin: Reach;
  /** Addresses, ranges (`10.0.0.0/8`), names and domains (`.example.com`) that may be reached all the same. */
  allow: readonly string[];
  /** The same, never to be reached; stronger than `allow`. */
  deny: readonly string[];
}

/** Addresses of the public internet alone, or any. */
export type Reach = 'public' | 'any';

/** Where the facts come from; the system's unless a test says otherwise. */
export interface NetworkFacts {
  lookup?: LookupFunction;
  interfaces?: () => ReturnType<typeof networkInterfaces>;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

type Range = [Address, number];

/** IPv6 addresses that stand for an IPv4 address: mapped ones, and those behind NAT64 (RFC 6052). */
const carriersOfIPv4 = ['::ffff:0:0/96', '64:ff9b::/96'].map((range) =>
  ipaddr.IPv6.parseCIDR(range),
);

/** What has been given out of IPv6 to the public internet (RFC 4291). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** RFC 6761: these mean this machine, whatever a resolver says. */
const isLocalName = (host: string) => /^(?:.*\.)?localhost$/i.test(host);

const keyOf = (address: Address) => address.toByteArray().join('.');

/** The address a connection goes to in the end. */
function canonical(text: string): Address {
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 && carriersOfIPv4.some((range) => address.match(range))
    ? new ipaddr.IPv4(address.toByteArray().slice(12))
    : address;
}

const isIn = (address: Address, ranges: readonly Range[]) =>
  ranges.some((range) => range[0].kind() === address.kind() && address.match(range));

/** A test of whether an address belongs to the public internet, and not to this machine. */
export function publicAddressTest(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): (address: string) => boolean {
  const infos = Object.values(interfaces).flatMap((each) => each ?? []);
  const own = new Set(infos.map(({ address }) => keyOf(canonical(address))));
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    const address = canonical(text);
    if (address instanceof ipaddr.IPv6 && !address.match(globalUnicast)) return false;
    return address.range() === 'unicast' && !own.has(keyOf(address));
  };
}

/** Addresses and names that the configuration lists. */
export class HostList {
  readonly #ranges: Range[];
  readonly #names: string[];

  /** @throws Error when an entry is neither an address nor a range nor a name */
  constructor(entries: readonly string[]) {
    const isRange = (entry: string) => ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry);
    this.#ranges = entries.filter(isRange).map(rangeOf);
    this.#names = entries.filter((entry) => !isRange(entry)).map((entry) => entry.toLowerCase());
    const wrong = this.#names.find((name) => !/^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name));
    if (wrong !== undefined)
      throw new Error(
        `http.egress: ${JSON.stringify(wrong)} is no address, range, name or .domain`,
      );
  }

  has(hostname: string): boolean {
    const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
    return this.hasAddress(host) || this.hasName(host);
  }

  hasAddress(text: string): boolean {
    return ipaddr.isValid(text) && isIn(canonical(text), this.#ranges);
  }

  hasName(host: string): boolean {
    return this.#names.some(
      (name) => host === name || (name.startsWith('.') && `.${host}`.endsWith(name)),
    );
  }
}

function rangeOf(entry: string): Range {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const address = canonical(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** What one kind of subscription may reach. */
export class Egress {
  readonly #facts: Required<NetworkFacts>;
  readonly #allow: HostList;
  readonly #deny: HostList;

  constructor(
    private readonly reach: Reach,
    { allow, deny }: Pick<EgressRules, 'allow' | 'deny'>,
    { lookup = systemLookup, interfaces = networkInterfaces }: NetworkFacts = {},
  ) {
    this.#facts = { lookup, interfaces };
    this.#allow = new HostList(allow);
    this.#deny = new HostList(deny);
  }

  /** Makes connections, but none that are not allowed. */
  connector(options: Connectors.BuildOptions): Connectors.connector {
    const connect = buildConnector({ ...options, lookup: this.lookup });
    return (target, callback) => {
      const refusal = this.refusalOf(target.hostname);
      if (refusal !== undefined) process.nextTick(callback, refusal, null);
      // An error of the look-up comes back as the error of the connection.
      else connect(target, callback);
    };
  }

  /** Why a host must not be reached, as far as can be said without looking its name up. */
  refusalOf(hostname: string): EgressDenied | undefined {
    const host = hostname
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase();
    if (isIP(host) !== 0) {
      return this.#addressTest()(host) ? undefined : denied(host);
    }
    if (this.#deny.hasName(host)) return denied(host);
    const isRefused = this.reach === 'public' && isLocalName(host) && !this.#allow.hasName(host);
    return isRefused ? denied(host) : undefined;
  }

  /** Resolves names as the system does, but for addresses that are not allowed. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#facts.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const isAllowed = this.#addressTest(hostname);
      const addresses = (found as LookupAddress[]).filter(({ address }) => isAllowed(address));
      const [first] = addresses;
      if (first === undefined) callback(denied(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  /** Rejects with {@link EgressDenied} when a host that somebody else connects to must not be reached. */
  async check(hostname: string): Promise<void> {
    const refusal = this.refusalOf(hostname);
    if (refusal !== undefined) throw refusal;
    if (this.reach === 'any' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return;
    await new Promise<void>((resolve, reject) =>
      this.lookup(hostname, { all: true }, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  /** @param host the name that the addresses belong to */
  #addressTest(host = ''): (address: string) => boolean {
    const isPublic =
      this.reach === 'any' || this.#allow.hasName(host.replace(/\.$/, '').toLowerCase())
        ? () => true
        : publicAddressTest(this.#facts.interfaces());
    return (address) =>
      !this.#deny.hasAddress(address) && (isPublic(address) || this.#allow.hasAddress(address));
  }
}

const denied = (host: string) =>
  new EgressDenied(
    `egress-denied: ${host} is not to be reached by this subscription (http.egress)`,
  );
