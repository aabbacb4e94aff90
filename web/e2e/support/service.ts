import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const server = resolve(import.meta.dirname, '../../../server');
/** The program itself, and the one with work that tests of jobs bring to its end or its failure. */
export const PROGRAM = join(server, 'main.ts');
export const PROGRAM_WITH_WORK = join(server, 'tests/console/service.ts');
/** Of the administrator and of the people of the demonstration. */
export const PASSWORD = 'correct horse battery';

/** The service as it runs in production, on a database of its own, with the people of the demonstration. */
export interface Service {
  readonly url: string;
  /** Requests of the administrator, past the console. */
  readonly admin: Api;
  as(username: string, password?: string): Promise<Api>;
  /** Everything it printed. */
  output(): string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  await new Promise((settle) => server.close(settle));
  return port;
}

/** Starts the service under the name `localhost`, which it knows: what passkeys and providers are bound to. */
export async function startNamedService(
  settingsFor: (url: string) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<Service> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const service = await startService({ PORT: String(port), PUBLIC_URL: url, ...(await settingsFor(url)) });
  return { ...service, url };
}

/** Starts the service at a free port. Rejects with what it printed when it ends instead. */
export async function startService(
  settings: Readonly<Record<string, string>> = {},
  program = PROGRAM,
): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program], {
    env: {
      PATH,
      HOME,
      APP_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: folder,
      DATABASE_URL: `sqlite:${join(folder, 'app.db')}`,
      DATABASE_PASSWORD: '',
      REDIS_URL: '',
      JWT_SECRET_KEY: randomBytes(48).toString('base64url'),
      ADMIN_PASSWORD: PASSWORD,
      SEED_DEMO_DATA: 'true',
      SIGN_IN_RATE_PER_MINUTE: '100000',
      REQUEST_LOG_PERCENT: '100',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { output, address, ended } = watch(child);
  const url = await address;
  const as = (username: string, password = PASSWORD) => Api.signIn(url, username, password);
  return {
    url,
    admin: await as('admin'),
    as,
    output,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function watch(child: ChildProcess): {
  output: () => string;
  address: Promise<string>;
  ended: Promise<number | null>;
} {
  let output = '';
  const ended = new Promise<number | null>((settle) => child.on('close', settle));
  const address = new Promise<string>((settle, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /Fastify Vue3 Admin {2}(http:\/\/\S+)/.exec(output)?.[1];
      if (found) settle(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void ended.then((code) => fail(new Error(`the service ended with ${code}:\n${output}`)));
  });
  return { output: () => output, address, ended };
}

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts the shape of what it reads
  readonly body: any;
}

/** Requests of one person to the API, as a program sends them. */
export class Api {
  readonly #url: string;
  readonly #token: string;
  readonly #password: string;

  constructor(url: string, token: string, password: string) {
    this.#url = url;
    this.#token = token;
    this.#password = password;
  }

  static async signIn(url: string, username: string, password: string): Promise<Api> {
    const answer = await new Api(url, '', '').send('POST', 'auth/login', { username, password });
    if (answer.status !== 200) throw new Error(`${username} cannot sign in: ${JSON.stringify(answer.body)}`);
    return new Api(url, answer.body.data.access_token, password);
  }

  async send(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, {
      method,
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** The data of an answer; throws when it is not 200. Proves itself again when the sign-in was too long ago for what is asked. */
  async done(method: string, path: string, body?: object): Promise<Answer['body']> {
    let answer = await this.send(method, path, body);
    if (answer.body.error === 'access.step_up_required') {
      await this.send('POST', 'auth/step-up', { method: 'password', password: this.#password });
      answer = await this.send(method, path, body);
    }
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  }
}
