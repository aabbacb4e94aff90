import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Context } from '#core/context.ts';
import { useApp } from '#tests/harness.ts';
import {
  attemptChallenge,
  closeChallenge,
  openChallenge,
  removeExpiredChallenges,
  type SignInProof,
} from './challenge.service.ts';

const proof: SignInProof = { method: 'password', factors: ['password'] };

describe('sign-in challenges', () => {
  let elapsedMs = 0;
  const t = useApp({ now: () => new Date(Date.now() + elapsedMs) });
  const from = (address: string, userAgent = 'browser') =>
    new Context(t.environment, { ...t.system.caller, address, userAgent });
  const open = (ctx = from('192.0.2.1')) => openChallenge(ctx, t.admin.userId, proof, ['totp', 'passkey']);
  const refused = (ctx: Context, token: string, why: string) =>
    assert.rejects(
      attemptChallenge(ctx, token),
      { message: 'This verification is no longer valid; sign in again' },
      why,
    );

  test('say who, what was proven and what is still wanted', async () => {
    const { token, wanted, expiresIn } = await open();
    assert.deepEqual([wanted, expiresIn, token.length], [['totp', 'passkey'], 300, 43]);
    const { id, createdAt, ...challenge } = await attemptChallenge(from('192.0.2.1'), token);
    assert.ok(Math.abs(Date.now() - createdAt.getTime()) < 60_000);
    assert.deepEqual(challenge, { userId: t.admin.userId, proof, wanted: ['totp', 'passkey'] });
    const stored = JSON.stringify(
      await t.system.unscoped('sign_in_challenges', 'a test looks for it').select().selectAll().execute(),
    );
    assert.ok(stored.includes('"totp,passkey"') && !stored.includes(token), 'only the hash of the token is stored');
  });

  test('are met once', async () => {
    const { token } = await open();
    const [first, second] = [
      await attemptChallenge(from('192.0.2.1'), token),
      await attemptChallenge(from('192.0.2.1'), token),
    ];
    await closeChallenge(t.system, first);
    await assert.rejects(closeChallenge(t.system, second), { message: /no longer valid/ });
    await refused(from('192.0.2.1'), token, 'used');
  });

  test('A7 bear five attempts, also when they come at once', async () => {
    const { token } = await open();
    const attempts = await Promise.allSettled(
      Array.from({ length: 40 }, () => attemptChallenge(from('192.0.2.1'), token)),
    );
    assert.ok(attempts.filter((attempt) => attempt.status === 'fulfilled').length <= 5);
    for (let attempt = 0; attempt < 5; attempt++)
      await attemptChallenge(from('192.0.2.1'), token).catch(() => undefined);
    await refused(from('192.0.2.1'), token, 'worn out');
  });

  test('belong to one address and one browser, and end after five minutes', async () => {
    const { token } = await open();
    await refused(from('192.0.2.2'), token, 'another address');
    await refused(from('192.0.2.1', 'another browser'), token, 'another browser');
    await refused(from('192.0.2.1'), 'x'.repeat(43), 'unknown');
    await attemptChallenge(from('192.0.2.1'), token);
    elapsedMs += 300_001;
    await refused(from('192.0.2.1'), token, 'expired');
    elapsedMs -= 300_001;
    await attemptChallenge(from('192.0.2.1'), token);
  });

  test('go once they have expired', async () => {
    const { token } = await open();
    await removeExpiredChallenges(t.system);
    await attemptChallenge(from('192.0.2.1'), token);
    elapsedMs += 300_001;
    assert.ok((await removeExpiredChallenges(t.system)) > 0);
    assert.equal(await removeExpiredChallenges(t.system), 0);
    elapsedMs -= 300_001;
  });
});
