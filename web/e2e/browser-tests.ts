import { report } from '../../server/tests/outcome.ts';
import { runBrowserTests } from './run.ts';

// `npm run e2e -- <files and options of Playwright>`.
report(await runBrowserTests([], process.argv.slice(2)));
