import { join } from 'node:path';
import { startChild } from './child.ts';
import { median, printTable } from './figures.ts';
import { createInstallation } from './installation.ts';

// From the start of the process to its first answer, on a database that is there.
const RUNS = 7;

const installation = await createInstallation({ users: 200 });
const times: number[] = [];
const memory: number[] = [];
try {
  for (let run = 0; run < RUNS; run++) {
    const service = await startChild(
      'server/main.ts',
      installation.environment,
      join(installation.folder, 'service.log'),
    );
    times.push(service.startedInMs);
    memory.push((await service.usage()).rss / 2 ** 20);
    await service.stop();
  }
  printTable(
    ['start to first answer', 'median ms', 'fastest ms', 'slowest ms', 'resident memory MB'],
    [
      [
        `${RUNS} runs`,
        ...[median(times), Math.min(...times), Math.max(...times), median(memory)].map((value) => value.toFixed(0)),
      ],
    ],
  );
} finally {
  await installation.remove();
}
