import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

export const dist = resolve(import.meta.dirname, '../dist');

interface Chunk {
  readonly file: string;
  readonly src?: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly css?: readonly string[];
}
const CHART = 'src/ui/ChartCanvas.vue';
const LAYOUT = 'src/shell/Layout.vue';
export type Manifest = Readonly<Record<string, Chunk>>;

export const readManifest = (): Manifest => JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

/** What comes along with chunks, by the names that the manifest gives them. */
export function closureOf(manifest: Manifest, roots: readonly string[]): Set<string> {
  const found = new Set<string>();
  const walk = (name: string) => {
    const chunk = manifest[name];
    if (!chunk || found.has(name)) return;
    found.add(name);
    for (const next of chunk.imports ?? []) walk(next);
  };
  roots.forEach(walk);
  return found;
}

const sizes = new Map<string, number>();
function gzippedSize(file: string): number {
  const known = sizes.get(file) ?? gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  sizes.set(file, known);
  return known;
}

interface Weight {
  readonly script: number;
  readonly style: number;
}
interface Parts {
  /** Navigation and bars, for people who have signed in. */
  readonly withLayout?: boolean;
  readonly withCharts?: boolean;
}

/** Kilobytes, compressed, that a browser fetches for a page: itself, the start of the console, the texts, and those parts. */
export function weightOf(
  manifest: Manifest,
  page: string,
  { withLayout = true, withCharts = false }: Parts = {},
): Weight {
  const names = closureOf(manifest, ['index.html', 'src/locales/zh-CN/index.ts', page]);
  if (withLayout) for (const name of closureOf(manifest, [LAYOUT])) names.add(name);
  // A chart comes with its page, though a moment later.
  if (withCharts) for (const name of closureOf(manifest, [CHART])) names.add(name);
  const chunks = [...names].map((name) => manifest[name] as Chunk);
  const kilobytes = (files: Iterable<string>) =>
    [...new Set(files)].reduce((sum, file) => sum + gzippedSize(file), 0) / 1024;
  return {
    script: kilobytes(chunks.map(({ file }) => file).filter((file) => file.endsWith('.js'))),
    style: kilobytes(chunks.flatMap(({ css = [] }) => css)),
  };
}
