import { id, line, message, moment, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';
import { FACTORS } from '../challenge/challenge.entity.ts';

export const providerName = () => Type.String({ maxLength: 40, pattern: '^[a-z][a-z0-9-]*$' });

export const ProviderParams = Type.Object({ provider: providerName() }, { additionalProperties: false });

export const IdentityProvider = message('IdentityProvider', {
  name: Type.String(),
  title: Type.String({ description: 'what people call it' }),
  preset: nullable(Type.String({ description: 'which well-known one it is' })),
});
export const IdentityProviderList = message('IdentityProviderList', { items: Type.Array(ref(IdentityProvider)) });

export const StartQuery = Type.Object(
  { r: Type.Optional(line(500, { description: 'path of the console to come back to' })) },
  { additionalProperties: false },
);

/** RFC 6749 §4.1.2: what is not known is ignored; providers add what they like. */
export const CallbackQuery = Type.Object({
  code: Type.Optional(Type.String({ maxLength: 4096 })),
  authCode: Type.Optional(Type.String({ maxLength: 4096, description: 'the code of DingTalk' })),
  state: Type.Optional(Type.String({ maxLength: 500 })),
  iss: Type.Optional(Type.String({ maxLength: 500 })),
  error: Type.Optional(Type.String({ maxLength: 200 })),
  error_description: Type.Optional(Type.String({ maxLength: 2000 })),
});

/** The challenge of a sign-in that came back from a provider, as a sign-in with a password answers it at once. */
export const OutsideChallenge = message('OutsideChallenge', {
  token: Type.String({ description: 'send it with the answer to `POST /auth/challenge`; works once' }),
  methods: Type.Array(oneOf(FACTORS), { description: 'any one of them is enough' }),
  expires_in: Type.Integer({ description: 'seconds' }),
});
export type OutsideChallenge = Static<typeof OutsideChallenge>;

export const Identity = message('Identity', {
  id: id(),
  provider: Type.String(),
  title: Type.String(),
  label: nullable(Type.String({ description: 'what the account is called there' })),
  created_at: moment(),
  last_used_at: nullable(moment()),
});
export type Identity = Static<typeof Identity>;
export const IdentityList = message('IdentityList', { items: Type.Array(ref(Identity)) });

export const StartedLink = message('StartedLink', { url: Type.String({ description: 'where the browser goes on' }) });
export const ProviderSignOut = message('ProviderSignOut', {
  url: nullable(Type.String({ description: 'where the browser goes on to sign out there too' })),
});
