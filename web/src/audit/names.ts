import type { AuditChange, AuditLog } from '@/api/gen/index.ts';
import { formatExactTime, type MessageKey, t } from '@/app/i18n.ts';

const ENTITIES: Readonly<Record<string, MessageKey>> = {
  users: 'audit.entities.users',
  roles: 'audit.entities.roles',
  depts: 'audit.entities.depts',
  menus: 'audit.entities.menus',
  positions: 'audit.entities.positions',
  jobs: 'audit.entities.jobs',
  api_keys: 'audit.entities.api_keys',
  totp_secrets: 'audit.entities.totp_secrets',
  passkeys: 'audit.entities.passkeys',
  user_identities: 'audit.entities.user_identities',
};

const FIELDS: Readonly<Record<string, MessageKey>> = {
  username: 'audit.fields.username',
  email: 'audit.fields.email',
  hashed_password: 'audit.fields.hashed_password',
  is_active: 'audit.fields.is_active',
  is_superuser: 'audit.fields.is_superuser',
  must_change_password: 'audit.fields.must_change_password',
  name: 'audit.fields.name',
  phone: 'audit.fields.phone',
  avatar: 'audit.fields.avatar',
  remark: 'audit.fields.remark',
  dept_id: 'audit.fields.dept_id',
  role_ids: 'audit.fields.role_ids',
  position_ids: 'audit.fields.position_ids',
  recovery_codes: 'audit.fields.recovery_codes',
  code: 'audit.fields.code',
  data_scope: 'audit.fields.data_scope',
  includes_below: 'audit.fields.includes_below',
  order: 'audit.fields.order',
  is_enabled: 'audit.fields.is_enabled',
  requires_second_factor: 'audit.fields.requires_second_factor',
  is_builtin: 'audit.fields.is_builtin',
  permissions: 'audit.fields.permissions',
  dept_ids: 'audit.fields.dept_ids',
  parent_id: 'audit.fields.parent_id',
  leader_id: 'audit.fields.leader_id',
  kind: 'audit.fields.kind',
  title: 'audit.fields.title',
  title_en: 'audit.fields.title_en',
  path: 'audit.fields.path',
  component: 'audit.fields.component',
  redirect: 'audit.fields.redirect',
  link: 'audit.fields.link',
  icon: 'audit.fields.icon',
  permission: 'audit.fields.permission',
  active_menu: 'audit.fields.active_menu',
  is_visible: 'audit.fields.is_visible',
  is_keep_alive: 'audit.fields.is_keep_alive',
  is_affix: 'audit.fields.is_affix',
  handler: 'audit.fields.handler',
  args: 'audit.fields.args',
  trigger_type: 'audit.fields.trigger_type',
  expression: 'audit.fields.expression',
  timezone: 'audit.fields.timezone',
  seconds: 'audit.fields.seconds',
  at: 'audit.fields.at',
  misfire: 'audit.fields.misfire',
  overlap: 'audit.fields.overlap',
  starts_at: 'audit.fields.starts_at',
  ends_at: 'audit.fields.ends_at',
  user_id: 'audit.fields.user_id',
  prefix: 'audit.fields.prefix',
  key_hash: 'audit.fields.key_hash',
  addresses: 'audit.fields.addresses',
  rate_per_minute: 'audit.fields.rate_per_minute',
  expires_at: 'audit.fields.expires_at',
  revoked_at: 'audit.fields.revoked_at',
  transports: 'audit.fields.transports',
  credential_hash: 'audit.fields.credential_hash',
  credential_id: 'audit.fields.credential_id',
  public_key: 'audit.fields.public_key',
  user_handle: 'audit.fields.user_handle',
  sealed_secret: 'audit.fields.sealed_secret',
  confirmed_at: 'audit.fields.confirmed_at',
  provider: 'audit.fields.provider',
  issuer: 'audit.fields.issuer',
  subject: 'audit.fields.subject',
  label: 'audit.fields.label',
};

/** A kind of row in words; one that has none yet by its name. */
export const entityName = (entity: string): string => {
  const key = ENTITIES[entity];
  return key ? t(key) : entity;
};

/** A field in words; one that has none yet by its name. */
export const fieldName = (field: string): string => {
  const key = FIELDS[field];
  return key ? t(key) : field;
};

/** Who did it: a person, a machine in their name, somebody behind them, a task, or the program. */
export function actorName(log: AuditLog): string {
  const name = log.actor_name ?? '';
  if (log.viewer_name) return t('audit.byView', { viewer: log.viewer_name, name });
  if (log.api_key_name) return t('audit.byKey', { name, key: log.api_key_name });
  if (log.actor_name) return name;
  return log.task_name ? t('audit.byTask', { name: log.task_name }) : t('audit.bySystem');
}

/** What a record is about: a row by its kind and name, or an address. */
export function subjectOf(log: AuditLog): string {
  if (log.entity) return `${entityName(log.entity)} ${log.row_label ?? `#${log.row_id}`}`;
  const { method, route, omitted } = (log.detail ?? {}) as { method?: string; route?: string; omitted?: number };
  if (omitted) return t('audit.omitted', { count: omitted });
  return [method, route].filter(Boolean).join(' ');
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A value as a person reads it: keys by the names that the service knows. */
export function valueText(value: unknown, names: AuditChange['names']): string {
  if (value === null || value === undefined || value === '') return t('audit.nothing');
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no');
  if (typeof value === 'string') return MOMENT.test(value) ? formatExactTime(value) : value;
  const known = names.find((one) => one.value === String(value));
  if (known) return known.name;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
