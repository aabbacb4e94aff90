import type chinese from '../zh-CN/positions.ts';

const messages: typeof chinese = {
  title: 'Positions',
  one: 'position',
  keyword: 'Name or code',
  code: 'Code',
  name: 'Name',
  codeHelp: 'Letters, digits and . _ -; unique',
};

export default messages;
