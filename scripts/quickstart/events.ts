/** Three events as Wazo's services publish them: a call comes in, ends, and the caller leaves a message. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '#dist/model.js';

/** An event, and what it says in words. */
export interface SampleEvent {
  name: string;
  story: string;
  data: JsonObject;
  headers: JsonObject;
}

const tenant = '2c34c282-433e-4bb8-8d56-fec14ff7e1e9';
const user = 'cd30de33-b6f5-4b5e-b7d2-9f1a6e1d2f0a';

/** Asterisk names a channel by the second it was made in. */
const uniqueId = (at: Date) => `${Math.floor(at.getTime() / 1000)}.${process.pid}`;

export function sampleEvents(now = new Date()): SampleEvent[] {
  const answered = new Date(now.getTime() - 19_000);
  const created = new Date(now.getTime() - 23_000);
  const headers = {
    tenant_uuid: tenant,
    [`user_uuid:${user}`]: true,
    required_acl: `events.calls.${user}`,
  };
  const call = {
    call_id: uniqueId(created),
    caller_id_name: 'Alice Tremblay',
    caller_id_number: '1001',
    peer_caller_id_name: 'Robert Nadeau',
    peer_caller_id_number: '+14185550142',
    creation_time: created.toISOString(),
    direction: 'inbound',
    dialed_extension: '1001',
    bridges: [],
    talking_to: {},
    is_caller: false,
    is_video: false,
    line_id: 17,
    muted: false,
    on_hold: false,
    record_state: 'inactive',
    sip_call_id: randomUUID(),
    user_uuid: user,
    tenant_uuid: tenant,
  };
  const message = {
    id: `${uniqueId(now)}-00000003`,
    caller_id_name: 'Robert Nadeau',
    caller_id_num: '+14185550142',
    duration: 12,
    folder: { id: 1, name: 'inbox', type: 'new' },
    timestamp: Math.floor(now.getTime() / 1000),
  };
  return [
    {
      name: 'call_created',
      story: 'Robert calls Alice',
      data: { ...call, status: 'Ring', answer_time: null, hangup_time: null },
      headers,
    },
    {
      name: 'call_ended',
      story: 'the call ends',
      data: {
        ...call,
        status: 'Down',
        answer_time: answered.toISOString(),
        hangup_time: now.toISOString(),
        reason_code: 16,
      },
      headers,
    },
    {
      name: 'user_voicemail_message_created',
      story: 'Robert leaves a message',
      data: { user_uuid: user, voicemail_id: 5, message_id: message.id, message },
      headers: { ...headers, required_acl: `events.users.${user}.voicemails` },
    },
  ];
}
