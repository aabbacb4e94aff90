import { loadConfig } from '#config';
import { start } from '../../start.ts';
import { consoleTests } from './work.feature.ts';

// The service for the browser tests of jobs: as in production, with work that waits and fails at a word.
const { url, stop } = await start(loadConfig(), [consoleTests]);
console.log(`  Fastify Vue3 Admin  ${url}`);
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
