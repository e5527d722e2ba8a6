/** A PostgreSQL of one's own: own port, own data, loopback only, nothing left behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from './ports.ts';
import { until } from './wait.ts';

const password = 'a password of the test';

/** Ends the server and removes its data with the process that started it, even when that is killed. */
const guardScript = `
cat > /dev/null
kill -QUIT "$2" 2> /dev/null
while kill -0 "$2" 2> /dev/null; do sleep 0.1; done
rm -rf "$1"`;

/** Where Debian keeps the newest version's programs. */
function binaries(): string {
  const root = '/usr/lib/postgresql';
  const [newest = ''] = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return join(root, newest, 'bin');
}

export class TestPostgres {
  private constructor(
    private readonly port: number,
    private readonly server: ChildProcess,
    private readonly guard: ChildProcess,
  ) {}

  static async start(): Promise<TestPostgres> {
    const [port = 0] = await freePorts(1);
    const directory = mkdtempSync(join(tmpdir(), 'webhookd-postgres-'));
    chmodSync(directory, 0o700);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
      chownSync(directory, id('-u'), id('-g'));
    }
    // The server refuses to run as root.
    const prefix = isRoot
      ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups']
      : [];
    const command = (name: string, ...args: string[]): [string, string[]] => {
      const [file = '', ...rest] = [...prefix, join(binaries(), name), ...args];
      return [file, rest];
    };
    const data = join(directory, 'data');
    const options = { cwd: directory, env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' } };
    execFileSync(
      ...command('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'),
      options,
    );
    const server = spawn(
      ...command(
        'postgres',
        ...['-D', data, '-p', String(port), '-k', directory],
        ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
      ),
      { ...options, stdio: 'ignore' },
    );
    const guard = spawn('sh', ['-c', guardScript, 'guard', directory, String(server.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const postgres = new TestPostgres(port, server, guard);
    try {
      await until('PostgreSQL answers', async () => {
        await postgres.run('postgres', 'SELECT 1');
        return true;
      });
      await postgres.run('postgres', `ALTER USER postgres PASSWORD '${password}'`);
    } catch (error) {
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
    return postgres;
  }

  uri(database: string, secret = password): string {
    return `postgresql://postgres:${encodeURIComponent(secret)}@127.0.0.1:${this.port}/${database}`;
  }

  async run(database: string, sql: string, values?: unknown[]): Promise<void> {
    const client = new pg.Client({ connectionString: this.uri(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(sql, values);
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    this.guard.stdin?.end();
    await until(
      'PostgreSQL ends',
      () => this.server.exitCode !== null || this.server.signalCode !== null,
    );
    await until('its data are removed', () => this.guard.exitCode !== null);
  }
}
