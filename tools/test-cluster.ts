import { report } from '../server/tests/outcome.ts';
import { runClusterTests } from '../server/tests/run.ts';

// `npm run test:cluster`: several processes that are killed, and servers that go away; on each database and Redis that the environment names.
report(await runClusterTests(process.argv.slice(2)));
