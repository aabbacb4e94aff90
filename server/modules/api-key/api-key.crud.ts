import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import { contains, readPage } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import type { ApiKeyQuery } from './api-key.schema.ts';

const whyAuthentication = 'a key is looked up by its own secret before anybody is known';
const whyUse = 'the program writes down which keys were used, whoever they belong to';

const COLUMNS = [
  'api_keys.id',
  'api_keys.name',
  'api_keys.prefix',
  'api_keys.permissions',
  'api_keys.addresses',
  'api_keys.rate_per_minute',
  'api_keys.expires_at',
  'api_keys.last_used_at',
  'api_keys.revoked_at',
  'api_keys.created_at',
  'api_keys.user_id',
] as const;

export type ApiKeyRow = Awaited<ReturnType<typeof listKeysById>>[number];

function matchingKeys(ctx: Context, { keyword, user_id: userId, state }: ApiKeyQuery) {
  let matching = ctx.rows('api_keys').select();
  if (userId !== undefined) matching = matching.where('api_keys.user_id', '=', userId);
  if (keyword) {
    matching = matching.where((eb) =>
      eb.or([
        contains(['api_keys.name', 'api_keys.prefix'], keyword),
        eb(
          'api_keys.user_id',
          'in',
          eb
            .selectFrom('users as who')
            .select('who.id')
            .where(contains(['who.username', 'who.name'], keyword)),
        ),
      ]),
    );
  }
  if (state === 'revoked') return matching.where('api_keys.revoked_at', 'is not', null);
  if (state) {
    matching = matching
      .where('api_keys.revoked_at', 'is', null)
      .where('api_keys.expires_at', state === 'live' ? '>' : '<=', ctx.now());
  }
  return matching;
}

export function listKeys(ctx: Context, query: ApiKeyQuery) {
  return readPage(query, matchingKeys(ctx, query), 'api_keys', (ids) => listKeysById(ctx, ids));
}

function listKeysById(ctx: Context, ids: readonly number[]) {
  return ctx
    .rows('api_keys')
    .select()
    .innerJoin('users as who', 'who.id', 'api_keys.user_id')
    .select([...COLUMNS, 'who.username', 'who.name as user_name'])
    .where('api_keys.id', 'in', ids)
    .execute();
}

export async function countLiveKeys(ctx: Context, userId: number): Promise<number> {
  const row = await matchingKeys(ctx, { user_id: userId, state: 'live' })
    .select((eb) => eb.fn.countAll<number>().as('keys'))
    .executeTakeFirstOrThrow();
  return Number(row.keys);
}

export function insertKey(ctx: Context, key: Insertable<Tables['api_keys']>) {
  return ctx.rows('api_keys').insert(key);
}

/** A key that was not revoked. */
export function findKey(ctx: Context, keyId: number) {
  return ctx
    .rows('api_keys')
    .select()
    .select(['id', 'user_id', 'key_hash', 'name'])
    .where('id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}

export function revokeKey(ctx: Context, keyId: number) {
  return ctx.rows('api_keys').update({ revoked_at: ctx.now() }).where('id', '=', keyId).execute();
}

export function findKeyByHash(ctx: Context, keyHash: string) {
  return ctx
    .unscoped('api_keys', whyAuthentication)
    .select()
    .select(['id', 'name', 'user_id', 'permissions', 'addresses', 'rate_per_minute', 'expires_at', 'revoked_at'])
    .where('key_hash', '=', keyHash)
    .executeTakeFirst();
}

export function recordUse(ctx: Context, keyIds: readonly number[]) {
  return ctx.unscoped('api_keys', whyUse).update({ last_used_at: ctx.now() }).where('id', 'in', keyIds).execute();
}
