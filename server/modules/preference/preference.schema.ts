import { LOCALES } from '#core/i18n.ts';
import { line, message, nullable, oneOf, type Static, Type } from '#core/schema.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export const DENSITIES = ['comfortable', 'compact'] as const;
const PAGE_SIZES = [10, 20, 50, 100, 200];

/** The name of a table or a page of the console. */
const name = '^[a-z][a-z0-9-]{0,39}$';

/** What each preference may hold. A value that is stored but no longer fits counts as not chosen. */
export const fields = {
  locale: nullable(oneOf(LOCALES)),
  theme: nullable(oneOf(THEMES)),
  density: oneOf(DENSITIES),
  page_size: Type.Unsafe<number>({ type: 'integer', enum: PAGE_SIZES }),
  is_navigation_collapsed: Type.Boolean(),
  hidden_columns: Type.Record(
    Type.String({ pattern: name }),
    Type.Array(line(40, { pattern: '^[a-z][a-z0-9_]*$' }), { maxItems: 40, uniqueItems: true }),
    {
      additionalProperties: false,
      maxProperties: 60,
      description: 'by table; a table that is not named shows what it shows by default',
    },
  ),
  closed_panels: Type.Array(line(40, { pattern: name }), {
    maxItems: 40,
    uniqueItems: true,
    description: 'panels at the side of a page, by page',
  }),
  tabs: Type.Array(Type.String({ maxLength: 200, pattern: '^/[^/\\s][^\\s]*$' }), {
    maxItems: 12,
    uniqueItems: true,
    description: 'paths of the open pages',
  }),
};

/** How a person likes the console. Null for `locale` and `theme`: as it is in the browser at hand. */
export const Preferences = message('Preferences', fields);
export type Preferences = Static<typeof Preferences>;

export const PreferencesUpdate = message('PreferencesUpdate', {
  locale: Type.Optional(fields.locale),
  theme: Type.Optional(fields.theme),
  density: Type.Optional(fields.density),
  page_size: Type.Optional(fields.page_size),
  is_navigation_collapsed: Type.Optional(fields.is_navigation_collapsed),
  hidden_columns: Type.Optional(fields.hidden_columns),
  closed_panels: Type.Optional(fields.closed_panels),
  tabs: Type.Optional(fields.tabs),
});
export type PreferencesUpdate = Static<typeof PreferencesUpdate>;
