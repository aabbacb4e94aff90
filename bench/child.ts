import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from './usage.ts';

const START_LIMIT_MS = 20_000;
export const repository = resolve(import.meta.dirname, '..');

/** A server in a process of its own. */
export interface Child {
  readonly port: number;
  /** From the start of the process to its first answer, in milliseconds. */
  readonly startedInMs: number;
  usage(): Promise<Usage>;
  /** Ends it as a supervisor would, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts `script` on a free port and waits for its first answer at /healthz. Its output goes to `logFile`. Throws when it does not answer. */
export async function startChild(script: string, environment: Record<string, string>, logFile: string): Promise<Child> {
  const port = await freePort();
  const output = openSync(logFile, 'a');
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', join(import.meta.dirname, 'usage.ts'), join(repository, script)], {
    cwd: repository,
    // Nothing is inherited but what finds the binary: the settings of whoever measures must not change what is measured.
    env: { PATH: process.env['PATH'], ...environment, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', output, output, 'ipc'],
  });
  const stop = () => end(child);
  try {
    const deadline = started + START_LIMIT_MS;
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${script} did not start; see ${logFile}`);
      await sleep(2);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const startedInMs = performance.now() - started;
  const usage = async () => {
    const answer = once(child, 'message');
    child.send('usage');
    return (await answer)[0] as Usage;
  };
  return { port, startedInMs, usage, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('HTTP/1.1 200')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
