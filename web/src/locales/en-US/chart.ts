import type chinese from '../zh-CN/chart.ts';

const messages: typeof chinese = {
  asTable: 'Show as table',
  asChart: 'Show as chart',
  updatedAt: 'Updated {time}',
  noData: 'No data yet',
  failed: 'Loading failed',
  unit: 'Unit: {unit}',
  summary: '{title}, in {unit}, {from} to {to}',
  summarySeries: '{name}: latest {last}, highest {most}',
};

export default messages;
