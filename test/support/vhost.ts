/** Virtual hosts keep the tests that share a broker apart: queues and exchanges have fixed names. */
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { runCtl } from './broker.ts';

/** Makes a virtual host on the shared broker; its address. It goes with the broker. */
export async function newVhost(): Promise<string> {
  const control = inject('brokerControl');
  const name = `test-${randomUUID()}`;
  await runCtl(control, 'add_vhost', name);
  await runCtl(control, 'set_permissions', '-p', name, 'guest', '.*', '.*', '.*');
  return `${inject('brokerUrl')}/${name}`;
}
