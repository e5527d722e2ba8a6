/** Whether something grows: a straight line through samples, and how sure its slope is. */

export interface Point {
  /** hours */
  x: number;
  y: number;
}

export interface Trend {
  /** A unit of y in an hour. */
  slope: number;
  /** The 95 % confidence interval of the slope. */
  low: number;
  high: number;
  /** Of the line at x = 0. */
  intercept: number;
  /** Means of blocks that the line goes through. */
  blocks: number;
  /** How much one block's distance from the line says about the next one's, 0 to 1. */
  autocorrelation: number;
}

/** With fewer an interval says nothing. */
const fewest = 6;

/**
 * Least squares through the means of blocks. Samples taken seconds apart say much the same (memory is a saw
 * with teeth of many seconds), so that an interval from the samples themselves would be far too narrow.
 * What blocks still have in common is taken from how alike neighbouring distances from the line are: blocks
 * count for fewer, and the interval grows, as if it were a first-order autoregression.
 *
 * @param blockLength hours
 * @returns undefined with too few blocks
 */
export function trendOf(points: readonly Point[], blockLength: number): Trend | undefined {
  const means = blockMeans(points, blockLength);
  const count = means.length;
  if (count < fewest) return undefined;
  const meanX = mean(means.map(({ x }) => x));
  const meanY = mean(means.map(({ y }) => y));
  const spread = sum(means.map(({ x }) => (x - meanX) ** 2));
  const slope = sum(means.map(({ x, y }) => (x - meanX) * (y - meanY))) / spread;
  const intercept = meanY - slope * meanX;
  const residuals = means.map(({ x, y }) => y - intercept - slope * x);
  const squares = sum(residuals.map((residual) => residual ** 2));
  const products = sum(
    residuals.slice(1).map((residual, place) => residual * (residuals[place] ?? 0)),
  );
  const autocorrelation = squares === 0 ? 0 : Math.min(0.95, Math.max(0, products / squares));
  const share = (1 - autocorrelation) / (1 + autocorrelation);
  const freedom = Math.max(2, count * share - 2);
  const error = Math.sqrt(squares / (count - 2) / spread / share);
  const reach = error * studentQuantile(freedom);
  return {
    slope,
    low: slope - reach,
    high: slope + reach,
    intercept,
    blocks: count,
    autocorrelation,
  };
}

/** The mean of every block of this length that has samples; the last may lack a tenth, a shorter rest is left out. */
function blockMeans(points: readonly Point[], blockLength: number): Point[] {
  const first = points[0]?.x ?? 0;
  const last = points.at(-1)?.x ?? 0;
  const whole = Math.floor((last - first) / blockLength + 0.1);
  const blocks = Array.from({ length: whole }, (): Point[] => []);
  for (const point of points) blocks[Math.floor((point.x - first) / blockLength)]?.push(point);
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => ({ x: mean(block.map(({ x }) => x)), y: mean(block.map(({ y }) => y)) }));
}

/** The 97.5 % quantile of Student's distribution, by its expansion around the normal one (error below 0.1 % from 4 on). */
export function studentQuantile(freedom: number): number {
  const z = 1.959964;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((all, term, place) => all + term / freedom ** (place + 1), z);
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
