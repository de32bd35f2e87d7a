/** A text to copy: what it is, what it is for, the text itself, Copy, and where it helps its QR code. */
import { useEffect, useId, useState } from 'preact/hooks';
import { copyText } from '../../clipboard.ts';
import { t } from '../../strings/console.ts';
import { Icon } from './icon.tsx';
import { Qr } from './qr.tsx';

interface Props {
  readonly label: string;
  readonly text?: string;
  readonly value: string;
  /** Whether a phone may want it. */
  readonly scan?: boolean;
}

/** "Copied" is said for this long; milliseconds. */
const SAID = 2_000;

export function CopyField({ label, text, value, scan }: Props) {
  const id = useId();
  const [isScanned, setScanned] = useState(false);
  return (
    <div class="copy-field">
      <label for={id}>
        {label}
        {text && <span class="quiet"> {text}</span>}
      </label>
      <div class="joined">
        <input
          id={id}
          class="input mono"
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        {scan && (
          <button
            type="button"
            class="button"
            aria-label={t('qr-of', { what: label })}
            title={t('qr-of', { what: label })}
            aria-expanded={isScanned}
            onClick={() => setScanned(!isScanned)}
          >
            <Icon name="qr" />
          </button>
        )}
        <CopyButton label={label} value={value} />
      </div>
      {isScanned && <Qr value={value} label={label} />}
    </div>
  );
}

function CopyButton({ label, value }: { readonly label: string; readonly value: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      class="button copy"
      aria-label={t('copy-of', { what: label })}
      onClick={() => void copyText(value).then(() => setCopied(true))}
    >
      <Icon name={copied ? 'check' : 'copy'} />
      <span aria-live="polite">{t(copied ? 'copied' : 'copy')}</span>
    </button>
  );
}
