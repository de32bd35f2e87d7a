/** A change before it applies: what it does to the file, and what it interrupts. */
import type { SettingsPlan } from '../../api/types.ts';
import { t } from '../../strings/console.ts';
import { linesOf } from './value.ts';

interface Props {
  readonly plan: SettingsPlan;
  readonly onApply: () => void;
  readonly onBack: () => void;
}

export function Review({ plan, onApply, onBack }: Props) {
  const { diff, restarts, streams_restarted } = plan;
  return (
    <section class="card review" aria-label={t('review')}>
      <h2>{t('review')}</h2>
      <pre class="diff mono">
        {linesOf(diff).map(({ kind, text }, place) => (
          <span key={place} class={kind}>
            {text}
            {'\n'}
          </span>
        ))}
      </pre>
      {restarts.length > 0 && <p>{t('review-restart', { keys: restarts.join(', ') })}</p>}
      {streams_restarted.length > 0 && (
        <p>{t('review-streams', { names: streams_restarted.join(', ') })}</p>
      )}
      {restarts.length + streams_restarted.length === 0 && <p>{t('review-nothing')}</p>}
      <div class="actions">
        <button type="button" class="button primary" onClick={onApply}>
          {t('apply')}
        </button>
        <button type="button" class="button bare" onClick={onBack}>
          {t('back-to-edit')}
        </button>
      </div>
    </section>
  );
}
