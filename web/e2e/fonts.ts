import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, 'node_modules/@expo-google-fonts/noto-sans-sc');

/** Whether this machine has a font for Chinese. Where that cannot be found out it is taken for granted. */
export function showsChinese(): boolean {
  if (process.platform !== 'linux') return true;
  const { status, stdout } = spawnSync('fc-list', [':lang=zh', 'family'], { encoding: 'utf8' });
  return status !== 0 || stdout.trim() !== '';
}

/** Settings of fontconfig: the fonts of the package, of one more folder, and of the machine. */
export function fontSettings(folder: string, cache: string): string {
  const folders = [join(PACKAGE, '400Regular'), join(PACKAGE, '600SemiBold'), folder, '/usr/share/fonts'];
  const shown = folders.map((path) => `<dir>${path}</dir>`).join('');
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${shown}<cachedir>${cache}</cachedir></fontconfig>`;
}

/** Writes the settings that give an installed browser the font of the package; null when the package is not there. */
export function writeFontSettings(): string | null {
  if (!existsSync(PACKAGE)) return null;
  const folder = join(import.meta.dirname, 'node_modules/.cache/fonts');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'fonts.conf');
  writeFileSync(file, fontSettings('/usr/local/share/fonts', join(folder, 'cache')));
  return file;
}
