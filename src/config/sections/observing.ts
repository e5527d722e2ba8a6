import { integer, nullable, string } from '../../schema.ts';
import { section } from './section.ts';

/** A port for machines that look after the daemon. */
export const Observing = section(
  {
    listen: string({ default: '127.0.0.1', minLength: 1, description: 'Address of that port.' }),
    port: nullable(integer({ minimum: 0, maximum: 65535 }), {
      default: null,
      description:
        'A port of its own for `/metrics` and `/health`, without tokens; null: none. The REST API has `/health/live` and `/health/ready` too, without a token, and `/1.0/metrics` with one.',
    }),
  },
  'For machines that look after the daemon.',
);
