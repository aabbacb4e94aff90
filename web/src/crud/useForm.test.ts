import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '@/app/errors.ts';
import { showLocale, t } from '@/app/i18n.ts';
import { defineCrud } from './types.ts';
import { useForm } from './useForm.ts';

interface Row {
  id: number;
  version: number;
  name: string;
  remark: string | null;
}
type Form = Omit<Row, 'id' | 'version'>;

const stored: Row = { id: 7, version: 1, name: 'old', remark: null };
const calls = { create: vi.fn(), update: vi.fn(), read: vi.fn() };
const spec = defineCrud<Row, Form>({
  name: 'things',
  one: 'positions.one',
  permissions: {},
  list: async () => ({ items: [] }),
  read: (id) => calls.read(id),
  create: (form) => calls.create(form),
  update: (id, changes) => calls.update(id, changes),
  schemas: {
    create: { required: ['name'], properties: { name: { minLength: 2 } } },
    update: { properties: { name: { minLength: 2 } } },
  },
  columns: [],
  fields: [
    { key: 'name', label: 'positions.name' },
    { key: 'remark', label: 'common.remark' },
  ],
  blank: () => ({ name: '', remark: null }),
  toForm: ({ name, remark }) => ({ name, remark }),
  titleOf: ({ name }) => name,
  mayEdit: ({ id }) => id !== 1,
});
const stale = () => new ApiError(409, 'conflict.stale', 'stale', [], 'r');

beforeAll(() => showLocale('en-US'));
beforeEach(() => {
  calls.create.mockReset().mockResolvedValue(undefined);
  calls.update.mockReset().mockResolvedValue(undefined);
  calls.read.mockReset().mockResolvedValue({ ...stored });
});

describe('a form for a new row', () => {
  test('begins blank, or with what is preset, and is not dirty', () => {
    const form = useForm(spec);
    form.openNew({ remark: 'given' });
    expect(form.form.value).toEqual({ name: '', remark: 'given' });
    expect([form.isOpen.value, form.isDirty.value, form.mode.value]).toEqual([true, false, 'create']);
  });

  test('is not sent while something is wrong', async () => {
    const form = useForm(spec);
    form.openNew();
    expect(await form.save()).toBe(false);
    expect(form.problems).toEqual({ name: t('crud.rule.required') });
    expect(calls.create).not.toHaveBeenCalled();
    form.form.value = { name: 'good', remark: null };
    expect(form.isDirty.value).toBe(true);
    form.check('name');
    expect(form.problems).toEqual({});
    expect(await form.save()).toBe(true);
    expect(calls.create).toHaveBeenCalledExactlyOnceWith({ name: 'good', remark: null });
  });

  test('is sent once, however often it is asked to', async () => {
    const form = useForm(spec);
    form.openNew({ name: 'good' });
    const answers = await Promise.all([form.save(), form.save(), form.save()]);
    expect(answers).toEqual([true, false, false]);
    expect(calls.create).toHaveBeenCalledOnce();
  });

  test('puts what the service says at the fields it names, and above the form what no field stands for', async () => {
    const form = useForm(spec);
    form.openNew({ name: 'good' });
    calls.create.mockRejectedValueOnce(new ApiError(409, 'x', 'refused', [{ path: 'name', message: 'taken' }], 'r'));
    expect(await form.save()).toBe(false);
    expect([form.problems, form.failure.value]).toEqual([{ name: 'taken' }, '']);
    calls.create.mockRejectedValueOnce(
      new ApiError(
        409,
        'x',
        'refused',
        [
          { path: 'role_ids.0', message: 'above you' },
          { path: 'name', message: 'taken' },
        ],
        'r',
      ),
    );
    expect(await form.save()).toBe(false);
    expect([form.failure.value, form.failureDetails.value]).toEqual(['refused', ['above you']]);
    calls.create.mockRejectedValueOnce(new TypeError('a mistake of ours'));
    expect(await form.save()).toBe(false);
    expect(form.failure.value).toBe(t('error.unexpected'));
    expect(form.form.value).toEqual({ name: 'good', remark: null });
    expect(await form.save()).toBe(true);
    expect([form.failure.value, form.failureDetails.value]).toEqual(['', []]);
  });
});

describe('a form for a row', () => {
  test('sends what differs, with the version it was read at', async () => {
    const form = useForm(spec);
    expect(await form.openRow(7)).toBe(true);
    form.form.value = { name: 'new', remark: null };
    expect(await form.save()).toBe(true);
    expect(calls.update).toHaveBeenCalledExactlyOnceWith(7, { name: 'new', version: 1 });
  });

  test('sends nothing when nothing differs', async () => {
    const form = useForm(spec);
    await form.openRow(7);
    expect(await form.save()).toBe(true);
    expect(calls.update).not.toHaveBeenCalled();
  });

  test('does not open for a row that may not be changed', async () => {
    calls.read.mockResolvedValue({ ...stored, id: 1 });
    const form = useForm(spec);
    expect(await form.openRow(1)).toBe(false);
    expect(form.isOpen.value).toBe(false);
  });

  test('that somebody else has changed shows both values, and saves what the person decides', async () => {
    const form = useForm(spec);
    await form.openRow(7);
    form.form.value = { name: 'mine', remark: null };
    calls.update.mockRejectedValueOnce(stale());
    calls.read.mockResolvedValue({ id: 7, version: 2, name: 'theirs', remark: 'added' });
    expect(await form.save()).toBe(false);
    expect(form.conflicts.value).toEqual([
      { key: 'name', theirs: 'theirs', mine: 'mine', choice: 'mine' },
      // Not touched here: theirs unless the person wants otherwise.
      { key: 'remark', theirs: 'added', mine: null, choice: 'theirs' },
    ]);
    expect(form.changedBy.value?.version).toBe(2);
    expect(await form.save()).toBe(true);
    expect(calls.update).toHaveBeenLastCalledWith(7, { name: 'mine', version: 2 });
    expect(form.conflicts.value).toEqual([]);
  });

  test('that somebody else has changed alike is no conflict', async () => {
    const form = useForm(spec);
    await form.openRow(7);
    form.form.value = { name: 'same', remark: null };
    calls.update.mockRejectedValueOnce(stale());
    calls.read.mockResolvedValue({ id: 7, version: 2, name: 'same', remark: null });
    await form.save();
    expect(form.conflicts.value).toEqual([]);
  });

  test('that somebody else has deleted says so', async () => {
    const form = useForm(spec);
    await form.openRow(7);
    form.form.value = { name: 'late', remark: null };
    calls.update.mockRejectedValueOnce(stale());
    calls.read.mockRejectedValueOnce(new ApiError(404, 'thing.not_found', 'gone', [], 'r'));
    expect(await form.save()).toBe(false);
    expect(form.isGone.value).toBe(true);
  });
});
