import { type Directive, watchEffect } from 'vue';
import type { Permission } from '@/api/permissions.gen.ts';
import { can } from './session.ts';

const watched = new WeakMap<HTMLElement, () => void>();

/**
 * `v-can="'system:user:create'"` hides an element from those who may not use it, and shows it again when they may.
 * For elements of other people's components; in our own templates `v-if="can(…)"` leaves them out altogether.
 */
export const vCan: Directive<HTMLElement, Permission> = {
  mounted(element, { value }) {
    watched.set(
      element,
      watchEffect(() => {
        const allowed = can(value);
        element.hidden = !allowed;
        element.inert = !allowed;
      }),
    );
  },
  unmounted(element) {
    watched.get(element)?.();
    watched.delete(element);
  },
};
