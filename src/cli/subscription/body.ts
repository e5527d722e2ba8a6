/** What the commands about one subscription have in common. */
import type { RemoteOptions } from '../options.ts';

/** A subscription as the API has it: what is read of it, and the rest, which is passed on as it is. */
export interface SubscriptionBody {
  uuid?: string;
  name: string;
  service: string;
  events: string[];
  config: Record<string, unknown>;
  [key: string]: unknown;
  warning?: string;
}

/** Options of a command about one subscription. */
export type OneOptions = RemoteOptions & { uuid: string };

/** The subscription's address in the API. */
export const pathOf = (uuid: string) => `subscriptions/${encodeURIComponent(uuid)}`;
