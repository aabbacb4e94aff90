import { test as base, type Page } from '@playwright/test';
import { PASSWORD, type Service, startService } from './service.ts';

export { expect, type Locator, type Page } from '@playwright/test';
export { PASSWORD } from './service.ts';

/** Watches a page: whatever a visitor's browser would complain about fails the test. */
export interface Watch {
  /** What the test brings about on purpose, such as a refused request; a pattern of the complaint. */
  expect(complaint: RegExp): void;
  readonly complaints: readonly string[];
}

const MARK = 'policy violation: ';

/** Collects errors of the console, exceptions, violations of the policy and requests to anywhere else. */
export async function watch(page: Page, origin: string): Promise<Watch> {
  const complaints: string[] = [];
  const expected: RegExp[] = [];
  const complain = (complaint: string) => {
    if (!expected.some((pattern) => pattern.test(complaint))) complaints.push(complaint);
  };
  await page.addInitScript((mark) => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      console.error(`${mark}${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  }, MARK);
  page.on('console', (message) => {
    const isComplaint =
      message.type() === 'error' || (message.type() === 'warning' && /^\[(Vue|intlify)/.test(message.text()));
    if (isComplaint) complain(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complain(`exception: ${error.stack ?? error.message}`));
  page.on('crash', () => complain('the page crashed'));
  page.on('request', (request) => {
    const { protocol, origin: wanted } = new URL(request.url());
    if (/^https?:$/.test(protocol) && wanted !== origin) complain(`foreign request: ${request.url()}`);
  });
  return { complaints, expect: (pattern) => void expected.push(pattern) };
}

interface Fixtures {
  readonly visit: (username: string, path?: string) => Promise<void>;
  readonly watched: Watch;
  /** The name of somebody who may do everything and whom only this test knows: what they prefer is kept by the service. */
  readonly person: string;
}

/** Playwright's test with the real service behind it (one for each worker), and a page on which nothing may go wrong unseen. */
export const test = base.extend<Fixtures, { service: Service }>({
  service: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameters of a fixture from its source
    async ({}, use) => {
      const service = await startService();
      await use(service);
      await service.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ service }, use) => use(service.url),
  watched: [
    async ({ page, service }, use) => {
      const watched = await watch(page, service.url);
      await use(watched);
      if (watched.complaints.length > 0) throw new Error(`The browser complained:\n${watched.complaints.join('\n')}`);
    },
    { auto: true },
  ],
  person: async ({ service }, use, { testId }) => {
    const username = `person-${testId.slice(-12)}`;
    const { items } = await service.admin.done('GET', 'roles?page_size=100');
    const role_ids = (items as { id: number; code: string }[])
      .filter(({ code }) => code === 'admin')
      .map(({ id }) => id);
    const user = { username, email: `${username}@example.com`, password: PASSWORD };
    await service.admin.done('POST', 'users', { ...user, role_ids });
    await use(username);
  },
  /** Opens a page as somebody who has signed in before: the cookie is there, the password is not asked for. */
  visit: async ({ page }, use) =>
    use(async (username, path = '/') => {
      await signInBehind(page, username);
      await page.goto(path);
    }),
});

/** The same test with another service behind it. */
export const testWith = (start: () => Promise<Service>) =>
  test.extend<object, { service: Service }>({
    service: [
      // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameters of a fixture from its source
      async ({}, use) => {
        const service = await start();
        await use(service);
        await service.stop();
      },
      { scope: 'worker' },
    ],
  });

/** Gives the browser the session of an earlier visit. */
export async function signInBehind(page: Page, username: string, password = PASSWORD): Promise<void> {
  const answer = await page.context().request.post('/api/v1/auth/login', { data: { username, password } });
  if (!answer.ok()) throw new Error(`${username} cannot sign in: ${await answer.text()}`);
  await page.addInitScript(() => {
    if (!sessionStorage.getItem('visited')) localStorage.setItem('signed-in', '1');
    sessionStorage.setItem('visited', '1');
  });
}
