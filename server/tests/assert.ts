import assert from 'node:assert/strict';
import type { Answer } from './harness.ts';

/** Asserts that a request was refused in the form that every refusal has; `path` is the one field that is to blame. */
export function assertFails({ status, headers, body, text }: Answer, expected: number, error: string, path?: string) {
  assert.deepEqual([status, body.code, body.error, body.data], [expected, expected, error, null], text);
  assert.equal(body.request_id, headers['x-request-id']);
  if (path === undefined) return;
  const paths = body.details.map((detail: { path: string }) => detail.path);
  assert.deepEqual(paths, [path], text);
}
