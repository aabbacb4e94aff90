import type { Page } from '../support/fixtures.ts';
import { type Locale, textOf } from '../support/texts.ts';

/** Answers a request of the API with data that it would take a person much to bring about. */
export async function answerWith(page: Page, method: string, resource: string | RegExp, data: object): Promise<void> {
  await page.route(
    ({ pathname }) => {
      const asked = pathname.replace('/api/v1/', '');
      return typeof resource === 'string' ? asked === resource : resource.test(asked);
    },
    (route) =>
      route.request().method() === method
        ? route.fulfill({ json: { code: 200, data, message: '' } })
        : route.continue(),
  );
}

/** Answers a read of the API in place of the service; `hang` never answers. */
export async function answerRead(page: Page, resource: string, answer: 'hang' | 'fail' | 'nothing'): Promise<void> {
  await page.route(
    (url) => url.pathname === `/api/v1/${resource}`,
    async (route) => {
      if (route.request().method() !== 'GET') return route.continue();
      if (answer === 'hang') return;
      if (answer === 'nothing') {
        return route.fulfill({
          json: { code: 200, data: { items: [], total: 0, page: 1, page_size: 20 }, message: '' },
        });
      }
      const body = {
        code: 500,
        data: null,
        error: 'server.internal',
        request_id: '0f9b6c1e-4f0e-4a57-8f6e-2b1f3a9d7c55',
      };
      const message = textOf((await route.request().headerValue('accept-language')) as Locale, 'error.unexpected');
      return route.fulfill({ status: 500, json: { ...body, message } });
    },
  );
}

/** Says of the users in the list that they failed too often: to bring it about, a test would have to wait for hours. */
export async function mustWait(page: Page, isSo = () => true): Promise<void> {
  await page.route(
    (url) => url.pathname === '/api/v1/users',
    async (route) => {
      if (route.request().method() !== 'GET' || !isSo()) return route.continue();
      const response = await route.fetch();
      const body = await response.json();
      const must_wait_until = new Date(Date.now() + 600_000).toISOString();
      for (const user of body.data?.items ?? []) Object.assign(user, { must_wait_until });
      return route.fulfill({ response, json: body });
    },
  );
}
