import { t } from './i18n.ts';

/** What went wrong at one field of a request. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A request that failed: what the service said, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  /** Stable code of the service, such as `user.username_taken`; `network` when it could not be reached. */
  readonly code: string;
  readonly fields: readonly FieldError[];
  readonly requestId: string | null;
  /** Seconds after which it is worth trying again, where the service said so. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    fields: readonly FieldError[],
    requestId: string | null,
    retryAfter: number | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

interface ErrorBody {
  readonly message: string;
  readonly error: string;
  readonly request_id: string;
  readonly details?: readonly FieldError[];
}

const isErrorBody = (value: unknown): value is ErrorBody =>
  typeof value === 'object' && value !== null && 'error' in value && 'request_id' in value;

/** Makes an ApiError of whatever a request threw. An aborted request stays what it is. */
export function toApiError(thrown: unknown, response: Response | undefined): unknown {
  if (thrown instanceof DOMException && thrown.name === 'AbortError') return thrown;
  if (thrown instanceof ApiError) return thrown;
  if (isErrorBody(thrown)) {
    const { error, message, details = [], request_id: requestId } = thrown;
    const retryAfter = Number(response?.headers.get('retry-after')) || null;
    return new ApiError(response?.status ?? 0, error, message, details, requestId, retryAfter);
  }
  if (response) return new ApiError(response.status, 'server.unreadable', t('error.unreadable'), [], null);
  return new ApiError(0, 'network', t('error.network'), [], null);
}

/** A sentence for a person, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof ApiError ? thrown.message : t('error.unexpected');
}

export const isAbort = (thrown: unknown) => thrown instanceof DOMException && thrown.name === 'AbortError';
