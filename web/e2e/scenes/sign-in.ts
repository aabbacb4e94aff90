import { randomUUID } from 'node:crypto';
import { expect, PASSWORD } from '../support/fixtures.ts';
import type { Service } from '../support/service.ts';
import { answerWith } from './answers.ts';
import { heading, type PageScenes, type Scene, type Stage } from './scene.ts';

/** Somebody whose password was set by another. */
export async function somebodyNew(service: Service): Promise<{ username: string; password: string }> {
  const username = `new-${randomUUID().slice(0, 8)}`;
  const user = { username, email: `${username}@example.com`, password: 'given by somebody' };
  const { id } = await service.admin.done('POST', 'users', user);
  const { one_time_password: password } = await service.admin.done('POST', `users/${id}/reset-password`, {});
  return { username, password };
}

/** Somebody with a role that asks for a second factor, who has none yet. */
async function somebodyWithoutFactor(service: Service): Promise<{ username: string; password: string }> {
  const name = `factor-${randomUUID().slice(0, 8)}`;
  const role = { code: name, name, data_scope: 'self', requires_second_factor: true };
  const { id } = await service.admin.done('POST', 'roles', role);
  await service.admin.done('POST', 'users', {
    username: name,
    email: `${name}@example.com`,
    password: PASSWORD,
    role_ids: [id],
  });
  return { username: name, password: PASSWORD };
}

/** What the sign-in page asks after the password, and what it says of other ways in. */
function signInScenes(): Scene[] {
  const challenge = { token: 'x', methods: ['totp', 'recovery-code'], expires_in: 300 };
  const nothing = { access_token: null, token_type: 'Bearer', expires_in: 0 };
  const answer = { ...nothing, must_change_password: false, must_enrol_factor: false, challenge };
  return [
    {
      name: 'second-step',
      isAnonymous: true,
      path: '/login',
      prepare: ({ page }) => answerWith(page, 'POST', 'auth/login', answer),
      async show({ page, t }) {
        await page.getByLabel(t('auth.username'), { exact: true }).fill('somebody');
        await page.getByLabel(t('auth.password'), { exact: true }).fill('something');
        await page.getByRole('button', { name: t('auth.signIn'), exact: true }).click();
        await expect(page.getByText(t('factors.secondStep'))).toBeVisible();
      },
    },
    {
      name: 'providers',
      isAnonymous: true,
      path: '/login?outside=corp&failed=identity.not_linked',
      prepare: ({ page }) =>
        answerWith(page, 'GET', 'auth/providers', {
          items: [
            { name: 'corp', title: 'Corp' },
            { name: 'x', title: 'X' },
          ],
        }),
      async show({ page, t }) {
        await expect(page.getByRole('link', { name: t('outside.signInWith', { title: 'Corp' }) })).toBeVisible();
        await expect(page.getByText(t('outside.failures.notLinked'))).toBeVisible();
      },
    },
  ];
}

/** The pages before everything else is open. */
export const SIGN_IN_PAGES: readonly PageScenes[] = [
  {
    source: 'login.vue',
    scenes: [
      { name: 'sign-in', isAnonymous: true, path: '/login', show: heading },
      {
        name: 'sign-in-refused',
        isAnonymous: true,
        path: '/login',
        async show({ page, t }) {
          await page.getByRole('button', { name: t('auth.signIn'), exact: true }).click();
          await expect(page.getByText(t('auth.usernameRequired'))).toBeVisible();
        },
      },
      ...signInScenes(),
    ],
  },
  ...['forgot-password', 'register', 'reset-password'].map((name) => ({
    source: `${name}.vue`,
    scenes: [{ name, isAnonymous: true, path: `/${name}`, show: heading }],
  })),
  {
    source: 'change-password.vue',
    scenes: ['change-password', 'change-password-invalid'].map((name) => ({
      name,
      path: '/change-password',
      person: somebodyNew,
      async show(stage: Stage) {
        await heading(stage);
        const { page, t } = stage;
        if (name === 'change-password') return;
        await page.getByRole('button', { name: t('auth.changePassword') }).click();
        await expect(page.getByText(t('crud.rule.required')).first()).toBeVisible();
      },
    })),
  },
  {
    source: 'second-factor.vue',
    scenes: [
      {
        name: 'second-factor',
        path: '/second-factor',
        person: somebodyWithoutFactor,
        // At an address without a name there are no passkeys to choose.
        show: async ({ page, t }) => expect(page.getByRole('img', { name: t('factors.qrCode') })).toBeVisible(),
      },
    ],
  },
];
