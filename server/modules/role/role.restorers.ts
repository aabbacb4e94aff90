import type { Context } from '#core/context.ts';
import { type Restorer, restoredBy } from '#core/restore.ts';
import { RoleDataScope, RolePermissionsUpdate, RoleUpdate } from './role.schema.ts';
import { getRole, setDataScope, setPermissions, updateRole } from './role.service.ts';

const ASSIGN = 'system:role:assign';

const wholeDataScope = restoredBy(ASSIGN, RoleDataScope, (ctx, roleId, input) =>
  setDataScope(ctx, roleId, input, false),
);

/** What a role is called, what it permits, and what its members see are edited by different functions, and put back by them. */
export const roleRestorers: readonly Restorer[] = [
  restoredBy('system:role:update', RoleUpdate, updateRole),
  restoredBy(ASSIGN, RolePermissionsUpdate, (ctx, roleId, input) => setPermissions(ctx, roleId, input, false)),
  { ...wholeDataScope, run: restoreDataScope },
];

/** A data scope is edited as a whole; what was not changed stays as it is. */
async function restoreDataScope(
  ctx: Context,
  roleId: number,
  values: Readonly<Record<string, unknown>>,
  version: number | undefined,
): Promise<void> {
  const { data_scope, includes_below, dept_ids } = await getRole(ctx, roleId);
  await wholeDataScope.run(ctx, roleId, { data_scope, includes_below, dept_ids, ...values }, version);
}
