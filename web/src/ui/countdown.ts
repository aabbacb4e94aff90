import { useIntervalFn } from '@vueuse/core';
import { computed, ref } from 'vue';

/** Counts down from a number of seconds; `text` is what is left as `1:05`. */
export function useCountdown() {
  const seconds = ref(0);
  // By the moment it ends: a tab in the background is woken less often.
  let endsAt = 0;
  const { pause, resume } = useIntervalFn(
    () => {
      seconds.value = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      if (seconds.value === 0) pause();
    },
    250,
    { immediate: false },
  );
  const start = (from: number) => {
    endsAt = performance.now() + from * 1000;
    seconds.value = from;
    resume();
  };
  const text = computed(() => `${Math.floor(seconds.value / 60)}:${String(seconds.value % 60).padStart(2, '0')}`);
  return { seconds, text, start };
}
