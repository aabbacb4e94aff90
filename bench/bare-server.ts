import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

// What the two jobs cost when nothing stands around them: node:http, a token checked by hand, prepared statements, JSON.stringify.
// No validation beyond what the statements need, no sessions, no rights, no security headers, no request ids.
const { PORT = '0', HOST = '127.0.0.1', DATABASE_FILE = '', JWT_SECRET_KEY = '', LOG = '' } = process.env;
const PAGE_SIZE = 20;
const KEY = createSecretKey(Buffer.from(JWT_SECRET_KEY));

const database = new DatabaseSync(DATABASE_FILE, { readOnly: true });
const COLUMNS =
  'users.id, users.username, users.email, users.is_active, users.is_superuser, users.must_change_password, users.name, users.phone, users.avatar, users.remark, users.dept_id, dept.name as dept_name, users.last_sign_in_at, users.version, users.created_at, users.updated_at, (select editors.name from users as editors where editors.id = users.updated_by) as updated_by_name';
const DETAIL =
  '(select group_concat(role_id order by role_id) from user_roles where user_id = users.id) as role_ids, (select group_concat(position_id order by position_id) from user_positions where user_id = users.id) as position_ids';
const FROM = 'from users left join depts as dept on dept.id = users.dept_id';
const IN_SCOPE =
  '(users.created_by = ? or users.id = ? or users.dept_id in (select id from depts where path >= ? and path < ?))';

const readOne = database.prepare(`select ${COLUMNS}, ${DETAIL} ${FROM} where users.id = ?`);
const countAll = database.prepare('select count(*) as total from users');
const listPage = database.prepare(`select ${COLUMNS} ${FROM} order by users.id desc limit ? offset ?`);
const readOneInScope = database.prepare(`select ${COLUMNS}, ${DETAIL} ${FROM} where users.id = ? and ${IN_SCOPE}`);
const countInScope = database.prepare(`select count(*) as total from users where ${IN_SCOPE}`);
const listPageInScope = database.prepare(
  `select ${COLUMNS} ${FROM} where ${IN_SCOPE} order by users.id desc limit ? offset ?`,
);

/** Department paths of those who see only their department, by user id; read once, as the service keeps its snapshot. */
const managers = new Map(
  database
    .prepare(
      "select user_roles.user_id, depts.path from user_roles join roles on roles.id = user_roles.role_id and roles.data_scope = 'dept_and_below' join users on users.id = user_roles.user_id join depts on depts.id = users.dept_id",
    )
    .all()
    .map((row) => [Number(row['user_id']), String(row['path'])]),
);

type Row = Record<string, number | string | null>;

const isoOrNull = (milliseconds: unknown) =>
  milliseconds === null ? null : new Date(milliseconds as number).toISOString();

function userOf(row: Row) {
  return {
    must_wait_until: null,
    id: row['id'],
    username: row['username'],
    email: row['email'],
    is_active: row['is_active'] === 1,
    is_superuser: row['is_superuser'] === 1,
    must_change_password: row['must_change_password'] === 1,
    name: row['name'],
    phone: row['phone'],
    avatar: row['avatar'],
    remark: row['remark'],
    dept_id: row['dept_id'],
    dept_name: row['dept_name'],
    last_sign_in_at: isoOrNull(row['last_sign_in_at']),
    version: row['version'],
    created_at: isoOrNull(row['created_at']),
    updated_at: isoOrNull(row['updated_at']),
    updated_by_name: row['updated_by_name'],
  };
}

const idsOf = (text: unknown) => (text === null ? [] : String(text).split(',').map(Number));

function userDetailOf(row: Row) {
  return { ...userOf(row), role_ids: idsOf(row['role_ids']), position_ids: idsOf(row['position_ids']) };
}

/** The user id of a valid HS256 token that has not expired, or null. */
function verified(header: string | undefined): number | null {
  if (!header?.startsWith('Bearer ')) return null;
  const token = header.slice(7);
  const lastDot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(lastDot + 1), 'base64url');
  const expected = createHmac('sha256', KEY).update(token.slice(0, lastDot)).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return null;
  const [head = '', payload = ''] = token.split('.');
  if (JSON.parse(Buffer.from(head, 'base64url').toString()).alg !== 'HS256') return null;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return claims.exp * 1000 > Date.now() ? Number(claims.sub) : null;
}

function answer(response: ServerResponse, status: number, body: object): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

function handle(request: IncomingMessage, response: ServerResponse): number {
  const url = request.url ?? '/';
  if (url === '/healthz') {
    answer(response, 200, { status: 'ok' });
    return 200;
  }
  const userId = verified(request.headers.authorization);
  if (userId === null) {
    answer(response, 401, { code: 401, data: null, message: 'Could not validate credentials' });
    return 401;
  }
  const path = managers.get(userId);
  const scope = path === undefined ? undefined : [userId, userId, path, `${path.slice(0, -1)}0`];
  const one = /^\/api\/v1\/users\/(\d+)$/.exec(url);
  if (one) {
    const id = Number(one[1]);
    const row = (scope ? readOneInScope.get(id, ...scope) : readOne.get(id)) as Row | undefined;
    if (!row) {
      answer(response, 404, { code: 404, data: null, message: '用户不存在' });
      return 404;
    }
    answer(response, 200, { code: 200, data: userDetailOf(row), message: '获取用户信息成功' });
    return 200;
  }
  const { searchParams } = new URL(url, 'http://localhost');
  const page = Number(searchParams.get('page') ?? 1);
  const skipped = (page - 1) * PAGE_SIZE;
  const { total } = (scope ? countInScope.get(...scope) : countAll.get()) as { total: number };
  const rows = scope ? listPageInScope.all(...scope, PAGE_SIZE, skipped) : listPage.all(PAGE_SIZE, skipped);
  const items = (rows as Row[]).map(userOf);
  answer(response, 200, {
    code: 200,
    data: { items, total, page, page_size: PAGE_SIZE },
    message: '获取用户列表成功',
  });
  return 200;
}

const server = createServer((request, response) => {
  const started = performance.now();
  const status = handle(request, response);
  if (!LOG) return;
  response.once('finish', () => {
    const line = {
      level: 'info',
      time: new Date().toISOString(),
      method: request.method,
      url: request.url,
      status,
      duration_ms: performance.now() - started,
      address: request.socket.remoteAddress,
    };
    writeSync(1, `${JSON.stringify(line)}\n`);
  });
});
server.listen(Number(PORT), HOST);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
