import { isIPv4 } from 'node:net';

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'))
  );
}
