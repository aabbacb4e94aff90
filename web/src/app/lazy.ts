import { type Component, defineAsyncComponent } from 'vue';

let inBackground = 0;
/** Whether something is being fetched that nobody waits for: that it fails is no reason to disturb anybody. */
export const isFetchingInBackground = (): boolean => inBackground > 0;

const IDLE_MS = 2000;
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: IDLE_MS });
  else setTimeout(work, IDLE_MS);
}

async function fetchAhead(load: () => Promise<unknown>): Promise<void> {
  if (!navigator.onLine) return;
  inBackground += 1;
  try {
    await load();
  } catch {
    // It is fetched again when it is shown.
  } finally {
    inBackground -= 1;
  }
}

/** A part that a page is seen without, such as a dialog: it is fetched when the page stands there, or when it is shown before. */
export function lazy<C>(load: () => Promise<{ default: C }>): C {
  whenIdle(() => void fetchAhead(load));
  return defineAsyncComponent(load as () => Promise<Component>) as C;
}
