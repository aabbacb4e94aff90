import { ensureBuilt } from './built.ts';

// `npm start` loads this before the service. The image of production starts without it: its console is built with the image.
if (!ensureBuilt()) {
  console.error('`node server/main.ts` starts the service with the console as it was.');
  process.exit(1);
}
