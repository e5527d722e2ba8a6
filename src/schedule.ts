/** When deliveries are attempted again, as configuration and subscriptions say it. */
import { anyOf, array, type Keywords, number, oneOf } from './schema.ts';

/** Pauses between attempts in seconds, or the name of such a list. */
export const scheduleSchema = (keywords: Keywords) =>
  anyOf(
    [
      oneOf(['wazo', 'standard']),
      array(number({ minimum: 0, maximum: 2_592_000 }), { minItems: 1, maxItems: 100 }),
    ],
    keywords,
  );
