import { idsOfPath } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { type Text, text, translate } from '#core/i18n.ts';
import * as crud from './access.crud.ts';
import { explainErrors } from './access.errors.ts';
import type { ExplainQuery, Explanation, PermissionList } from './access.schema.ts';
import { toActor } from './access.service.ts';
import { listSwitchedOffCodes, loadUsers, type RoleRights, scopeOfRole, type UserRights } from './rights.service.ts';

type MenuStates = Awaited<ReturnType<typeof crud.listMenuStates>>;

const reasons = {
  inactive: text('用户已停用', 'the user is disabled'),
  superuser: text('超级管理员拥有全部权限', 'the administrator may do everything'),
  switched_off: text('该权限的菜单已停用', 'the menu of this permission is disabled'),
  undeclared: text('系统中没有该权限', 'no route declares this permission'),
  granted: text('由角色授予', 'a role grants it'),
  not_granted: text('没有启用的角色授予该权限', 'no enabled role grants it'),
  everybody: text('该类数据不受数据权限限制', 'rows of this kind are not limited by the data scope'),
  in_scope: text('在数据权限范围内', 'the row is in the data scope'),
  own: text('本人的数据', 'the row is their own'),
  out_of_scope: text('不在任何角色的数据权限范围内', 'the row is in the data scope of no role'),
} satisfies Record<string, Text>;

/** Every permission of the program with its routes. */
export async function listPermissions(ctx: Context): Promise<PermissionList> {
  const switchedOff = await listSwitchedOffCodes(ctx);
  const menus = await crud.listMenuStates(ctx);
  const pages = new Map(menus.filter(({ kind }) => kind === 'menu').map((menu) => [menu.permission, menu]));
  const titleOfPage = (page: string) => {
    const menu = pages.get(page);
    return menu ? titleOf(ctx, menu) : null;
  };
  return {
    entities: ctx.tables().filter((table) => isExplainable(ctx, table)),
    items: [...ctx.catalogue.values()].map(({ code, page, title, routes }) => ({
      code,
      page,
      page_title: titleOfPage(page),
      title: translate(title, ctx.locale),
      routes: routes.map((route) => ({ ...route })),
      is_switched_off: switchedOff.has(code),
    })),
  };
}

const isExplainable = (ctx: Context, table: string) => ctx.entity(table)?.columns['id']?.options.autoincrement === true;

const titleOf = (ctx: Context, { title, title_en }: { readonly title: string; readonly title_en: string | null }) =>
  (ctx.locale === 'en-US' && title_en) || title;

/**
 * Says whether a user holds a permission or sees a row, and by which role, grant, menu and scope rule. The verdict comes from the very
 * code that decides about requests. Throws `explain.user_missing`, `explain.row_missing` (also for rows the caller may not see),
 * `explain.question` unless exactly one question is asked.
 */
export async function explain(ctx: Context, query: ExplainQuery): Promise<Explanation> {
  const asksRow = query.entity !== undefined && query.id !== undefined;
  if (asksRow === (query.permission !== undefined)) throw explainErrors.question();
  const visible = await crud.listVisibleUserIds(ctx, [query.user_id]);
  const user = visible.length > 0 ? (await loadUsers(ctx, [query.user_id])).get(query.user_id) : undefined;
  if (!user) throw explainErrors.user_missing();
  return query.permission !== undefined
    ? explainPermission(ctx, user, query.permission)
    : explainRow(ctx, user, query.entity ?? '', query.id ?? 0);
}

async function explainPermission(ctx: Context, user: UserRights, permission: string): Promise<Explanation> {
  const switchedOff = await listSwitchedOffCodes(ctx);
  const menus = await crud.listMenuStates(ctx);
  const known = isKnown(ctx, menus, permission);
  const held = toActor(user, switchedOff).permissions.holds(permission);
  const allowed = user.isActive && known && held;
  const roles = user.roles.map((role) => {
    const grant = grantOf(role, permission);
    return { ...toReason(role), allows: role.isEnabled && grant !== null, because: grant };
  });
  return {
    ...subject(user),
    allowed,
    reason: translate(reasonForPermission(user, { known, held, off: switchedOff.has(permission) }), ctx.locale),
    roles,
    menus: explainMenus(ctx, menus, permission),
    row: null,
  };
}

/** Whether a route declares a permission, or a link or embedded page carries it. */
export function isKnown(ctx: Context, menus: MenuStates, permission: string): boolean {
  const isPage = ({ kind }: MenuStates[number]) => kind === 'link' || kind === 'embedded';
  return ctx.catalogue.has(permission) || menus.some((menu) => menu.permission === permission && isPage(menu));
}

/** The menu rows that carry a permission, each with what is above it and whether all of that is enabled. */
function explainMenus(ctx: Context, menus: MenuStates, permission: string): Explanation['menus'] {
  const byId = new Map(menus.map((menu) => [menu.id, menu]));
  return menus
    .filter((menu) => menu.permission === permission)
    .map((menu) => {
      const above: MenuStates[number][] = [];
      for (let next = byId.get(menu.parent_id ?? 0); next; next = byId.get(next.parent_id ?? 0)) above.unshift(next);
      const { id, is_enabled, is_orphan } = menu;
      const is_on = is_enabled && above.every((one) => one.is_enabled);
      return {
        id,
        title: titleOf(ctx, menu),
        above: above.map((one) => titleOf(ctx, one)),
        is_enabled,
        is_on,
        is_orphan,
      };
    });
}

function reasonForPermission(user: UserRights, state: { known: boolean; held: boolean; off: boolean }): Text {
  if (!user.isActive) return reasons.inactive;
  if (!state.known) return reasons.undeclared;
  if (user.isSuperuser) return reasons.superuser;
  if (state.held) return reasons.granted;
  return state.off ? reasons.switched_off : reasons.not_granted;
}

/** The grant of a role that gives a permission, if one does. */
export function grantOf(role: RoleRights, permission: string): string | null {
  const segments = permission.split(':');
  const matches = (grant: string) =>
    grant.split(':').every((segment, index) => segment === '*' || segment === segments[index]);
  return role.permissions.find(matches) ?? null;
}

async function explainRow(ctx: Context, user: UserRights, table: string, rowId: number): Promise<Explanation> {
  const entity = ctx.entity(table);
  if (!entity || !isExplainable(ctx, table)) throw explainErrors.entity_unknown({ entity: table });
  if (!(await crud.seesRow(ctx, table, rowId))) throw explainErrors.row_missing();
  const actor = toActor(user, await listSwitchedOffCodes(ctx));
  const sees = await crud.seesRow(ctx.seenBy(actor), table, rowId);
  const unlimited = 'none' in entity.scope;
  const columns =
    'through' in entity.scope ? [entity.scope.through.column] : unlimited ? [] : scopeColumns(entity.scope);
  const row = await crud.findScopeColumns(ctx, table, rowId, columns);
  const owner = !('none' in entity.scope) && !('through' in entity.scope) ? (entity.scope.owner ?? []) : [];
  const ownerMatches = owner.some((column) => row[column] === user.id);
  const deptColumn = 'dept' in entity.scope ? entity.scope.dept : undefined;
  const deptPath = deptColumn ? await crud.findDeptPath(ctx, row[deptColumn]) : undefined;
  const roles = user.roles.map((role) => {
    const rule = ruleFor(role, user.dept, deptPath);
    const found = { because: rule?.words ?? null, dept_id: rule?.deptId ?? null };
    return { ...toReason(role), allows: role.isEnabled && rule !== null, ...found };
  });
  const reason = !user.isActive
    ? reasons.inactive
    : user.isSuperuser
      ? reasons.superuser
      : unlimited
        ? reasons.everybody
        : !sees
          ? reasons.out_of_scope
          : ownerMatches && !roles.some((role) => role.allows)
            ? reasons.own
            : reasons.in_scope;
  return {
    ...subject(user),
    allowed: user.isActive && sees,
    reason: translate(reason, ctx.locale),
    roles,
    menus: [],
    row: { entity: table, id: rowId, columns: row, owner_matches: ownerMatches },
  };
}

function scopeColumns(scope: {
  readonly dept?: string;
  readonly path?: string;
  readonly owner?: readonly string[];
}): string[] {
  return [...new Set([scope.dept, scope.path, ...(scope.owner ?? [])].filter((column) => column !== undefined))];
}

/** The rule of a role that holds a row in a department, in words; null when none does. */
function ruleFor(
  role: RoleRights,
  dept: UserRights['dept'],
  deptPath: string | undefined,
): { words: string; deptId: number | null } | null {
  const scope = scopeOfRole(role, dept);
  if (scope.all) return { words: 'all', deptId: null };
  if (deptPath === undefined) return null;
  const root = scope.deptPaths.find((path) => deptPath.startsWith(path));
  if (root) return { words: `${role.dataScope} ${root}*`, deptId: idsOfPath(root).at(-1) ?? null };
  const own = scope.deptIds.find((deptId) => deptPath.endsWith(`/${deptId}/`));
  return own === undefined ? null : { words: `${role.dataScope} ${own}`, deptId: own };
}

export function toReason(role: RoleRights) {
  const { id: role_id, code, name, isEnabled: is_enabled, dataScope: data_scope } = role;
  return { role_id, code, name, is_enabled, data_scope, dept_id: null };
}

function subject(user: UserRights) {
  return { user_id: user.id, username: user.username, is_active: user.isActive, is_superuser: user.isSuperuser };
}
