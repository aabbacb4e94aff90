import { type Locale, type Text, type TextParams, text, translate } from './i18n.ts';

/** What went wrong at one place of the input: `path` is the field (`dept_id`, `ids.3`), `message` says what to do. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: Text;
  readonly params?: TextParams;
}

export interface ErrorDefinition {
  readonly code: string;
  readonly status: number;
  readonly message: Text;
}

/** An error a client can cause: it has a stable code, an HTTP status and a message in every language. */
export class AppError extends Error {
  readonly definition: ErrorDefinition;
  readonly params: TextParams | undefined;
  readonly details: readonly ErrorDetail[];
  /** Of an error that stands for several: one of them that is a refused attempt. */
  readonly forbidden: AppError | null;

  constructor(
    definition: ErrorDefinition,
    params?: TextParams,
    details: readonly ErrorDetail[] = [],
    forbidden: AppError | null = null,
  ) {
    super(translate(definition.message, 'en-US', params));
    this.name = 'AppError';
    this.definition = definition;
    this.params = params;
    this.details = details;
    this.forbidden = forbidden;
  }

  /** The same error with the places it happened at. */
  at(...details: ErrorDetail[]): AppError {
    return new AppError(this.definition, this.params, details, this.forbidden);
  }

  /** The same error, standing for these: what is forbidden stays a refused attempt, in whatever company it was tried. */
  standingFor(errors: readonly AppError[]): AppError {
    const forbidden = errors.find(({ definition }) => definition.status === 403) ?? null;
    return new AppError(this.definition, this.params, this.details, forbidden);
  }

  /** The same error, blamed on one field with the error's own message. */
  on(path: string): AppError {
    return this.at({ path, message: this.definition.message, ...(this.params && { params: this.params }) });
  }
}

export interface ErrorFactory {
  (params?: TextParams): AppError;
  readonly definition: ErrorDefinition;
}

const catalogue = new Map<string, ErrorDefinition>();

/** Every error of the program, in order of declaration. */
export function errorCatalogue(): readonly ErrorDefinition[] {
  return [...catalogue.values()];
}

/**
 * Declares the errors of a feature: `defineErrors('user', { not_found: [404, '用户不存在', 'User not found'] })` gives
 * `userErrors.not_found()` with the code `user.not_found`. Throws when a code is declared twice.
 */
export function defineErrors<
  const D extends Record<string, readonly [status: number, chinese: string, english: string]>,
>(namespace: string, declarations: D): { readonly [K in keyof D]: ErrorFactory } {
  const factories: Record<string, ErrorFactory> = {};
  for (const [name, [status, chinese, english]] of Object.entries(declarations)) {
    const definition: ErrorDefinition = { code: `${namespace}.${name}`, status, message: text(chinese, english) };
    if (catalogue.has(definition.code)) throw new Error(`error code declared twice: ${definition.code}`);
    catalogue.set(definition.code, definition);
    factories[name] = Object.assign((params?: TextParams) => new AppError(definition, params), { definition });
  }
  return factories as { readonly [K in keyof D]: ErrorFactory };
}

export const requestErrors = defineErrors('request', {
  invalid: [400, '请求参数有误，请检查标出的字段', 'The request is not valid; see the fields named in details'],
  malformed: [400, '请求无法解析，请检查格式', 'The request cannot be parsed; check its format'],
  not_found: [404, '请求的地址不存在', 'There is nothing at this address'],
  body_too_large: [413, '请求内容过大', 'The request body is too large'],
  headers_too_large: [431, '请求头过大', 'The request headers are too large'],
  unsupported_media_type: [415, '不支持的内容类型', 'This content type is not supported'],
  timed_out: [408, '请求超时，请重试', 'The request took too long to arrive; try again'],
  too_many: [429, '请求过于频繁，请 {seconds} 秒后重试', 'Too many requests; try again in {seconds} seconds'],
});

export const accessErrors = defineErrors('access', {
  // The seed's own wording, in every language.
  unauthenticated: [401, 'Could not validate credentials', 'Could not validate credentials'],
  forbidden: [403, '没有权限执行此操作（需要 {permission}）', 'You may not do this (it needs {permission})'],
  password_change_required: [403, '请先修改密码', 'Change your password first'],
  second_factor_required: [
    403,
    '您的角色要求双重验证，请先启用',
    'Your role requires a second factor; set one up first',
  ],
  step_up_required: [403, '请再次验证身份后继续', 'Prove who you are once more to go on'],
  session_required: [403, '此操作不能使用 API 密钥，请登录后执行', 'API keys may not do this; sign in to do it'],
  read_only: [403, '您正在以他人身份查看，不能修改任何内容', 'You are viewing as somebody else and may change nothing'],
  outside_scope: [403, '超出您的数据权限范围', 'This is outside the rows that you may touch'],
});

export const conflictErrors = defineErrors('conflict', {
  duplicate: [409, '该值已存在', 'This value is already taken'],
  reference_missing: [409, '引用的记录不存在', 'The record that this refers to does not exist'],
  in_use: [409, '该记录仍被引用，无法删除', 'The record is still referred to and cannot be removed'],
  batch_refused: [409, '批量操作未执行：请查看被拒绝的项', 'Nothing was done: some of the rows were refused'],
  stale: [409, '该记录已被他人修改，请刷新后重试', 'Somebody else changed this record; reload it and try again'],
});

export const serverErrors = defineErrors('server', {
  internal: [500, '服务器内部错误，请稍后重试', 'Something went wrong on our side; try again later'],
  unavailable: [503, '服务暂不可用，请稍后重试', 'The service is not available right now; try again later'],
  console_not_built: [
    503,
    '控制台尚未构建：请运行 npm run build，然后重启服务',
    'The console has not been built: run npm run build, then start the service again',
  ],
});

/** The body of every failed answer, in the envelope of the API. */
export interface ErrorBody {
  readonly code: number;
  readonly data: null;
  readonly message: string;
  readonly error: string;
  readonly request_id: string;
  readonly details?: readonly { readonly path: string; readonly message: string }[];
}

/** Renders an error for a client in its language. */
export function toErrorBody(error: AppError, locale: Locale, requestId: string): ErrorBody {
  const { definition, params, details } = error;
  return {
    code: definition.status,
    data: null,
    message: translate(definition.message, locale, params),
    error: definition.code,
    request_id: requestId,
    ...(details.length > 0 && {
      details: details.map((detail) => ({
        path: detail.path,
        message: translate(detail.message, locale, detail.params),
      })),
    }),
  };
}
