import { type Outcome, report, sum } from '../server/tests/outcome.ts';
import { runServerTests } from '../server/tests/run.ts';
import { runBrowserTests } from '../web/e2e/run.ts';
import { runUnitTests } from '../web/tests/run.ts';

// `npm test` runs everything; `npm test -- <files>` runs these, each with the tests it belongs to. The last lines name what failed; the very last is the total.
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'));

const isBrowserTest = (file: string) => file.includes('web/e2e/') || file.endsWith('.spec.ts');
const isUnitTest = (file: string) => !isBrowserTest(file) && /(^|\/)web\//.test(file);
const suites = [
  { name: 'server', run: runServerTests, has: (file: string) => !isBrowserTest(file) && !isUnitTest(file) },
  { name: 'console', run: runUnitTests, has: isUnitTest },
  { name: 'browser', run: runBrowserTests, has: isBrowserTest },
];

const outcomes: Outcome[] = [];
for (const { name, run, has } of suites) {
  const files = chosen.filter(has);
  if (chosen.length > 0 && files.length === 0) continue;
  const began = performance.now();
  const outcome = await run(files, flags);
  outcomes.push(outcome);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n— ${name}: ${outcome.passed} passed, ${outcome.failures.length} failed, ${seconds} s —`);
}
report(sum(outcomes));
