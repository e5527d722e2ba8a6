/** Users, sessions, presence, chats, voicemail, faxes, agents. */
import type { JsonObject } from '../../model.ts';
import { alice, bob, each, fullName, type Moment, type Sample, tenant } from './cast.ts';

const user = (): JsonObject => ({
  id: 7,
  uuid: alice.uuid,
  tenant_uuid: tenant,
  firstname: alice.firstname,
  lastname: alice.lastname,
  email: 'alice@example.com',
  subscription_type: 1,
  created_at: '2026-01-12T09:30:00.000000+00:00',
});

const message = ({ now }: Moment): JsonObject => ({
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  voicemail_id: 5,
  message_id: '1719835200-00000001',
  message: {
    id: '1719835200-00000001',
    caller_id_name: fullName(bob),
    caller_id_num: bob.exten,
    duration: 17,
    timestamp: Math.floor(Date.parse(now) / 1000),
    folder: { id: 1, name: 'inbox', type: 'new' },
    voicemail: { id: 5, name: fullName(alice) },
  },
});

const transcription = (moment: Moment): JsonObject => ({
  ...message(moment),
  transcription: { language: 'en', text: 'Hello Alice, please call me back.', provider: 'local' },
});

const chatMessage = ({ now }: Moment): JsonObject => ({
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  content: 'Are you coming to the meeting?',
  alias: fullName(bob),
  user_uuid: bob.uuid,
  tenant_uuid: tenant,
  wazo_uuid: '1b5d36f1-0f5b-4a0d-8e5b-a4e7b0d6b1c2',
  created_at: now,
  room: {
    uuid: '6fa459ea-ee8a-4ca4-894e-db77e160355e',
    name: null,
    users: [{ uuid: alice.uuid }, { uuid: bob.uuid }],
  },
});

const presence = ({ now }: Moment): JsonObject => ({
  uuid: alice.uuid,
  tenant_uuid: tenant,
  state: 'available',
  status: 'Back at 2 pm',
  last_activity: now,
  do_not_disturb: false,
  mobile: true,
  connected: true,
  line_state: 'available',
  lines: [{ id: 12, state: 'available' }],
  sessions: [{ uuid: 'aa1b6b0e-4df5-4d0a-b1b1-6b3d0f9a2c11', mobile: true }],
});

const session = (): JsonObject => ({
  uuid: 'aa1b6b0e-4df5-4d0a-b1b1-6b3d0f9a2c11',
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  mobile: false,
});

const refreshToken = (): JsonObject => ({
  client_id: 'my-application',
  mobile: true,
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
});

const fax = ({ now }: Moment): JsonObject => ({
  id: '1719835260.46',
  call_id: '1719835260.46',
  context: 'internal',
  extension: '15550123',
  caller_id: fullName(alice),
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  datetime: now,
});

const agent = (): JsonObject => ({
  agent_id: 21,
  agent_number: '2001',
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
});

const queueLog = ({ now }: Moment): JsonObject => ({
  user_uuid: alice.uuid,
  agent_id: 21,
  queue: { id: 4, name: 'support' },
  timestamp: now,
});

const forward = (): JsonObject => ({
  user_id: 7,
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  enabled: true,
  destination: bob.exten,
});

const service = (): JsonObject => ({
  user_id: 7,
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  enabled: true,
});

const externalAuth = (): JsonObject => ({
  user_uuid: alice.uuid,
  tenant_uuid: tenant,
  external_auth_name: 'microsoft',
});

const perUser = 'user';
const voicemail = (kind: string, owner: string) => `${owner}_voicemail_${kind}`;

export const people: Record<string, Sample> = {
  ...each(['user_created', 'user_edited', 'user_deleted'], user),
  ...each(['auth_session_created', 'auth_session_deleted', 'auth_session_expire_soon'], session),
  ...each(['auth_refresh_token_created', 'auth_refresh_token_deleted'], refreshToken),
  ...each(
    [
      'auth_user_external_auth_added',
      'auth_user_external_auth_authorized',
      'auth_user_external_auth_deleted',
    ],
    externalAuth,
  ),
  ...each(['auth_tenant_added', 'auth_tenant_updated', 'auth_tenant_deleted'], () => ({
    uuid: tenant,
    name: 'Example Inc.',
    slug: 'example',
    domain_names: ['example.com'],
  })),
  ...each(
    ['message_created', 'message_updated', 'message_deleted'].flatMap((kind) => [
      voicemail(kind, perUser),
      voicemail(kind, 'global'),
    ]),
    message,
  ),
  ...each(
    ['transcription_created', 'transcription_deleted'].flatMap((kind) => [
      voicemail(kind, perUser),
      voicemail(kind, 'global'),
    ]),
    transcription,
  ),
  chatd_user_room_message_created: chatMessage,
  chatd_user_room_created: ({ now }) => ({
    uuid: '6fa459ea-ee8a-4ca4-894e-db77e160355e',
    name: null,
    tenant_uuid: tenant,
    created_at: now,
    users: [{ uuid: alice.uuid }, { uuid: bob.uuid }],
  }),
  chatd_presence_updated: presence,
  ...each(
    [
      'fax_outbound_created',
      'fax_outbound_succeeded',
      'fax_outbound_user_created',
      'fax_outbound_user_succeeded',
    ],
    fax,
  ),
  ...each(['fax_outbound_failed', 'fax_outbound_user_failed'], (moment) => ({
    ...fax(moment),
    error: 'FAILED_TO_CONNECT',
    error_explanation: 'The other side did not answer.',
  })),
  agent_status_update: () => ({ ...agent(), status: 'logged_in' }),
  ...each(['agent_paused', 'agent_unpaused'], () => ({
    ...agent(),
    queue: 'support',
    paused: true,
    pausedReason: 'lunch',
  })),
  ...each(['user_agent_queue_logged_in', 'user_agent_queue_logged_off'], queueLog),
  ...each(
    [
      'users_forwards_busy_updated',
      'users_forwards_noanswer_updated',
      'users_forwards_unconditional_updated',
    ],
    forward,
  ),
  ...each(['users_services_dnd_updated', 'users_services_incallfilter_updated'], service),
  ...each(['favorite_added', 'favorite_deleted'], () => ({
    xivo_uuid: '1b5d36f1-0f5b-4a0d-8e5b-a4e7b0d6b1c2',
    user_uuid: alice.uuid,
    source: 'my_csv',
    source_entry_id: '42',
  })),
};
