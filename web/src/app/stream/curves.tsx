/** Delay, bitrate and loss over the last minutes or the last day; the drawing comes when it is needed. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Curves, Span } from '../../api/types.ts';
import * as format from '../../format.ts';
import { language, t } from '../../strings/console.ts';
import { Segments } from '../parts/field.tsx';
import { Panel } from '../parts/panel.tsx';
import { load, usePolling } from '../state/load.ts';
import { theme } from '../state/theme.ts';
import type { Drawing } from './draw.ts';

/** A curve is asked for again this often; milliseconds. */
const INTERVALS: Readonly<Record<Span, number>> = { '10m': 5_000, '24h': 60_000 };

interface Kind {
  readonly key: 'delay_ms' | 'bitrate_bps' | 'lost_ratio';
  readonly label: string;
  readonly show: (value: number | undefined) => string;
  /** Where the axis ends at least. */
  readonly least: number;
}

const kinds = (): readonly Kind[] => [
  {
    key: 'delay_ms',
    least: 100,
    label: t('fact-delay'),
    show: (value) => format.millis(value, t, language.value),
  },
  {
    key: 'bitrate_bps',
    least: 100_000,
    label: t('fact-bitrate'),
    show: (value) => format.rate(value, t, language.value),
  },
  {
    key: 'lost_ratio',
    least: 0.01,
    label: t('fact-loss'),
    show: (value) => format.percent(value, t, language.value),
  },
];

export function CurvesPanel({ name }: { readonly name: string }) {
  const span = useSignal<Span>('10m');
  const curves = useMemo(() => load<Curves>(), [name, span.value]);
  usePolling(
    curves,
    () => api.curves(name, span.value),
    INTERVALS[span.value],
    `${name} ${span.value}`,
  );
  return (
    <Panel
      kind="curves"
      title={t('curves')}
      loaded={curves.value}
      extra={
        <Segments
          legend={t('curves-span')}
          value={span.value}
          options={[
            ['10m', t('span-10m')],
            ['24h', t('span-24h')],
          ]}
          onChange={(next) => {
            span.value = next;
          }}
        />
      }
    >
      {(body) => (
        <div class="curves">
          {kinds().map((kind) => (
            <Curve key={kind.key} kind={kind} curves={body} />
          ))}
        </div>
      )}
    </Panel>
  );
}

/** The last value that is known. */
const last = (values: readonly (number | null)[]): number | undefined =>
  values.findLast((value) => value !== null) ?? undefined;

function Curve({ kind, curves }: { readonly kind: Kind; readonly curves: Curves }) {
  const values = curves[kind.key];
  const pointed = useSignal<number | undefined>(undefined);
  const place = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const data = useRef(curves);
  data.current = curves;
  const show = (value: number) => kind.show(value);
  useEffect(() => {
    let ended = false;
    void import('./draw.ts').then(({ draw }) => {
      if (ended || !place.current) return;
      const point = (at: number | undefined) => {
        pointed.value = at;
      };
      const { current } = data;
      drawing.current = draw(
        place.current,
        current[kind.key],
        current,
        show,
        point,
        language.value,
        kind.least,
      );
    });
    return () => {
      ended = true;
      drawing.current?.end();
      drawing.current = undefined;
    };
  }, [theme.value, language.value]);
  useEffect(() => drawing.current?.update(values, curves), [curves]);
  const at = pointed.value;
  const value = at === undefined ? last(values) : (values[at] ?? undefined);
  const words = kind.show(value);
  return (
    <figure class="curve">
      <figcaption>
        <span class="quiet">{kind.label}</span> <span class="value">{words}</span>
      </figcaption>
      <div
        ref={place}
        class="plot"
        role="img"
        aria-label={t('curve-label', { what: kind.label, value: words })}
      />
    </figure>
  );
}
