import {
  editor,
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  oneOf,
  ref,
  type Static,
  Type,
} from '#core/schema.ts';
import { MENU_KINDS, type MenuKind } from './menu.entity.ts';

const text = (maxLength: number) => nullable(Type.String({ maxLength }));
const fields = {
  parent_id: nullable(id()),
  title: line(50, { description: 'Chinese title' }),
  title_en: nullable(line(50, { description: 'English title' })),
  path: nullable(Type.String({ maxLength: 200, pattern: '^/[^\\s]*$', description: 'address in the console' })),
  component: nullable(
    Type.String({ maxLength: 200, pattern: '^[\\w./-]+$', description: 'page file, relative to the pages' }),
  ),
  redirect: nullable(Type.String({ maxLength: 200, pattern: '^/[^\\s]*$' })),
  link: nullable(Type.String({ maxLength: 500, pattern: '^https?://[^\\s]+$', description: 'for link and embedded' })),
  icon: nullable(Type.String({ maxLength: 50, pattern: '^[\\w:-]+$' })),
  order: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }),
  permission: nullable(
    Type.String({ maxLength: 100, description: 'a code of the catalogue; it shows to those who hold it' }),
  ),
  active_menu: nullable(Type.String({ maxLength: 200, pattern: '^/[^\\s]*$' })),
  is_visible: Type.Boolean(),
  is_enabled: Type.Boolean({ description: 'switched off, its permission is held by nobody but the administrator' }),
  is_keep_alive: Type.Boolean(),
  is_affix: Type.Boolean(),
};
const name = line(100, {
  pattern: '^[a-z][a-z0-9-]*$',
  description: 'unique; part of the permission of links and embedded pages',
});

export const MenuOut = message('Menu', {
  id: id(),
  parent_id: nullable(Type.Integer()),
  kind: oneOf(MENU_KINDS),
  name: Type.String(),
  title: Type.String(),
  title_en: text(50),
  path: text(200),
  component: text(200),
  redirect: text(200),
  link: text(500),
  icon: text(50),
  order: Type.Integer(),
  permission: text(100),
  active_menu: text(200),
  is_visible: Type.Boolean(),
  is_enabled: Type.Boolean(),
  is_keep_alive: Type.Boolean(),
  is_affix: Type.Boolean(),
  is_builtin: Type.Boolean(),
  is_orphan: Type.Boolean({ description: 'no route declares its permission any more' }),
  version: Type.Integer(),
  created_at: moment(),
  updated_at: moment(),
  updated_by_name: editor(),
});
export type MenuOut = Static<typeof MenuOut>;
export const MenuList = message('MenuList', { items: Type.Array(ref(MenuOut)) });

const optional = {
  parent_id: Type.Optional(fields.parent_id),
  title_en: Type.Optional(fields.title_en),
  path: Type.Optional(fields.path),
  component: Type.Optional(fields.component),
  redirect: Type.Optional(fields.redirect),
  link: Type.Optional(fields.link),
  icon: Type.Optional(fields.icon),
  order: Type.Optional(fields.order),
  permission: Type.Optional(fields.permission),
  active_menu: Type.Optional(fields.active_menu),
  is_visible: Type.Optional(fields.is_visible),
  is_enabled: Type.Optional(fields.is_enabled),
  is_keep_alive: Type.Optional(fields.is_keep_alive),
  is_affix: Type.Optional(fields.is_affix),
};

export const MenuCreate = message('MenuCreate', { kind: oneOf(MENU_KINDS), name, title: fields.title, ...optional });
export type MenuCreate = Static<typeof MenuCreate>;

export const MenuUpdate = message(
  'MenuUpdate',
  {
    title: Type.Optional(fields.title),
    ...optional,
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
  },
  { minProperties: 1 },
);
export type MenuUpdate = Static<typeof MenuUpdate>;

export const MenuQuery = Type.Object(
  {
    keyword: Type.Optional(line(50, { description: 'part of a title, name or permission' })),
    kind: Type.Optional(oneOf(MENU_KINDS)),
    is_enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type MenuQuery = Static<typeof MenuQuery>;

export interface UserMenu {
  id: number;
  kind: MenuKind;
  name: string;
  title: string;
  path: string | null;
  component: string | null;
  redirect: string | null;
  link: string | null;
  icon: string | null;
  permission: string | null;
  active_menu: string | null;
  is_visible: boolean;
  is_keep_alive: boolean;
  is_affix: boolean;
  children: UserMenu[];
}

/** A node of the tree the console builds its navigation from; `title` is in the caller's language. */
export const UserMenuSchema = message('UserMenu', {
  id: id(),
  kind: oneOf(MENU_KINDS),
  name: Type.String(),
  title: Type.String(),
  path: text(200),
  component: text(200),
  redirect: text(200),
  link: text(500),
  icon: text(50),
  permission: text(100),
  active_menu: text(200),
  is_visible: Type.Boolean(),
  is_keep_alive: Type.Boolean(),
  is_affix: Type.Boolean(),
  children: Type.Array(Type.Unsafe<UserMenu>({ $ref: 'UserMenu#' })),
});
export const UserMenus = message('UserMenus', { items: Type.Array(Type.Unsafe<UserMenu>({ $ref: 'UserMenu#' })) });

export const OwnPermissions = message('OwnPermissions', {
  permissions: Type.Array(Type.String(), { description: 'every code that the caller may use now' }),
  grants: Type.Array(Type.String(), { description: 'what the roles give, wildcards included' }),
});
