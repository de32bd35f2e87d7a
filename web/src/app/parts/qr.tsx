/** An address as a QR code, for the phone that is held in front of it. */
import { useEffect, useState } from 'preact/hooks';
import { t } from '../../strings/console.ts';

/** Free modules around the code, so that cameras find it (ISO/IEC 18004: at least 4). */
const QUIET_ZONE = 4;

interface Drawn {
  readonly size: number;
  readonly path: string;
}

/** The dark modules of a code as one path. Pure. */
export function pathOf(rows: readonly (readonly boolean[])[]): Drawn {
  const path = rows.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z`] : [])),
  );
  return { size: rows.length + 2 * QUIET_ZONE, path: path.join('') };
}

export function Qr({ value, label }: { readonly value: string; readonly label: string }) {
  const [drawn, setDrawn] = useState<Drawn>();
  useEffect(() => {
    let current = true;
    void import('uqr').then(({ encode }) => {
      if (current) setDrawn(pathOf(encode(value, { border: 0 }).data));
    });
    return () => {
      current = false;
    };
  }, [value]);
  const size = drawn?.size ?? 1;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={t('qr-of', { what: label })}
    >
      <path d={drawn?.path ?? ''} />
    </svg>
  );
}
