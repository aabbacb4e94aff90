import { codeAt, fromBase32, stepAt } from '../../../server/modules/factor/totp.ts';
import { expect, PASSWORD, type Page, testWith } from '../support/fixtures.ts';
import { signIn, signOut, toast } from '../support/screens.ts';
import { startNamedService } from '../support/service.ts';
import { zh } from '../support/texts.ts';

// Passkeys are bound to a name.
const test = testWith(() => startNamedService());

/** What a phone or a security key is for the browser; it says yes by itself. */
async function plugInAuthenticator(page: Page, isUserVerified = true) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified,
      automaticPresenceSimulation: true,
    },
  });
  const verify = (isVerified: boolean) =>
    devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: isVerified });
  return { verify };
}

const factor = (page: Page, name: string) => page.getByRole('group', { name: zh(name) });

/** The recovery codes that are shown after the first factor. */
async function keepCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole('dialog', { name: zh('factors.codes') });
  const done = dialog.getByRole('button', { name: zh('factors.codesDone') });
  await expect(done).toBeDisabled();
  const codes = await dialog.getByRole('listitem').allInnerTexts();
  await dialog.getByText(zh('factors.codesKept')).click();
  await done.click();
  await expect(dialog).toHaveCount(0);
  return codes;
}

test('a passkey is added, signs in after the password and instead of it, and is removed', async ({
  page,
  visit,
  person,
}) => {
  await plugInAuthenticator(page);
  await visit(person, '/profile?tab=security');
  const passkeys = factor(page, 'factors.passkeys');
  await passkeys.getByRole('button', { name: zh('factors.addPasskey') }).click();
  const setup = page.getByRole('dialog', { name: zh('factors.addPasskey') });
  await setup.getByLabel(zh('factors.passkeyName')).fill('手机');
  await setup.getByRole('button', { name: zh('factors.goOn') }).click();
  expect(await keepCodes(page)).toHaveLength(10);
  await expect(passkeys.getByRole('listitem').filter({ hasText: '手机' })).toBeVisible();

  await signOut(page);
  await page.getByRole('button', { name: zh('factors.signInWithPasskey') }).click();
  await expect(page).toHaveURL(/\/dashboard|\/profile/);
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();

  await signOut(page);
  await signIn(page, person, PASSWORD);
  await expect(page.getByText(zh('factors.secondStep'))).toBeVisible();
  await page.getByRole('button', { name: zh('factors.usePasskey') }).click();
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();

  await page.goto('/profile?tab=security');
  await passkeys.getByRole('button', { name: zh('common.removeNamed', { name: '手机' }) }).click();
  const question = page.getByRole('dialog', { name: zh('factors.removePasskeyTitle', { name: '手机' }) });
  await question.getByRole('button', { name: zh('factors.remove') }).click();
  await expect(toast(page, zh('factors.passkeyRemoved'))).toBeVisible();
  await signOut(page);
  await signIn(page, person, PASSWORD);
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();
});

test('a passkey that does not know its owner signs nobody in alone', async ({ page, visit, person, watched }) => {
  watched.expect(/status of 4\d\d/);
  const { verify } = await plugInAuthenticator(page);
  await visit(person, '/profile?tab=security');
  await factor(page, 'factors.passkeys')
    .getByRole('button', { name: zh('factors.addPasskey') })
    .click();
  await page
    .getByRole('dialog', { name: zh('factors.addPasskey') })
    .getByRole('button', { name: zh('factors.goOn') })
    .click();
  await keepCodes(page);
  await signOut(page);
  await verify(false);
  const passkeyButton = page.getByRole('button', { name: zh('factors.signInWithPasskey') });
  await passkeyButton.click();
  await expect(passkeyButton).toBeEnabled();
  await expect(page).toHaveURL(/\/login/);
  await verify(true);
  await passkeyButton.click();
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();
});

test('an authenticator app is set up, asked for, and replaced once by a recovery code', async ({
  page,
  visit,
  person,
  watched,
}) => {
  watched.expect(/status of 4\d\d/);
  await visit(person, '/profile?tab=security');
  const app = factor(page, 'factors.totp');
  await app.getByRole('button', { name: zh('factors.setUp') }).click();
  const setup = page.getByRole('dialog', { name: zh('factors.totp') });
  await setup.getByText(zh('factors.cannotScan')).click();
  const key = fromBase32(await setup.getByRole('textbox', { name: zh('factors.setupKey') }).inputValue());
  const codeOf = (later: number) => codeAt(key, stepAt(new Date()) + later);
  const code = setup.getByLabel(zh('factors.fields.totp'));
  await code.fill(codeOf(-40));
  await expect(setup.getByRole('alert')).toBeVisible();
  await code.fill(codeOf(-1));
  const [first = '', second = ''] = await keepCodes(page);
  await expect(app).toContainText(zh('factors.on'));

  await signOut(page);
  await signIn(page, person, PASSWORD);
  const prompt = page.getByLabel(zh('factors.fields.totp'));
  await prompt.fill(codeOf(-40));
  await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
  await expect(prompt).toHaveValue('');
  // Six digits are sent by themselves.
  await prompt.fill(codeOf(0));
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();

  const withRecoveryCode = async (one: string) => {
    await signIn(page, person, PASSWORD);
    await page.getByRole('button', { name: zh('factors.instead.recovery-code') }).click();
    await page.getByLabel(zh('factors.fields.recovery-code')).fill(one);
    await page.getByRole('button', { name: zh('factors.verify'), exact: true }).click();
  };
  await signOut(page);
  await withRecoveryCode(first);
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();
  await signOut(page);
  await withRecoveryCode(first);
  await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
  await page.getByLabel(zh('factors.fields.recovery-code')).fill(second);
  await page.getByRole('button', { name: zh('factors.verify'), exact: true }).click();
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();
});
