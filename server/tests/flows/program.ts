import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../main.ts');

/** The program as a person starts it. */
export interface Program {
  readonly process: ChildProcess;
  /** What it has printed so far, both streams. */
  readonly output: () => string;
  /** Its address, once it has announced it. Rejects with what it printed when it ends instead. */
  readonly address: Promise<string>;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts `node server/main.ts` with these settings and no others. */
export function startProgram(settings: Readonly<Record<string, string>>): Program {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [main], {
    env: { PATH, HOME, PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((settle) => child.on('close', settle));
  const address = new Promise<string>((settle, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /Fastify Vue3 Admin {2}(http:\/\/\S+)/.exec(output)?.[1];
      if (found) settle(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then((code) => fail(new Error(`ended with ${code}:\n${output}`)));
  });
  address.catch(() => undefined);
  return { process: child, output: () => output, address, ended };
}

/** Asks it to stop and waits until it has. */
export async function stopProgram(program: Program): Promise<number | null> {
  program.process.kill('SIGTERM');
  return program.ended;
}

/** Sends JSON to a running program. */
export async function call(
  address: string,
  method: string,
  path: string,
  options: { token?: string; body?: object } = {},
) {
  const response = await fetch(`${address}/api/v1/${path}`, {
    method,
    headers: {
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...(options.body && { 'content-type': 'application/json' }),
    },
    ...(options.body && { body: JSON.stringify(options.body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts the shape of what it reads
  return { status: response.status, body: (await response.json()) as any };
}

/** Signs in and gives the access token with what else was answered. */
export async function signIn(address: string, password: string) {
  const { body } = await call(address, 'POST', 'auth/login', { body: { username: 'admin', password } });
  return body.data as { access_token: string; must_change_password: boolean };
}
