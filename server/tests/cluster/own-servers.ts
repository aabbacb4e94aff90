import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runOnServer } from '#extensions/database/testing.ts';
import { parseDatabaseUrl, type ServerAddress } from '#extensions/database/url.ts';
import { eventually } from './cluster.ts';

/** A server of a test's own, in a temporary folder: it can be stopped without harm to anybody. */
export interface OwnServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and leaves nothing. */
  close(): Promise<void>;
}

const versionsOfPostgres = () => {
  try {
    return readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`);
  } catch {
    return [];
  }
};

/** Where a program is, also where Debian keeps those that administrators use; null when it is not installed. */
function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...versionsOfPostgres()];
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {}
  }
  return null;
}

/** The programs that are not installed, as a reason to skip a test; false when all of them are there. */
export function missingPrograms(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findProgram(name) === null);
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

const program = (name: string) => findProgram(name) ?? name;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

interface Command {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly words: readonly [string, ...string[]];
  readonly stopSignal?: NodeJS.Signals;
  /** Whom it runs as, where the test itself is root. */
  readonly account?: { readonly uid: number; readonly gid: number } | null;
}

/** A server that listens at a port while its process lives. */
async function openServer({ url, port, folder, words, stopSignal = 'SIGTERM', account }: Command): Promise<OwnServer> {
  let child: ChildProcess | undefined;
  const [file, ...parameters] = words;
  const stop = async () => {
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill(stopSignal);
    await ended;
    child = undefined;
  };
  const start = async () => {
    const started = spawn(file, parameters, { stdio: 'ignore', cwd: folder, ...account });
    child = started;
    const isThere = async () => {
      if (started.exitCode !== null) throw new Error(`${file} ended with ${started.exitCode}`);
      return listens(port);
    };
    await eventually(`${file} listens`, isThere, 50);
  };
  await start();
  return {
    url,
    start,
    stop,
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Redis that keeps nothing: whoever stops it loses all that was in it. */
export async function openRedis(): Promise<OwnServer> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'redis-'))];
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const url = `redis://127.0.0.1:${port}/0`;
  return openServer({ url, port, folder, words: [program('redis-server'), ...options] });
}

/** MariaDB with an empty database. */
export async function openMariadb(): Promise<OwnServer> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'mariadb-'))];
  const isRoot = process.getuid?.() === 0;
  const common = ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...(isRoot ? ['--user=root'] : [])];
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  execFileSync(program('mariadb-install-db'), [...common, ...install], { stdio: 'ignore' });
  const options = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 's')}`];
  const small = ['--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M', '--skip-log-bin'];
  const home = `mysql://root@127.0.0.1:${port}`;
  const words = [program('mariadbd'), ...common, ...options, ...small] as const;
  const server = await openServer({ url: `${home}/app`, port, folder, words });
  await runOnServer(parseDatabaseUrl(`${home}/mysql`) as ServerAddress, 'create database app character set utf8mb4');
  return server;
}

/** PostgreSQL with an empty database. Its programs refuse root, so root runs them as `postgres`. */
export async function openPostgres(): Promise<OwnServer> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'postgres-'))];
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : null;
  if (account) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const install = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(program('initdb'), install, { stdio: 'ignore', cwd: folder, ...account });
  const options = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
  ];
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  // The usual signal would wait for its clients.
  const words = [program('postgres'), ...options] as const;
  return openServer({ url, port, folder, words, stopSignal: 'SIGINT', account });
}
