import { forAll } from '#core/batch.ts';
import { defineCache } from '#core/cache.ts';
import type { CataloguedPermission } from '#core/catalogue.ts';
import type { Context } from '#core/context.ts';
import { conflictErrors } from '#core/errors.ts';
import { text } from '#core/i18n.ts';
import { assertHolds, lockAccessModel } from '../access/ceiling.service.ts';
import * as crud from './menu.crud.ts';
import type { MenuKind } from './menu.entity.ts';
import { menuErrors } from './menu.errors.ts';
import type { MenuCreate, MenuOut, MenuQuery, MenuUpdate, UserMenu } from './menu.schema.ts';

/** Which kinds may stand below which; null is the root. */
const PARENTS: Readonly<Record<MenuKind, readonly (MenuKind | null)[]>> = {
  directory: [null, 'directory'],
  menu: [null, 'directory', 'menu'],
  embedded: [null, 'directory'],
  link: [null, 'directory'],
  button: ['menu'],
};

const FEW = 5;

function toMenuOut({ updated_by: _editor, ...row }: crud.ReadableMenuRow): MenuOut {
  return {
    ...row,
    kind: row.kind as MenuKind,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** Every menu that matches, flat and in the order of the tree; `parent_id` makes the tree. */
export async function listMenus(ctx: Context, query: MenuQuery): Promise<{ items: MenuOut[] }> {
  const keyword = query.keyword?.toLowerCase();
  const matching = (await crud.listReadableMenus(ctx)).filter(
    (menu) =>
      (query.kind === undefined || menu.kind === query.kind) &&
      (query.is_enabled === undefined || menu.is_enabled === query.is_enabled) &&
      (!keyword ||
        [menu.title, menu.title_en, menu.name, menu.permission].some((value) =>
          value?.toLowerCase().includes(keyword),
        )),
  );
  return { items: matching.map(toMenuOut) };
}

/** Throws `menu.not_found`. */
export async function getMenu(ctx: Context, menuId: number): Promise<MenuOut> {
  return toMenuOut(find(await crud.listReadableMenus(ctx), menuId));
}

function find<Row extends crud.MenuRow>(menus: readonly Row[], menuId: number): Row {
  const menu = menus.find(({ id }) => id === menuId);
  if (!menu) throw menuErrors.not_found();
  return menu;
}

/**
 * Adds a menu. Links and embedded pages get the permission `menu:<parent>:<name>`, so that they can be granted like a page.
 * Throws `menu.parent_missing`, `menu.parent_kind`, `menu.field_needed`, `menu.unknown_permission`, `menu.name_taken`, `ceiling.exceeded`.
 */
export function createMenu(ctx: Context, input: MenuCreate): Promise<MenuOut> {
  return ctx.inTransaction(async (ctx) => {
    await lockAccessModel(ctx);
    const menus = await crud.listMenus(ctx);
    const parent = assertPlace(menus, input.kind, input.parent_id ?? null);
    const own = input.kind === 'link' || input.kind === 'embedded';
    const permission = own ? `menu:${parent?.name ?? 'root'}:${input.name}` : (input.permission ?? null);
    assertComplete(input.kind, { ...input, permission });
    if (!own) {
      assertPermissionKnown(ctx, permission);
      assertHolds(ctx, permission);
    }
    const menuId = await crud.insertMenu(ctx, { ...input, permission });
    await ctx.forgetCached('menus');
    await ctx.afterCommit(() => ctx.access.forgetActors());
    return getMenu(ctx, menuId);
  });
}

/**
 * Changes what is named. Whoever switches a menu on or off, moves it or changes its permission decides about everything below it too,
 * so must hold all of those permissions. Throws what creating throws, `menu.not_found`, `menu.cycle`, `conflict.stale`.
 */
export function updateMenu(ctx: Context, menuId: number, input: MenuUpdate): Promise<MenuOut> {
  return ctx.inTransaction(async (ctx) => {
    await lockAccessModel(ctx);
    const { version, ...changes } = input;
    const menus = await crud.listMenus(ctx);
    const menu = find(menus, menuId);
    const kind = menu.kind as MenuKind;
    const below = subtreeOf(menus, menuId);
    if (changes.parent_id !== undefined) {
      assertPlace(menus, kind, changes.parent_id);
      if (changes.parent_id !== null && below.some(({ id }) => id === changes.parent_id))
        throw menuErrors.cycle().on('parent_id');
    }
    const own = kind === 'link' || kind === 'embedded';
    if (own || (menu.is_builtin && kind === 'button')) delete changes.permission;
    else if (changes.permission !== undefined) assertPermissionKnown(ctx, changes.permission);
    assertComplete(kind, { ...menu, ...changes });
    const decides =
      changes.is_enabled !== undefined || changes.parent_id !== undefined || changes.permission !== undefined;
    if (decides) for (const { permission } of below) assertHolds(ctx, permission);
    if (changes.permission !== undefined) assertHolds(ctx, changes.permission);
    if (!(await crud.updateMenu(ctx, menuId, version, changes))) throw conflictErrors.stale().on('version');
    await ctx.forgetCached('menus');
    await ctx.afterCommit(() => ctx.access.forgetActors());
    return getMenu(ctx, menuId);
  });
}

/** Throws `menu.not_found`, `menu.has_children`, `menu.declared`, `ceiling.exceeded`. */
export function deleteMenu(ctx: Context, menuId: number): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    await lockAccessModel(ctx);
    const menus = await crud.listMenus(ctx);
    const menu = find(menus, menuId);
    const children = menus.filter(({ parent_id }) => parent_id === menuId);
    if (children.length > 0)
      throw menuErrors.has_children({
        names: children
          .slice(0, FEW)
          .map(({ title }) => title)
          .join(', '),
      });
    const others = menus.some((other) => other.id !== menuId && other.permission === menu.permission);
    if (menu.permission !== null && ctx.catalogue.has(menu.permission) && !others) throw menuErrors.declared();
    assertHolds(ctx, menu.permission);
    await crud.deleteMenu(ctx, menuId);
    await ctx.forgetCached('menus');
    await ctx.afterCommit(() => ctx.access.forgetActors());
  });
}

function assertPlace(
  menus: readonly crud.MenuRow[],
  kind: MenuKind,
  parentId: number | null,
): crud.MenuRow | undefined {
  const parent = parentId === null ? undefined : menus.find(({ id }) => id === parentId);
  if (parentId !== null && !parent) throw menuErrors.parent_missing().on('parent_id');
  if (!PARENTS[kind].includes((parent?.kind as MenuKind | undefined) ?? null))
    throw menuErrors.parent_kind().on('parent_id');
  return parent;
}

function assertComplete(
  kind: MenuKind,
  menu: Partial<Pick<MenuOut, 'path' | 'component' | 'link' | 'permission'>>,
): void {
  const needed = {
    directory: [],
    menu: ['path', 'component'],
    button: ['permission'],
    embedded: ['path', 'link'],
    link: ['link'],
  } as const;
  for (const field of needed[kind]) if (!menu[field]) throw menuErrors.field_needed().on(field);
}

function assertPermissionKnown(ctx: Context, permission: string | null): void {
  if (permission !== null && !ctx.catalogue.has(permission))
    throw menuErrors.unknown_permission({ permission }).on('permission');
}

function subtreeOf(menus: readonly crud.MenuRow[], menuId: number): crud.MenuRow[] {
  const below = menus.filter(({ id }) => id === menuId);
  for (const menu of below)
    below.push(
      ...menus.filter(({ parent_id, id }) => parent_id === menu.id && !below.some((known) => known.id === id)),
    );
  return below;
}

/** Read with every page of the console, changed by hand. */
export const menuCache = defineCache({
  name: 'menus',
  title: text('菜单', 'Menus'),
  tags: ['menus'],
  ttlMs: 600_000,
  graceMs: 3_600_000,
  warm: listKnownMenus,
});

type KnownMenu = Omit<crud.MenuRow, 'created_at' | 'updated_at'>;

/** Every menu, as the cache knows it. */
function listKnownMenus(ctx: Context): Promise<KnownMenu[]> {
  return ctx.cached(menuCache, 'all', async (ctx) =>
    (await crud.listMenus(ctx)).map(({ created_at: _created, updated_at: _updated, ...menu }) => menu),
  );
}

/** All menus flat and in the order of the tree, titled in the language of the caller: what there is to grant. */
export async function listMenuTree(ctx: Context) {
  return (await listKnownMenus(ctx)).map((menu) => ({
    id: menu.id,
    parent_id: menu.parent_id,
    kind: menu.kind as MenuKind,
    title: titleOf(ctx, menu),
    permission: menu.permission,
    is_enabled: menu.is_enabled,
    is_orphan: menu.is_orphan,
  }));
}

const titleOf = (ctx: Context, menu: KnownMenu) => (ctx.locale === 'en-US' && menu.title_en) || menu.title;

/** The permissions of links and embedded pages: they have no route, so their row is where the code comes from. */
export async function listPagePermissions(ctx: Context): Promise<string[]> {
  const menus = await listKnownMenus(ctx);
  return menus.flatMap(({ kind, permission }) =>
    (kind === 'link' || kind === 'embedded') && permission ? [permission] : [],
  );
}

/**
 * The tree of the caller: pages whose permission they hold (or that ask for none), directories that have something in them.
 * What is switched off, hangs below something switched off, or lost its route is not there.
 */
export async function listUserMenus(ctx: Context): Promise<{ items: UserMenu[] }> {
  const { permissions } = ctx.actor;
  const byParent = Map.groupBy(
    (await listKnownMenus(ctx)).filter((menu) => menu.is_enabled && !menu.is_orphan && menu.kind !== 'button'),
    (menu) => menu.parent_id,
  );
  const build = (parentId: number | null): UserMenu[] =>
    (byParent.get(parentId) ?? []).flatMap((menu): UserMenu[] => {
      const children = build(menu.id);
      const shown =
        menu.kind === 'directory'
          ? children.length > 0
          : menu.permission === null || permissions.holds(menu.permission);
      return shown ? [toUserMenu(ctx, menu, children)] : [];
    });
  return { items: build(null) };
}

function toUserMenu(ctx: Context, menu: KnownMenu, children: UserMenu[]): UserMenu {
  return {
    id: menu.id,
    kind: menu.kind as MenuKind,
    name: menu.name,
    title: titleOf(ctx, menu),
    path: menu.path,
    component: menu.component,
    redirect: menu.redirect,
    link: menu.link,
    icon: menu.icon,
    permission: menu.permission,
    active_menu: menu.active_menu,
    is_visible: menu.is_visible,
    is_keep_alive: menu.is_keep_alive,
    is_affix: menu.is_affix,
    children,
  };
}

/** Every code the caller may use now, and the grants they come from. */
export async function listOwnPermissions(ctx: Context): Promise<{ permissions: string[]; grants: string[] }> {
  const codes = [...ctx.catalogue.keys(), ...(await listPagePermissions(ctx))];
  const { permissions } = ctx.actor;
  return { permissions: codes.filter((code) => permissions.holds(code)).sort(), grants: [...permissions.grants] };
}

/**
 * Makes the menus agree with the codes that the routes declare: a missing one becomes a button of its page, one that no route declares
 * any more is marked as an orphan, one whose page has come since moves there. Nothing is deleted, and what an administrator named or ordered stays. Run at every start.
 */
export async function synchroniseMenus(ctx: Context): Promise<{ added: string[]; orphaned: string[] }> {
  return ctx.inTransaction(async (ctx) => {
    const menus = await crud.listMenus(ctx);
    const carried = new Set(menus.map((menu) => menu.permission));
    const missing = [...ctx.catalogue.values()].filter(({ code }) => !carried.has(code));
    const pages = menus.filter((menu) => menu.kind === 'menu');
    const pageOf = ({ page, menu: name }: Pick<CataloguedPermission, 'page' | 'menu'>) =>
      pages.find((menu) => menu.permission === page) ?? pages.find((menu) => menu.name === name);
    for (const [index, declared] of missing.entries()) {
      const { code, title } = declared;
      await crud.insertMenu(ctx, {
        parent_id: pageOf(declared)?.id ?? null,
        kind: 'button',
        name: code,
        title: title['zh-CN'],
        title_en: title['en-US'],
        order: index,
        permission: code,
        is_builtin: true,
      });
    }
    for (const { id, kind, parent_id, permission } of menus) {
      const declared = kind === 'button' && parent_id === null ? ctx.catalogue.get(permission ?? '') : undefined;
      const page = declared && pageOf(declared);
      if (page) await crud.placeMenu(ctx, id, page.id);
    }
    const byRoute = menus.filter(
      (menu) => menu.permission !== null && (menu.kind === 'menu' || menu.kind === 'button'),
    );
    const isOrphan = (menu: crud.MenuRow) => !ctx.catalogue.has(menu.permission ?? '');
    const orphaned = byRoute.filter((menu) => isOrphan(menu) && !menu.is_orphan);
    const back = byRoute.filter((menu) => !isOrphan(menu) && menu.is_orphan);
    if (orphaned.length > 0)
      await crud.markOrphans(
        ctx,
        orphaned.map(({ id }) => id),
        true,
      );
    if (back.length > 0)
      await crud.markOrphans(
        ctx,
        back.map(({ id }) => id),
        false,
      );
    await ctx.forgetCached('menus');
    return { added: missing.map(({ code }) => code), orphaned: orphaned.map(({ permission }) => permission ?? '') };
  });
}

/** Deletes all of them or none, those further down first. Throws `conflict.batch_refused`, naming each that was refused and why. */
export async function deleteMenus(ctx: Context, ids: readonly number[]): Promise<void> {
  const menus = await crud.listMenus(ctx);
  const below = (menuId: number) => subtreeOf(menus, menuId).length;
  await forAll(
    ctx,
    ids,
    deleteMenu,
    ids.toSorted((one, other) => below(one) - below(other)),
  );
}
