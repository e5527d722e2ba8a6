/** The events of the benchmark: as Wazo publishes them, some 300 bytes of data, ten names. */
import { randomUUID } from 'node:crypto';

const tenant = randomUUID();
const user = randomUUID();

export const eventNames = Array.from({ length: 10 }, (_, index) => `bench_event_${index}`);

/** Message number `id`, to be sent at `sentAt` (ms since the epoch, with fractions); names take turns. */
export function benchMessage(
  id: number,
  sentAt: number,
  names: readonly string[] = eventNames,
): { name: string; content: Buffer; headers: Record<string, unknown> } {
  const name = names[id % names.length] ?? '';
  const data = {
    id,
    sent_at: sentAt,
    call_id: '1455123422.8',
    conversation_id: '1455123422.8',
    caller_id_name: 'Alice Example',
    caller_id_number: '8001',
    peer_caller_id_name: 'Bob Example',
    peer_caller_id_number: '8002',
    status: 'Ringing',
    on_hold: false,
    talking_to: { [user]: 'Bob' },
    line_id: 42,
    user_uuid: user,
  };
  return {
    name,
    content: Buffer.from(JSON.stringify({ name, origin_uuid: tenant, data })),
    headers: {
      name,
      tenant_uuid: tenant,
      [`user_uuid:${user}`]: true,
      timestamp: new Date().toISOString(),
      sequence: id,
    },
  };
}

/** Ms since the epoch, finer than Date.now(). */
export const preciseNow = () => performance.timeOrigin + performance.now();
