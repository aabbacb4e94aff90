import type { TestEvent } from 'node:test/reporters';

/** A line of what `outcomes` reports. */
export type Reported =
  | { readonly passed: number }
  | { readonly file: string; readonly name: string; readonly error: string };

/** A reporter of node:test: one line of JSON for each test that failed, and at the end one with how many passed. */
export default async function* outcomes(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') names.splice(event.data.nesting, names.length, event.data.name);
    else if (event.type === 'test:fail') {
      const { nesting, name, file = '', todo, details } = event.data;
      const thrown: Error & { readonly failureType?: string } = details.error;
      // A group fails because of its tests, which are named themselves.
      if (todo !== undefined || thrown.failureType === 'subtestsFailed') continue;
      const { message } = thrown.cause instanceof Error ? thrown.cause : thrown;
      yield line({ file, name: [...names.slice(0, nesting), name].join(' › '), error: message });
    } else if (event.type === 'test:summary' && event.data.file === undefined)
      yield line({ passed: event.data.counts.passed });
  }
}

const line = (reported: Reported) => `${JSON.stringify(reported)}\n`;
