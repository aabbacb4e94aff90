import type { Menu, MenuCreate } from '@/api/gen/index.ts';

export type MenuKind = Menu['kind'];
export const MENU_KINDS = ['directory', 'menu', 'button', 'embedded', 'link'] as const satisfies readonly MenuKind[];

/** What is edited; `id` tells a menu from those it can be moved below. */
export type MenuForm = MenuCreate & { readonly id?: number };

type Key = keyof MenuCreate & string;

/** What each kind has, besides what all have. The kinds differ in what they need (server/modules/menu). */
const FIELDS: Readonly<Record<MenuKind, readonly Key[]>> = {
  directory: ['icon', 'path', 'redirect', 'is_visible'],
  menu: [
    'icon',
    'path',
    'component',
    'redirect',
    'permission',
    'active_menu',
    'is_visible',
    'is_keep_alive',
    'is_affix',
  ],
  button: ['permission'],
  embedded: ['icon', 'link', 'is_visible', 'is_keep_alive', 'is_affix'],
  link: ['icon', 'link', 'is_visible'],
};
const NEEDED: Readonly<Record<MenuKind, readonly Key[]>> = {
  directory: [],
  menu: ['path', 'component'],
  button: ['parent_id', 'permission'],
  embedded: ['link'],
  link: ['link'],
};
const COMMON: readonly Key[] = ['kind', 'parent_id', 'title', 'title_en', 'name', 'order', 'is_enabled'];

/** Which kinds may stand below which; null is the top. */
const PARENTS: Readonly<Record<MenuKind, readonly (MenuKind | null)[]>> = {
  directory: [null, 'directory'],
  menu: [null, 'directory', 'menu'],
  button: ['menu'],
  embedded: [null, 'directory'],
  link: [null, 'directory'],
};

export const hasField = (kind: MenuKind, key: Key): boolean => COMMON.includes(key) || FIELDS[kind].includes(key);
export const neededFields = (kind: MenuKind): readonly Key[] => NEEDED[kind];
export const mayStandBelow = (kind: MenuKind, parent: MenuKind | null): boolean => PARENTS[kind].includes(parent);
export const mayHaveChildren = (kind: MenuKind): boolean => kind === 'directory' || kind === 'menu';

/** What is sent of a new menu: only what its kind has. An embedded page is found under its own name. */
export function toCreate({ id: _id, ...form }: MenuForm): MenuCreate {
  const kept = Object.fromEntries(
    Object.entries(form).filter(([key]) => hasField(form.kind, key as Key)),
  ) as MenuCreate;
  return form.kind === 'embedded' ? { ...kept, path: `/embedded/${form.name}` } : kept;
}

export const blankMenu = (): MenuForm => ({
  kind: 'menu',
  parent_id: null,
  title: '',
  title_en: null,
  name: '',
  path: null,
  component: null,
  redirect: null,
  link: null,
  icon: null,
  order: 0,
  permission: null,
  active_menu: null,
  is_visible: true,
  is_enabled: true,
  is_keep_alive: false,
  is_affix: false,
});

/** The fields of the form as they stand in a menu. */
export const toMenuForm = (menu: Menu): MenuForm => {
  const keys = Object.keys(blankMenu()) as (keyof Menu & keyof MenuCreate)[];
  return { ...(Object.fromEntries(keys.map((key) => [key, menu[key]])) as unknown as MenuCreate), id: menu.id };
};
