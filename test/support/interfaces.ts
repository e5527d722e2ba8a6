/** What `networkInterfaces()` could say. */
const information = (cidr: string, internal = false) => ({
  address: cidr.split('/')[0] ?? '',
  netmask: '',
  mac: '',
  internal,
  cidr,
  ...(cidr.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

/** A machine with one address of the internet of each kind. */
export const interfaces = () => ({
  lo: [information('127.0.0.1/8', true)],
  eth0: [information('8.8.4.4/24'), information('2606:4700::7/64'), information('fe80::7/64')],
});
