import { expect, test } from 'vitest';
import { drawPlot, ticks } from '../soak/plot.ts';

const plot = {
  title: 'a <title>',
  subtitle: 'and & more',
  marks: [{ at: 1, kind: 'reload' }],
  markColors: { reload: '#123456' },
  panels: [
    {
      title: 'Memory',
      unit: 'MiB',
      series: [
        {
          name: 'resident',
          color: '#000',
          points: [
            [0, 10],
            [1, NaN],
            [2, 20],
            [3, 15],
          ] as [number, number][],
        },
      ],
    },
  ],
};

test('a plot names its axes and units, and has a mark in every panel', () => {
  const svg = drawPlot(plot);
  for (const text of ['a &#60;title&#62;', 'and &#38; more', 'Memory, MiB', 'resident', 'minutes'])
    expect(svg).toContain(text);
  // One in the legend, one in the panel.
  expect(svg.split('stroke="#123456"')).toHaveLength(3);
});

test('a value that is missing leaves a gap, and no NaN', () => {
  const svg = drawPlot(plot);
  expect(svg).not.toContain('NaN');
  expect(/<path d="([^"]+)"/.exec(svg)?.[1]?.match(/[ML]/g)).toEqual(['M', 'M', 'L']);
});

test('a plot of nothing is drawn too', () => {
  const empty = { ...plot, marks: [], panels: [{ title: 'x', unit: 'y', series: [] }] };
  expect(drawPlot(empty)).not.toMatch(/NaN|Infinity/);
});

test.each([
  [0, 100, 4, [0, 50, 100]],
  [0, 60, 10, [0, 10, 20, 30, 40, 50, 60]],
  [0, 3, 10, [0, 0.5, 1, 1.5, 2, 2.5, 3]],
  [-1, 1, 4, [-1, -0.5, 0, 0.5, 1]],
  [0, 0, 4, [0]],
])('from %d to %d in about %d parts the axis says %j', (least, most, parts, expected) => {
  expect(ticks(least, most, parts)).toEqual(expected);
});
