import type { Context } from '#core/context.ts';
import type { Page } from '#core/schema.ts';
import * as crud from './access.crud.ts';
import type { Holder, HolderQuery } from './access.schema.ts';
import { grantOf, isKnown, toReason } from './explain.service.ts';
import { listSwitchedOffCodes, loadUsers } from './rights.service.ts';

/**
 * Who in the caller's scope holds a permission now, and by which roles. What no route declares nobody holds; what is switched off only
 * the administrator does.
 */
export async function listHolders(ctx: Context, query: HolderQuery): Promise<Page<Holder>> {
  const { permission } = query;
  if (!isKnown(ctx, await crud.listMenuStates(ctx), permission))
    return { items: [], total: 0, page: query.page ?? 1, page_size: query.page_size ?? 20 };
  const isOff = (await listSwitchedOffCodes(ctx)).has(permission);
  const page = await crud.listHolders(ctx, isOff ? [] : grantsFor(permission), query);
  const rights = await loadUsers(
    ctx,
    page.items.map(({ id }) => id),
  );
  const items = page.items.map((user) => {
    const roles = (rights.get(user.id)?.roles ?? []).flatMap((role) => {
      const because = grantOf(role, permission);
      return role.isEnabled && because !== null && !isOff ? [{ ...toReason(role), allows: true, because }] : [];
    });
    return { ...user, roles };
  });
  return { ...page, items };
}

/** The code and every wildcard that stands for it: what a role may hold to give it. */
function grantsFor(permission: string): string[] {
  return permission
    .split(':')
    .reduce<string[][]>(
      (grants, segment) =>
        grants.flatMap((grant) => [
          [...grant, segment],
          [...grant, '*'],
        ]),
      [[]],
    )
    .map((grant) => grant.join(':'));
}
