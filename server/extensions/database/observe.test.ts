import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { Metrics } from '#core/metrics.ts';
import { noTracing, type Tracing } from '#core/tracing.ts';
import { startTracing } from '../tracing-otlp.ts';
import { observeStatements } from './observe.ts';

const rest = { log: pino({ level: 'silent' }), slowMs: 0, metrics: new Metrics() };

describe('the span of a statement', () => {
  const statements: [name: string, sql: string][] = [
    ['select users', 'select "users"."id" from "users" where "id" in (select "user_id" from "members")'],
    ['select users', 'select `id` from (select * from `users` where `dept_id` = ?) as `users` for update'],
    ['insert tasks', 'insert into `tasks` (`a`) values (?)'],
    ['update users', 'update "users" set "name" = $1 where "id" = $2'],
    ['update users', 'update "users" set "name" = $1 where "dept_id" in (select "id" from "depts")'],
    ['delete users', 'delete from `users` where `id` = ?'],
    ['sql', 'begin immediate'],
  ];
  for (const [name, sql] of statements) {
    test(`of ${sql} is named ${name}`, () => {
      const names: string[] = [];
      const tracing: Tracing = { ...noTracing, isRecording: true, ended: (name) => void names.push(name) };
      observeStatements({ ...rest, tracing })({ sql, durationMs: 1 });
      assert.deepEqual(names, [name]);
    });
  }

  test('is made only where a trace is recorded', async () => {
    const options = { endpoint: 'http://127.0.0.1:1', headers: '', serviceName: 'test', serviceVersion: '0' };
    const trace = { traceId: 'a'.repeat(32), parentId: null, isSampled: true };
    const counted = async (percent: number, isInside: boolean) => {
      const tracing = startTracing({ ...options, percent });
      let asked = 0;
      const watched = Object.create(tracing, { ended: { value: () => void asked++ } }) as Tracing;
      const observe = () => observeStatements({ ...rest, tracing: watched })({ sql: 'select 1', durationMs: 1 });
      if (isInside) tracing.request('GET', trace)?.run(observe);
      else observe();
      await tracing.close();
      return asked;
    };
    assert.equal(await counted(100, true), 1);
    assert.equal(await counted(0, true), 0, 'a trace that is dropped');
    assert.equal(await counted(100, false), 0, 'no request');
  });
});
