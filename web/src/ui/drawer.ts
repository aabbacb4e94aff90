import { useMediaQuery } from '@vueuse/core';
import { computed, type Ref } from 'vue';

/** How wide a drawer is: so many pixels, and on a phone all there is. */
export function useDrawerSize(pixels: number): Readonly<Ref<number | string>> {
  const isNarrow = useMediaQuery('(max-width: 767px)');
  return computed(() => (isNarrow.value ? '100%' : pixels));
}
