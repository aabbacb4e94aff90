import { watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { t } from '@/app/i18n.ts';
import { toast, toastError } from '@/ui/feedback.ts';
import type { RowId } from './types.ts';
import type { FormState } from './useForm.ts';

/**
 * Which form is open is part of the address (`form=new` or `form=<id>`), so the back button closes it and a link opens it.
 */
export function useFormAddress<Row, Form>(
  state: FormState<Row, Form>,
  may: { readonly create: () => boolean; readonly update: () => boolean },
) {
  const route = useRoute();
  const router = useRouter();
  let preset: Partial<Form> = {};

  const open = (form: string) => router.push({ query: { ...route.query, form } });
  async function leave(): Promise<void> {
    if (!route.query['form']) return;
    const { form: _form, ...query } = route.query;
    await router.replace({ query });
  }
  function openNew(values: Partial<Form> = {}): Promise<unknown> {
    preset = values;
    return open('new');
  }
  async function show(form: string): Promise<boolean> {
    if (form === 'new') {
      if (may.create()) state.openNew(preset);
      return may.create();
    }
    return /^\d{1,15}$/.test(form) && may.update() && (await state.openRow(Number(form)));
  }

  watch(
    () => route.query['form'],
    async (form) => {
      if (typeof form !== 'string') return state.close();
      try {
        const shown = await show(form);
        // It may have been closed while the row was read.
        if (route.query['form'] !== form) return void (typeof route.query['form'] === 'string' || state.close());
        if (shown) return;
        toast(t('crud.formRefused'), 'warning');
      } catch (error) {
        toastError(error);
      } finally {
        preset = {};
      }
      await leave();
    },
    { immediate: true },
  );
  return { openNew, openRow: (id: RowId) => open(String(id)), leave };
}
