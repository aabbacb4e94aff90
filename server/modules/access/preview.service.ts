import type { Context } from '#core/context.ts';
import { message, ref, type Static, Type } from '#core/schema.ts';
import { effectiveRights, listSwitchedOffCodes, loadUsers, type Rights, type UserRights } from './rights.service.ts';

const MOST_USERS = 100;

const RightsDifference = message('RightsDifference', {
  permissions: Type.Array(Type.String()),
  all_rows: Type.Boolean(),
  dept_ids: Type.Array(Type.Integer(), { description: 'departments alone' }),
  dept_paths: Type.Array(Type.String(), { description: 'departments with all below them' }),
});

export const UserRightsChange = message('UserRightsChange', {
  user_id: Type.Integer(),
  username: Type.String(),
  gains: ref(RightsDifference),
  loses: ref(RightsDifference),
});

/** What a change of rights does, or with `dry_run=true` would do. */
export const RightsChange = message('RightsChange', {
  dry_run: Type.Boolean(),
  affected: Type.Integer({ description: 'users whose rights change; at most 100 are listed' }),
  users: Type.Array(ref(UserRightsChange)),
});
export type RightsChange = Static<typeof RightsChange>;

export const DryRunQuery = Type.Object(
  {
    dry_run: Type.Optional(
      Type.Boolean({ default: false, description: 'say who gains and loses what, and change nothing' }),
    ),
  },
  { additionalProperties: false },
);

class RollBack {
  readonly result: RightsChange;
  constructor(result: RightsChange) {
    this.result = result;
  }
}

/**
 * Runs `change` and tells whose rights it moved. With `dryRun` the transaction is rolled back afterwards: every check has been made,
 * the answer is the same, and nothing is changed.
 */
export async function describeChange(
  ctx: Context,
  userIds: readonly number[],
  dryRun: boolean,
  change: (ctx: Context) => Promise<unknown>,
): Promise<RightsChange> {
  const watched = userIds.slice(0, MOST_USERS);
  try {
    return await ctx.inTransaction(async (ctx) => {
      const before = await rightsOf(ctx, watched);
      await change(ctx);
      const after = await rightsOf(ctx, watched);
      const codes = [...ctx.catalogue.keys()];
      const users = [...after].flatMap(([userId, now]) => {
        const then = before.get(userId) ?? now;
        const [gains, loses] = [difference(codes, now, then), difference(codes, then, now)];
        const same = isEmpty(gains) && isEmpty(loses);
        return same ? [] : [{ user_id: userId, username: now.user.username, gains, loses }];
      });
      const unwatched = userIds.length - watched.length;
      const result = { dry_run: dryRun, affected: users.length + unwatched, users };
      if (dryRun) throw new RollBack(result);
      return result;
    });
  } catch (error) {
    if (error instanceof RollBack) return error.result;
    throw error;
  }
}

type UserWithRights = Rights & { readonly user: UserRights };

async function rightsOf(ctx: Context, userIds: readonly number[]): Promise<Map<number, UserWithRights>> {
  const switchedOff = await listSwitchedOffCodes(ctx);
  const users = await loadUsers(ctx, userIds);
  return new Map([...users].map(([userId, user]) => [userId, { user, ...effectiveRights(user, switchedOff) }]));
}

function difference(codes: readonly string[], more: Rights, less: Rights): Static<typeof RightsDifference> {
  return {
    permissions: codes.filter((code) => more.permissions.holds(code) && !less.permissions.holds(code)),
    all_rows: more.scope.all && !less.scope.all,
    dept_ids: more.scope.deptIds.filter((deptId) => !less.scope.deptIds.includes(deptId)),
    dept_paths: more.scope.deptPaths.filter((path) => !less.scope.deptPaths.includes(path)),
  };
}

function isEmpty(rights: Static<typeof RightsDifference>): boolean {
  return rights.permissions.length + rights.dept_ids.length + rights.dept_paths.length === 0 && !rights.all_rows;
}
