import {
  editor,
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  pageOf,
  pageQuery,
  type Static,
  Type,
} from '#core/schema.ts';

export const PositionOut = message('Position', {
  id: id(),
  code: Type.String(),
  name: Type.String(),
  order: Type.Integer(),
  is_enabled: Type.Boolean(),
  remark: nullable(Type.String()),
  version: Type.Integer(),
  created_at: moment(),
  updated_at: moment(),
  updated_by_name: editor(),
});
export type PositionOut = Static<typeof PositionOut>;
export const PositionPage = pageOf(PositionOut);

const code = line(50, { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' });
const order = Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 });
const remark = nullable(Type.String({ maxLength: 255 }));

export const PositionCreate = message('PositionCreate', {
  code,
  name: line(50),
  order: Type.Optional(order),
  is_enabled: Type.Optional(Type.Boolean()),
  remark: Type.Optional(remark),
});
export type PositionCreate = Static<typeof PositionCreate>;

export const PositionUpdate = message(
  'PositionUpdate',
  {
    code: Type.Optional(code),
    name: Type.Optional(line(50)),
    order: Type.Optional(order),
    is_enabled: Type.Optional(Type.Boolean()),
    remark: Type.Optional(remark),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
  },
  { minProperties: 1 },
);
export type PositionUpdate = Static<typeof PositionUpdate>;

export const PositionQuery = Type.Object(
  {
    ...pageQuery(['id', 'code', 'name', 'order', 'created_at']),
    keyword: Type.Optional(line(50, { description: 'part of the name or code' })),
    is_enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type PositionQuery = Static<typeof PositionQuery>;
