/** Options of a subscription of the http service. */

/** As they are kept; subscriptions of before may still have nulls and methods in upper case. */
export interface HttpConfig {
  url: string;
  method?: string | null;
  body?: string | null;
  content_type?: string | null;
  verify_certificate?: string | null;
}

/** The same as JSON Schema. */
export const httpConfigSchema = {
  type: 'object',
  dropNulls: true,
  required: ['url'],
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
      description: 'The body; without it the event’s data as JSON.',
    },
    content_type: {
      type: 'string',
      maxLength: 256,
      // What a header may carry.
      pattern: '^[\\t\\u0020-\\u007e\\u0080-\\u00ff]*$',
      description: 'The Content-Type of a body given here.',
    },
    verify_certificate: {
      type: 'string',
      pattern: '^(true|false|/.*)$',
      description: '`true`, `false`, or the path of a file with the authorities to trust.',
    },
  },
};
