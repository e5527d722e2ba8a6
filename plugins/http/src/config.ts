/** Options of a subscription of the http service. */
import type { SignatureKind } from 'webhookd/plugin';

/** As they are kept; subscriptions of before may still have nulls and methods in upper case. */
export interface HttpConfig {
  url: string;
  method?: string | null;
  body?: string | null;
  payload?: 'data' | 'envelope' | null;
  content_type?: string | null;
  headers?: Record<string, string> | null;
  auth?: HttpAuth | null;
  signatures?: SignatureKind[] | null;
  verify_certificate?: string | null;
  client_certificate?: string | null;
  client_key?: string | null;
}

/** Who the endpoint is to take the daemon for. */
export type HttpAuth =
  { type: 'basic'; username: string; password: string } | { type: 'bearer'; token: string };

/** What a header may carry. */
const headerText = '^[\\t\\u0020-\\u007e\\u0080-\\u00ff]*$';

const pem = (description: string) => ({
  type: 'string',
  maxLength: 65536,
  pattern: '^(/|-----BEGIN )',
  description,
});

/** The same as JSON Schema. */
export const httpConfigSchema = {
  type: 'object',
  dropNulls: true,
  required: ['url'],
  dependencies: { client_certificate: ['client_key'], client_key: ['client_certificate'] },
  properties: {
    url: {
      type: 'string',
      maxLength: 8192,
      httpUrl: true,
      template: true,
      description: 'Where to send the request.',
    },
    method: {
      type: 'string',
      default: 'post',
      lowercase: true,
      enum: ['head', 'get', 'post', 'put', 'delete'],
      description: 'head, get, post, put or delete.',
    },
    body: {
      type: 'string',
      maxLength: 16384,
      template: true,
      description: 'The body; without it what `payload` says, as JSON.',
    },
    payload: {
      type: 'string',
      enum: ['data', 'envelope'],
      description:
        '`data`: the event’s data; `envelope`: `{ type, timestamp, data }` as in Standard Webhooks.',
    },
    content_type: {
      type: 'string',
      maxLength: 256,
      pattern: headerText,
      description: 'The Content-Type of a body given here.',
    },
    headers: {
      type: 'object',
      maxProperties: 50,
      propertyNames: { headerName: true },
      additionalProperties: { type: 'string', maxLength: 4096, template: true },
      description: 'Further headers, by name; the values may be templates.',
    },
    auth: {
      type: 'object',
      required: ['type'],
      properties: { type: { enum: ['basic', 'bearer'] } },
      if: { properties: { type: { const: 'basic' } } },
      then: {
        required: ['username', 'password'],
        properties: {
          username: { type: 'string', maxLength: 1024, pattern: '^[^:\\u0000-\\u001f]*$' },
          password: { type: 'string', maxLength: 1024, pattern: '^[^\\u0000-\\u001f]*$' },
        },
      },
      else: {
        required: ['token'],
        properties: { token: { type: 'string', maxLength: 8192, pattern: '^[\\u0021-\\u007e]+$' } },
      },
      description:
        '`{ "type": "basic", "username", "password" }` or `{ "type": "bearer", "token" }`.',
    },
    signatures: {
      type: 'array',
      items: { enum: ['v1', 'v1a'] },
      uniqueItems: true,
      description: 'Kinds of signatures to send: `v1` (HMAC-SHA256, the default), `v1a` (Ed25519).',
    },
    verify_certificate: {
      type: 'string',
      pattern: '^(true|false|/.*)$',
      description: '`true`, `false`, or the path of a file with the authorities to trust.',
    },
    client_certificate: pem('A certificate to show to the endpoint: PEM, or the path of a file.'),
    client_key: pem('Its private key: PEM, or the path of a file.'),
  },
};
