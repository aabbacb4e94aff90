import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { testApp, useApp } from '#tests/harness.ts';

const INDEX = '<!doctype html><title>console</title>';
const CHUNK = 'export const page = 1;\n'.repeat(100);
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src http: https:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Asks over the network for an address as it stands: what tidies addresses up would take the tricks out of them. */
async function askRaw(port: number, path: string): Promise<{ status: number; type: string; body: string }> {
  return new Promise((settle, fail) => {
    const sent = request({ port, path, headers: { ...HTML, connection: 'close' } }, async (answer) => {
      let body = '';
      for await (const chunk of answer.setEncoding('utf8')) body += chunk;
      settle({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', body });
    });
    sent.on('error', fail).end();
  });
}

/** A build like Vite's, small enough to compare byte by byte. */
function buildInto(folder: string): void {
  mkdirSync(join(folder, 'assets'));
  mkdirSync(join(folder, '.vite'));
  writeFileSync(join(folder, 'index.html'), INDEX);
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'boot.js'), CHUNK);
  writeFileSync(join(folder, 'boot.js.br'), brotliCompressSync(CHUNK));
  writeFileSync(join(folder, '.vite/manifest.json'), '{}');
  writeFileSync(join(folder, 'assets/page-Ab12.js'), CHUNK);
  writeFileSync(join(folder, 'assets/page-Ab12.js.br'), brotliCompressSync(CHUNK));
  writeFileSync(join(folder, 'assets/page-Ab12.js.gz'), gzipSync(CHUNK));
  writeFileSync(join(folder, 'assets/page-Ab12.css'), 'a{color:red}');
}

describe('the console', () => {
  const parent = mkdtempSync(join(tmpdir(), 'console-test-'));
  const folder = join(parent, 'dist');
  mkdirSync(folder);
  buildInto(folder);
  writeFileSync(join(parent, 'secret.txt'), 'not for anybody');
  after(() => rmSync(parent, { recursive: true, force: true }));
  const t = useApp({ consoleFolder: folder });
  const ask = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    t.app.inject({ method, url, headers });

  test('is at / for everybody, asked again each time, under its policy', async () => {
    for (const [url, headers] of [
      ['/', HTML],
      ['/', { accept: '*/*' }],
      ['/?r=1', {}],
      ['/index.html', HTML],
    ] as const) {
      const answer = await ask(url, headers);
      assert.deepEqual([answer.statusCode, answer.body], [200, INDEX], url);
      assert.match(String(answer.headers['content-type']), /^text\/html; charset=utf-8/i);
      assert.equal(answer.headers['cache-control'], 'no-cache');
      assert.equal(answer.headers['content-security-policy'], POLICY);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['x-frame-options'], 'DENY');
    }
  });

  test('answers the address of any page with index.html, also of one that it does not know', async () => {
    for (const url of ['/login', '/system/users?page=2&r=a.b', '/system/users/', '/nowhere/at/all', '/%E7%94%A8']) {
      const answer = await ask(url, HTML);
      assert.deepEqual([answer.statusCode, answer.body], [200, INDEX], url);
      assert.equal(answer.headers['content-security-policy'], POLICY, url);
      assert.equal(answer.headers['cache-control'], 'no-cache', url);
    }
  });

  test('is no answer to a program, to another method, to the API, to the documents or to a file', async () => {
    const elsewhere: [url: string, headers: Record<string, string>, method?: 'POST'][] = [
      ['/login', { accept: 'application/json' }],
      ['/login', {}],
      ['/login', HTML, 'POST'],
      ['/api', HTML],
      ['/api/v1/nothing', HTML],
      ['/docs/nothing', HTML],
      ['/redoc/nothing', HTML],
      ['/openapi.yaml', HTML],
      ['/robots.txt', HTML],
      ['/system/old-page.js', HTML],
      ['/healthz/x', HTML],
    ];
    for (const [url, headers, method] of elsewhere) {
      const answer = await ask(url, headers, method);
      assert.deepEqual([answer.statusCode, answer.json().error], [404, 'request.not_found'], url);
      assert.equal(answer.headers['cache-control'], 'no-store', url);
      assert.match(String(answer.headers['content-security-policy']), /^default-src 'none'/, url);
    }
    assert.equal((await ask('/openapi.json', HTML)).json().openapi, '3.1.0');
  });

  test('sends files with a hash in their name once and for ever, smallest form first', async () => {
    const forms: [accepts: string, encoding: string | undefined, size: number][] = [
      ['gzip, deflate, br, zstd', 'br', brotliCompressSync(CHUNK).length],
      ['gzip', 'gzip', gzipSync(CHUNK).length],
      ['identity', undefined, CHUNK.length],
      ['', undefined, CHUNK.length],
    ];
    for (const [accepts, encoding, size] of forms) {
      const answer = await ask('/assets/page-Ab12.js', { 'accept-encoding': accepts });
      assert.equal(answer.statusCode, 200, accepts);
      assert.equal(answer.headers['content-encoding'], encoding, accepts);
      assert.equal(answer.rawPayload.length, size, accepts);
      assert.match(String(answer.headers['content-type']), /javascript/);
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.match(String(answer.headers['vary']), /accept-encoding/i, accepts);
    }
    const small = await ask('/assets/page-Ab12.css', { 'accept-encoding': 'br, gzip' });
    assert.deepEqual([small.body, small.headers['content-encoding']], ['a{color:red}', undefined]);
  });

  test('sends the other files by their names, asked again each time', async () => {
    const icon = await ask('/favicon.svg');
    assert.deepEqual([icon.statusCode, icon.headers['cache-control']], [200, 'no-cache']);
    assert.match(String(icon.headers['content-type']), /image\/svg\+xml/);
    const boot = await ask('/boot.js', { 'accept-encoding': 'br' });
    assert.deepEqual([boot.statusCode, boot.headers['content-encoding']], [200, 'br']);
  });

  test('answers 404 for a file of an older build, so that the page knows it is old', async () => {
    for (const headers of [HTML, { accept: '*/*' }]) {
      const answer = await ask('/assets/page-Old1.js', headers);
      assert.deepEqual([answer.statusCode, answer.json().error], [404, 'request.not_found']);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  });

  test('answers HEAD like GET, without a body', async () => {
    for (const url of ['/', '/login', '/assets/page-Ab12.js', '/favicon.svg']) {
      const [got, head] = [await ask(url, HTML), await ask(url, HTML, 'HEAD')];
      assert.deepEqual([head.statusCode, head.body], [200, ''], url);
      for (const name of ['content-length', 'content-type', 'cache-control', 'etag', 'content-security-policy'])
        assert.equal(head.headers[name], got.headers[name], `${url} ${name}`);
    }
    assert.equal((await ask('/assets/none.js', HTML, 'HEAD')).statusCode, 404);
  });

  test('sends nothing twice to a browser that has it', async () => {
    for (const url of ['/', '/assets/page-Ab12.js']) {
      const { headers } = await ask(url, { ...HTML, 'accept-encoding': 'br' });
      const again = { ...HTML, 'accept-encoding': 'br', 'if-none-match': String(headers['etag']) };
      const answer = await ask(url, again);
      assert.deepEqual([answer.statusCode, answer.body], [304, ''], url);
      assert.equal(answer.headers['cache-control'], headers['cache-control'], url);
      const changed = await ask(url, { ...again, 'if-none-match': '"other"' });
      assert.equal(changed.statusCode, 200, url);
    }
    const forms = await Promise.all(['br', 'gzip', ''].map((a) => ask('/boot.js', { 'accept-encoding': a })));
    assert.equal(new Set([forms[0], forms[2]].map((answer) => answer?.headers['etag'])).size, 2);
  });

  test('A27 A30 no spelling of an address gets at another file, at the API, or past the rules of this one', async () => {
    const tricks = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets/%252e%252e%252fsecret.txt',
      '/assets//page-Ab12.js',
      '/assets/../assets/page-Ab12.js',
      '/assets/./page-Ab12.js',
      '/assets/PAGE-ab12.js',
      '/Assets/page-Ab12.js',
      '/assets/page-Ab12.js/',
      '/assets/page-Ab12.js.br/..',
      '/assets/',
      '/assets',
      '/.vite/manifest.json',
      '/%2evite/manifest.json',
      '/boot.js.br',
      '/assets%2fpage-Ab12.js',
      '/API/v1/users',
      '/api%2fv1%2fusers',
      '//evil.example/login',
      '/%2fevil.example%2flogin',
      '/login%5c..%5csecret',
      '/index.html/',
      '/INDEX.HTML',
      '/assets/page-Ab12.js%00.html',
    ];
    await t.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = t.app.server.address() as AddressInfo;
    for (const url of tricks) {
      const { status, type, body } = await askRaw(port, url);
      assert.ok([400, 403, 404].includes(status), `${url}: ${status} ${body.slice(0, 60)}`);
      assert.match(type, /^application\/json/, url);
      assert.doesNotMatch(body, /not for anybody|console<|export const/, url);
    }
    assert.equal((await askRaw(port, '/assets/page-Ab12.js')).body, CHUNK);
    // Encoded letters are the same address to every program; nothing about it is decided by its spelling.
    assert.equal((await ask('/api/v1/%75sers', HTML)).statusCode, 401);
  });

  test('is the same in production as in development', async () => {
    const production = await testApp({
      consoleFolder: folder,
      beside: t,
      settings: { APP_ENV: 'production', JWT_SECRET_KEY: randomBytes(48).toString('base64url') },
    });
    const answers = await Promise.all([t, production].map(({ app }) => app.inject({ url: '/login', headers: HTML })));
    await production.close();
    const [development, live] = answers.map(({ statusCode, headers, body }) => {
      const { date: _date, 'x-request-id': _id, 'x-trace-id': _trace, ...rest } = headers;
      return { statusCode, rest, body };
    });
    assert.deepEqual(live, development);
  });
});

describe('a console that has not been built', () => {
  const t = useApp({ consoleFolder: join(tmpdir(), 'there-is-no-console-here') });

  test('says so to a person, in their language, and to a program; the API goes on', async () => {
    const chinese = await t.app.inject({ url: '/', headers: HTML });
    assert.equal(chinese.statusCode, 503);
    assert.match(String(chinese.headers['content-type']), /^text\/html/);
    assert.match(chinese.body, /lang="zh-CN".*控制台尚未构建.*npm run build/);
    const english = await t.app.inject({ url: '/login', headers: { ...HTML, 'accept-language': 'en' } });
    assert.match(english.body, /lang="en-US".*has not been built.*npm run build/);
    const program = await t.app.inject({ url: '/', headers: { accept: 'application/json' } });
    assert.deepEqual([program.statusCode, program.json().error], [503, 'server.console_not_built']);
    assert.equal((await t.app.inject({ url: '/assets/x.js' })).statusCode, 404);
    assert.equal((await t.admin.get('users')).status, 200);
  });
});
