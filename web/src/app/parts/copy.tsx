/** A text to copy: what it is, what it is for, the text itself, one button. */
import { useEffect, useId, useState } from 'preact/hooks';
import { copyText } from '../../clipboard.ts';
import { t } from '../../strings/console.ts';
import { Icon } from './icon.tsx';

interface Props {
  readonly label: string;
  readonly text?: string;
  readonly value: string;
}

/** "Copied" is said for this long; milliseconds. */
const SAID = 2_000;

export function CopyField({ label, text, value }: Props) {
  const id = useId();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID);
    return () => clearTimeout(timer);
  }, [copied]);
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
        <button
          type="button"
          class="button"
          aria-label={t('copy-of', { what: label })}
          onClick={() => void copyText(value).then(() => setCopied(true))}
        >
          <Icon name={copied ? 'check' : 'copy'} />
          <span aria-live="polite">{t(copied ? 'copied' : 'copy')}</span>
        </button>
      </div>
    </div>
  );
}
