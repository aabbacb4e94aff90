/** One row of values of a chart; null is a gap, not a zero. */
export interface ChartSeries {
  readonly name: string;
  readonly kind: 'bar' | 'line';
  readonly values: readonly (number | null)[];
  /** Series of one stack stand on each other. */
  readonly stack?: string;
  /** Which colour of the palette, 1 to 6, or the one of failures; by default the next one. */
  readonly color?: number | 'bad';
}

/** The colours of a chart as they are now: a canvas knows no variables. */
export function chartColors() {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    palette: [1, 2, 3, 4, 5, 6].map((index) => token(`chart-${index}`)),
    bad: token('bad'),
    text: token('text'),
    faint: token('text-faint'),
    line: token('line'),
    raised: token('raised'),
  };
}
export type ChartColors = ReturnType<typeof chartColors>;
