import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLogName } from './log-name.ts';

// One process of several that take names and give them back, or leave their lock as a killed process would. Fails on a name that another has.
const [folder = '', rounds = ''] = process.argv.slice(2);
const { pid: gone } = spawnSync(process.execPath, ['--version']);
for (let round = 0; round < Number(rounds); round++) {
  const { name, giveBack } = takeLogName(folder);
  const proof = join(folder, `${name}.proof`);
  mkdirSync(proof);
  rmdirSync(proof);
  giveBack();
  if (round % 5 === 4) leave(join(folder, `${name}.lock`));
}

function leave(lock: string): void {
  try {
    writeFileSync(lock, String(gone), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
