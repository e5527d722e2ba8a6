/** From the table of errors: the reference page. */
import { type ErrorId, errorTable } from '#dist/api/errors.js';
import { code, madeBy, table } from './markdown.ts';

/** When an error is answered; the compiler asks for every one of the table. */
const meanings: Record<ErrorId, string> = {
  'invalid-data':
    'The body, a parameter or a service’s options do not fit. `details` has an entry for each field: `message`, `constraint_id` (the word of JSON Schema) and `constraint` (its value). Of what has more than a thousand values only the first mistake is told.',
  'invalid-json': 'The body is not JSON.',
  'bad-request': 'The request is malformed in another way; the message says how.',
  'search-too-long':
    'A search of the log took longer than 10 s. Give `from_date`, to look at fewer attempts.',
  unauthorized:
    'There is no token, it is not valid, its ACL lacks what the route needs, its tenant is not the one asked for, or the route is for the master tenant only.',
  'no-such-subscription':
    'There is no subscription of that uuid, or it is another tenant’s. `details.subscription_uuid` has the uuid.',
  'no-such-token': 'There is no token of that uuid. `details.token_uuid` has the uuid.',
  'no-such-delivery': 'There is no delivery of this id, or it belongs to another tenant.',
  'no-such-replay': 'There is no replay of this id, or it belongs to another tenant.',
  'no-such-message': 'There is no such message among the dead letters.',
  conflict: 'What was asked for is not possible in the present state: the message says why.',
  'bus-unavailable': 'The broker cannot be asked.',
  'no-such-plugin': 'There is no plugin of that name. `details.plugin` has the name.',
  'no-such-variable': 'The plugin declares no variable of that name.',
  'plugin-refused':
    'The plugin cannot be used like that, as the message says; nothing was changed, and a version that served goes on serving.',
  'not-found': 'There is no such route.',
  'body-too-large': 'The body is larger than `rest_api.max_body_size`.',
  'unsupported-media-type': 'The body’s Content-Type is not `application/json`.',
  'request-timeout':
    'The request took longer to arrive than `rest_api.header_timeout` or `rest_api.request_timeout`.',
  'too-many-requests':
    'Too many requests without a valid token (`rest_api.max_auth_failures`), or too many at all (`rest_api.max_requests_per_minute`). `Retry-After` says when to ask again.',
  'headers-too-large': 'The headers are larger than `rest_api.max_header_size`.',
  'internal-error': 'A mistake in the daemon; its log has the stack.',
  'store-unavailable':
    'Nothing can be written at present (disk full, database locked). Try again later.',
  'authentication-server-unreachable':
    'wazo-auth does not answer, or not in a way that makes sense. Try again later.',
  'master-tenant-not-initialized':
    'The daemon has no token of wazo-auth yet and so does not know the master tenant. Try again later; `/1.0/status` and the log say why.',
};

export function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([id, status]) => [
    code(id),
    String(status),
    meanings[id as ErrorId],
  ]);
  return `# Errors of the REST API

${madeBy('src/api/errors.ts')}

Every error has a body of this form. Programs should look at the status and at \`error_id\`; both stay the
same from version to version, the message may be worded anew.

\`\`\`json
{
  "message": "Sent data is invalid: config.url is missing",
  "error_id": "invalid-data",
  "details": {
    "config.url": { "message": "is missing", "constraint_id": "required", "constraint": "required" }
  },
  "timestamp": 1767225600.5
}
\`\`\`

${table(['\`error_id\`', 'Status', 'When'], rows)}
`;
}
