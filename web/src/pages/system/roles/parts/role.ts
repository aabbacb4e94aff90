import type { Role } from '@/api/gen/index.ts';

/** The role that the built-in account stands on: the service lets nobody change it. */
export const isAdministrator = ({ is_builtin, code }: Pick<Role, 'is_builtin' | 'code'>): boolean =>
  is_builtin && code === 'admin';
