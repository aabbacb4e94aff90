import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '#config';
import { createTestDatabase, type TestDatabase } from '#extensions/database/testing.ts';
import { start } from '../../start.ts';
import { testDialect } from '../dialect.ts';
import { call, type Program, signIn, startProgram, stopProgram } from './program.ts';

const LIMIT = { timeout: 180_000 };
const running = new Set<Program>();

describe('the program', () => {
  let folder: string;
  let database: TestDatabase;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'start-test-'));
  });
  beforeEach(async () => {
    await database?.drop();
    database = await createTestDatabase(testDialect());
  });
  after(async () => {
    for (const program of running) program.process.kill('SIGKILL');
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (settings: Record<string, string> = {}) => {
    const program = startProgram({ APP_ENV: 'development', DATA_DIR: folder, DATABASE_URL: database.url, ...settings });
    running.add(program);
    void program.ended.then(() => running.delete(program));
    return program;
  };
  const countUsers = async (address: string, token: string) =>
    (await call(address, 'GET', 'users?page_size=1', { token })).body.data.total as number;

  test('says at its first start where it is and how to sign in; a second start changes nothing', LIMIT, async () => {
    const first = start();
    const address = await first.address;
    await sleep(50);
    assert.match(first.output(), new RegExp(`Documents +${address}/docs +${address}/redoc`));
    assert.match(first.output(), /Administrator +admin \/ 123456/);
    const { access_token: token } = await signIn(address, '123456');
    assert.equal(await countUsers(address, token), 41);
    await call(address, 'PATCH', 'users/2', { token, body: { remark: 'kept' } });
    await call(address, 'DELETE', 'users/3', { token });
    assert.equal(await stopProgram(first), 0);

    const second = start();
    const again = await second.address;
    await sleep(50);
    assert.doesNotMatch(second.output(), /123456|Administrator/);
    // The secret was kept: the token of before still works.
    assert.equal(await countUsers(again, token), 40);
    assert.equal((await call(again, 'GET', 'users/2', { token })).body.data.remark, 'kept');
    assert.equal(await stopProgram(second), 0);
  });

  test('lets an open request finish after SIGTERM, and takes no new one', LIMIT, async () => {
    const program = start();
    const { port } = new URL(await program.address);
    const body = JSON.stringify({ username: 'admin', password: '123456' });
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const closed = new Promise((settle) => socket.on('close', settle));
    const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head + body.slice(0, 10));
    await sleep(300);
    const stoppedAt = performance.now();
    program.process.kill('SIGTERM');
    await sleep(500);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
    socket.write(body.slice(10));
    await closed;
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*"access_token"/);
    assert.equal(await program.ended, 0);
    assert.ok(performance.now() - stoppedAt < 6000, 'it does not wait for a connection that nobody uses any more');
  });

  test('cuts a request that does not finish in time, and still ends well, also on Ctrl-C', LIMIT, async () => {
    const program = start({ SHUTDOWN_TIMEOUT_MS: '500' });
    const { port } = new URL(await program.address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    await sleep(300);
    const stoppedAt = performance.now();
    program.process.kill('SIGINT');
    assert.equal(await program.ended, 0);
    assert.ok(performance.now() - stoppedAt < 10_000);
  });

  test(
    'counts the time for open requests from the end of the delay, also for one that came during it',
    LIMIT,
    async () => {
      const program = start({ SHUTDOWN_DELAY_MS: '1500', SHUTDOWN_TIMEOUT_MS: '500' });
      const { port } = new URL(await program.address);
      let stoppedAt = performance.now();
      const hang = async () => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
        );
        await new Promise((settle) => socket.on('close', settle));
        return performance.now() - stoppedAt;
      };
      const before = hang();
      await sleep(300);
      stoppedAt = performance.now();
      program.process.kill('SIGTERM');
      await sleep(700);
      const during = hang();
      assert.equal(await Promise.race([program.ended, sleep(15_000, 'still running')]), 0, program.output());
      for (const ms of [await before, await during]) assert.ok(ms >= 1950, `cut after ${ms} ms`);
    },
  );

  test('says that it is not ready before it refuses connections', LIMIT, async () => {
    const program = start({ SHUTDOWN_DELAY_MS: '1500' });
    const address = await program.address;
    assert.equal((await fetch(`${address}/readyz`)).status, 200);
    program.process.kill('SIGTERM');
    await sleep(300);
    const ready = await fetch(`${address}/readyz`);
    const { status } = (await ready.json()) as { status: string };
    assert.deepEqual([ready.status, status], [503, 'not ready']);
    assert.equal((await fetch(`${address}/healthz`)).status, 200);
    assert.equal(await program.ended, 0);
  });

  test(
    'ends with a code when an error is handled by nobody, and the log says which, to the last line',
    LIMIT,
    async () => {
      const fault = join(folder, 'fault.mjs');
      writeFileSync(fault, "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody handles this')));");
      const logs = join(folder, 'logs');
      const program = start({
        NODE_OPTIONS: `--import=file://${fault}`,
        LOG_DIR: logs,
        // The delay counts here too: it is not to be ended in the middle of it.
        SHUTDOWN_DELAY_MS: '700',
        SHUTDOWN_TIMEOUT_MS: '300',
      });
      await program.address;
      program.process.kill('SIGUSR2');
      assert.equal(await program.ended, 1);
      const [file = ''] = readdirSync(logs).filter((name) => name.endsWith('.log'));
      for (const text of [program.output(), readFileSync(join(logs, file), 'utf8')]) {
        const line = text.split('\n').find((one) => one.includes('"level":"fatal"')) ?? '';
        const { msg, err } = JSON.parse(line);
        assert.deepEqual([msg, err.message], ['an error that nobody handled ends the process', 'nobody handles this']);
      }
      assert.deepEqual(
        readdirSync(logs).filter((name) => name.endsWith('.lock')),
        [],
        'it closed what it had opened',
      );
    },
  );

  test('two of them started at the same moment share one set of first data', LIMIT, async () => {
    const both = [start(), start()];
    const addresses = await Promise.all(both.map((program) => program.address));
    await sleep(50);
    const told = both.filter((program) => /Administrator +admin/.test(program.output()));
    assert.equal(told.length, 1, 'one of them tells the password');
    for (const address of addresses) {
      const { access_token: token } = await signIn(address, '123456');
      assert.equal(await countUsers(address, token), 41);
    }
    assert.deepEqual(await Promise.all(both.map(stopProgram)), [0, 0]);
  });

  test(
    'in production invents the first password, tells it once, and lets nothing else be done before it is changed',
    LIMIT,
    async () => {
      const production = { APP_ENV: 'production', JWT_SECRET_KEY: randomBytes(48).toString('base64url') };
      const program = start(production);
      const address = await program.address;
      await sleep(50);
      const password = /admin \/ (\S{16,})\n/.exec(program.output())?.[1];
      assert.ok(password, program.output());
      assert.doesNotMatch(program.output(), /Documents/);
      const { access_token: token, must_change_password } = await signIn(address, password);
      assert.equal(must_change_password, true);
      const refused = await call(address, 'GET', 'users', { token });
      assert.deepEqual([refused.status, refused.body.error], [403, 'access.password_change_required']);
      const change = { old_password: password, new_password: 'a password of my own' };
      assert.equal((await call(address, 'POST', 'users/me/password', { token, body: change })).status, 200);
      assert.equal(await countUsers(address, token), 1);
      await stopProgram(program);
      const second = start(production);
      await second.address;
      await sleep(50);
      assert.doesNotMatch(second.output(), /admin \//);
      assert.equal(await stopProgram(second), 0);
    },
  );
});

// None of it comes as far as the database of the run.
describe('a program that cannot start', { skip: testDialect() !== 'sqlite' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** It ends by itself with a message that fits on a screen and shows no stack. */
  const assertRefuses = async (settings: Record<string, string>, ...expected: RegExp[]) => {
    const database = `sqlite:${folder}/app.db`;
    const program = startProgram({ APP_ENV: 'development', DATA_DIR: folder, DATABASE_URL: database, ...settings });
    const code = await program.ended;
    const output = program.output();
    assert.ok(code !== 0 && code !== null, `${code}: ${output}`);
    for (const words of expected) assert.match(output, words);
    assert.doesNotMatch(output, /\n\s+at |node:internal|Error: /, output);
    const said = output.split('\n').filter((line) => line && !line.startsWith('{'));
    assert.ok(said.length <= 12, output);
  };

  test('because of wrong settings names all of them', LIMIT, async () => {
    await assertRefuses(
      { PORT: 'abc', JWT_ALGORITHM: 'none', LOG_LEVEL: 'loud' },
      /PORT: /,
      /JWT_ALGORITHM: /,
      /LOG_LEVEL: /,
    );
    await assertRefuses({ APP_ENV: 'production', DEBUG: 'true' }, /JWT_SECRET_KEY: is missing/, /DEBUG: /);
  });

  test('because its port is taken names the port', LIMIT, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((settle) => other.once('listening', settle));
    const { port } = other.address() as AddressInfo;
    await assertRefuses({ PORT: String(port) }, new RegExp(`Port ${port} .*taken`));
    other.close();
  });

  test('because its database does not answer names the database, without its password', LIMIT, async () => {
    for (const scheme of ['mysql', 'postgresql']) {
      const url = `${scheme}://someone:S3cret-word@127.0.0.1:1/x`;
      await assertRefuses(
        { DATABASE_URL: url },
        /database .*127\.0\.0\.1:1\/x.* does not answer/,
        /^(?![\s\S]*S3cret-word)/,
      );
    }
    await assertRefuses(
      { DATABASE_URL: 'sqlite:/dev/null/app.db' },
      /database .*\/dev\/null\/app\.db.* does not answer/,
    );
  });

  test('because its database cannot be read from the URL says so', LIMIT, async () => {
    for (const url of ['mysql://', 'postgresql://127.0.0.1/', 'mysql+unknown://127.0.0.1/x'])
      await assertRefuses({ DATABASE_URL: url }, /DATABASE_URL|database/i);
  });

  test('because of what is opened later closes what was opened before', LIMIT, async () => {
    const logs = join(folder, 'logs');
    const settings = { APP_ENV: 'testing', LOG_DIR: logs, LOG_LEVEL: 'fatal', DATA_DIR: folder };
    const unreadable = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_HEADERS: 'key=%' };
    await assert.rejects(start(loadConfig({ ...settings, ...unreadable })), /URI malformed/);
    await assert.rejects(start(loadConfig({ ...settings, DATABASE_URL: 'mysql://' })), /DATABASE_URL/);
    const locks = readdirSync(logs).filter((name) => name.endsWith('.lock'));
    assert.deepEqual(locks, [], 'the log was closed');
  });
});
