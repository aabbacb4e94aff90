import { beforeAll, describe, expect, test } from 'vitest';
import { ApiError, isAbort, messageOf, toApiError } from './errors.ts';
import { showLocale, t } from './i18n.ts';

beforeAll(() => showLocale('en-US'));

describe('what a request threw', () => {
  test('is what the service said, with its code and its fields', () => {
    const body = {
      message: 'taken',
      error: 'user.username_taken',
      request_id: 'r',
      details: [{ path: 'a', message: 'b' }],
    };
    const error = toApiError(body, new Response(null, { status: 409 })) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: 'user.username_taken', message: 'taken', requestId: 'r' });
    expect(error.fields).toEqual(body.details);
    expect(messageOf(error)).toBe('taken');
  });

  test('is an answer that cannot be read, or no answer at all', () => {
    expect(toApiError('<html>', new Response(null, { status: 502 }))).toMatchObject({
      status: 502,
      code: 'server.unreadable',
    });
    const lost = toApiError(new TypeError('Failed to fetch'), undefined);
    expect(lost).toMatchObject({ status: 0, code: 'network', message: t('error.network') });
  });

  test('is left as it is when it was given up, or is known already', () => {
    const abort = new DOMException('given up', 'AbortError');
    expect(toApiError(abort, undefined)).toBe(abort);
    expect(isAbort(abort)).toBe(true);
    const known = new ApiError(400, 'x', 'y', [], null);
    expect(toApiError(known, undefined)).toBe(known);
  });

  test('is never shown as a stack or a mistake of ours', () => {
    expect(messageOf(new Error('cannot read x of undefined'))).toBe(t('error.unexpected'));
  });
});
