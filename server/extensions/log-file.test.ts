import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, mock, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { until } from '#tests/work.ts';
import { openLog } from './log.ts';
import { LogFile } from './log-file.ts';
import { takeLogName } from './log-name.ts';

const line = (text: string) => `${JSON.stringify({ msg: text })}\n`;

describe('log files', () => {
  const root = mkdtempSync(join(tmpdir(), 'log-file-test-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  let folders = 0;
  const open = (more: Partial<ConstructorParameters<typeof LogFile>[0]> = {}) => {
    folders += 1;
    const folder = more.folder ?? join(root, String(folders));
    return { folder, file: new LogFile({ folder, name: 'app', maxBytes: 1000, keepDays: 30, keepFiles: 30, ...more }) };
  };
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((name) => {
          const raw = readFileSync(join(folder, name));
          return [name, String(name.endsWith('.gz') ? gunzipSync(raw) : raw)];
        }),
    );

  test('are put aside at their size, compressed, and lose no line', async () => {
    const now = () => new Date('2026-11-24T12:00:00Z');
    const { folder, file } = open({ maxBytes: 100, now });
    const lines = Array.from({ length: 7 }, (_, index) => line(`${index} ${'x'.repeat(30)}`));
    for (const one of lines) file.write(one);
    await file.settle();
    const found = contents(folder);
    assert.deepEqual(Object.keys(found), [
      'app.2026-11-24.1.log.gz',
      'app.2026-11-24.2.log.gz',
      'app.2026-11-24.3.log.gz',
      'app.log',
    ]);
    assert.equal(Object.values(found).join(''), lines.join(''));
    for (const name of Object.keys(found)) {
      assert.equal(statSync(join(folder, name)).mode & 0o077, 0, `${name} is for its owner alone`);
      assert.ok((found[name] ?? '').length <= 100);
    }
  });

  test('are put aside at midnight, however small', async () => {
    let at = new Date('2026-11-24T23:59:59.999Z');
    const { folder, file } = open({ now: () => at });
    file.write(line('before'));
    at = new Date('2026-11-25T00:00:00.000Z');
    file.write(line('after'));
    await file.settle();
    assert.deepEqual(contents(folder), { 'app.2026-11-24.1.log.gz': line('before'), 'app.log': line('after') });
  });

  test('are deleted when there are too many, or when they are too old', async () => {
    let at = new Date('2026-11-01T00:00:00Z');
    const { folder, file } = open({ keepDays: 3, keepFiles: 5, now: () => at });
    for (let day = 1; day <= 9; day++) {
      at = new Date(Date.UTC(2026, 10, day));
      file.write(line(String(day)));
    }
    await file.settle();
    const days = [6, 7, 8].map((day) => `app.2026-11-0${day}.1.log.gz`);
    assert.deepEqual(Object.keys(contents(folder)), [...days, 'app.log']);
    writeFileSync(join(folder, 'another.2020-01-01.1.log.gz'), gzipSync('of somebody else'));
    const { file: few } = open({ folder, keepFiles: 1, now: () => at });
    await few.settle();
    assert.ok(Object.keys(contents(folder)).includes('another.2020-01-01.1.log.gz'), 'what it did not make stays');
    assert.ok(!Object.keys(contents(folder)).includes('app.2026-11-06.1.log.gz'));
  });

  test('of a name that is gone are deleted when they are too old; not those of a living process, nor what is of somebody else', async () => {
    const folder = join(root, 'gone');
    mkdirSync(folder);
    const ours = `${JSON.stringify({ level: 'info', time: '2026-01-01T08:00:00.000Z', msg: 'old' })}\n`;
    const { pid: gone } = spawnSync(process.execPath, ['--version']);
    const put = (name: string, text: string | Buffer, days = 40) => {
      writeFileSync(join(folder, name), text);
      const at = Date.now() / 1000 - days * 86_400;
      utimesSync(join(folder, name), at, at);
    };
    const today = new Date().toISOString().slice(0, 10);
    const old = ['4f1c.2020-01-01.1.log.gz', '4f1c.log', 'left.log', 'left.lock', 'left.2020-01-01.1.log'];
    put('4f1c.2020-01-01.1.log.gz', gzipSync(ours.repeat(10_000)));
    put('4f1c.log', ours);
    put('left.log', ours);
    put('left.lock', String(gone));
    put('left.2020-01-01.1.log', ours);
    put('left.2020-01-01.1.log.unfinished', gzipSync(ours).subarray(0, 10));
    const kept = {
      // Of a process that lives, on this machine: it deletes its own.
      'alive.lock': String(process.ppid),
      'alive.log': ours,
      'alive.2020-01-01.1.log.gz': gzipSync(ours),
      // Not old yet.
      [`4f1c.${today}.1.log.gz`]: gzipSync(ours),
      // Of somebody else.
      'nginx.2020-01-01.1.log.gz': gzipSync('127.0.0.1 - - [01/Jan/2020:00:00:00 +0000] "GET / HTTP/1.1" 200\n'),
      'nginx.2020-01-02.1.log': '127.0.0.1 - - [02/Jan/2020:00:00:00 +0000] "GET / HTTP/1.1" 200\n',
      'nginx.2020-01-03.1.log.gz': 'no gzip',
      'dpkg.log': '2020-01-01 00:00:00 startup\n',
      'dpkg.lock': String(gone),
      'empty.log': '',
      'notes.txt': ours,
    };
    for (const [name, text] of Object.entries(kept)) put(name, text);
    put('young.log', ours, 3);
    const { file } = open({ folder });
    file.write(line('new'));
    await file.settle();
    const names = readdirSync(folder);
    assert.deepEqual(
      names.filter((name) => old.includes(name) || name.endsWith('.unfinished')),
      [],
    );
    assert.deepEqual(names.sort(), [...Object.keys(kept), 'young.log', 'app.log'].sort());
  });

  test('that were removed while they were open are begun anew', async () => {
    let at = new Date('2026-11-24T12:00:00Z');
    const { folder, file } = open({ now: () => at });
    file.write(line('before'));
    rmSync(join(folder, 'app.log'));
    at = new Date('2026-11-25T12:00:00Z');
    file.write(line('after'));
    await file.settle();
    assert.deepEqual(contents(folder), { 'app.log': line('after') });
  });

  test('go on after a restart, and what a killed process left is compressed', async () => {
    const { folder, file } = open();
    file.write(line('one'));
    await file.settle();
    writeFileSync(join(folder, 'app.2026-01-01.1.log'), line('left'));
    const { file: next } = open({ folder, keepDays: 3650 });
    next.write(line('two'));
    await next.settle();
    assert.deepEqual(contents(folder), {
      'app.2026-01-01.1.log.gz': line('left'),
      'app.log': line('one') + line('two'),
    });
  });

  test('are written by a thread, each process its own, and hold every line when the program ends', async () => {
    const folder = join(root, 'threads');
    const files = { folder, maxBytes: 20_000, keepDays: 30, keepFiles: 30 };
    const quiet = { write: () => undefined };
    const logs = [1, 2].map(() => openLog({ level: 'info', pretty: false, destination: quiet, files }));
    for (const [index, log] of logs.entries())
      for (let count = 0; count < 500; count++) log.logger.info({ count, password: 'secret-Zq7' }, `of ${index}`);
    for (const log of logs) await log.close();
    const texts = Object.entries(contents(folder));
    assert.ok(texts.filter(([name]) => name.endsWith('.gz')).length >= 4);
    const all = texts.map(([, text]) => text).join('');
    for (const index of [0, 1]) assert.equal(all.split(`"of ${index}"`).length - 1, 500);
    assert.ok(!all.includes('secret-Zq7'));
    assert.equal(texts.filter(([name]) => name.endsWith('.lock')).length, 0);
    const own = texts.filter(([name]) => /^[^.]+\.log$/.test(name));
    assert.equal(own.length, 2);
    for (const [name, text] of own) assert.equal(new Set(text.match(/of \d/g)).size, 1, `${name} is of one process`);
  });

  test('that could not go on are closed like others, and the log goes on without them', async () => {
    const folder = join(root, 'stopped');
    const files = { folder, maxBytes: 20_000, keepDays: 30, keepFiles: 30 };
    const lines: string[] = [];
    const destination = { write: (text: string) => void lines.push(text) };
    const log = openLog({ level: 'info', pretty: false, destination, files });
    // Before the thread has begun: it will find no folder to write to.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'no folder');
    const said: string[] = [];
    const stderr = mock.method(process.stderr, 'write', (text: string) => said.push(text) > 0);
    await until('the thread has stopped', async () => said.some((text) => text.includes('log files have stopped')));
    stderr.mock.restore();
    rmSync(folder);
    mkdirSync(folder);
    log.logger.info('still logged');
    await log.close();
    assert.ok(lines.some((text) => text.includes('still logged')));
  });

  test('do not take a name whose lock another process is just writing; they take one that was left', async () => {
    const folder = join(root, 'locks');
    mkdirSync(folder);
    const lock = join(folder, `${hostname()}.lock`);
    writeFileSync(lock, '');
    const other = takeLogName(folder);
    assert.equal(other.name, `${hostname()}-2`);
    other.giveBack();
    const { pid: gone } = spawnSync(process.execPath, ['--version']);
    for (const [text, minutes] of [
      ['', 1],
      [String(gone), 0],
      [String(process.pid), 0],
    ] as const) {
      writeFileSync(lock, text);
      const at = Date.now() / 1000 - minutes * 60;
      utimesSync(lock, at, at);
      const own = takeLogName(folder);
      assert.equal(own.name, hostname(), `left with "${text}"`);
      assert.equal(readFileSync(lock, 'utf8'), String(process.pid));
      own.giveBack();
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  test('have a name that no other process has, also while locks are left and taken over', {
    timeout: 60_000,
  }, async () => {
    const folder = join(root, 'names');
    const children = Array.from({ length: 4 }, () =>
      fork(join(import.meta.dirname, 'log-name.fixture.ts'), [folder, '200'], { execArgv: [], silent: true }),
    );
    const outputs = children.map(async (child) => {
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
      const [code] = await once(child, 'close');
      return { code, output };
    });
    for (const { code, output } of await Promise.all(outputs)) assert.equal(code, 0, output);
    assert.deepEqual(
      readdirSync(folder).filter((name) => !name.endsWith('.lock')),
      [],
    );
  });
});
