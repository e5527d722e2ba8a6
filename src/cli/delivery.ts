import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import { connect } from './client.ts';
import { type RemoteOptions, withRemote } from './options.ts';
import { printJson, printOne, printTable } from './output.ts';

interface DeliveryBody {
  id: string;
  subscription_uuid: string;
  event: { name: string };
  received_at: string;
  status: string;
  attempts: number;
  next_attempt_at: string | null;
}

const path = (id: string, action = '') => `deliveries/${encodeURIComponent(id)}${action}`;

interface ListOptions {
  subscription?: string | undefined;
  event?: string | undefined;
  status?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  before?: string | undefined;
  limit: number;
}

const listCommand: CommandModule<object, RemoteOptions & ListOptions> = {
  command: 'list',
  describe: 'List deliveries, the newest first',
  builder: (yargs) =>
    withRemote(yargs)
      .option('subscription', { type: 'string', describe: 'Only those of this subscription' })
      .option('event', { type: 'string', describe: 'Only those of events of this name' })
      .option('status', {
        choices: ['pending', 'succeeded', 'failed', 'parked', 'cancelled'],
        describe: 'Only those in this state',
      })
      .option('since', { type: 'string', describe: 'Received then or later' })
      .option('until', { type: 'string', describe: 'Received before' })
      .option('before', { type: 'string', describe: 'Only older ones than the one of this id' })
      .option('limit', { type: 'number', default: 50, describe: 'How many' }),
  handler: async (options) => {
    const { subscription, event, status, since, until, before, limit } = options;
    const asked = Object.entries({ subscription, event, status, since, until, before, limit });
    const query = new URLSearchParams();
    for (const [key, value] of asked) if (value !== undefined) query.set(key, String(value));
    const { items } = (await connect(options)('GET', `deliveries?${query.toString()}`)) as {
      items: DeliveryBody[];
    };
    if (options.json) printJson(items);
    else
      printTable(
        ['ID', 'RECEIVED', 'EVENT', 'STATUS', 'ATTEMPTS', 'NEXT'],
        items.map((item) => [
          item.id,
          item.received_at,
          item.event.name,
          item.status,
          String(item.attempts),
          item.next_attempt_at ?? '',
        ]),
      );
  },
};

/** A command that does one thing with one delivery, and shows it. */
const one = (
  name: string,
  describe: string,
  method: 'GET' | 'POST',
  action = '',
): CommandModule<object, RemoteOptions & { id: string }> => ({
  command: `${name} <id>`,
  describe,
  builder: (yargs) => withRemote(yargs).positional('id', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const found = (await connect(options)(method, path(options.id, action))) as Record<
      string,
      unknown
    >;
    printOne(found, options.json);
  },
});

interface ReplayOptions {
  subscription: string;
  since?: string | undefined;
  until?: string | undefined;
  status?: string[] | undefined;
  event?: string[] | undefined;
  'dry-run': boolean;
}

interface ReplayBody {
  id: string;
  status: string;
  total: number;
  done: number;
}

const replayCommand: CommandModule<object, RemoteOptions & ReplayOptions> = {
  command: 'replay <subscription>',
  describe: 'Deliver past events of a subscription again; it goes on when this command is ended',
  builder: (yargs) =>
    withRemote(yargs)
      .positional('subscription', { type: 'string', demandOption: true })
      .option('since', { type: 'string', describe: 'Received then or later' })
      .option('until', { type: 'string', describe: 'Received before' })
      .option('status', {
        type: 'string',
        array: true,
        describe: 'How they ended: failed (unless given), succeeded or cancelled',
      })
      .option('event', {
        type: 'string',
        array: true,
        describe: 'Only events of this name; may be repeated',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only count' }),
  handler: async (options) => {
    const call = connect(options);
    const { subscription, since, until, status, event, 'dry-run': dryRun } = options;
    const begun = (await call('POST', `subscriptions/${encodeURIComponent(subscription)}/replay`, {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(status === undefined ? {} : { status }),
      ...(event === undefined ? {} : { events: event }),
      dry_run: dryRun,
    })) as ReplayBody;
    if (dryRun) {
      if (options.json) printJson(begun);
      else console.log(`${begun.total} deliveries would be taken up again`);
      return;
    }
    let replay = begun;
    if (!options.json && process.stdout.isTTY) console.log(`replay ${begun.id}`);
    while (replay.status === 'running') {
      if (!options.json) showProgress(replay);
      await sleep(250);
      replay = (await call('GET', `replays/${replay.id}`)) as ReplayBody;
    }
    if (options.json) printJson(replay);
    else {
      showProgress(replay);
      console.log(
        `${process.stdout.isTTY ? '\n' : ''}${replay.done} deliveries taken up again (replay ${replay.id}: ${replay.status})`,
      );
    }
  },
};

const cancelReplayCommand: CommandModule<object, RemoteOptions & { replay: string }> = {
  command: 'cancel-replay <replay>',
  describe: 'End a replay; what it has taken up already is delivered',
  builder: (yargs) =>
    withRemote(yargs).positional('replay', { type: 'string', demandOption: true }),
  handler: async (options) => {
    const replay = (await connect(options)(
      'POST',
      `replays/${encodeURIComponent(options.replay)}/cancel`,
    )) as ReplayBody;
    if (options.json) printJson(replay);
    else console.log(`${replay.status}: ${replay.done} of ${replay.total} deliveries taken up`);
  },
};

/** Drawn over itself on a terminal; nothing elsewhere. */
function showProgress({ done, total }: ReplayBody): void {
  if (!process.stdout.isTTY) return;
  const width = 40;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(width * share);
  process.stdout.write(
    `\r[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${done} of ${total}`,
  );
}

export const deliveryCommand: CommandModule = {
  command: 'delivery',
  describe: 'Look at deliveries, and make them again',
  builder: (yargs) =>
    yargs
      .command(listCommand)
      .command(one('show', 'Show a delivery with its attempts', 'GET'))
      .command(one('retry', 'Attempt a delivery now', 'POST', '/retry'))
      .command(one('cancel', 'Attempt a delivery no more', 'POST', '/cancel'))
      .command(replayCommand)
      .command(cancelReplayCommand)
      .demandCommand(1, 'Name what to do: list, show, retry, cancel, replay or cancel-replay.'),
  handler: () => undefined,
};
