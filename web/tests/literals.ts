import { type AttributeNode, NodeTypes, type TemplateChildNode } from '@vue/compiler-core';
import { parse } from 'vue/compiler-sfc';

/** Attributes that people read or hear. */
const READ = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-placeholder',
  'aria-roledescription',
  'aria-valuetext',
  'label',
  'placeholder',
  'summary',
  'title',
]);
/** What a key is called is the same in every language. */
const NAMES_KEYS = new Set(['kbd', 'code', 'pre']);
const HAN = /\p{Script=Han}/u;
/** Each language in its own words. */
const MAY_SPEAK = /^(locales\/|shell\/locale-names\.ts$)/;

/** Whether a person would have to know the language: not for figures and their units (`p95`, `5xx`), nor for codes (`system:user:*`, `UTC`). */
function speaks(text: string): boolean {
  if (HAN.test(text)) return true;
  const words = text.split(/\s+/).filter((word) => !/\w:[\w*]|^UTC$/.test(word));
  return words.flatMap((word) => word.split(/[^\p{L}\p{N}]+/u)).some((word) => /^\p{L}{2,}$/u.test(word));
}

/** Lists words in a source that stand there instead of in the locales, as `file: words`. */
export function literalsIn(file: string, source: string): string[] {
  const found: string[] = [];
  if (!MAY_SPEAK.test(file)) {
    for (const line of source.split('\n')) if (HAN.test(line)) found.push(`${file}: ${line.trim()}`);
  }
  if (!file.endsWith('.vue')) return found;
  const { descriptor } = parse(source, { filename: file });
  for (const words of literalsOf(descriptor.template?.ast?.children ?? [])) found.push(`${file}: ${words}`);
  return found;
}

function literalsOf(nodes: readonly TemplateChildNode[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === NodeTypes.TEXT) return speaks(node.content) ? [node.content.trim()] : [];
    if (node.type === NodeTypes.INTERPOLATION) return literalIn('loc' in node.content ? node.content.loc.source : '');
    if (node.type !== NodeTypes.ELEMENT) return [];
    const attributes = node.props.flatMap((prop) => {
      if (prop.type === NodeTypes.ATTRIBUTE) return readBy(prop);
      const name = prop.arg && 'content' in prop.arg ? prop.arg.content : '';
      return prop.name === 'bind' && READ.has(name) ? literalIn(prop.exp?.loc.source ?? '') : [];
    });
    return [...attributes, ...(NAMES_KEYS.has(node.tag) ? [] : literalsOf(node.children))];
  });
}

function readBy({ name, value }: AttributeNode): string[] {
  return READ.has(name) && value && speaks(value.content) ? [`${name}="${value.content}"`] : [];
}

/** An expression that is, or chooses between, words of its own: `'Save'`, `open ? 'Close' : 'Open'`. Keys and arguments are none. */
function literalIn(expression: string): string[] {
  let rest = expression;
  // Calls from the inside out: what is handed to `t()` is a key.
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(/[\w.]+\([^()]*\)/g, '');
  }
  const withoutCalls = rest.replace(/\[[^\]]*\]/g, '').replace(/[!=]==?\s*'[^']*'/g, '');
  const words = [...withoutCalls.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2] ?? '');
  return words.filter(speaks).map((word) => `{{ ${expression.trim()} }}: ${word}`);
}
