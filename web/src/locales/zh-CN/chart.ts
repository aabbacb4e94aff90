export default {
  asTable: '以表格显示',
  asChart: '以图表显示',
  updatedAt: '更新于 {time}',
  noData: '暂无数据',
  failed: '加载失败',
  unit: '单位：{unit}',
  summary: '{title}，单位 {unit}，{from} 至 {to}',
  summarySeries: '{name}：最新 {last}，最大 {most}',
};
