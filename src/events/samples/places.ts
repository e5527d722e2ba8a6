/** Conferences, meetings, lines, trunks, devices, subscriptions. */
import type { JsonObject } from '../../model.ts';
import { alice, bob, each, fullName, type Moment, type Sample, tenant } from './cast.ts';

const participant = ({ now }: Moment): JsonObject => ({
  id: '1719835300.47',
  conference_id: 9,
  caller_id_name: fullName(bob),
  caller_id_number: bob.exten,
  muted: false,
  answered_time: 35,
  admin: false,
  language: 'en_US',
  call_id: '1719835300.47',
  user_uuid: bob.uuid,
  join_time: now,
});

const meeting = (): JsonObject => ({
  uuid: '5c0a1f7e-7f6e-4d2e-8d3b-3c6a5d1f9b20',
  name: 'Weekly',
  owner_uuids: [alice.uuid],
  tenant_uuid: tenant,
  ingress_http_uri: 'https://meetings.example.com',
  persistent: true,
});

const meetingParticipant = (): JsonObject => ({
  meeting_uuid: '5c0a1f7e-7f6e-4d2e-8d3b-3c6a5d1f9b20',
  id: '1719835310.48',
  call_id: '1719835310.48',
  caller_id_name: fullName(bob),
  caller_id_number: bob.exten,
  user_uuid: bob.uuid,
});

const subscription = (): JsonObject => ({
  uuid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  name: 'missed calls',
  service: 'http',
  events: ['user_missed_call'],
  config: { url: 'https://example.com/hook', method: 'post' },
  metadata: {},
});

export const places: Record<string, Sample> = {
  ...each(
    [
      'conference_participant_joined',
      'conference_participant_left',
      'conference_participant_muted',
      'conference_participant_unmuted',
      'conference_participant_talk_started',
      'conference_participant_talk_stopped',
      'conference_user_participant_joined',
      'conference_user_participant_left',
    ],
    participant,
  ),
  ...each(['conference_record_started', 'conference_record_stopped'], () => ({ id: 9 })),
  ...each(['meeting_created', 'meeting_updated', 'meeting_deleted'], meeting),
  ...each(
    [
      'meeting_participant_joined',
      'meeting_participant_left',
      'meeting_user_participant_joined',
      'meeting_user_participant_left',
    ],
    meetingParticipant,
  ),
  line_status_updated: () => ({
    id: 12,
    technology: 'sip',
    endpoint_name: 'kq1x9ue0',
    endpoint_registered: true,
    endpoint_current_call_count: 0,
    tenant_uuid: tenant,
  }),
  trunk_status_updated: () => ({
    id: 2,
    technology: 'sip',
    endpoint_name: 'carrier',
    endpoint_registered: false,
    endpoint_current_call_count: 0,
  }),
  ...each(['line_created', 'line_edited', 'line_deleted'], () => ({
    id: 12,
    name: 'kq1x9ue0',
    protocol: 'sip',
    tenant_uuid: tenant,
  })),
  ...each(['extension_created', 'extension_edited', 'extension_deleted'], () => ({
    id: 31,
    exten: alice.exten,
    context: 'internal',
    tenant_uuid: tenant,
  })),
  ...each(['device_created', 'device_edited', 'device_deleted'], () => ({
    id: '8b4c1f0e2d6a4b9f9a3e5c7d1f2b3a4c',
    tenant_uuid: tenant,
  })),
  ...each(['queue_created', 'queue_edited', 'queue_deleted'], () => ({
    id: 4,
    name: 'support',
    tenant_uuid: tenant,
  })),
  ...each(['plugin_install_progress', 'plugin_uninstall_progress'], () => ({
    uuid: 'e7b8c0de-1d2f-4a3b-8c4d-5e6f708192a3',
    status: 'completed',
  })),
  asterisk_reload_progress: () => ({
    uuid: 'e7b8c0de-1d2f-4a3b-8c4d-5e6f708192a4',
    status: 'completed',
    command: 'dialplan reload',
    request_uuids: [],
  }),
  ...each(
    [
      'webhookd_subscription_created',
      'webhookd_subscription_updated',
      'webhookd_subscription_deleted',
      'webhookd_user_subscription_created',
      'webhookd_user_subscription_updated',
      'webhookd_user_subscription_deleted',
    ],
    subscription,
  ),
};
