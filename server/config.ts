import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { LOCALES, type Locale } from '#core/i18n.ts';
import { DEMONSTRATION_PASSWORD, problemsOf } from './config.rules.ts';
import { SETTINGS, type SettingName, type Settings } from './config.schema.ts';

export type { ProviderSettings } from './config.providers.ts';
export { isSecureAddress } from './config.providers.ts';
export { DEMONSTRATION_PASSWORD };
export type Config = Readonly<Settings>;

/** Every mistake in the settings, each with the name of its setting. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The settings are not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const root = resolve(import.meta.dirname, '..');

/**
 * Reads the settings from the environment and from `env/<APP_ENV>.env` (the environment wins), checks them all, and freezes them.
 * The only reader of the environment. Throws ConfigError with every mistake at once.
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env, folder: string = join(root, 'env')): Config {
  const appEnv = environment['APP_ENV'] || 'development';
  const file = join(folder, `${appEnv}.env`);
  const fromFile = /^[a-z]+$/.test(appEnv) && existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS)) {
    // An empty variable is said too: it takes back what the file sets.
    const raw = environment[name] ?? fromFile[name];
    try {
      values[name] = raw ? setting.read(raw) : setting.fallback;
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
    }
  }
  const settings = values as unknown as Settings;
  if (problems.length === 0) {
    if (!settings.JWT_SECRET_KEY && settings.APP_ENV !== 'production') settings.JWT_SECRET_KEY = keptSecret(settings);
    if (!settings.ADMIN_PASSWORD && settings.APP_ENV !== 'production') settings.ADMIN_PASSWORD = DEMONSTRATION_PASSWORD;
  }
  problems.push(...problemsOf(settings, new Set(problems.map((problem) => problem.slice(0, problem.indexOf(':'))))));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(settings);
}

/** A secret of this installation, made once and kept beside the data, so that restarts in development sign nobody out. */
function keptSecret(settings: Settings): string {
  if (settings.APP_ENV === 'testing') return newSecret(settings.JWT_ALGORITHM);
  const file = join(resolve(root, settings.DATA_DIR), `jwt-${settings.JWT_ALGORITHM.toLowerCase()}.secret`);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(resolve(root, settings.DATA_DIR), { recursive: true });
  const secret = newSecret(settings.JWT_ALGORITHM);
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process of the same installation was faster: its secret counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(file, 'utf8').trim();
  }
  return secret;
}

function newSecret(algorithm: string): string {
  const pem = { privateKeyEncoding: { type: 'pkcs8', format: 'pem' } as const };
  const publicPem = { publicKeyEncoding: { type: 'spki', format: 'pem' } as const };
  if (algorithm === 'RS256')
    return generateKeyPairSync('rsa', { modulusLength: 2048, ...pem, ...publicPem }).privateKey;
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem, ...publicPem }).privateKey;
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519', { ...pem, ...publicPem }).privateKey;
  return randomBytes(48).toString('base64url');
}

/** The settings a person may see: secrets are replaced by a short fingerprint. */
export function describeConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      SETTINGS[name as SettingName].secret && String(value)
        ? `sha256:${createHash('sha256')
            .update(typeof value === 'string' ? value : JSON.stringify(value))
            .digest('hex')
            .slice(0, 8)}`
        : value,
    ]),
  );
}

/** Resolves a path of the settings against the root of the project. */
export function fromRoot(path: string): string {
  return resolve(root, path);
}

export function isLocale(value: string): value is Locale {
  return (LOCALES as readonly string[]).includes(value);
}
