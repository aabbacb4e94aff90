import { expect } from '../support/fixtures.ts';
import { answerWith } from './answers.ts';
import type { Scene, Stage } from './scene.ts';

const CODES = Array.from({ length: 10 }, (_, index) => `abcd-efgh-ijkl-${index}mnp`);

/** The second factors of the person, on their profile. */
export function factorScenes(): Scene[] {
  const path = '/profile?tab=security';
  const passkey = { is_backed_up: true, created_at: '2026-03-01T08:00:00.000Z', last_used_at: null };
  const factors = {
    totp: { is_enabled: true, last_used_at: '2026-03-02T08:00:00.000Z' },
    passkeys: [
      { ...passkey, id: 1, name: 'Phone' },
      { ...passkey, id: 2, name: 'The security key in the drawer of the desk at home, second from above' },
    ],
    recovery_codes_left: 2,
    is_required: true,
  };
  const haveFactors = ({ page }: Stage) => answerWith(page, 'GET', 'users/me/factors', factors);
  return [
    {
      name: 'factors',
      path,
      prepare: haveFactors,
      show: async ({ page }) => expect(page.getByText('Phone', { exact: true })).toBeVisible(),
    },
    {
      name: 'authenticator-app',
      path,
      async show({ page, t }) {
        const app = page.getByRole('group', { name: t('factors.totp') });
        await app.getByRole('button', { name: t('factors.setUp') }).click();
        await expect(page.getByRole('img', { name: t('factors.qrCode') })).toBeVisible();
      },
    },
    {
      name: 'recovery-codes',
      path,
      async prepare(stage) {
        await haveFactors(stage);
        await answerWith(stage.page, 'POST', 'users/me/recovery-codes', { recovery_codes: CODES });
      },
      async show({ page, t }) {
        await page.getByRole('button', { name: t('factors.replace'), exact: true }).click();
        await page
          .getByRole('dialog', { name: t('factors.replaceTitle') })
          .getByRole('button', { name: t('factors.replace') })
          .click();
        await expect(page.getByText(CODES[0] ?? '')).toBeVisible();
      },
    },
    {
      name: 'step-up',
      path,
      complaint: /status of 403/,
      async prepare(stage) {
        await haveFactors(stage);
        await stage.page.route('**/users/me/totp', (route) => {
          const details = ['totp', 'recovery-code'].map((way) => ({ path: way, message: way }));
          const body = {
            code: 403,
            data: null,
            message: '',
            error: 'access.step_up_required',
            request_id: 'x',
            details,
          };
          return route.fulfill({ status: 403, json: body });
        });
      },
      async show({ page, t }) {
        const app = page.getByRole('group', { name: t('factors.totp') });
        await app.getByRole('button', { name: t('factors.remove') }).click();
        await page
          .getByRole('dialog', { name: t('factors.removeTotpTitle') })
          .getByRole('button', { name: t('factors.remove') })
          .click();
        await expect(page.getByRole('dialog', { name: t('factors.stepUpTitle') })).toBeVisible();
      },
    },
  ];
}
