import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import { type Static, Type } from 'typebox';

const PRESET_NAMES = ['google', 'microsoft', 'gitlab', 'keycloak', 'github', 'feishu', 'dingtalk'] as const;

/** Providers whose addresses are known: what their settings leave out comes from here. */
const PRESETS: Readonly<Record<(typeof PRESET_NAMES)[number], Partial<GivenProvider>>> = {
  google: {
    title: 'Google',
    issuer: 'https://accounts.google.com',
    hosts: ['oauth2.googleapis.com', 'openidconnect.googleapis.com', 'www.googleapis.com'],
  },
  // The issuer names the tenant: https://login.microsoftonline.com/<tenant id>/v2.0
  microsoft: { title: 'Microsoft', hosts: ['graph.microsoft.com'] },
  gitlab: { title: 'GitLab', issuer: 'https://gitlab.com', claims: { groups: 'groups_direct' } },
  keycloak: { title: 'Keycloak' },
  github: {
    title: 'GitHub',
    protocol: 'oauth2',
    issuer: 'https://github.com',
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    userinfo_endpoint: 'https://api.github.com/user',
    emails_endpoint: 'https://api.github.com/user/emails',
    scopes: ['read:user', 'user:email'],
    claims: { subject: 'id', username: 'login' },
  },
  feishu: {
    title: '飞书',
    protocol: 'feishu',
    issuer: 'https://accounts.feishu.cn',
    authorization_endpoint: 'https://accounts.feishu.cn/open-apis/authen/v1/authorize',
    token_endpoint: 'https://open.feishu.cn/open-apis/authen/v2/oauth/token',
    userinfo_endpoint: 'https://open.feishu.cn/open-apis/authen/v1/user_info',
    scopes: [],
    claims: { subject: 'open_id', username: 'en_name' },
  },
  dingtalk: {
    title: '钉钉',
    protocol: 'dingtalk',
    issuer: 'https://login.dingtalk.com',
    authorization_endpoint: 'https://login.dingtalk.com/oauth2/auth',
    token_endpoint: 'https://api.dingtalk.com/v1.0/oauth2/userAccessToken',
    userinfo_endpoint: 'https://api.dingtalk.com/v1.0/contact/users/me',
    scopes: ['openid'],
    authorization_params: { prompt: 'consent' },
    claims: { subject: 'unionId', username: 'nick', name: 'nick' },
  },
};
/** Anybody can have an account there: who may come in must be said. */
const OPEN_TO_EVERYBODY = new Set(['google', 'github', 'gitlab', 'feishu', 'dingtalk']);

const url = Type.String({ maxLength: 300, pattern: '^https?://[^\\s?#]+$' });
const word = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const claim = Type.Optional(word(100));

const ProviderSchema = Type.Object(
  {
    /** Part of the callback's address: the provider knows it, so it does not change. */
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }),
    preset: Type.Optional(Type.Enum([...PRESET_NAMES])),
    title: Type.Optional(word(50)),
    protocol: Type.Optional(Type.Enum(['oidc', 'oauth2', 'feishu', 'dingtalk'])),
    issuer: Type.Optional(Type.String({ maxLength: 200, pattern: '^https?://[^\\s?#]+$' })),
    client_id: word(255),
    client_secret: word(1000),
    client_auth: Type.Optional(Type.Enum(['basic', 'post'])),
    scopes: Type.Optional(Type.Array(word(100), { maxItems: 30 })),
    /** Hosts besides that of the issuer which its endpoints may be on. */
    hosts: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z0-9.-]+(:[0-9]+)?$' }), { maxItems: 10 })),
    authorization_endpoint: Type.Optional(url),
    token_endpoint: Type.Optional(url),
    userinfo_endpoint: Type.Optional(url),
    emails_endpoint: Type.Optional(url),
    authorization_params: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z_]{1,40}$' }), word(200))),
    claims: Type.Optional(
      Type.Object(
        { subject: claim, username: claim, name: claim, email: claim, email_verified: claim, groups: claim },
        { additionalProperties: false },
      ),
    ),
    /** Sign in the user who has the same e-mail address, if the provider has verified it and its domain is listed. */
    link_by_email: Type.Optional(Type.Boolean()),
    /** Make a user, without rights, of somebody new whose address the provider has verified. */
    create_users: Type.Optional(Type.Boolean()),
    email_domains: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z0-9.-]+\\.[a-z]+$' }), { maxItems: 100 })),
    /** Code of the department of such users. */
    department: Type.Optional(word(50)),
    /** Group of the provider → code of a role, given while somebody is in the group. */
    roles: Type.Optional(Type.Record(word(200), word(50))),
  },
  { additionalProperties: false },
);
type GivenProvider = Static<typeof ProviderSchema>;

const DEFAULTS = {
  protocol: 'oidc',
  scopes: ['openid', 'profile', 'email'],
  hosts: [] as string[],
  authorization_params: {} as Record<string, string>,
  link_by_email: false,
  create_users: false,
  email_domains: [] as string[],
  roles: {} as Record<string, string>,
};
const CLAIMS = {
  subject: 'sub',
  username: 'preferred_username',
  name: 'name',
  email: 'email',
  email_verified: 'email_verified',
  groups: 'groups',
};

/** A provider with all that its preset and the defaults add. */
export interface ProviderSettings extends Required<Pick<GivenProvider, keyof typeof DEFAULTS | 'title' | 'issuer'>> {
  readonly name: string;
  readonly preset: string | null;
  readonly client_id: string;
  readonly client_secret: string;
  readonly client_auth: 'basic' | 'post' | null;
  readonly authorization_endpoint: string | null;
  readonly token_endpoint: string | null;
  readonly userinfo_endpoint: string | null;
  readonly emails_endpoint: string | null;
  readonly department: string | null;
  readonly claims: Readonly<Record<keyof typeof CLAIMS, string>>;
}

const check = new Ajv({ allErrors: true, strict: false }).compile(Type.Array(ProviderSchema, { maxItems: 20 }));

/** Reads the providers: JSON, or the name of a file that holds it. Throws what is wrong, without any value that could be a secret. */
export function readProviders(raw: string, root: string): readonly ProviderSettings[] {
  const text = raw.trim();
  const file = text.startsWith('[') ? null : resolve(root, text);
  if (file && !existsSync(file)) throw new Error('is neither a JSON list nor the name of a file');
  const given = parse(file ? readFileSync(file, 'utf8') : text);
  if (!check(given)) {
    const problems = (check.errors ?? []).map(({ instancePath, message, params }) =>
      [instancePath || 'the list', message, 'additionalProperty' in params ? `(${params['additionalProperty']})` : '']
        .filter(Boolean)
        .join(' '),
    );
    throw new Error([...new Set(problems)].slice(0, 5).join('; '));
  }
  return Object.freeze((given as GivenProvider[]).map(complete));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote a part of the text, which holds secrets.
    throw new Error('is not valid JSON');
  }
}

function complete(given: GivenProvider): ProviderSettings {
  const preset = given.preset ? PRESETS[given.preset] : {};
  return Object.freeze({
    client_auth: null,
    authorization_endpoint: null,
    token_endpoint: null,
    userinfo_endpoint: null,
    emails_endpoint: null,
    department: null,
    title: given.name,
    issuer: '',
    ...DEFAULTS,
    ...preset,
    ...given,
    preset: given.preset ?? null,
    claims: { ...CLAIMS, ...preset.claims, ...given.claims },
  } as ProviderSettings);
}

/** The rules across the settings of the providers, each problem with the provider's name. */
export function problemsOfProviders(providers: readonly ProviderSettings[], production: boolean): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const provider of providers) {
    const say = (problem: string) => problems.push(`${provider.name}: ${problem}`);
    if (names.has(provider.name)) say('is there twice');
    names.add(provider.name);
    if (!provider.issuer) say('issuer is missing');
    if (provider.protocol !== 'oidc')
      for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'] as const)
        if (!provider[endpoint]) say(`${endpoint} is missing`);
    for (const key of ['issuer', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'] as const) {
      const address = provider[key];
      if (address && !isSecureAddress(address, production))
        say(`${key} must begin with https://${production ? '' : ' (http:// is for this machine alone)'}`);
    }
    if (provider.link_by_email && provider.email_domains.length === 0) say('link_by_email needs email_domains');
    if (provider.create_users && provider.email_domains.length === 0 && OPEN_TO_EVERYBODY.has(provider.preset ?? ''))
      say('create_users needs email_domains: anybody can have an account there');
    if (Object.values(provider.roles).includes('admin')) say('roles must not give the role admin');
  }
  return problems;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an address may be called: by https, or on this machine outside production. */
export function isSecureAddress(address: string, production: boolean): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username || password) return false;
  return protocol === 'https:' || (!production && protocol === 'http:' && LOOPBACK.has(hostname));
}
