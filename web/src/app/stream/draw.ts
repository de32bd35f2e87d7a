/** One curve, drawn by uPlot; in a chunk of its own, so that no first load pays for it. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Steps {
  readonly step_ms: number;
  /** RFC 3339. */
  readonly from: string;
}

type Values = readonly (number | null)[];

export interface Drawing {
  update(values: Values, steps: Steps): void;
  end(): void;
}

/** Pixels; the page keeps this place free from the start. */
const HEIGHT = 120;
const AXIS = 40;

/** A token of the look, as it is in the present theme. */
const token = (element: Element, name: string): string =>
  getComputedStyle(element).getPropertyValue(name).trim();

const dataOf = (values: Values, { step_ms, from }: Steps): uPlot.AlignedData => {
  const begin = Date.parse(from) / 1_000;
  return [values.map((_, index) => begin + (index * step_ms) / 1_000), [...values]];
};

/**
 * Draws into `place`, as wide as it is. `show` puts a value into words; `point` is told which step
 * the pointer is over; times are written as `language` does;
 * the axis goes at least to `least`.
 */
export function draw(
  place: HTMLElement,
  values: Values,
  steps: Steps,
  show: (value: number) => string,
  point: (index: number | undefined) => void,
  language: string,
  least: number,
): Drawing {
  const { format } = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const clock = (seconds: number) => format(seconds * 1_000);
  const ink = token(place, '--ink-quiet');
  const line = token(place, '--line');
  const accent = token(place, '--accent');
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, least)] } },
      axes: [
        {
          ...axis,
          size: 28,
          font: '12px system-ui',
          space: 80,
          values: (_, splits) => splits.map(clock),
        },
        {
          ...axis,
          size: AXIS + 36,
          space: AXIS,
          font: '12px system-ui',
          values: (_, splits) => splits.map(show),
        },
      ],
      series: [{}, { stroke: accent, width: 1.5, fill: `${accent}22`, points: { show: false } }],
      hooks: { setCursor: [(self) => point(self.cursor.idx ?? undefined)] },
    },
    dataOf(values, steps),
    place,
  );
  const sizes = new ResizeObserver(() =>
    plot.setSize({ width: place.clientWidth, height: HEIGHT }),
  );
  sizes.observe(place);
  return {
    update: (next, at) => plot.setData(dataOf(next, at)),
    end: () => {
      sizes.disconnect();
      plot.destroy();
    },
  };
}
