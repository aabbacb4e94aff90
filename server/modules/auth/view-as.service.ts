import type { Context } from '#core/context.ts';
import { getActor } from '../access/access.service.ts';
import { assertMaySee, viewErrors } from '../access/view-check.service.ts';
import { endSessions, endViews, type OpenedView, openView } from '../session/session.service.ts';
import { getUser } from '../user/user.service.ts';

/** Somebody else's eyes, for a while. */
export interface View extends OpenedView {
  readonly user: { readonly id: number; readonly username: string; readonly name: string | null };
}

/**
 * Lets the caller look at the program as another user, changing nothing, for VIEW_AS_MINUTES. Ends an earlier view of theirs.
 * Throws `user.not_found`, `view.self`, `view.administrator`, `view.inactive`, `ceiling.exceeded`.
 */
export async function viewAs(ctx: Context, userId: number): Promise<View> {
  const { id, username, name } = await getUser(ctx, userId);
  const viewed = await getActor(ctx, userId);
  if (viewed === null || viewed === 'inactive') throw viewErrors.inactive();
  await assertMaySee(ctx, ctx.actor, viewed);
  const opened = await ctx.inTransaction(async (ctx) => {
    await endViews(ctx, ctx.actor.userId, 'viewing as somebody else');
    return openView(ctx, ctx.actor.userId, userId);
  });
  ctx.log.info(
    { user_id: userId, viewer_id: ctx.actor.userId, session_id: opened.sessionId },
    'a view as a user begins',
  );
  return { ...opened, user: { id, username, name } };
}

/** Ends the view that the caller is in. Throws `view.none` in a session of one's own. */
export async function endView(ctx: Context): Promise<void> {
  const { viewer, sessionId } = ctx.caller;
  if (viewer === null || sessionId === null) throw viewErrors.none();
  await ctx.inTransaction((ctx) => endSessions(ctx, [sessionId], 'returned to oneself'));
  ctx.log.info({ session_id: sessionId }, 'a view as a user ends');
}
