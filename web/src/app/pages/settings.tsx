/** `/settings`: what the hub goes by, where each value comes from, and changing it: look first, then apply. */
import { t } from '../../strings/console.ts';
import { ProblemCard } from '../parts/problem.tsx';
import { type Editing, useSettings } from '../settings/edit.ts';
import { Groups } from '../settings/groups.tsx';
import { Review } from '../settings/review.tsx';

export function SettingsPage() {
  const editing = useSettings();
  const present = editing.present.value;
  const problem = editing.problem.value;
  return (
    <main id="content" class="form-page wider">
      <div class="title-row">
        <h1>{t('settings-title')}</h1>
      </div>
      <p class="quiet">{t('settings-text')}</p>
      {present && !present.settings.writable && (
        <p class="card">{t('settings-read-only', { file: present.settings.file })}</p>
      )}
      {problem && <ProblemCard problem={problem} />}
      {!present && !problem && <p class="quiet">{t('loading')}</p>}
      {present && (
        <Groups
          settings={present.settings}
          changes={editing.changes.value}
          onChange={editing.edit}
        />
      )}
      <Outcome editing={editing} />
      <Bar editing={editing} />
    </main>
  );
}

/** What the last step came to. */
function Outcome({ editing }: { readonly editing: Editing }) {
  const step = editing.step.value;
  switch (step.at) {
    case 'planning':
    case 'applying':
      return null;
    case 'editing':
      return step.problem ? <ProblemCard problem={step.problem} /> : null;
    case 'planned':
      return (
        <Review
          plan={step.plan}
          onApply={() => void editing.apply(step.plan)}
          onBack={editing.back}
        />
      );
    case 'applied': {
      const key = step.restarts.length > 0 ? 'settings-applied-restart' : 'settings-applied';
      return (
        <p class="card" role="status">
          {t(key, { keys: step.restarts.join(', ') })}
        </p>
      );
    }
  }
}

/** What can be done with the changes; stays in sight while there are some. */
function Bar({ editing }: { readonly editing: Editing }) {
  const count = Object.keys(editing.changes.value).length;
  const step = editing.step.value;
  if (count === 0 || step.at === 'planned') return null;
  return (
    <div class="actions bar">
      <button
        type="button"
        class="button primary"
        disabled={step.at !== 'editing'}
        onClick={() => void editing.plan()}
      >
        {t('settings-review', { count })}
      </button>
      <button type="button" class="button bare" onClick={() => editing.edit({})}>
        {t('settings-discard')}
      </button>
    </div>
  );
}
