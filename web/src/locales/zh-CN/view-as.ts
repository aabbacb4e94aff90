export default {
  action: '以此用户身份查看',
  title: '以「{name}」的身份查看',
  text: '您将看到该用户所见的页面和数据，但不能修改任何内容。整个过程会以双方的名义记入日志，到时自动结束。',
  administrator: '不能以超级管理员身份查看',
  banner: '正在以他人身份查看',
  as: '您正在以「{name}」的身份查看',
  readOnly: '只读，到 {time} 自动结束',
  return: '恢复为我本人',
  over: '以他人身份查看已结束，您已恢复为本人',
};
