import type { Insertable, Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import { editorOf } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';

const why = 'menus are shared definitions; what is shown of them is decided by the permissions held';

export type MenuRow = Awaited<ReturnType<typeof listMenus>>[number];

/** Menus are few (hundreds) and needed as a tree, so they are read whole. */
export function listMenus(ctx: Context) {
  return ctx.unscoped('menus', why).select().selectAll().orderBy('order').orderBy('id').execute();
}

export type ReadableMenuRow = Awaited<ReturnType<typeof listReadableMenus>>[number];

/** The same for somebody who looks at them: with the name of who edited each last, as far as they may see. */
export function listReadableMenus(ctx: Context) {
  return ctx
    .rows('menus')
    .select()
    .selectAll('menus')
    .select((eb) => editorOf(eb, 'menus'))
    .orderBy('menus.order')
    .orderBy('menus.id')
    .execute();
}

export function insertMenu(ctx: Context, menu: Insertable<Tables['menus']>) {
  return ctx.unscoped('menus', why).insert(menu);
}

export async function updateMenu(
  ctx: Context,
  menuId: number,
  version: number | undefined,
  changes: Updateable<Tables['menus']>,
) {
  let update = ctx.unscoped('menus', why).update(changes).where('id', '=', menuId);
  if (version !== undefined) update = update.where('version', '=', version);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

export function markOrphans(ctx: Context, menuIds: readonly number[], isOrphan: boolean) {
  return ctx.unscoped('menus', why).updateQuietly({ is_orphan: isOrphan }).where('id', 'in', menuIds).execute();
}

export function placeMenu(ctx: Context, menuId: number, parentId: number) {
  return ctx.unscoped('menus', why).updateQuietly({ parent_id: parentId }).where('id', '=', menuId).execute();
}

export function deleteMenu(ctx: Context, menuId: number) {
  return ctx.unscoped('menus', why).delete().where('id', '=', menuId).execute();
}
