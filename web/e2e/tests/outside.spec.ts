import { CLIENT, callbackOf, startOpenIdProvider } from '../../../server/tests/openid.ts';
import { expect, type Page, testWith } from '../support/fixtures.ts';
import { signOut, toast } from '../support/screens.ts';
import { startNamedService } from '../support/service.ts';
import { zh } from '../support/texts.ts';

const PROVIDER = 'Corp';
const accounts = {
  alice: { email: 'alice@corp.example', email_verified: true, name: 'Alice of Corp', preferred_username: 'alice' },
  bob: { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob' },
};

/** The service, and a real provider on another site that it trusts. Plain http is for development alone. */
const test = testWith(async () => {
  let provider: Awaited<ReturnType<typeof startOpenIdProvider>> | undefined;
  const service = await startNamedService(async (url) => {
    provider = await startOpenIdProvider(accounts, [callbackOf('corp', url)], url);
    const corp = { ...CLIENT, name: 'corp', title: PROVIDER, preset: 'keycloak', issuer: provider.issuer };
    const joining = { create_users: true, email_domains: ['corp.example'] };
    return { APP_ENV: 'development', IDENTITY_PROVIDERS: JSON.stringify([{ ...corp, ...joining }]) };
  });
  return {
    ...service,
    async stop() {
      await service.stop();
      await provider?.close();
    },
  };
});

test.beforeEach(async ({ page, watched }) => {
  // Its pages want a font from elsewhere; the console never does.
  await page.route('https://fonts.googleapis.com/**', (route) => route.abort());
  watched.expect(
    /fonts\.googleapis\.com|foreign request: http:\/\/127\.0\.0\.1|frame-ancestors|\(http:\/\/127\.0\.0\.1/,
  );
});

/** What a person does at the provider. */
async function signInThere(page: Page, account: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(account);
  await page.getByPlaceholder('and password').fill('whatever');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

const button = (page: Page) => page.getByRole('link', { name: zh('outside.signInWith', { title: PROVIDER }) });

test('a person signs in by way of the provider and back to the page they wanted, and signs out at both', async ({
  page,
}) => {
  const addresses: string[] = [];
  page.on('framenavigated', (frame) => void addresses.push(frame.url()));
  await page.goto('/profile?tab=access');
  await button(page).click();
  await signInThere(page, 'alice');
  await expect(page).toHaveURL('/profile?tab=access');
  await expect(page.getByRole('heading', { name: 'Alice of Corp' })).toBeVisible();
  expect(addresses.filter((address) => /eyJ|token/i.test(address))).toEqual([]);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Alice of Corp' })).toBeVisible();

  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('button', { name: zh('outside.signOutToo', { title: PROVIDER }) }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await button(page).click();
  await expect(page.getByPlaceholder('Enter any login'), 'nobody is signed in there any more').toBeVisible();
});

test('A11 an account that is nobody’s signs nobody in; its owner links it, signs in with it, and takes it away', async ({
  page,
  visit,
  person,
}) => {
  await page.goto('/login');
  await button(page).click();
  await signInThere(page, 'bob');
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByRole('alert').filter({ hasText: zh('outside.failures.notLinked') })).toBeVisible();

  await visit(person, '/profile?tab=security');
  await page.getByRole('button', { name: zh('outside.link', { title: PROVIDER }) }).click();
  await expect(toast(page, zh('outside.linked', { title: PROVIDER }))).toBeVisible();
  await signOut(page);
  await button(page).click();
  await expect(page.getByRole('button', { name: new RegExp(person) })).toBeVisible();

  await page.goto('/profile?tab=security');
  await page.getByRole('button', { name: new RegExp(`^${zh('outside.unlink')} ${PROVIDER}`) }).click();
  await page
    .getByRole('dialog', { name: zh('outside.unlinkTitle', { title: PROVIDER }) })
    .getByRole('button', { name: zh('outside.unlink') })
    .click();
  await expect(toast(page, zh('outside.unlinked'))).toBeVisible();
  await signOut(page);
  await button(page).click();
  await expect(page.getByRole('alert').filter({ hasText: zh('outside.failures.notLinked') })).toBeVisible();
});
