/** Calls, transfers, recordings, parking, switchboards. */
import type { JsonObject } from '../../model.ts';
import { alice, bob, each, fullName, type Moment, type Sample, tenant } from './cast.ts';

const callId = '1719835200.42';
const otherCallId = '1719835201.43';

const call =
  (status: string, more: JsonObject = {}): Sample =>
  ({ now }) => ({
    call_id: callId,
    bridges: status === 'Up' ? ['5a2b6a1c-52a9-4cc2-8f52-91f3b0a8f1d2'] : [],
    status,
    caller_id_name: fullName(bob),
    caller_id_number: bob.exten,
    peer_caller_id_name: fullName(alice),
    peer_caller_id_number: alice.exten,
    conversation_id: callId,
    creation_time: now,
    answer_time: status === 'Up' ? now : null,
    hangup_time: null,
    dialed_extension: alice.exten,
    direction: 'internal',
    is_caller: false,
    is_video: false,
    line_id: 12,
    muted: false,
    on_hold: false,
    parked: false,
    record_state: 'inactive',
    sip_call_id: 'b7f1c1a4-1f0e-4e8a-9d55-1c1d1f2a3b4c',
    talking_to: status === 'Up' ? { [otherCallId]: bob.uuid } : {},
    tenant_uuid: tenant,
    user_uuid: alice.uuid,
    ...more,
  });

const transfer =
  (status: string): Sample =>
  () => ({
    id: '0f4f1d2c-0c59-4a76-9f6d-3f0b2f6f9d7e',
    tenant_uuid: tenant,
    initiator_uuid: alice.uuid,
    initiator_tenant_uuid: tenant,
    transferred_call: otherCallId,
    initiator_call: callId,
    recipient_call: '1719835230.44',
    status,
    flow: 'attended',
  });

const relocate = (): JsonObject => ({
  uuid: '4d7c4a4f-7d1e-49a5-92f4-6a5d2a6e2f51',
  relocated_call: callId,
  initiator_call: callId,
  recipient_call: '1719835240.45',
  completions: ['answer'],
  initiator: alice.uuid,
  timeout: 30,
});

const parkedCall = ({ now }: Moment): JsonObject => ({
  parking_id: 3,
  call_id: callId,
  conversation_id: callId,
  caller_id_name: fullName(bob),
  caller_id_num: bob.exten,
  parker_caller_id_name: fullName(alice),
  parker_caller_id_num: alice.exten,
  slot: '701',
  parked_at: now,
  timeout_at: now,
});

const switchboardCalls = ({ now }: Moment): JsonObject => ({
  switchboard_uuid: '9b3d0f6b-2b8c-4f4c-8f0e-7d2f3e1a6c55',
  items: [
    { id: callId, caller_id_name: fullName(bob), caller_id_number: bob.exten, creation_time: now },
  ],
});

const switchboardAnswer = (): JsonObject => ({
  switchboard_uuid: '9b3d0f6b-2b8c-4f4c-8f0e-7d2f3e1a6c55',
  operator_call_id: otherCallId,
  queued_call_id: callId,
});

const callLog: Sample = ({ now }) => ({
  id: 8123,
  tenant_uuid: tenant,
  start: now,
  end: now,
  answered: true,
  duration: 42,
  call_direction: 'internal',
  source_name: fullName(bob),
  source_extension: bob.exten,
  source_user_uuid: bob.uuid,
  destination_name: fullName(alice),
  destination_extension: alice.exten,
  destination_user_uuid: alice.uuid,
  tags: ['support'],
  recordings: [],
});

export const calls: Record<string, Sample> = {
  call_created: call('Ring'),
  call_updated: call('Up'),
  call_answered: call('Up'),
  call_ended: (moment) => ({
    ...call('Up')(moment),
    hangup_time: moment.now,
    reason_code: 16,
  }),
  call_held: () => ({ call_id: callId, user_uuid: alice.uuid, tenant_uuid: tenant }),
  call_resumed: () => ({ call_id: callId, user_uuid: alice.uuid, tenant_uuid: tenant }),
  call_dtmf_created: () => ({ call_id: callId, digit: '5', user_uuid: alice.uuid }),
  call_push_notification: () => ({
    peer_caller_id_number: bob.exten,
    peer_caller_id_name: fullName(bob),
    call_id: callId,
    video: false,
    ring_timeout: '30',
    sip_call_id: 'b7f1c1a4-1f0e-4e8a-9d55-1c1d1f2a3b4c',
    mobile_wakeup_timestamp: '',
  }),
  call_cancel_push_notification: () => ({ call_id: callId, sip_call_id: 'b7f1c1a4' }),
  user_missed_call: ({ now }) => ({
    user_uuid: alice.uuid,
    caller_user_uuid: bob.uuid,
    caller_id_name: fullName(bob),
    caller_id_number: bob.exten,
    dialed_extension: alice.exten,
    conversation_id: callId,
    reason: 'no-answer',
    date: now,
  }),
  ...each(
    ['call_parked', 'call_unparked', 'parked_call_hungup', 'parked_call_timed_out'],
    parkedCall,
  ),
  ...each(
    ['recording_started', 'recording_stopped', 'recording_paused', 'recording_resumed'],
    () => ({
      call_id: callId,
      user_uuid: alice.uuid,
      tenant_uuid: tenant,
    }),
  ),
  transfer_created: transfer('ringback'),
  transfer_updated: transfer('blind_transferred'),
  transfer_answered: transfer('answered'),
  transfer_cancelled: transfer('cancelled'),
  transfer_completed: transfer('completed'),
  transfer_abandoned: transfer('abandoned'),
  transfer_ended: transfer('ended'),
  ...each(
    ['relocate_initiated', 'relocate_answered', 'relocate_completed', 'relocate_ended'],
    relocate,
  ),
  ...each(['switchboard_queued_calls_updated', 'switchboard_held_calls_updated'], switchboardCalls),
  ...each(
    ['switchboard_queued_call_answered', 'switchboard_held_call_answered'],
    switchboardAnswer,
  ),
  ...each(['call_log_created', 'call_log_user_created'], callLog),
};
