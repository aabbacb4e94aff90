import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSealedByOlderKey, seal, unseal } from './seal.ts';

const settings = (ENCRYPTION_KEY: string, JWT_SECRET_KEY = 'the secret that signs tokens') => ({
  ENCRYPTION_KEY,
  JWT_SECRET_KEY,
});

describe('a sealed secret', () => {
  const own = settings('a key of this installation');

  test('is read where it belongs, and differs each time', () => {
    const sealed = seal(own, 'JBSWY3DPEHPK3PXP', 'totp:1');
    assert.equal(unseal(own, sealed, 'totp:1'), 'JBSWY3DPEHPK3PXP');
    assert.ok(!sealed.includes('JBSWY3DPEHPK3PXP'));
    assert.notEqual(seal(own, 'JBSWY3DPEHPK3PXP', 'totp:1'), sealed);
  });

  test('is not read in the place of another, changed, or with another key', () => {
    const sealed = seal(own, 'secret', 'totp:1');
    assert.equal(unseal(own, sealed, 'totp:2'), null, 'moved into the row of somebody else');
    assert.equal(unseal(settings('another key', 'another secret'), sealed, 'totp:1'), null);
    const [version, key, nonce, text = ''] = sealed.split('.');
    const flipped = Buffer.from(text, 'base64url');
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    assert.equal(unseal(own, [version, key, nonce, flipped.toString('base64url')].join('.'), 'totp:1'), null);
    assert.equal(unseal(own, [version, key, nonce, text.slice(0, -4)].join('.'), 'totp:1'), null, 'a shorter tag');
    for (const nonsense of ['', 'v1', 'v1.x.y.z', sealed.replace('v1', 'v2'), `v1.${key}..`])
      assert.equal(unseal(own, nonsense, 'totp:1'), null, nonsense);
  });

  test('survives a change of keys for as long as the old one is named', () => {
    const before = settings('');
    const sealed = seal(before, 'secret', 'totp:1');
    assert.equal(isSealedByOlderKey(before, sealed), false);
    const withOwnKey = settings('a key of this installation');
    assert.equal(unseal(withOwnKey, sealed, 'totp:1'), 'secret', 'the secret that signs tokens still opens it');
    assert.equal(isSealedByOlderKey(withOwnKey, sealed), true);
    const both = settings('a newer key, a key of this installation', 'a newer secret');
    assert.equal(unseal(both, seal(withOwnKey, 'secret', 'totp:1'), 'totp:1'), 'secret');
    assert.equal(unseal(settings('a newer key', 'a newer secret'), sealed, 'totp:1'), null);
  });
});
