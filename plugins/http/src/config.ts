/** Options of a subscription of the http service. */
import { Type, type Static } from 'typebox';

export const HttpConfig = Type.Object({
  url: Type.String({ maxLength: 8192, pattern: '^https?://.', description: 'Where to send the request.' }),
  method: Type.Optional(Type.String({
    default: 'post',
    pattern: '^([Hh][Ee][Aa][Dd]|[Gg][Ee][Tt]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Dd][Ee][Ll][Ee][Tt][Ee])$',
    description: 'head, get, post, put or delete.',
  })),
  body: Type.Optional(
    Type.Union([Type.String({ maxLength: 16384 }), Type.Null()], { description: 'The body; without it the event’s data as JSON.' }),
  ),
  content_type: Type.Optional(
    Type.Union([Type.String({ maxLength: 256 }), Type.Null()], { description: 'The Content-Type of a body given here.' }),
  ),
  verify_certificate: Type.Optional(
    Type.Union([Type.String({ pattern: '^(true|false|/.*)$' }), Type.Null()], {
      description: '`true`, `false`, or the path of a file with the authorities to trust.',
    }),
  ),
});

export type HttpConfig = Static<typeof HttpConfig>;
