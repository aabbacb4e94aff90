import { col, defineEntity, type TableOf } from '#core/entity.ts';

export const MENU_KINDS = ['directory', 'menu', 'button', 'embedded', 'link'] as const;
export type MenuKind = (typeof MENU_KINDS)[number];

/**
 * What the console shows: directories, pages, buttons, embedded pages and outside links. A row grants nothing; it shows to those
 * who hold its `permission`. `title` is Chinese, `title_en` English. `is_orphan`: no route declares its code any more.
 */
export const menuEntity = defineEntity({
  table: 'menus',
  columns: {
    id: col.id(),
    parent_id: col.ref('menus').nullable(),
    kind: col.text(20),
    name: col.text(100).unique(),
    title: col.text(50),
    title_en: col.text(50).nullable(),
    path: col.text(200).nullable(),
    component: col.text(200).nullable(),
    redirect: col.text(200).nullable(),
    link: col.text(500).nullable(),
    icon: col.text(50).nullable(),
    order: col.integer().default(0),
    permission: col.text(100).nullable().index(),
    active_menu: col.text(200).nullable(),
    is_visible: col.boolean().default(true),
    is_enabled: col.boolean().default(true),
    is_keep_alive: col.boolean().default(false),
    is_affix: col.boolean().default(false),
    is_builtin: col.boolean().default(false),
    is_orphan: col.boolean().default(false),
    version: col.integer().default(1),
    created_at: col.stamp(),
    updated_by: col.ref('users', 'set null').nullable(),
    updated_at: col.stamp(),
  },
  scope: { none: 'menus are shared definitions; what a user sees of them follows from the permissions held' },
  audit: { label: 'title', ignored: ['is_orphan'] },
});

declare module '#core/entity.ts' {
  interface Tables {
    menus: TableOf<typeof menuEntity>;
  }
}
