import { computed, type Ref, reactive, ref, shallowRef, watch } from 'vue';
import { ApiError, messageOf } from '@/app/errors.ts';
import { type JsonSchema, problemsOf } from './rules.ts';
import type { CrudRow, CrudSpec, Field, ListQuery } from './types.ts';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));
const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** A field that somebody else changed since the form was opened. */
export interface Conflict {
  readonly key: string;
  readonly theirs: unknown;
  readonly mine: unknown;
  choice: 'mine' | 'theirs';
}

/** What CrudForm shows of a form and asks of it. */
export interface FormState<Row, Form> {
  readonly isOpen: Readonly<Ref<boolean>>;
  readonly isBusy: Readonly<Ref<boolean>>;
  readonly form: Ref<Form | null>;
  /** What is edited; null for a new row. */
  readonly row: Readonly<Ref<Row | null>>;
  readonly mode: Readonly<Ref<'create' | 'update'>>;
  readonly schema: Readonly<Ref<JsonSchema | undefined>>;
  readonly fields: Readonly<Ref<readonly Field<Form>[]>>;
  readonly problems: Record<string, string>;
  readonly failure: Readonly<Ref<string>>;
  /** What the failure is made of, where no field of the form stands for it. */
  readonly failureDetails: Readonly<Ref<readonly string[]>>;
  readonly conflicts: Ref<Conflict[]>;
  readonly changedBy: Readonly<Ref<Row | null>>;
  readonly isGone: Readonly<Ref<boolean>>;
  readonly isDirty: Readonly<Ref<boolean>>;
  openNew(preset?: Partial<Form>): void;
  openRow(id: number): Promise<boolean>;
  close(): void;
  check(key: string): void;
  save(): Promise<boolean>;
}

/** A change may leave any field out, but the form shows them all: what a new row must have cannot be emptied. */
function schemaOfChange(schemas: CrudSpec<CrudRow, object, ListQuery>['schemas']): JsonSchema | undefined {
  const required = (schemas?.create?.required ?? []).filter((key) => schemas?.update?.properties?.[key]);
  return schemas?.update && { ...schemas.update, required: [...(schemas.update.required ?? []), ...required] };
}

/**
 * The form of a CRUD page: what it began with, what is in it now, what is wrong with it, and how it is saved.
 * A row that was changed meanwhile is not overwritten: `conflicts` says who changed what, and the person decides field by field.
 */
export function useForm<Row extends CrudRow, Form extends object, Query extends ListQuery>(
  spec: CrudSpec<Row, Form, Query>,
): FormState<Row, Form> {
  const isOpen = ref(false);
  const isBusy = ref(false);
  const row = shallowRef(null) as Ref<Row | null>;
  const base = shallowRef(null) as Ref<Form | null>;
  const form = ref(null) as Ref<Form | null>;
  const problems = reactive<Record<string, string>>({});
  const failure = ref('');
  const failureDetails = ref<readonly string[]>([]);
  const conflicts = ref<Conflict[]>([]);
  const changedBy = shallowRef(null) as Ref<Row | null>;
  const isGone = ref(false);

  const mode = computed(() => (row.value ? 'update' : 'create'));
  const schema = computed(() => {
    const declared = row.value ? schemaOfChange(spec.schemas) : spec.schemas?.create;
    const also = form.value && spec.required ? spec.required(form.value) : [];
    return declared && also.length > 0 ? { ...declared, required: [...(declared.required ?? []), ...also] } : declared;
  });
  const fields = computed(() =>
    (spec.fields ?? []).filter(
      (field) =>
        (field.only === undefined || field.only === mode.value) &&
        (!field.isShown || (form.value !== null && field.isShown(form.value, row.value))),
    ),
  );
  const isDirty = computed(() => isOpen.value && !same(form.value, base.value));

  function show(begin: Form, of: Row | null): void {
    row.value = of;
    base.value = copy(begin);
    form.value = copy(begin);
    conflicts.value = [];
    changedBy.value = null;
    isGone.value = false;
    setFailure('');
    setProblems({});
    isOpen.value = true;
  }

  /** Opens the form for a new row, with `preset` filled in. */
  function openNew(preset: Partial<Form> = {}): void {
    if (spec.blank) show({ ...spec.blank(), ...preset }, null);
  }

  /** Opens the form for a row, read anew; false when this row may not be changed. Throws ApiError. */
  async function openRow(id: number): Promise<boolean> {
    if (!spec.read || !spec.toForm) return false;
    const found = await spec.read(id);
    if ((spec.mayEdit?.(found) ?? true) !== true) return false;
    show(spec.toForm(found), found);
    return true;
  }

  /** What was in it stays until it is opened again, so that nothing flickers while it slides away. */
  function close(): void {
    isOpen.value = false;
  }

  function setProblems(found: Record<string, string>): void {
    for (const key of Object.keys(problems)) delete problems[key];
    Object.assign(problems, found);
  }

  function setFailure(message: string, details: readonly string[] = []): void {
    failure.value = message;
    failureDetails.value = details;
  }

  // What one field says decides what others need.
  watch(schema, () => {
    for (const key of Object.keys(problems)) check(key);
  });

  const keys = () => fields.value.map(({ key }) => key as string);
  const checkAll = () => problemsOf(schema.value, form.value as Record<string, unknown>, keys());

  /** Looks at one field after the person has left it. */
  function check(key: string): void {
    const found = problemsOf(schema.value, form.value as Record<string, unknown>, [key])[key];
    if (found) problems[key] = found;
    else delete problems[key];
  }

  function changes(): Partial<Form> {
    const before = base.value as Record<string, unknown>;
    const now = form.value as Record<string, unknown>;
    return Object.fromEntries(Object.entries(now).filter(([key, value]) => !same(value, before[key]))) as Partial<Form>;
  }

  /** Saves. True when it is done; false when something is to be mended first, which the form shows. */
  async function save(): Promise<boolean> {
    if (!form.value || isBusy.value) return false;
    setFailure('');
    setProblems(checkAll());
    if (Object.keys(problems).length > 0) return false;
    isBusy.value = true;
    try {
      settleConflicts();
      if (row.value) {
        const changed = changes();
        if (Object.keys(changed).length > 0) {
          const { version } = row.value;
          await spec.update?.(row.value.id, { ...changed, ...(version !== undefined && { version }) });
        }
      } else {
        await spec.create?.(copy(form.value));
      }
      return true;
    } catch (error) {
      await understand(error);
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  async function understand(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.code === 'conflict.stale' && row.value) return compare();
    if (error instanceof ApiError) {
      const shown = new Set(keys());
      const found: Record<string, string> = {};
      const others: string[] = [];
      for (const { path, message } of error.fields) {
        const key = path.split('.')[0] ?? path;
        if (shown.has(key)) found[key] ??= message;
        else others.push(message);
      }
      setProblems(found);
      if (Object.keys(found).length === 0 || others.length > 0) setFailure(error.message, [...new Set(others)]);
      return;
    }
    setFailure(messageOf(error));
  }

  /** Reads the row again and finds what somebody else changed in it. */
  async function compare(): Promise<void> {
    if (!row.value || !spec.read || !spec.toForm) return;
    try {
      const latest = await spec.read(row.value.id);
      const theirs = spec.toForm(latest) as Record<string, unknown>;
      const before = base.value as Record<string, unknown>;
      const now = form.value as Record<string, unknown>;
      const found: Conflict[] = [];
      for (const key of Object.keys(theirs)) {
        if (same(theirs[key], before[key]) || same(theirs[key], now[key])) continue;
        const untouched = same(now[key], before[key]);
        found.push({ key, theirs: theirs[key], mine: now[key], choice: untouched ? 'theirs' : 'mine' });
      }
      row.value = latest;
      base.value = copy(theirs) as Form;
      changedBy.value = latest;
      conflicts.value = found;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) isGone.value = true;
      else setFailure(messageOf(error));
    }
  }

  function settleConflicts(): void {
    const now = form.value as Record<string, unknown>;
    for (const { key, theirs, choice } of conflicts.value) if (choice === 'theirs') now[key] = copy(theirs);
    conflicts.value = [];
    changedBy.value = null;
  }

  return {
    isOpen,
    isBusy,
    form,
    row,
    mode,
    schema,
    fields,
    problems,
    failure,
    failureDetails,
    conflicts,
    changedBy,
    isGone,
    isDirty,
    openNew,
    openRow,
    close,
    check,
    save,
  };
}
