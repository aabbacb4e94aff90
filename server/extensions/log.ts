import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { errorForLog } from '#core/request-log.ts';

/** Paths whose values never reach a log line, wherever a logged object carries them. */
const SECRET_NAMES = [
  'password',
  'old_password',
  'new_password',
  'hashed_password',
  'token',
  'token_hash',
  'access_token',
  'refresh_token',
  'client_secret',
  'secret',
  'authorization',
  'cookie',
  'set-cookie',
  'JWT_SECRET_KEY',
  'DATABASE_PASSWORD',
  'ADMIN_PASSWORD',
] as const;

const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => {
  const key = /^\w+$/.test(name) ? name : `["${name}"]`;
  const below = key.startsWith('[') ? key : `.${key}`;
  return [key, `*${below}`, `*.*${below}`, `*.*.*${below}`];
});

export interface LogOptions {
  readonly level: string;
  readonly pretty: boolean;
  /** Where lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/** The program's logger: one JSON line per event, secrets redacted by path. */
export function createLogger(options: LogOptions): Logger {
  const destination =
    options.destination ?? (options.pretty ? pretty({ sync: true }) : pino.destination({ sync: true }));
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      serializers: { err: errorForLog },
    },
    destination,
  );
}
