import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { median, printTable } from './figures.ts';
import { createInstallation } from './installation.ts';
import { Connection } from './load.ts';

// Can somebody tell by the time of an answer whether a user exists? Both kinds in random order, compared by rank (Mann–Whitney U):
// a probability near one half means that a single answer says nothing, and p is how often chance alone would do as much.
const ROUNDS = 400;
const WARM_UP = 40;
const MANY = '100000';

const installation = await createInstallation({
  users: 200,
  settings: {
    // Letters become files.
    APP_ENV: 'development',
    SIGN_IN_RATE_PER_MINUTE: MANY,
    SIGN_IN_CAPTCHA_AFTER: '1000',
    SIGN_IN_DELAY_AFTER: '1000',
    SIGN_IN_ADDRESS_CAPTCHA_AFTER: MANY,
    SIGN_IN_ADDRESS_DELAY_AFTER: MANY,
    SIGN_IN_ACCOUNT_CAPTCHA_AFTER: MANY,
    CAPTCHA_DIFFICULTY: '4',
    LOG_LEVEL: 'warn',
  },
  prepare: (ctx) =>
    ctx.unscoped('users', 'a measurement prepares its data').insertMany(
      Array.from({ length: ROUNDS + WARM_UP }, (_, index) => ({
        username: `known${index}`,
        email: `known${index}@example.com`,
        // A well-formed hash of a password that nobody has.
        hashed_password:
          '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRub2JvZHkxMg$R0IxQm5nZm9lZ1F3Z2JwZEhOcW1yZ2t2bWZ1bGx6eXE',
      })),
    ),
});
const service = await startChild('server/main.ts', installation.environment, join(installation.folder, 'service.log'));

type Send = (connection: Connection, name: string) => Promise<number>;

const post = async (connection: Connection, path: string, body: object, expected: number): Promise<number> => {
  const answer = await connection.send({ method: 'POST', path: `/api/v1/auth/${path}`, token: '', body });
  if (answer.status !== expected) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
  return answer.milliseconds;
};

async function solved(connection: Connection, email: string) {
  const { body } = await connection.send({ path: `/api/v1/auth/captcha?for=${encodeURIComponent(email)}`, token: '' });
  const { id, challenge, difficulty } = JSON.parse(body).data as { id: string; challenge: string; difficulty: number };
  for (let n = 0; ; n++) {
    const hash = createHash('sha256').update(`${challenge}:${n}`).digest();
    if (Math.clz32(hash.readUInt32BE()) >= difficulty) return { id, solution: String(n) };
  }
}

const questions: Record<string, Send> = {
  'sign in with a wrong password': (connection, name) =>
    post(connection, 'login', { username: name, password: 'wrong password' }, 401),
  'ask for a link to reset the password': async (connection, name) => {
    const email = `${name}@example.com`;
    return post(connection, 'forgot-password', { email, captcha: await solved(connection, email) }, 200);
  },
};

/** How likely a value of `a` is above one of `b`, and how often chance alone would be as far from one half. */
function compareRanks(a: readonly number[], b: readonly number[]): { above: number; p: number } {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  all.sort((x, y) => x.value - y.value);
  const rankSum = all.reduce((sum, { isA }, index) => sum + (isA ? index + 1 : 0), 0);
  const u = rankSum - (a.length * (a.length + 1)) / 2;
  const [mean, pairs] = [(a.length * b.length) / 2, a.length * b.length];
  const z = (u - mean) / Math.sqrt((pairs * (a.length + b.length + 1)) / 12);
  return { above: u / pairs, p: 2 * (1 - normal(Math.abs(z))) };
}

/** The normal distribution (Abramowitz and Stegun 26.2.17; off by less than 1e-7). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

async function compare(connection: Connection, question: string, ask: Send): Promise<string[]> {
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const known = `known${round}`;
    const names = { known, unknown: randomUUID().slice(0, known.length) };
    const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) {
      const time = await ask(connection, names[kind]);
      if (round >= WARM_UP) times[kind].push(time);
    }
  }
  const { above, p } = compareRanks(times.known, times.unknown);
  const [known, unknown] = [median(times.known), median(times.unknown)];
  return [question, known.toFixed(2), unknown.toFixed(2), (known / unknown).toFixed(3), above.toFixed(3), p.toFixed(3)];
}

try {
  const connection = await Connection.open(service.port);
  const rows: string[][] = [];
  for (const [question, ask] of Object.entries(questions)) rows.push(await compare(connection, question, ask));
  connection.close();
  printTable(['question', 'known, median ms', 'unknown, median ms', 'ratio', 'P(known slower)', 'p'], rows);
} finally {
  await service.stop();
  await installation.remove();
}
