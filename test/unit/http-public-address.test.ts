/** Which addresses belong to the public internet. */
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { publicAddressTest } from '../../plugins/http/dist/egress.js';
import { interfaces } from '../support/interfaces.ts';

/** By what they are: none of these belongs to the public internet, or they are this machine's. */
const guarded: Record<string, string[]> = {
  loopback: [
    '127.0.0.1',
    '127.0.0.2',
    '127.1.2.3',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '0000:0000:0000:0000:0000:0000:0000:0001',
    '::1%lo',
  ],
  unspecified: ['0.0.0.0', '0.1.2.3', '0.255.255.255', '::', '0:0:0:0:0:0:0:0'],
  private: [
    '10.0.0.0',
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.20.10.5',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.255.255',
    'fc00::1',
    'fd00::1',
    'fd12:3456:789a::1',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fec0::1',
    'feff::1',
  ],
  'link-local': [
    '169.254.0.1',
    '169.254.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fe80:0:0:0:aaaa::1',
  ],
  metadata: ['169.254.169.254', '169.254.170.2', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192'],
  CGNAT: ['100.64.0.0', '100.64.0.1', '100.100.1.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '232.1.1.1', '239.255.255.250', 'ff02::1', 'ff05::2', 'ff0e::1'],
  broadcast: ['255.255.255.255'],
  documentation: [
    '192.0.2.1',
    '192.0.2.255',
    '198.51.100.1',
    '203.0.113.9',
    '2001:db8::1',
    '2001:db8:ffff::1',
    '3fff::1',
    '3fff:fff:ffff::1',
  ],
  reserved: [
    '192.0.0.1',
    '192.0.0.8',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '240.0.0.1',
    '250.1.1.1',
    '255.255.255.254',
    '100::1',
    '2001:2::1',
    '2001:10::1',
    '2001:20::1',
    '5f00::1',
    '4000::1',
    '1000::1',
    'fe00::1',
    '192.31.196.1',
    '192.52.193.1',
    '192.175.48.1',
  ],
  'an IPv4 address in IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:7F00:0001',
    '0:0:0:0:0:ffff:127.0.0.1',
    '::ffff:0.0.0.0',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '::ffff:192.168.1.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:100.64.0.1',
    '::127.0.0.1',
    '::7f00:1',
    '::10.0.0.1',
    '::169.254.169.254',
    '::ffff:0:127.0.0.1',
    '::ffff:0:8.8.8.8',
    '64:ff9b::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::127.0.0.1',
    '64:ff9b:1::8.8.8.8',
    '2002:7f00:1::',
    '2002:7f00:1::1',
    '2002:a00:1::1',
    '2002:c0a8:101::1',
    '2002:a9fe:a9fe::1',
    '2002:808:808::1',
    '2001:0:7f00:1::',
    '2001::1',
    '2001:0:53aa:64c::80ff:fffe',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  ],
  'this machine’s': [
    '8.8.4.4',
    '::ffff:8.8.4.4',
    '64:ff9b::808:404',
    '2606:4700::7',
    '2606:4700:0:0::0007',
  ],
  'no address': ['somewhere', '', '1.2.3.4.5', '256.1.1.1', '::g', '2130706433'],
};

const open = [
  '1.1.1.1',
  '8.8.8.8',
  '9.9.9.9',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '126.255.255.255',
  '128.0.0.1',
  '169.253.255.255',
  '169.255.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.167.255.255',
  '192.169.0.1',
  '198.17.255.255',
  '198.20.0.1',
  '223.255.255.255',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
];

describe('an address', () => {
  const isPublic = publicAddressTest(interfaces());

  for (const [what, addresses] of Object.entries(guarded))
    test.each(addresses)(`that is ${what} is not public: %s`, (address) => {
      expect(isPublic(address)).toBe(false);
    });

  test.each(open)('of the internet is public: %s', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  test('of this very machine is not', () => {
    const own = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
    const test = publicAddressTest();
    for (const { address } of own) expect(test(address)).toBe(false);
  });
});
