/**
 * Installs and builds what is missing, and nothing when nothing is.
 *
 * This runs on a fresh clone: it may use nothing but what Node brings along.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const brokerScript = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const brokerPackages = ['rabbitmq-server'];
const postgresPrograms = '/usr/lib/postgresql';
/** The real Jinja2, which the tests compare the templates with. */
const jinjaPackages = ['python3-jinja2'];
/** What compiles native modules for which no binary can be downloaded. */
const compilerPackages = ['python3', 'make', 'g++'];

/** Said to the user in one line and without a stack. */
export class BootstrapError extends Error {
  name = 'BootstrapError';
  exitCode;

  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Makes everything ready that runs from this folder: packages, then compiled code. */
export async function bootstrap() {
  await ensurePackages();
  await build();
}

/** Runs what a script is for, and ends the process as it should end. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    if (error.message !== '') console.error(error.message);
    process.exitCode = error.exitCode;
  }
}

/** The npm packages of the lock file. */
export async function ensurePackages() {
  if (isInstalled()) return;
  say('installing npm packages (a native module may have to be compiled: about a minute)');
  if ((await npm('ci')) === 0) return;
  const missing = compilerPackages.filter((tool) => !isOnPath(tool));
  if (missing.length === 0) throw new BootstrapError('npm ci failed; its output above says why');
  await installPackages(missing, 'to compile native modules');
  if ((await npm('ci')) !== 0) throw new BootstrapError('npm ci failed; its output above says why');
}

/** npm writes its hidden lock file last, so that an installation that broke off counts as none. */
function isInstalled() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  return (
    existsSync(hidden) &&
    statSync(hidden).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

/** Compiles what has changed; the compiler knows what that is. */
export async function build() {
  const projects = ['.', 'plugins/http', 'plugins/example', 'plugins/task-webhook', 'test'];
  const status = await runTool('typescript/bin/tsc', ['-b', ...projects]);
  if (status !== 0) throw new BootstrapError('the build failed');
  chmodSync(join(root, 'dist/cli/main.js'), 0o755);
}

/** The RabbitMQ server's package; private brokers are started from it. */
export async function ensureBrokerPackage() {
  if (existsSync(brokerScript)) return;
  await installPackages(brokerPackages, 'for a private broker');
  if (!existsSync(brokerScript))
    throw new BootstrapError(`rabbitmq-server is installed, but there is no ${brokerScript}`);
}

/** PostgreSQL's server, from which tests start private ones. */
export async function ensurePostgres() {
  if (existsSync(postgresPrograms)) return;
  await installPackages(['postgresql'], 'to test the import from a wazo-webhookd');
  if (!existsSync(postgresPrograms))
    throw new BootstrapError(`postgresql is installed, but there is no ${postgresPrograms}`);
}

/** Python with Jinja2: the system's Python, whose packages apt-get installs, or else the first on the path. */
export async function ensureJinja() {
  const hasJinja = async () => {
    for (const python of ['/usr/bin/python3', 'python3']) if (await knowsJinja(python)) return true;
    return false;
  };
  if (await hasJinja()) return;
  await installPackages(jinjaPackages, 'to compare templates with the real Jinja2');
  if (!(await hasJinja()))
    throw new BootstrapError('python3-jinja2 is installed, but python3 cannot import jinja2');
}

/** Sets the clock of single processes; Debian keeps it beside the libraries of each architecture. */
export async function ensureFaketime() {
  const isThere = () =>
    readdirSync('/usr/lib').some((name) =>
      existsSync(join('/usr/lib', name, 'faketime/libfaketimeMT.so.1')),
    );
  if (isThere()) return;
  await installPackages(['libfaketime'], 'to set the clock of a daemon under test');
  if (!isThere())
    throw new BootstrapError(
      'libfaketime is installed, but there is no /usr/lib/*/faketime/libfaketimeMT.so.1',
    );
}

async function knowsJinja(python) {
  const isThere = python.startsWith('/') ? existsSync(python) : isOnPath(python);
  const options = { stdio: 'ignore' };
  return isThere && (await run(python, ['-c', 'import jinja2.sandbox'], options)) === 0;
}

async function installPackages(packages, purpose) {
  const names = packages.join(' ');
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new BootstrapError(
      isOnPath('apt-get')
        ? `${names} needed ${purpose}; install with:\n  sudo apt-get install -y --no-install-recommends ${names}`
        : `${names} needed ${purpose}; install with your system's package manager`,
    );
  }
  say(`installing ${names} with apt-get, ${purpose}`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  await withoutStartingServices(async () => {
    const isListed =
      (await run('apt-cache', ['show', '--quiet', ...packages], { stdio: 'ignore' })) === 0;
    if (isListed && (await run('apt-get', install, options)) === 0) return;
    // No package lists yet, or lists so old that they name files which are gone.
    await run('apt-get', ['update', '-q'], options);
    if ((await run('apt-get', install, options)) !== 0)
      throw new BootstrapError(`apt-get could not install ${names}`);
  });
}

/** Debian's packages ask this file whether they may start their service; the system's broker is not wanted. */
async function withoutStartingServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** Runs a command of an installed npm package; its exit status. */
export function runTool(file, args, options) {
  return run(process.execPath, [join(root, 'node_modules', file), ...args], options);
}

/** Runs npm: the one that runs this script, if there is one. */
export function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? run(process.execPath, [cli, ...args]) : run('npm', args);
}

/**
 * Runs a command in the project's folder; its exit status. A signal ends this script too, but only after
 * the command has cleaned up.
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  let received;
  const pass = (signal) => {
    received = signal;
    // A terminal sends its signals to the command as well, which may take the second one for impatience.
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  try {
    const [code, signal] = await once(child, 'exit');
    const fatal = received ?? signal;
    if (fatal !== null) throw new BootstrapError('', 128 + constants.signals[fatal]);
    return code;
  } catch (error) {
    if (error instanceof BootstrapError) throw error;
    throw new BootstrapError(`${command} cannot be run: ${error.message}`);
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name));
      return true;
    } catch {
      return false;
    }
  });
}

/** On stderr: stdout belongs to what is run afterwards. */
function say(message) {
  console.error(`» ${message}`);
}
