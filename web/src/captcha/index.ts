import { ref } from 'vue';
import type { Captcha, CaptchaAnswer } from '@/api/gen/index.ts';
import { getAuthCaptcha } from '@/api/gen/index.ts';
import { api } from '@/app/api.ts';
import { ApiError } from '@/app/errors.ts';
import type { Report, Task } from './worker.ts';

/** The service asks again when a challenge ran out while it was being solved. */
const MOST_ROUNDS = 3;

/**
 * Sends attempts that the service may want to be paid for in work. The work is done in a thread of its own; `progress` goes from 0 to 1
 * meanwhile and is null when there is none.
 */
export function useCaptcha() {
  const progress = ref<number | null>(null);

  /** Draws a proof of work for an attempt in this name, and does it. */
  async function solve(name: string): Promise<CaptchaAnswer> {
    progress.value = 0;
    try {
      const drawn = await api(getAuthCaptcha({ query: { for: name } }));
      return { id: drawn.id, solution: await work(drawn, (done) => (progress.value = done)) };
    } finally {
      progress.value = null;
    }
  }

  /** Sends an attempt, and sends it again with the work done if the service asks for it. Throws what `send` throws. */
  async function withCaptcha<T>(name: string, send: (captcha?: CaptchaAnswer) => Promise<T>): Promise<T> {
    let captcha: CaptchaAnswer | undefined;
    for (let round = 1; ; round++) {
      try {
        return await send(captcha);
      } catch (error) {
        const isAsked = error instanceof ApiError && error.code === 'auth.captcha_required';
        if (!isAsked || round > MOST_ROUNDS) throw error;
        captcha = await solve(name);
      }
    }
  }

  return { progress, solve, withCaptcha };
}

function work({ challenge, difficulty }: Captcha, report: (done: number) => void): Promise<string> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if ('solution' in data) resolve(data.solution);
      // How likely it was to be found by now: the search has no end that could be known.
      else report(1 - Math.exp(-data.tried / 2 ** difficulty));
    };
    worker.onerror = () => reject(new Error('the proof of work could not be done'));
    worker.postMessage({ challenge, difficulty } satisfies Task);
  }).finally(() => worker.terminate());
}
