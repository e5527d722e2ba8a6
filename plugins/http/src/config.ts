/** Options of a subscription of the http service. */

export interface HttpConfig {
  url: string;
  method?: string;
  body?: string | null;
  content_type?: string | null;
  verify_certificate?: string | null;
}

/** The same as JSON Schema. */
export const httpConfigSchema = {
  type: 'object',
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      maxLength: 8192,
      pattern: '^https?://.',
      description: 'Where to send the request.',
    },
    method: {
      type: 'string',
      default: 'post',
      pattern:
        '^([Hh][Ee][Aa][Dd]|[Gg][Ee][Tt]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Dd][Ee][Ll][Ee][Tt][Ee])$',
      description: 'head, get, post, put or delete.',
    },
    body: {
      type: ['string', 'null'],
      maxLength: 16384,
      description: 'The body; without it the event’s data as JSON.',
    },
    content_type: {
      type: ['string', 'null'],
      maxLength: 256,
      pattern: '^[^\\r\\n]*$',
      description: 'The Content-Type of a body given here.',
    },
    verify_certificate: {
      type: ['string', 'null'],
      pattern: '^(true|false|/.*)$',
      description: '`true`, `false`, or the path of a file with the authorities to trust.',
    },
  },
};
