import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeAt, fromBase32, matchingStep, newTotpSecret, otpauthUri, stepAt, toBase32 } from './totp.ts';

describe('one-time passwords', () => {
  test('are those of RFC 6238, appendix B', () => {
    const secrets = {
      sha1: Buffer.from('12345678901234567890'),
      sha256: Buffer.from('12345678901234567890123456789012'),
      sha512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
    };
    const vectors: [seconds: number, sha1: string, sha256: string, sha512: string][] = [
      [59, '94287082', '46119246', '90693936'],
      [1111111109, '07081804', '68084774', '25091201'],
      [1111111111, '14050471', '67062674', '99943326'],
      [1234567890, '89005924', '91819424', '93441116'],
      [2000000000, '69279037', '90698825', '38618901'],
      [20000000000, '65353130', '77737706', '47863826'],
    ];
    for (const [seconds, ...codes] of vectors) {
      const step = stepAt(new Date(seconds * 1000));
      const made = Object.entries(secrets).map(([hash, secret]) => codeAt(secret, step, { hash, digits: 8 }));
      assert.deepEqual(made, codes, String(seconds));
      assert.equal(codeAt(secrets.sha1, step), codes[0]?.slice(2), 'six digits are the last six');
    }
  });

  test('are those of RFC 4226, appendix D', () => {
    const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
    const secret = Buffer.from('12345678901234567890');
    assert.deepEqual(
      codes.map((_code, counter) => codeAt(secret, counter)),
      codes,
    );
  });

  test('count in the step before, the step and the step after, and name the one they belong to', () => {
    const secret = fromBase32(newTotpSecret());
    const now = new Date('2026-03-01T12:00:10Z');
    const step = stepAt(now);
    for (const distance of [-1, 0, 1]) {
      assert.equal(matchingStep(secret, codeAt(secret, step + distance), now), step + distance);
    }
    for (const distance of [-3, -2, 2, 3]) {
      const late = codeAt(secret, step + distance);
      const valid = [-1, 0, 1].map((near) => codeAt(secret, step + near));
      if (!valid.includes(late)) assert.equal(matchingStep(secret, late, now), null, String(distance));
    }
    for (const nonsense of ['', '12345', `${codeAt(secret, step)}0`, ' '.repeat(6), 'ééé'])
      assert.equal(matchingStep(secret, nonsense, now), null, nonsense);
  });
});

describe('secrets of authenticator apps', () => {
  test('are written as RFC 4648 does', () => {
    const vectors = { f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' };
    for (const [plain, encoded] of Object.entries(vectors)) {
      assert.equal(toBase32(Buffer.from(plain)), encoded);
      assert.equal(fromBase32(encoded).toString(), plain);
      assert.equal(fromBase32(encoded.toLowerCase().replace(/..../g, '$& ')).toString(), plain);
    }
  });

  test('have 160 bits and differ', () => {
    const secrets = Array.from({ length: 50 }, newTotpSecret);
    assert.equal(new Set(secrets).size, 50);
    for (const secret of secrets) assert.equal(fromBase32(secret).length, 20);
  });

  test('come with an address that names the account', () => {
    const uri = otpauthUri('Fastify Vue3 Admin', '张三@x', 'JBSWY3DPEHPK3PXP');
    const url = new URL(uri);
    assert.equal(uri.startsWith('otpauth://totp/Fastify%20Vue3%20Admin:%E5%BC%A0'), true);
    assert.deepEqual(
      [url.searchParams.get('secret'), url.searchParams.get('issuer')],
      ['JBSWY3DPEHPK3PXP', 'Fastify Vue3 Admin'],
    );
  });
});
