import { Check } from 'typebox/value';
import type { Context } from '#core/context.ts';
import * as crud from './preference.crud.ts';
import { fields, type Preferences, type PreferencesUpdate } from './preference.schema.ts';

const DEFAULTS: Preferences = {
  locale: null,
  theme: null,
  density: 'comfortable',
  page_size: 20,
  is_navigation_collapsed: false,
  hidden_columns: {},
  closed_panels: [],
  tabs: [],
};

/** What the caller chose, and the defaults of everything else. */
export async function getPreferences(ctx: Context): Promise<Preferences> {
  const stored = await crud.findPreferences(ctx);
  return { ...DEFAULTS, ...usable(stored?.preferences) };
}

/** Of what is stored, that which still fits: another version of the program may have written it. */
function usable(stored: unknown): PreferencesUpdate {
  if (typeof stored !== 'object' || stored === null) return {};
  const entries = Object.entries(stored).filter(
    ([key, value]) => Object.hasOwn(fields, key) && Check(fields[key as keyof typeof fields], value),
  );
  return Object.fromEntries(entries);
}

/** Changes what is named and keeps the rest, so that two windows do not undo each other's choices. */
export function setPreferences(ctx: Context, input: PreferencesUpdate): Promise<Preferences> {
  return ctx.inTransaction(async (ctx) => {
    await crud.lockOwner(ctx);
    const stored = await crud.findPreferences(ctx);
    const preferences = { ...usable(stored?.preferences), ...input };
    if (stored) await crud.updatePreferences(ctx, preferences);
    else await crud.insertPreferences(ctx, preferences);
    return { ...DEFAULTS, ...preferences };
  });
}
