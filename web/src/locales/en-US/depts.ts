import type chinese from '../zh-CN/depts.ts';

const messages: typeof chinese = {
  title: 'Departments',
  one: 'department',
  name: 'Name',
  code: 'Code',
  codeHelp: 'Letters, digits and . _ -; unique',
  parent: 'Parent department',
  parentHelp: 'Another parent moves it with everything below it',
  top: 'Top level',
  leader: 'Leader',
  orderHelp: 'Smaller numbers come first',
  keyword: 'Name or code',
  addBelow: 'New below',
  users: 'Show users',
  deleteHint: 'Departments with users or others below them cannot be deleted.',
  enable: 'Enable',
  disable: 'Disable',
  disableTitle: 'Disable department',
  disableText: '“{name}” can no longer be chosen for new users and scopes; its users stay as they are.',
};

export default messages;
