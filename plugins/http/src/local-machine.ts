/** Keeps the requests of users' subscriptions away from the machine the daemon runs on. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
// As with the agent: the package's index loads much that nothing here uses.
import buildConnector from 'undici/lib/core/connect.js';
import type { buildConnector as Connectors } from 'undici';

/** A user's subscription is not connected to the daemon's own machine. */
export class LocalMachineError extends Error {
  override readonly name = 'LocalMachineError';

  constructor(host: string) {
    super(`a user's subscription may not reach this machine: ${host}`);
  }
}

/** Where the facts come from; the system's unless a test says otherwise. */
export interface NetworkFacts {
  lookup?: LookupFunction;
  interfaces?: () => ReturnType<typeof networkInterfaces>;
}

/** Prefixes before an IPv4 address in an IPv6 one: compatible, mapped, translated, and behind NAT64. */
const carriersOfIPv4 = ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map((range) =>
  ipaddr.IPv6.parseCIDR(range),
);

/** A test of whether an address is this machine's, as its interfaces are now. */
export function localAddressTest(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): (address: string) => boolean {
  const all = Object.values(interfaces).flatMap((infos) => infos ?? []);
  const own = new Set(all.map(({ address }) => keyOf(canonical(address))));
  // All of a range that the loopback interface has is answered by this machine.
  const ranges = all
    .filter(({ internal, cidr }) => internal && cidr !== null)
    .map(({ cidr }) => ipaddr.parseCIDR(cidr ?? ''));
  return (text) => {
    if (!ipaddr.isValid(text)) return true;
    const address = canonical(text);
    const range = address.range();
    return (
      range === 'loopback' ||
      range === 'unspecified' ||
      own.has(keyOf(address)) ||
      ranges.some((each) => each[0].kind() === address.kind() && address.match(each))
    );
  };
}

const keyOf = (address: ipaddr.IPv4 | ipaddr.IPv6) => address.toByteArray().join('.');

/** The address a connection goes to in the end. */
function canonical(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 && carriersOfIPv4.some((range) => address.match(range))
    ? new ipaddr.IPv4(address.toByteArray().slice(12))
    : address;
}

/** RFC 6761: these mean this machine, whatever a resolver says. */
const isLocalName = (host: string) => /^(?:.*\.)?localhost\.?$/i.test(host);

/** Resolves names as `lookup` does, but for the addresses of this machine. */
export function guardedLookup({
  lookup = systemLookup,
  interfaces = networkInterfaces,
}: NetworkFacts): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const isLocal = localAddressTest(interfaces());
      const addresses = (found as LookupAddress[]).filter(({ address }) => !isLocal(address));
      const [first] = addresses;
      if (first === undefined) callback(new LocalMachineError(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Makes connections, but none to this machine: the addresses it checks are those it connects to. */
export function guardedConnector(
  options: Connectors.BuildOptions,
  facts: NetworkFacts,
): Connectors.connector {
  const connect = buildConnector({ ...options, lookup: guardedLookup(facts) });
  return (target, callback) => {
    const { hostname } = target;
    // Nobody looks up what is an address already.
    const isLocal =
      isLocalName(hostname) ||
      (isIP(hostname) !== 0 && localAddressTest(facts.interfaces?.())(hostname));
    if (isLocal) process.nextTick(callback, new LocalMachineError(hostname), null);
    else connect(target, callback);
  };
}
