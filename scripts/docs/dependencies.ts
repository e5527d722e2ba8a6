/** From package.json, the lock file and what a person found out: the page of dependencies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../test/support/root.ts';
import { reviews, reviewed } from './dependency-reviews.ts';
import { code, madeBy, table } from './markdown.ts';

interface LockedPackage {
  version: string;
  license?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  optional?: boolean;
}

type Names = Record<string, string>;

interface Package {
  dependencies: Names;
  devDependencies: Names;
  optionalDependencies: Names;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(packageRoot, file), 'utf8'));

/** @throws when a direct dependency has no review, or a review no dependency */
export function dependenciesPage(): string {
  const { dependencies, devDependencies, optionalDependencies } = read('package.json') as Package;
  const { packages } = read('package-lock.json') as { packages: Record<string, LockedPackage> };
  const own = Object.keys({ ...dependencies, ...optionalDependencies });
  // The package itself, linked for its plugins.
  const forWork = Object.keys(devDependencies).filter((name) => name !== 'webhookd');
  checkReviews([...own, ...forWork]);
  const shipped = new Set(own.flatMap((name) => [...reach(name, packages)]));
  const scripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([place]) => nameOf(place));
  const rows = (names: string[]) => names.sort().map((name) => row(name, packages));
  const licences = [...new Set([...shipped].map((place) => packages[place]?.license ?? 'none'))];
  return `# Dependencies

${madeBy('package.json, package-lock.json and scripts/docs/dependency-reviews.ts')}

Versions are exact and locked with their hashes. What an installed daemon has are ${shipped.size} packages, the direct ones
included, under these licences: ${licences.sort().join(', ')}. A dependency that is added has to be reviewed:
\`npm run check\` fails as long as it has no row here.

npm runs install scripts of packages only when \`allowScripts\` in package.json allows it. Those that have one:
${[...new Set(scripts)].sort().map(code).join(', ')}.

Last reviewed on ${reviewed.date}. ${reviewed.advisories}

"Needs" counts the packages that come along, itself not included. "Release" is the newest one that the registry had at
the review; a newer one than ours means that it needs a newer Node.js, or was not tried yet, as the last column says.

## What runs in the daemon

${table(headings, rows(own))}

## What it is built, tested and checked with

${table(headings, rows(forWork))}
`;
}

const headings = ['Package', 'Version', 'Licence', 'Needs', 'Release', 'Why, and how it is kept'];

function checkReviews(names: string[]): void {
  const missing = names.filter((name) => !Object.hasOwn(reviews, name));
  const left = Object.keys(reviews).filter((name) => !names.includes(name));
  if (missing.length + left.length === 0) return;
  throw new Error(
    `scripts/docs/dependency-reviews.ts: to be added: ${missing.join(', ') || 'none'}; to be removed: ${left.join(', ') || 'none'}`,
  );
}

function row(name: string, packages: Record<string, LockedPackage>): string[] {
  const { version = '', license = 'none' } = packages[`node_modules/${name}`] ?? {};
  const { why, release } = reviews[name] ?? { why: '', release: '' };
  const needs = reach(name, packages).size - 1;
  return [code(name), version, license, String(needs), release, why];
}

/** The places of a package and of all that come along with it. */
function reach(name: string, packages: Record<string, LockedPackage>): Set<string> {
  const found = new Set<string>();
  const visit = (place: string) => {
    const entry = packages[place];
    if (entry === undefined || found.has(place)) return;
    found.add(place);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = entry;
    const peers = Object.keys(peerDependencies).filter(
      (peer) => entry.peerDependenciesMeta?.[peer]?.optional !== true,
    );
    for (const next of [
      ...Object.keys(dependencies),
      ...Object.keys(optionalDependencies),
      ...peers,
    ])
      visit(resolve(next, place, packages));
  };
  visit(`node_modules/${name}`);
  return found;
}

/** Where Node.js finds a package that another one asks for. */
function resolve(name: string, from: string, packages: Record<string, LockedPackage>): string {
  for (let place = from; ;) {
    const candidate = `${place === '' ? '' : `${place}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined || place === '') return candidate;
    const up = place.lastIndexOf('/node_modules/');
    place = up < 0 ? '' : place.slice(0, up);
  }
}

const nameOf = (place: string) =>
  place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
