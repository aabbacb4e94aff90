import { mount } from '@vue/test-utils';
import { describe, expect, test } from 'vitest';
import { nextTick, ref } from 'vue';
import CheckTree from './CheckTree.vue';
import type { CheckNode } from './check-tree.ts';

const nodes: CheckNode[] = [
  { id: 1, parent_id: null, label: 'System', checked: 'mixed' },
  { id: 2, parent_id: 1, label: 'Users', code: 'system:user:query', checked: true },
  { id: 3, parent_id: 2, label: 'Delete', code: 'system:user:delete', checked: false, fixed: 'not yours' },
  { id: 4, parent_id: null, label: 'Help', checked: false },
];

async function show() {
  const closed = ref<ReadonlySet<number>>(new Set([2]));
  const wrapper = mount(CheckTree, {
    attachTo: document.body,
    props: {
      ...{ nodes, label: 'Tree', searchLabel: 'Find', closed: closed.value },
      'onUpdate:closed': (now: ReadonlySet<number>) => wrapper.setProps({ closed: now }),
    },
  });
  const items = () => wrapper.findAll('[role="treeitem"]');
  const press = async (key: string) => {
    await wrapper.find('[role="tree"]').trigger('keydown', { key });
    await nextTick();
  };
  const stop = () =>
    items()
      .find((item) => item.attributes('tabindex') === '0')
      ?.attributes('data-id');
  return { wrapper, items, press, stop };
}

describe('a tree to choose in', () => {
  test('is one stop of the Tab key; arrows move, open and close', async () => {
    const { items, press, stop, wrapper } = await show();
    expect(items().map((item) => item.attributes('data-id'))).toEqual(['1', '2', '4']);
    expect([stop(), items().filter((item) => item.attributes('tabindex') === '0').length]).toEqual(['1', 1]);
    await press('ArrowDown');
    expect([stop(), document.activeElement?.getAttribute('data-id')]).toEqual(['2', '2']);
    await press('ArrowRight');
    expect([items().length, items()[1]?.attributes('aria-expanded')]).toEqual([4, 'true']);
    await press('ArrowRight');
    expect(stop()).toBe('3');
    await press('ArrowLeft');
    await press('ArrowLeft');
    expect([stop(), items().length]).toEqual(['2', 3]);
    await press('End');
    expect(stop()).toBe('4');
    await press('Home');
    expect(stop()).toBe('1');
    wrapper.unmount();
  });

  test('tells its levels and what is chosen, and asks to choose by Space', async () => {
    const { items, press, wrapper } = await show();
    expect(items().map((item) => [item.attributes('aria-level'), item.attributes('aria-checked')])).toEqual([
      ['1', 'mixed'],
      ['2', 'true'],
      ['1', 'false'],
    ]);
    await press(' ');
    expect(wrapper.emitted('toggle')).toEqual([[1]]);
    wrapper.unmount();
  });

  test('does not choose what is fixed, and says why', async () => {
    const { items, wrapper } = await show();
    await wrapper.setProps({ closed: new Set() });
    const fixed = items()[2];
    expect([fixed?.attributes('aria-disabled'), fixed?.text()]).toEqual(['true', expect.stringContaining('not yours')]);
    await fixed?.trigger('click');
    expect(wrapper.emitted('toggle')).toBeUndefined();
    wrapper.unmount();
  });

  test('finds by name or code, with what is above and below, also behind closed branches', async () => {
    const { items, wrapper } = await show();
    await wrapper.find('input').setValue('user:delete');
    expect(items().map((item) => item.attributes('data-id'))).toEqual(['1', '2', '3']);
    await wrapper.find('input').setValue('nothing');
    expect([items().length, wrapper.find('[role="status"]').exists()]).toEqual([0, true]);
    wrapper.unmount();
  });
});
