import { expect, PASSWORD, type Page, test, watch } from '../support/fixtures.ts';
import { ListScreen, navigation, pick, signIn, signOut, toast } from '../support/screens.ts';
import { startService } from '../support/service.ts';
import { en, type Texts, zh } from '../support/texts.ts';

const DEPT = 'Polar station';
const ROLE = 'Station keeper';
/** A language, and the titles that menus have in it: these come from the service. */
interface Language {
  readonly locale: string;
  readonly t: Texts;
  readonly menus: Readonly<Record<'departments' | 'roles' | 'users' | 'menus', string>>;
}
const LANGUAGES: readonly Language[] = [
  {
    locale: 'zh-CN',
    t: zh,
    menus: { departments: '部门管理', roles: '角色管理', users: '用户管理', menus: '菜单管理' },
  },
  { locale: 'en-US', t: en, menus: { departments: 'Departments', roles: 'Roles', users: 'Users', menus: 'Menus' } },
];

/** What the administrator does on the first day: a department, a role for it, and somebody who has the role. */
async function setUp(page: Page, { t, menus: words }: Language): Promise<void> {
  const go = async (name: string) => {
    await navigation(page, t).getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeAttached();
  };

  await go(words.departments);
  const depts = new ListScreen(page, 'depts.one', t);
  const dept = await depts.openNew();
  await dept.getByLabel(t('depts.name')).fill(DEPT);
  await dept.getByLabel(t('depts.code')).fill('polar');
  await depts.save();
  await expect(depts.row('polar')).toBeVisible();

  await go(words.roles);
  const roles = new ListScreen(page, 'roles.one', t);
  const role = await roles.openNew();
  await role.getByLabel(t('roles.name')).fill(ROLE);
  await role.getByLabel(t('roles.code')).fill('station-keeper');
  await roles.save();
  await roles.row('station-keeper').getByRole('link', { name: ROLE }).click();
  const tree = page.getByRole('tree', { name: t('roles.tree') });
  await tree.getByRole('treeitem', { name: new RegExp(words.users) }).click();
  await expect(tree.getByRole('treeitem', { name: new RegExp(words.users) })).toHaveAttribute('aria-checked', 'true');
  const apply = async () => {
    await page.getByRole('button', { name: t('roles.previewSave') }).click();
    const preview = page.getByRole('dialog', { name: t('roles.previewTitle', { name: ROLE }) });
    await preview.getByRole('button', { name: t('action.apply') }).click();
    await expect(preview).toBeHidden();
  };
  await apply();
  await page.getByRole('link', { name: t('roles.scope'), exact: true }).click();
  await page.getByRole('radio', { name: new RegExp(t('roles.scopes.dept_and_below.name')) }).check();
  await apply();

  await go(words.users);
  const users = new ListScreen(page, 'users.one', t);
  const user = await users.openNew();
  await user.getByLabel(t('users.username')).fill('amundsen');
  await user.getByLabel(t('users.password'), { exact: true }).fill('ninety degrees south');
  await user.getByLabel(t('users.email')).fill('amundsen@example.com');
  await pick(user, t('users.dept'), DEPT);
  await pick(user, t('users.roles'), ROLE);
  await users.save();
  await expect(toast(page, t('crud.created'))).toBeVisible();
}

/** What the new user sees: their department and themselves, and nothing else. */
async function lookAround(page: Page, { t, menus: words }: Language): Promise<void> {
  const links = navigation(page, t).getByRole('link');
  await expect(links.filter({ hasText: words.users })).toBeVisible();
  for (const hidden of [words.roles, words.menus, words.departments])
    await expect(links.filter({ hasText: hidden })).toHaveCount(0);
  await links.filter({ hasText: words.users }).click();
  const users = new ListScreen(page, 'users.one', t);
  await expect(users.row('amundsen')).toContainText(DEPT);
  await users.settled();
  await expect(page.getByRole('row')).toHaveCount(2);
  const tree = page.getByRole('tree', { name: t('users.depts') });
  await expect(tree.getByRole('treeitem')).toHaveText([t('users.allDepts'), DEPT]);
  await expect(users.addButton).toBeVisible();
  await page.goto('/system/roles');
  await expect(page.getByRole('heading', { name: t('error.forbidden.title') })).toBeVisible();
  await page.goto('/system/users?username=admin');
  await expect(page.getByText(t('crud.noMatch', { name: t('users.one') }))).toBeVisible();
}

for (const language of LANGUAGES) {
  const { locale, t } = language;
  test(`the first day of a new installation, from signing in to what the first user sees (${locale})`, async ({
    browser,
  }) => {
    const service = await startService({ SEED_DEMO_DATA: 'false' });
    const context = await browser.newContext({ locale, baseURL: service.url, viewport: { width: 1440, height: 900 } });
    try {
      const page = await context.newPage();
      const { complaints } = await watch(page, service.url);
      await page.goto('/');
      await signIn(page, 'admin', PASSWORD, t);
      await setUp(page, language);
      await signOut(page, t);
      await signIn(page, 'amundsen', 'ninety degrees south', t);
      await lookAround(page, language);
      expect(complaints).toEqual([]);
      const theirs = await service.as('amundsen', 'ninety degrees south');
      const { items } = await theirs.done('GET', 'users');
      expect(items.map(({ username }: { username: string }) => username)).toEqual(['amundsen']);
      const refused = [await theirs.send('GET', 'roles'), await theirs.send('POST', 'depts', { name: 'x', code: 'x' })];
      expect(refused.map(({ status }) => status)).toEqual([403, 403]);
    } finally {
      await context.close();
      await service.stop();
    }
  });
}
