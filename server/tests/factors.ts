import assert from 'node:assert/strict';
import { codeAt, fromBase32, stepAt } from '#modules/factor/totp.ts';
import type { Client, TestApp } from './harness.ts';

let users = 0;

/** A user with a password, made by the administrator, and a client of theirs. */
export async function newUser(t: TestApp, fields: object = {}) {
  users += 1;
  const username = `person-${users}`;
  const user = { username, email: `${username}@example.com`, password: 'testpassword' };
  const { id } = (await t.admin.post('users', { ...user, ...fields })).body.data;
  const login = (password = 'testpassword') => t.anonymous.post('auth/login', { username, password });
  const client = t.withToken((await login()).body.data.access_token);
  return { id: id as number, username, login, client };
}

/** An authenticator app: shows the code of now, or of some steps later. */
export class App {
  readonly #secret: Buffer;
  readonly #now: () => Date;

  constructor(setupKey: string, now: () => Date) {
    this.#secret = fromBase32(setupKey);
    this.#now = now;
  }

  code(later = 0): string {
    return codeAt(this.#secret, stepAt(this.#now()) + later);
  }

  /** A code that is right at no time near now. */
  wrongCode(): string {
    const near = new Set([-2, -1, 0, 1, 2].map((later) => this.code(later)));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.has(code)) as string;
  }
}

/** Sets up an authenticator app for somebody; the code of the step before now was used for it. */
export async function setUpApp(t: TestApp, client: Client) {
  const begun = await client.post('users/me/totp');
  assert.equal(begun.status, 200, begun.text);
  const app = new App(begun.body.data.setup_key, t.environment.now);
  const confirmed = await client.post('users/me/totp/confirm', { code: app.code(-1) });
  assert.equal(confirmed.status, 200, confirmed.text);
  return { app, codes: confirmed.body.data.recovery_codes as string[] };
}
