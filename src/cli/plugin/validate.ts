import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../errors.ts';
import { plainLines } from '../../one-line.ts';
import { manifestOf } from '../../plugins/installer.ts';
import type { PluginManifest } from '../../plugins/manifest.ts';
import { limitsOf } from '../../plugins/host/limits.ts';
import { tryToLoad } from '../../plugins/trial.ts';
import { isPattern } from '../../subscriptions/patterns.ts';
import { type GlobalOptions, withJson } from '../options.ts';
import { printJson } from '../output.ts';

interface ValidateOptions extends GlobalOptions {
  dir: string;
  json: boolean;
}

/** One thing that was looked at. */
interface Finding {
  what: string;
  /** null: it is fine. */
  problem: string | null;
  /** Worth a look, and no reason to refuse the package. */
  hint: string | null;
}

export const validateCommand: CommandModule<object, ValidateOptions> = {
  command: 'validate <dir>',
  describe: 'Check a plugin the way the daemon does; ends with 1 when it would be refused',
  builder: (yargs) =>
    withJson(yargs).positional('dir', {
      type: 'string',
      demandOption: true,
      describe: 'The folder of the package',
    }),
  handler: async ({ dir, json, config }) => {
    const findings = await look(resolve(dir), config);
    if (json) printJson(findings);
    else for (const finding of findings) console.log(plainLines(lineOf(finding)));
    const wrong = findings.filter(({ problem }) => problem !== null);
    if (wrong.length > 0)
      throw new UserError(`${wrong.length} of ${findings.length} checks failed`);
  },
};

function lineOf({ what, problem, hint }: Finding): string {
  const mark = problem === null ? '✓' : '✗';
  return [
    `${mark} ${what}${problem === null ? '' : `: ${problem}`}`,
    ...(hint === null ? [] : [`  ! ${hint}`]),
  ].join('\n');
}

const fine = (what: string, hint: string | null = null): Finding => ({ what, problem: null, hint });

async function look(directory: string, config: string | undefined): Promise<Finding[]> {
  let manifest: PluginManifest;
  try {
    manifest = manifestOf(directory, directory);
  } catch (error) {
    return [{ what: 'package.json', problem: (error as Error).message, hint: null }];
  }
  const about = `package.json of ${manifest.name} ${manifest.version}`;
  try {
    return [fine(about), ...(await lookAtEntries(manifest, config))];
  } catch (error) {
    return [fine(about), { what: 'loading', problem: (error as Error).message, hint: null }];
  }
}

async function lookAtEntries(
  manifest: PluginManifest,
  config: string | undefined,
): Promise<Finding[]> {
  const { plugins } = loadConfig({ file: config }).config;
  const { entries } = await tryToLoad(manifest, limitsOf(plugins));
  const hints = await eventHints(manifest);
  return entries.map(({ service, traits, problem }) => {
    const events = traits?.respondsTo ?? null;
    const what =
      events === null ? `service ${service}` : `handler ${service} of ${events.join(', ')}`;
    const unknown = (events ?? []).flatMap((name) => hints(name) ?? []);
    return {
      what,
      problem: problem?.message ?? null,
      hint: unknown.length === 0 ? null : unknown.join('\n  ! '),
    };
  });
}

/** What may be wrong with the name of an event. */
async function eventHints({ events: own }: PluginManifest) {
  const { findEvent, similarName } = await import('../../events/catalogue.ts');
  return (name: string): string | undefined => {
    if (isPattern(name) || own.includes(name) || findEvent(name) !== undefined) return undefined;
    const nearest = similarName(name);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    return `${name} is in no catalogue of events${hint}`;
  };
}
