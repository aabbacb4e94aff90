import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { openLog } from './log.ts';

const opener = JSON.stringify(new URL('log.ts', import.meta.url).href);

/** What a process writes that opens a log and then does this. */
async function written(code: string): Promise<{ lines: { msg: string }[]; status: number | null }> {
  const program = `import { openLog } from ${opener};
    const log = openLog({ level: 'info', pretty: false }); const { logger } = log; ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout);
  const lines = output.split('\n').filter(Boolean);
  return { lines: lines.map((line) => JSON.parse(line)), status: await ended };
}

describe('lines of one turn of the event loop', () => {
  test('are written together at its end; a warning at once, with those before it', async () => {
    const writes: string[] = [];
    const log = openLog({ level: 'info', pretty: false, destination: { write: (lines) => void writes.push(lines) } });
    const messages = () =>
      writes.splice(0).map((lines) =>
        lines
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).msg),
      );
    log.logger.info('one');
    log.logger.info('two');
    assert.deepEqual(messages(), []);
    await endOfTurn();
    assert.deepEqual(messages(), [['one', 'two']]);
    log.logger.info('three');
    log.logger.warn('careful');
    log.logger.info('four');
    assert.deepEqual(messages(), [['three', 'careful']]);
    log.flush();
    assert.deepEqual(messages(), [['four']]);
    log.logger.info('last');
    await log.close();
    assert.deepEqual(messages(), [['last']]);
    assert.equal(log.tail.find({ limit: 10 }).length, 6);
  });

  test('are not lost when the process ends in the middle of it, also by an error', async () => {
    const ends = {
      'process.exit(3)': 3,
      "throw new Error('not handled')": 1,
      "queueMicrotask(() => { throw new Error('not handled') })": 1,
      "process.kill(process.pid, 'SIGTERM')": null,
    };
    for (const [end, status] of Object.entries(ends)) {
      // A signal that the program listens to lets it end the turn first.
      const result = await written(
        `process.on('SIGTERM', () => process.exit()); logger.info('begun'); logger.info('ends'); ${end}`,
      );
      assert.deepEqual(
        result.lines.map(({ msg }) => msg),
        ['begun', 'ends'],
        end,
      );
      if (status !== null) assert.equal(result.status, status, end);
    }
  });
});
