import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { problemsOfProviders } from './config.providers.ts';
import type { SettingName, Settings } from './config.schema.ts';

/** The password of `admin` on a development machine, as the field publishes it; production refuses it. */
export const DEMONSTRATION_PASSWORD = '123456';

const PUBLISHED_PASSWORDS = new Set([
  DEMONSTRATION_PASSWORD,
  'admin',
  'admin123',
  'password',
  '12345678',
  'root',
  'changeme',
  'admin@123',
]);

/** Secrets that stand in guides, templates and other systems of the field: whoever reads those can forge a token. */
const PUBLISHED_SECRETS = new Set([
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  'vgb0tnl9d58+6n-6h-ea&u^1#s0ccp!794=kryvqw',
  '3488a63e1765035a386f05409663f55c83bfae3b3c61a325f55c83bfae3b3c61',
  'b01c66dc2c58dc6a0aabfe2144256be36226de378bf87f72c0c795dda67f4d55',
  'abcdefghijklmnopqrstuvwxyz',
]);
/** Words that guides write where a secret belongs; nothing but these is no secret, however long. */
const PLACEHOLDER_WORDS = new Set(
  `a an and api app application at auth be before change changed changeme changethis characters chars default demo dev
development do example for generate generated here hex i in insecure insert is it jwt key least length local long me
minimum must my need needs not of on or password please prod production put random replace safe secret secretkey
secrets secure set should sign signing some string strong super test testing the this to token unsafe use value very
with you your yours`.split(/\s+/),
);

const SHORTEST_SECRET = 32;
const SHORTEST_TOKEN = 16;

/**
 * The rules across settings; a setting named in `unread` was already reported. Each problem begins with the setting's name.
 */
export function problemsOf(settings: Settings, unread: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const say = (name: SettingName, message: string) => {
    if (!unread.has(name)) problems.push(`${name}: ${message}`);
  };
  const production = settings.APP_ENV === 'production';

  const secretProblem = problemOfSecret(settings, production);
  if (secretProblem) say('JWT_SECRET_KEY', secretProblem);
  if (settings.REDIS_URL && !/^rediss?:\/\//.test(settings.REDIS_URL))
    say('REDIS_URL', 'must begin with redis:// or rediss://');
  if (settings.MONGODB_URL && !MONGODB_ADDRESS.test(settings.MONGODB_URL))
    say('MONGODB_URL', 'must be an address such as mongodb://user:password@host:27017/name');
  if (!isDatabaseUrl(settings.DATABASE_URL)) {
    say('DATABASE_URL', 'must begin with sqlite:, mysql:, mariadb: or postgresql:');
  }
  if (Number(settings.DATABASE_POOL_MIN) > Number(settings.DATABASE_POOL_MAX)) {
    say('DATABASE_POOL_MIN', 'must not be above DATABASE_POOL_MAX');
  }
  if (settings.ADMIN_EMAIL && !/^[^@\s]+@[^@\s]+$/.test(settings.ADMIN_EMAIL))
    say('ADMIN_EMAIL', 'must be an e-mail address');
  if (settings.PUBLIC_URL && !isOrigin(settings.PUBLIC_URL))
    say('PUBLIC_URL', 'must be an address without a path, such as https://admin.example.com');
  if (settings.SMTP_URL && !isMailServer(settings.SMTP_URL))
    say('SMTP_URL', 'must be an address such as smtps://user:password@mail.example.com:465');
  else if (settings.SMTP_URL && !settings.PUBLIC_URL)
    say('PUBLIC_URL', 'is needed by SMTP_URL: mailed links lead to it');
  if (settings.MAIL_FROM && !/^[^\r\n]*@[^\r\n]+$/.test(settings.MAIL_FROM))
    say('MAIL_FROM', 'must be an e-mail address, or a name and an address in angle brackets');
  if (settings.IDENTITY_PROVIDERS?.length > 0 && !settings.PUBLIC_URL)
    say('PUBLIC_URL', 'is needed by IDENTITY_PROVIDERS: providers send people back to it');
  for (const problem of problemsOfProviders(settings.IDENTITY_PROVIDERS ?? [], production))
    say('IDENTITY_PROVIDERS', problem);
  for (const proxy of settings.TRUSTED_PROXIES ?? []) {
    if (!isAddressOrNetwork(proxy))
      say('TRUSTED_PROXIES', `"${proxy}" is not an address or a network such as 10.0.0.0/8`);
  }
  for (const address of settings.METRICS_ADDRESSES ?? []) {
    if (!isAddressOrNetwork(address))
      say('METRICS_ADDRESSES', `"${address}" is not an address or a network such as 10.0.0.0/8`);
  }
  if (settings.OTEL_EXPORTER_OTLP_ENDPOINT && !/^https?:\/\/[^/]/.test(settings.OTEL_EXPORTER_OTLP_ENDPOINT))
    say('OTEL_EXPORTER_OTLP_ENDPOINT', 'must be an address such as http://localhost:4318');
  if (settings.METRICS_TOKEN && settings.METRICS_TOKEN.length < SHORTEST_TOKEN)
    say('METRICS_TOKEN', `must have at least ${SHORTEST_TOKEN} characters`);
  for (const origin of settings.CORS_ORIGINS ?? []) {
    if (origin !== '*' && !isOrigin(origin))
      say('CORS_ORIGINS', `"${origin}" is not an origin such as https://admin.example.com`);
  }

  if (!production) return problems;
  if (settings.REGISTRATION_ENABLED && !settings.SMTP_URL)
    say('REGISTRATION_ENABLED', 'needs SMTP_URL: people prove their address by a mailed link');
  if (settings.DEBUG) say('DEBUG', 'must be off in production: it shows stack traces to clients');
  if (settings.ADMIN_PASSWORD && PUBLISHED_PASSWORDS.has(settings.ADMIN_PASSWORD.toLowerCase())) {
    say('ADMIN_PASSWORD', 'is a published password; choose another or leave it empty for a random one');
  } else if (settings.ADMIN_PASSWORD && settings.ADMIN_PASSWORD.length < settings.PASSWORD_MIN_LENGTH) {
    say('ADMIN_PASSWORD', `must have at least ${settings.PASSWORD_MIN_LENGTH} characters (PASSWORD_MIN_LENGTH)`);
  }
  for (const key of settings.ENCRYPTION_KEY ? settings.ENCRYPTION_KEY.split(',') : []) {
    const problem = problemOfText(key.trim());
    if (problem) say('ENCRYPTION_KEY', problem);
  }
  if (settings.CORS_ORIGINS?.includes('*') && settings.CORS_CREDENTIALS) {
    say('CORS_ORIGINS', 'must not be * while CORS_CREDENTIALS is on: any site could act for a signed-in user');
  }
  return problems;
}

function problemOfSecret(settings: Settings, production: boolean): string | null {
  const secret = settings.JWT_SECRET_KEY;
  if (!settings.JWT_ALGORITHM) return null;
  if (!secret) return production ? 'is missing; make one with: openssl rand -base64 48' : null;
  if (!settings.JWT_ALGORITHM.startsWith('HS')) return problemOfKey(secret, settings.JWT_ALGORITHM);
  return production ? problemOfText(secret) : null;
}

function problemOfText(secret: string): string | null {
  if (PUBLISHED_SECRETS.has(secret) || isPlaceholder(secret))
    return 'is a published or placeholder secret; anybody could forge tokens';
  if (secret.length < SHORTEST_SECRET)
    return `is too short: ${secret.length} characters, at least ${SHORTEST_SECRET} are needed`;
  if (new Set(secret).size < 10) return 'is too simple: it repeats a few characters';
  return null;
}

function isPlaceholder(secret: string): boolean {
  const words =
    secret
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  return words.length > 0 && words.every((word) => PLACEHOLDER_WORDS.has(word));
}

function problemOfKey(pem: string, algorithm: string): string | null {
  const expected = { RS256: 'rsa', ES256: 'ec', EdDSA: 'ed25519' }[algorithm];
  try {
    const { asymmetricKeyType: actual, asymmetricKeyDetails: details } = createPrivateKey(pem);
    if (actual !== expected) return `holds a key of type ${actual}, but ${algorithm} needs ${expected}`;
    // RFC 7518 §3.3 and §3.4.
    if (actual === 'rsa' && (details?.modulusLength ?? 0) < 2048) return 'holds an RSA key of less than 2048 bits';
    if (actual === 'ec' && details?.namedCurve !== 'prime256v1') return 'holds a key on another curve than P-256';
    return null;
  } catch {
    return `must be a PKCS#8 PEM private key for ${algorithm}`;
  }
}

/** Several hosts are none to a URL parser. The rest is for the driver to read. */
const MONGODB_ADDRESS = /^mongodb(\+srv)?:\/\/([^@/\s]+@)?[^@/?,\s]+(,[^@/?,\s]+)*(\/[^/?\s]*)?(\?\S*)?$/;

function isDatabaseUrl(url: string): boolean {
  return /^(sqlite|mysql|mariadb|postgres|postgresql)(\+[a-z0-9]+)?:/.test(url);
}

const isMailServer = (url: string) => /^smtps?:\/\//.test(url) && URL.canParse(url);

function isAddressOrNetwork(value: string): boolean {
  const [address = '', prefix] = value.split('/');
  const family = isIP(address);
  if (!family) return false;
  if (prefix === undefined) return true;
  const bits = Number(prefix);
  return /^\d+$/.test(prefix) && bits <= (family === 4 ? 32 : 128);
}

function isOrigin(value: string): boolean {
  return /^https?:\/\/[^*]+$/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
