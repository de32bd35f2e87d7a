/** The bar that says what was just removed, and takes it back. */
import { t } from '../../strings/console.ts';
import { failed, pending, undo } from '../state/undo.ts';
import { ProblemCard } from './problem.tsx';

export function UndoBar() {
  const step = pending.value;
  const problem = failed.value;
  return (
    <div class="undo-place" aria-live="polite">
      {step && (
        <p class="undo">
          <span>{step.text}</span>
          <button type="button" class="button bare" onClick={undo}>
            {t('undo')}
          </button>
        </p>
      )}
      {problem && (
        <ProblemCard problem={problem}>
          <button
            type="button"
            class="button"
            onClick={() => {
              failed.value = undefined;
            }}
          >
            {t('close')}
          </button>
        </ProblemCard>
      )}
    </div>
  );
}
