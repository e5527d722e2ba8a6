/** What is published works without anything of this folder around it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { freePorts } from '../support/ports.ts';
import { packageRoot } from '../support/root.ts';

const run = promisify(execFile);

/** The native module is compiled when no binary of it can be downloaded, ms. */
const installPatience = 600_000;

describe('the package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-package-'));
  const command = join(directory, 'node_modules', '.bin', 'webhookd');
  const configFile = join(directory, 'webhookd.yml');
  let files: string[] = [];

  beforeAll(async () => {
    // The tests run what was built; building it once more here would pull it from under the others.
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
    const { stdout } = await run('npm', pack, { cwd: packageRoot });
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    files = packed?.files.map(({ path }) => path) ?? [];

    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const options = [
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--omit=dev',
      '--engine-strict',
    ];
    await run('npm', ['install', ...options, join(directory, packed?.filename ?? '')], {
      cwd: directory,
      timeout: installPatience,
      // The optimizer takes most of the time of a compilation, and is not what is tested.
      env: { ...process.env, CFLAGS: '-O0', CXXFLAGS: '-O0' },
    });

    const [port = 0] = await freePorts(1);
    mkdirSync(join(directory, 'plugins'));
    const config = {
      // Nobody listens there: services are loaded without a broker.
      bus: { url: 'amqp://127.0.0.1:1' },
      rest_api: { port },
      database: { uri: `sqlite:${join(directory, 'webhookd.db')}` },
      plugins: { directory: join(directory, 'plugins') },
      extra_config_files: join(directory, 'conf.d'),
    };
    writeFileSync(configFile, stringify(config));
  }, installPatience);

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('holds what runs, and no sources, tests or build records', () => {
    expect(files).toContain('dist/cli/main.js');
    expect(files).toContain('plugins/http/dist/plugin.js');
    expect(files).toContain('plugins/example/package.json');
    expect(files).toContain('LICENSE');
    expect(
      files.filter((file) => /(^|\/)(src|test|scripts|build)\/|\.tsbuildinfo$/.test(file)),
    ).toEqual([]);
  });

  test('knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { stdout } = await run(command, ['--version']);
    expect(stdout.trim()).toBe(version);
  });

  test('checks a configuration', async () => {
    const { stdout } = await run(command, ['config', 'check', '--config', configFile]);
    expect(stdout).not.toBe('');
    writeFileSync(join(directory, 'wrong.yml'), 'bus: { hots: x }\n');
    const wrong = run(command, ['config', 'check', '--config', join(directory, 'wrong.yml')]);
    await expect(wrong).rejects.toMatchObject({ code: 2 });
  });

  test('runs the daemon with its bundled services, and ends when told', async () => {
    const daemon = new Child(command, ['run', '--config', configFile], { cwd: directory });
    try {
      for (const service of ['example', 'http']) {
        await daemon.printed(new RegExp(`"services":\\["${service}"\\].* loaded`));
      }
      expect(await daemon.stop()).toBe(0);
    } finally {
      await daemon.kill();
    }
  });
});
