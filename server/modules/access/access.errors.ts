import { defineErrors } from '#core/errors.ts';

export const ceilingErrors = defineErrors('ceiling', {
  exceeded: [
    403,
    '不能授予或操作超出您自身权限的内容',
    'You cannot give, or take part in giving, what you do not hold',
  ],
  permission: [403, '您没有权限 {permission}', 'you do not hold {permission}'],
  scope_all: [403, '您没有全部数据权限', 'you do not see all rows'],
  scope_dept: [403, '部门 {dept} 超出您的数据范围', 'the department {dept} is outside your scope'],
  hidden_users: [403, '有 {count} 位用户不在您的数据范围内', 'users outside your scope: {count}'],
  user: [
    403,
    '用户 {user} 的权限高于您或不在您的数据范围内',
    'the user {user} holds more than you or is outside your scope',
  ],
});

export const explainErrors = defineErrors('explain', {
  user_missing: [404, '用户不存在', 'User not found'],
  row_missing: [404, '数据不存在', 'There is no such row'],
  entity_unknown: [422, '没有名为 {entity} 的数据', 'There is no entity {entity}'],
  question: [422, '请指定 permission，或者 entity 和 id', 'Ask for a permission, or for an entity and an id'],
});
