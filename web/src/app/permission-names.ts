import type { UserMenu } from '@/api/gen/index.ts';
import type { Permission } from '@/api/permissions.gen.ts';
import { type MessageKey, t } from './i18n.ts';
import { menus } from './session.ts';

/** A permission in words: the page it belongs to and what it allows there. */
export interface PermissionName {
  readonly code: string;
  readonly page: string;
  readonly action: string;
}

type ActionOf<Code> = Code extends `${string}:${string}:${infer Action}` ? Action : never;
/** An action without a word does not compile. */
const ACTIONS: Readonly<Record<ActionOf<Permission> | 'import', MessageKey>> = {
  query: 'permissions.actions.query',
  create: 'permissions.actions.create',
  update: 'permissions.actions.update',
  delete: 'permissions.actions.delete',
  export: 'permissions.actions.export',
  import: 'permissions.actions.import',
  assign: 'permissions.actions.assign',
  unlock: 'permissions.actions.unlock',
  'reset-password': 'permissions.actions.resetPassword',
  'reset-factors': 'factors.reset',
  'sign-out': 'permissions.actions.signOut',
  run: 'permissions.actions.run',
  cancel: 'permissions.actions.cancel',
  retry: 'permissions.actions.retry',
  revoke: 'permissions.actions.revoke',
  restore: 'permissions.actions.restore',
  'view-as': 'permissions.actions.viewAs',
  introspect: 'permissions.actions.introspect',
};

/** What belongs to no page of the menu by its permission. */
const ELSEWHERE: Readonly<Record<string, MessageKey>> = {
  'monitor:dashboard': 'permissions.pages.dashboard',
  'monitor:server': 'permissions.pages.server',
  'system:token': 'permissions.pages.tokens',
};

function pageTitle(code: string, nodes: readonly UserMenu[]): string | undefined {
  for (const node of nodes) {
    const found = node.permission === code ? node.title : pageTitle(code, node.children);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names a permission by the menu of the reader; what has no page there keeps its code. */
export function nameOfPermission(code: string): PermissionName {
  const [module, resource, action = ''] = code.split(':');
  const page = `${module}:${resource}`;
  const known = (ACTIONS as Readonly<Record<string, MessageKey>>)[action];
  const elsewhere = ELSEWHERE[page];
  return {
    code,
    page: pageTitle(`${page}:query`, menus.value) ?? (elsewhere ? t(elsewhere) : page),
    action: known ? t(known) : action,
  };
}

/** Permissions gathered by their page, in the order they come. */
export function permissionsByPage(codes: readonly string[]): { page: string; permissions: PermissionName[] }[] {
  const pages = Map.groupBy(codes.map(nameOfPermission), ({ page }) => page);
  return [...pages].map(([page, permissions]) => ({ page, permissions }));
}
