/** What tests and the quick start leave behind when they are killed: nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../support/root.ts';
import { until } from '../support/wait.ts';

const script = `
const { startBroker } = await import(process.argv[1]);
const { port, control } = await startBroker();
console.log(JSON.stringify({ port, directory: control.directory }));
setInterval(() => undefined, 1_000);`;

test('a private broker ends with the process that started it, also when that is killed', async () => {
  const module = join(packageRoot, 'build', 'test', 'support', 'broker.js');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, directory } = JSON.parse(line.toString()) as { port: number; directory: string };
  expect(existsSync(directory)).toBe(true);
  child.kill('SIGKILL');
  await until('its port is closed', () => isClosed(port));
  await until('its folder is gone', () => !existsSync(directory));
});

const isClosed = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
