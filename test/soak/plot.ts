/** A plot as SVG: panels below each other over one time axis. */

export interface Series {
  name: string;
  color: string;
  /** Minutes and values; a value that is not finite leaves a gap. */
  points: readonly (readonly [number, number])[];
  isDashed?: boolean;
}

export interface Panel {
  title: string;
  unit: string;
  series: readonly Series[];
}

/** A moment to be marked in all panels. */
export interface Mark {
  /** minutes */
  at: number;
  kind: string;
}

export interface Plot {
  title: string;
  subtitle: string;
  panels: readonly Panel[];
  marks: readonly Mark[];
  markColors: Readonly<Record<string, string>>;
}

const width = 1000;
const panelHeight = 150;
const gap = 46;
const [left, right, top, bottom] = [74, 24, 96, 46];

const round = (value: number) => Number(value.toFixed(1));
const escape = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** Round numbers that divide a range into about so many parts. */
export function ticks(least: number, most: number, parts: number): number[] {
  const rough = (most - least || 1) / parts;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5, 10].find((times) => times * magnitude >= rough) ?? 10);
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)),
  );
}

/** The document. */
export function drawPlot({ title, subtitle, panels, marks, markColors }: Plot): string {
  const all = panels.flatMap(({ series }) => series.flatMap(({ points }) => points));
  const end = Math.max(...all.map(([minute]) => minute), ...marks.map(({ at }) => at), 0.1);
  const height = top + panels.length * (panelHeight + gap) - gap + bottom;
  const toX = (minute: number) => round(left + (minute / end) * (width - left - right));
  const legend = Object.entries(markColors).map(
    ([kind, color], place) =>
      `<line x1="${left + place * 170}" x2="${left + place * 170 + 18}" y1="60" y2="60" stroke="${color}" stroke-dasharray="3 2"/>` +
      `<text x="${left + place * 170 + 24}" y="64">${escape(kind)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="24" font-size="18">${escape(title)}</text>`,
    `<text x="${left}" y="43" fill="#555">${escape(subtitle)}</text>`,
    ...legend,
    ...panels.map((panel, place) => {
      const y = top + place * (panelHeight + gap);
      const lines = marks.map(
        ({ at, kind }) =>
          `<line x1="${toX(at)}" x2="${toX(at)}" y1="${y}" y2="${y + panelHeight}" stroke="${markColors[kind] ?? '#999'}" stroke-dasharray="3 2" stroke-opacity="0.6"/>`,
      );
      return [drawGrid(panel, y, end, toX), ...lines, drawSeries(panel, y, toX)].join('\n');
    }),
    `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">minutes</text>`,
    '</svg>\n',
  ].join('\n');
}

/** From what to what the axis of a panel goes. */
function rangeOf({ series }: Panel): { least: number; most: number } {
  const values = series
    .flatMap(({ points }) => points.map(([, value]) => value))
    .filter((value) => Number.isFinite(value));
  const most = Math.max(...values, 0);
  return { least: Math.min(...values, 0), most: most === 0 ? 1 : most * 1.05 };
}

const scale = (panel: Panel, y: number) => {
  const { least, most } = rangeOf(panel);
  return (value: number) =>
    round(y + panelHeight - ((value - least) / (most - least)) * panelHeight);
};

function drawGrid(panel: Panel, y: number, end: number, toX: (minute: number) => number): string {
  const { least, most } = rangeOf(panel);
  const toY = scale(panel, y);
  return [
    `<rect x="${left}" y="${y}" width="${width - left - right}" height="${panelHeight}" fill="none" stroke="#999"/>`,
    `<text x="${left}" y="${y - 8}" font-weight="bold">${escape(`${panel.title}, ${panel.unit}`)}</text>`,
    ...panel.series.map(
      ({ name, color }, place) =>
        `<text x="${width - right - (panel.series.length - 1 - place) * 130}" y="${y - 8}" text-anchor="end" fill="${color}">${escape(name)}</text>`,
    ),
    ...ticks(least, most, 4).map(
      (value) =>
        `<line x1="${left}" x2="${width - right}" y1="${toY(value)}" y2="${toY(value)}" stroke="#ddd"/>` +
        `<text x="${left - 8}" y="${toY(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ),
    ...ticks(0, end, 10).map(
      (minute) =>
        `<text x="${toX(minute)}" y="${y + panelHeight + 15}" text-anchor="middle" fill="#555">${minute}</text>`,
    ),
  ].join('\n');
}

function drawSeries(panel: Panel, y: number, toX: (minute: number) => number): string {
  const toY = scale(panel, y);
  return panel.series
    .map(({ points, color, isDashed = false }) => {
      let pen = 'M';
      const path = points.map(([minute, value]) => {
        if (!Number.isFinite(value)) {
          pen = 'M';
          return '';
        }
        const part = `${pen}${toX(minute)} ${toY(value)}`;
        pen = 'L';
        return part;
      });
      const dashes = isDashed ? ' stroke-dasharray="8 4" stroke-width="2"' : '';
      return `<path d="${path.join('')}" fill="none" stroke="${color}"${dashes}/>`;
    })
    .join('\n');
}
