import { computed, type Ref, shallowRef } from 'vue';
import { ApiError, messageOf } from '@/app/errors.ts';
import { t } from '@/app/i18n.ts';
import { ask, toast } from '@/ui/feedback.ts';
import type { CrudRow, CrudSpec, ListQuery } from './types.ts';

/** Why a deletion was refused: in a sentence, and for each row that stood in its way. */
export interface Refusal {
  readonly message: string;
  readonly details: readonly string[];
}

/**
 * Deletes rows after asking, by name. A refusal is kept until it is closed, with the name of each row it is about:
 * the service names rows by their place among the ids.
 */
export function useRemoval<Row extends CrudRow, Form extends object, Query extends ListQuery>(
  spec: CrudSpec<Row, Form, Query>,
): {
  readonly refusal: Readonly<Ref<Refusal | null>>;
  remove(targets: readonly Row[]): Promise<boolean>;
  closeRefusal(): void;
} {
  const failed = shallowRef<{ error: unknown; names: readonly string[] } | null>(null);

  const refusal = computed<Refusal | null>(() => {
    if (!failed.value) return null;
    const { error, names } = failed.value;
    const fields = error instanceof ApiError ? error.fields : [];
    const details = fields.map(({ path, message }) => {
      const name = names[Number(/^ids\.(\d+)$/.exec(path)?.[1])];
      return name === undefined ? message : t('crud.refusedRow', { name, reason: message });
    });
    return { message: messageOf(error), details };
  });

  /** Asks, then deletes; true when it was tried. */
  async function remove(targets: readonly Row[]): Promise<boolean> {
    const [first] = targets;
    if (!first || !spec.remove) return false;
    const question =
      targets.length === 1
        ? t('crud.deleteOne', { title: spec.titleOf(first) })
        : t('crud.deleteMany', { count: targets.length, names: namesOf(targets) });
    const title = t('crud.deleteTitle', { name: t(spec.one) });
    const text = spec.deleteHint ? t('crud.deleteAlso', { question, hint: t(spec.deleteHint) }) : question;
    if (!(await ask({ title, text, confirm: t('action.delete'), isDangerous: true }))) return false;
    failed.value = null;
    try {
      await spec.remove(targets.map(({ id }) => id));
      toast(t('crud.deleted'));
    } catch (error) {
      failed.value = { error, names: targets.map(spec.titleOf) };
    }
    return true;
  }

  const NAMED = 5;
  function namesOf(targets: readonly Row[]): string {
    const names = targets.slice(0, NAMED).map(spec.titleOf).join(t('common.listSeparator'));
    return targets.length > NAMED ? `${names}…` : names;
  }
  const closeRefusal = () => {
    failed.value = null;
  };
  return { refusal, remove, closeRefusal };
}
