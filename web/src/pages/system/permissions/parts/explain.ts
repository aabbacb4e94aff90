import type { Explanation } from '@/api/gen/index.ts';
import { t } from '@/app/i18n.ts';

/** One thing that was looked at: whether it lets the person, and why. */
export interface Reason {
  readonly key: string;
  readonly name: string;
  readonly text: string;
  readonly state: 'yes' | 'no' | 'fact';
  readonly roleId?: number;
}

/** A part of the chain that decides. */
export interface Step {
  readonly title: string;
  readonly reasons: readonly Reason[];
}

/** The chain of an explanation in words, from the user to what decides. */
export function stepsOf(found: Explanation, nameOfDept: (id: number | null) => string): Step[] {
  const bound = found.is_superuser ? 'fact' : 'no';
  return [
    { title: t('permissions.stepUser'), reasons: userReasons(found) },
    found.row
      ? { title: t('permissions.stepRow'), reasons: rowReasons(found, nameOfDept) }
      : { title: t('permissions.stepMenus'), reasons: menuReasons(found, bound) },
    { title: t('permissions.stepRoles'), reasons: roleReasons(found, nameOfDept, bound) },
  ];
}

function userReasons({ username, is_active, is_superuser }: Explanation): Reason[] {
  const state = t(is_active ? 'permissions.active' : 'permissions.inactive');
  const reasons: Reason[] = [{ key: 'active', name: username, text: state, state: is_active ? 'fact' : 'no' }];
  if (is_superuser) reasons.push({ key: 'superuser', name: '', text: t('permissions.isSuperuser'), state: 'yes' });
  return reasons;
}

function menuReasons({ menus }: Explanation, bound: Reason['state']): Reason[] {
  if (menus.length === 0) return [{ key: 'none', name: '', text: t('permissions.noMenus'), state: 'fact' }];
  // One that is on is enough.
  const isAnyOn = menus.some(({ is_on }) => is_on);
  return menus.map(({ id, title, above, is_enabled, is_on, is_orphan }) => {
    const text = is_orphan
      ? t('permissions.menuOrphan')
      : t(is_on ? 'permissions.menuOn' : is_enabled ? 'permissions.menuOffAbove' : 'permissions.menuOff');
    const state = is_on && !is_orphan ? 'yes' : isAnyOn ? 'fact' : bound;
    return { key: String(id), name: [...above, title].join(' / '), text, state };
  });
}

function rowReasons({ row }: Explanation, nameOfDept: (id: number | null) => string): Reason[] {
  if (!row) return [];
  const { columns, entity, id, owner_matches } = row;
  const facts: string[] = [];
  if ('dept_id' in columns)
    facts.push(t('permissions.rowDept', { name: nameOfDept(columns['dept_id'] as number | null) }));
  if (typeof columns['created_by'] === 'number') facts.push(t('permissions.rowCreator', { id: columns['created_by'] }));
  if (Object.keys(columns).length === 0) facts.push(t('permissions.rowFree'));
  const what: Reason = {
    key: 'row',
    name: `${nameOfEntity(entity)} #${id}`,
    text: facts.join(t('common.listSeparator')),
    state: 'fact',
  };
  return owner_matches ? [what, { key: 'own', name: '', text: t('permissions.ownRow'), state: 'yes' }] : [what];
}

function roleReasons(found: Explanation, nameOfDept: (id: number | null) => string, bound: Reason['state']): Reason[] {
  if (found.roles.length === 0) return [{ key: 'none', name: '', text: t('permissions.noRoles'), state: bound }];
  const isDecided = found.allowed;
  return found.roles.map((role) => {
    const refusal = isDecided ? 'fact' : bound;
    const name = `${role.name} (${role.code})`;
    const reason = (text: string, state: Reason['state']) => ({
      key: String(role.role_id),
      name,
      text,
      state,
      roleId: role.role_id,
    });
    if (!role.is_enabled) return reason(t('permissions.roleOff'), refusal);
    if (!found.row)
      return role.because === null
        ? reason(t('permissions.roleNot'), refusal)
        : reason(t('permissions.roleGrants', { grant: role.because }), 'yes');
    const scope = t(`roles.scopes.${role.data_scope}.name`);
    if (!role.allows) return reason(t('permissions.scopeNot', { scope }), refusal);
    if (role.dept_id === null) return reason(t('permissions.scopeAll'), 'yes');
    return reason(t('permissions.scopeHolds', { scope, dept: nameOfDept(role.dept_id) }), 'yes');
  });
}

const NAMED = [
  'users',
  'roles',
  'depts',
  'positions',
  'menus',
  'jobs',
  'tasks',
  'sign_in_logs',
  'request_logs',
] as const;

/** What a table holds, in words; one without a name keeps the name of its table. */
export function nameOfEntity(table: string): string {
  const known = NAMED.find((name) => name === table);
  return known ? t(`permissions.entities.${known}`) : table;
}
