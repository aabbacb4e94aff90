import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import vue from '@vitejs/plugin-vue';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import Components from 'unplugin-vue-components/vite';
import { defineConfig, type Plugin } from 'vite';
import VueRouter from 'vue-router/vite';

/** Whatever folder the build or the server of development is started from. */
const src = join(import.meta.dirname, 'src');
const SERVICE = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:8000';

/** Writes a .br and a .gz beside every text file of the output, so that the service never compresses. */
function precompress(): Plugin {
  const [brotli, gzipped] = [promisify(brotliCompress), promisify(gzip)];
  let folder = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    async writeBundle() {
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      const texts = files.filter((file) => file.isFile() && /\.(js|css|html|svg|json)$/.test(file.name));
      await Promise.all(
        texts.map(async (file) => {
          const path = join(file.parentPath, file.name);
          const content = await readFile(path);
          if (content.length < 1024) return;
          const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
          await writeFile(`${path}.br`, await brotli(content, options));
          await writeFile(`${path}.gz`, await gzipped(content, { level: 9 }));
        }),
      );
    },
  };
}

export default defineConfig({
  plugins: [
    VueRouter({ root: import.meta.dirname, exclude: ['**/parts/**'], dts: join(src, 'typed-router.d.ts') }),
    vue(),
    Components({
      dirs: [],
      dts: join(src, 'components.d.ts'),
      resolvers: [ElementPlusResolver({ importStyle: 'css' })],
    }),
    precompress(),
  ],
  resolve: {
    alias: {
      '@': src,
      'async-validator': join(src, 'ui/unused-parts.ts'),
      '@ctrl/tinycolor': join(src, 'ui/unused-parts.ts'),
    },
  },
  build: { manifest: true, target: 'es2022', reportCompressedSize: false, chunkSizeWarningLimit: 700 },
  server: {
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/api', '/docs', '/redoc', '/openapi.json', '/healthz', '/readyz'].map((path) => [path, SERVICE]),
    ),
  },
});
