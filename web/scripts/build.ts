import { renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build, type Plugin } from 'vite';
import { CONSOLE_FOLDER, sourcesNow, stamp } from './built.ts';

// Builds the console beside the one that is there, which goes on being served, and stays when the build fails.
process.env['NODE_ENV'] = 'production';
process.chdir(resolve(import.meta.dirname, '..'));
const began = performance.now();
const next = `${CONSOLE_FOLDER}.${process.pid}`;
const sources = sourcesNow();
try {
  await build({ logLevel: 'silent', build: { outDir: next, emptyOutDir: true }, plugins: [progress()] });
  stamp(next, sources);
  rmSync(CONSOLE_FOLDER, { recursive: true, force: true });
  renameSync(next, CONSOLE_FOLDER);
  console.log(`The console is built (${((performance.now() - began) / 1000).toFixed(1)} s).`);
} catch (error) {
  rmSync(next, { recursive: true, force: true });
  const { message } = error as Error;
  console.error(
    `The console could not be built: ${process.stderr.isTTY ? message : stripVTControlCharacters(message)}`,
  );
  process.exitCode = 1;
}

/** Counts the modules on a terminal. */
function progress(): Plugin {
  let count = 0;
  let shownAt = 0;
  const show = (text: string) => process.stdout.isTTY && process.stdout.write(`\r\x1b[K${text}`);
  return {
    name: 'progress',
    moduleParsed() {
      count += 1;
      if (performance.now() - shownAt < 100) return;
      shownAt = performance.now();
      show(`  ${count} modules read`);
    },
    renderStart: () => void show('  writing and compressing'),
    closeBundle: () => void show(''),
  };
}
