import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';
import { search } from '../../../web/src/captcha/search.ts';
import { firstWord, ONE_BLOCK } from '../../../web/src/captcha/sha256.ts';

describe('the console at a proof of work', () => {
  const t = useApp({ settings: { SIGN_IN_CAPTCHA_AFTER: '0', CAPTCHA_DIFFICULTY: '12' } });

  test('hashes as everybody does', () => {
    for (let length = 0; length <= ONE_BLOCK; length++) {
      const text = randomBytes(64).toString('base64url').slice(0, length);
      assert.equal(firstWord(text), createHash('sha256').update(text).digest().readUInt32BE(), text);
    }
  });

  test('finds a solution that the service takes, in one block', async () => {
    const drawn = (await t.anonymous.get('auth/captcha', { query: { for: 'admin' } })).body.data;
    assert.ok(`${drawn.challenge}:${2 ** 26 * 10}`.length <= ONE_BLOCK);
    const searching = search(drawn.challenge, drawn.difficulty);
    let step = searching.next();
    while (!step.done) step = searching.next();
    const body = { username: 'admin', password: 'wrong', captcha: { id: drawn.id, solution: step.value } };
    assert.equal((await t.anonymous.post('auth/login', body)).body.error, 'auth.bad_credentials');
  });
});
