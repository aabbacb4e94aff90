import type { Context } from '#core/context.ts';

/** Undefined for somebody who never changed anything. */
export function findPreferences(ctx: Context) {
  return ctx
    .rows('user_preferences')
    .select()
    .select('preferences')
    .where('user_id', '=', ctx.actor.userId)
    .executeTakeFirst();
}

/** Makes writes of one person's preferences wait for each other: two first ones at once would both insert. */
export function lockOwner(ctx: Context) {
  return ctx.rows('users').select().select('users.id').where('users.id', '=', ctx.actor.userId).forUpdate().execute();
}

export function insertPreferences(ctx: Context, preferences: object) {
  return ctx.rows('user_preferences').insert({ user_id: ctx.actor.userId, preferences });
}

export function updatePreferences(ctx: Context, preferences: object) {
  return ctx.rows('user_preferences').update({ preferences }).where('user_id', '=', ctx.actor.userId).execute();
}
