export default {
  title: '岗位管理',
  one: '岗位',
  keyword: '岗位名称或编码',
  code: '岗位编码',
  name: '岗位名称',
  codeHelp: '字母、数字及 . _ -，唯一',
};
