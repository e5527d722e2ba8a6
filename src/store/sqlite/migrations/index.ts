import { initial } from './001-initial.ts';
import { tokensAcl } from './002-tokens-acl.ts';
import { deliveriesByEvent } from './003-deliveries-by-event.ts';
import { plugins } from './004-plugins.ts';
import { deliveryOptions } from './005-delivery-options.ts';
import { replays } from './006-replays.ts';
import { outbox } from './007-outbox.ts';
import { detailWithoutData } from './008-detail-without-data.ts';
import { lists } from './009-lists.ts';

/** SQL that brings a database from version n (its place here) to n + 1. Never change one that was released. */
export const migrations: readonly string[] = [
  initial,
  tokensAcl,
  deliveriesByEvent,
  plugins,
  deliveryOptions,
  replays,
  outbox,
  detailWithoutData,
  lists,
];
