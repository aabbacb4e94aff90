import { message, oneOf, register, type Static, Type } from '#core/schema.ts';

const token = Type.String({ minLength: 1, maxLength: 4096 });
const hint = Type.Optional(
  Type.String({ maxLength: 50, description: 'not needed: what a token is can be seen from the token' }),
);

/** RFC 7009 §2.1. Unknown parameters are ignored. */
export const RevocationRequest = register(
  'RevocationRequest',
  Type.Object({ token, token_type_hint: hint }, { $id: 'RevocationRequest', title: 'RevocationRequest' }),
);

/** RFC 7662 §2.1. Unknown parameters are ignored. */
export const IntrospectionRequest = register(
  'IntrospectionRequest',
  Type.Object({ token, token_type_hint: hint }, { $id: 'IntrospectionRequest', title: 'IntrospectionRequest' }),
);

/** RFC 7662 §2.2: of a token that is not active nothing is said but that. */
export const Introspection = message('Introspection', {
  active: Type.Boolean({ description: 'whether this program would let the token in now' }),
  token_type: Type.Optional(oneOf(['Bearer'])),
  sub: Type.Optional(Type.String({ description: 'id of the user' })),
  username: Type.Optional(Type.String()),
  scope: Type.Optional(
    Type.String({ description: 'what the token may do now: permission codes, separated by spaces' }),
  ),
  iat: Type.Optional(Type.Integer({ description: 'when it was made, in seconds; not of an API key' })),
  exp: Type.Optional(Type.Integer({ description: 'when it ends, in seconds' })),
});
export type Introspection = Static<typeof Introspection>;
