import { isPermissionCode } from './access.ts';
import type { Feature } from './feature.ts';
import { type Text, text } from './i18n.ts';

/** A permission as the routes declare it. */
export interface CataloguedPermission {
  readonly code: string;
  readonly feature: string;
  /** The code of the page its button belongs to: `system:user:query` for every `system:user:…`. */
  readonly page: string;
  /** The menu row it belongs to when there is no such page. */
  readonly menu?: string;
  readonly title: Text;
  readonly routes: readonly { readonly method: string; readonly path: string; readonly summary: string }[];
}

const ACTIONS: Readonly<Record<string, Text>> = {
  query: text('查询', 'Query'),
  create: text('新增', 'Create'),
  update: text('修改', 'Update'),
  delete: text('删除', 'Delete'),
  export: text('导出', 'Export'),
  import: text('导入', 'Import'),
  assign: text('分配', 'Assign'),
  unlock: text('解除登录限制', 'Unlock'),
  'reset-password': text('重置密码', 'Reset password'),
  run: text('执行', 'Run'),
  cancel: text('取消', 'Cancel'),
  retry: text('重试', 'Retry'),
  'sign-out': text('强制下线', 'Sign out'),
  revoke: text('吊销', 'Revoke'),
  restore: text('恢复', 'Restore'),
  introspect: text('核验', 'Introspect'),
  'view-as': text('以其身份查看', 'View as'),
  'reset-factors': text('重置双重验证', 'Reset second factors'),
};

/** Every permission code that a route declares, in order of declaration: the one place where codes come from. */
export function permissionCatalogue(features: readonly Feature[]): Map<string, CataloguedPermission> {
  const catalogue = new Map<string, CataloguedPermission>();
  for (const feature of features) {
    for (const { access, method, path, summary } of feature.routes ?? []) {
      if (!isPermissionCode(access)) continue;
      const [module, resource, action = ''] = access.split(':');
      const known = catalogue.get(access);
      catalogue.set(access, {
        code: access,
        feature: feature.name,
        page: `${module}:${resource}:query`,
        ...(feature.buttons && { menu: feature.buttons.menu }),
        title: feature.buttons?.titles[access] ?? ACTIONS[action] ?? text(action, action),
        routes: [...(known?.routes ?? []), { method, path, summary }],
      });
    }
  }
  return catalogue;
}
