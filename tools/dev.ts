import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createServer } from 'vite';
import { ConfigError, loadConfig } from '../server/config.ts';

// One command for both sides: Vite serves the console at the address of the settings and passes the API on to the service,
// which starts again after each change of its sources, at a port that nobody needs to know.
const root = resolve(import.meta.dirname, '..');
const config = settings();
const port = await freePort();
const serviceUrl = `http://127.0.0.1:${port}`;
process.env['SERVICE_URL'] = serviceUrl;

const vite = await createServer({
  root: join(root, 'web'),
  configFile: join(root, 'web/vite.config.ts'),
  clearScreen: false,
  server: { host: config.HOST, port: config.PORT, strictPort: true },
});
try {
  await vite.listen();
} catch (error) {
  stopWith((error as Error).message);
}
const url = vite.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';

const service = spawn(process.execPath, ['--watch', '--watch-preserve-output', join(root, 'server/main.ts')], {
  env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), LOG_PRETTY: String(process.stdout.isTTY === true) },
  stdio: ['ignore', 'pipe', 'inherit'],
});
// Its announcement is for people: they open the console where Vite serves it.
createInterface({ input: service.stdout }).on('line', (line) => {
  console.log(/^ {2}\w/.test(line) ? line.replaceAll(serviceUrl, url) : line);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop());
service.once('exit', (code) => void stop(code ?? 0));

let stopping = false;
/** Ends both, and goes when they are gone. */
async function stop(code = 0): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (service.exitCode === null && service.signalCode === null) {
    service.kill('SIGTERM');
    await once(service, 'exit');
  }
  await vite.close();
  process.exit(code);
}

function settings(): ReturnType<typeof loadConfig> {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) stopWith(error.message);
    throw error;
  }
}

function stopWith(message: string): never {
  console.error(message);
  process.exit(1);
}

async function freePort(): Promise<number> {
  const listener = createListener().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port: free } = listener.address() as AddressInfo;
  listener.close();
  return free;
}
