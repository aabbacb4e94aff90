import { mount } from '@vue/test-utils';
import { describe, expect, test } from 'vitest';
import SearchSelect from './SearchSelect.vue';

const options = [
  { value: 'a', label: 'Users · Query', group: 'Users', hint: 'system:user:query' },
  { value: 'b', label: 'Users · Delete', group: 'Users', hint: 'system:user:delete' },
  { value: 'c', label: 'Roles · Query', group: 'Roles', hint: 'system:role:query' },
];
function show(more: object = {}) {
  const wrapper = mount(SearchSelect, {
    attachTo: document.body,
    props: {
      ...{ label: 'Permission', options, modelValue: [] as readonly (string | number)[], ...more },
      'onUpdate:modelValue': (now: readonly (string | number)[]) => wrapper.setProps({ modelValue: now }),
    },
  });
  const input = wrapper.find('input');
  const press = (key: string) => input.trigger('keydown', { key });
  const shown = () => wrapper.findAll('[role="option"]').map((option) => option.text());
  return { wrapper, input, press, shown };
}

describe('a choice by searching', () => {
  test('by the keyboard: opens, moves, chooses and closes', async () => {
    const { wrapper, input, press } = show();
    expect(input.attributes('aria-expanded')).toBe('false');
    await press('ArrowDown');
    expect(input.attributes('aria-expanded')).toBe('true');
    await press('ArrowDown');
    const active = wrapper.find(`[id="${input.attributes('aria-activedescendant')}"]`);
    expect(active.text()).toContain('Users · Delete');
    await press('Enter');
    expect([wrapper.props('modelValue'), input.attributes('aria-expanded')]).toEqual([['b'], 'false']);
    expect(input.element.value).toBe('Users · Delete');
    wrapper.unmount();
  });

  test('finds in the label, the hint and the group', async () => {
    const { wrapper, input, shown } = show();
    await input.setValue('role query');
    expect(shown()).toHaveLength(1);
    await input.setValue('user:delete');
    expect(shown()[0]).toContain('Users · Delete');
    await input.setValue('zzz');
    expect(shown()).toHaveLength(0);
    wrapper.unmount();
  });

  test('several: chips that Backspace takes away, known by name also when they are not found any more', async () => {
    const { wrapper, input, press } = show({ isMultiple: true });
    await press('ArrowDown');
    await press('Enter');
    await press('ArrowDown');
    await press('Enter');
    expect(wrapper.props('modelValue')).toEqual(['a', 'b']);
    await wrapper.setProps({ options: [] });
    expect(wrapper.findAll('.chips li').map((chip) => chip.text())).toEqual(['Users · Query', 'Users · Delete']);
    await input.setValue('');
    await press('Backspace');
    expect(wrapper.props('modelValue')).toEqual(['a']);
    wrapper.unmount();
  });

  test('Escape closes the list and nothing around it', async () => {
    const { wrapper, press } = show();
    let reached = 0;
    const count = () => {
      reached += 1;
    };
    document.body.addEventListener('keydown', count);
    await press('ArrowDown');
    reached = 0;
    await press('Escape');
    expect([reached, wrapper.find('input').attributes('aria-expanded')]).toEqual([0, 'false']);
    await press('Escape');
    expect(reached).toBe(1);
    document.body.removeEventListener('keydown', count);
    wrapper.unmount();
  });
});
