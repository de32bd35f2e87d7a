/** `/claim#secret`: whoever opens it first becomes the administrator. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { CopyField } from '../parts/copy.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { learnWhoIAm } from '../state/me.ts';

type Step =
  | { readonly at: 'asking' | 'claiming' }
  | { readonly at: 'refused'; readonly problem: Problem }
  | { readonly at: 'done'; readonly token: string | undefined };

/** Reads the secret and takes it out of the address bar, where shoulders look over. */
function takeSecret(): string {
  const secret = location.hash.slice(1);
  if (secret) history.replaceState(null, '', '/claim');
  return secret;
}

export function Claim() {
  const secret = useMemo(takeSecret, []);
  const step = useSignal<Step>({ at: 'asking' });
  const { value } = step;
  const claim = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    step.value = { at: 'claiming' };
    const answer = await api.claim({ secret, show_token: form.has('show') });
    step.value = outcome(answer);
    if (answer.kind === 'ok') void learnWhoIAm();
  };
  return (
    <main id="content" class="narrow-page">
      {value.at === 'done' ? (
        <Done token={value.token} />
      ) : secret === '' ? (
        <Missing />
      ) : (
        <>
          <h1>{t('claim-title')}</h1>
          <p>{t('claim-text')}</p>
          <form class="form" onSubmit={claim}>
            <label class="check">
              <input type="checkbox" name="show" />
              <span>
                {t('claim-show')}
                <span class="quiet block">{t('claim-show-text')}</span>
              </span>
            </label>
            <button type="submit" class="button primary" disabled={value.at === 'claiming'}>
              {t(value.at === 'claiming' ? 'claim-busy' : 'claim-button')}
            </button>
          </form>
          {value.at === 'refused' && <ProblemCard problem={value.problem} />}
        </>
      )}
    </main>
  );
}

function outcome(answer: Awaited<ReturnType<typeof api.claim>>): Step {
  switch (answer.kind) {
    case 'ok':
      return { at: 'done', token: answer.body.administrator_token };
    case 'problem':
      return { at: 'refused', problem: answer.problem };
    case 'silence': {
      const problem = { code: 'hub_unreachable', title: t('silence-title'), fix: t('silence-fix') };
      return { at: 'refused', problem };
    }
  }
}

function Missing() {
  return (
    <>
      <h1>{t('claim-missing-title')}</h1>
      <p>{t('claim-missing-text', { command: 'lenswire token claim' })}</p>
    </>
  );
}

function Done({ token }: { readonly token: string | undefined }) {
  return (
    <>
      <h1>{t('claim-done-title')}</h1>
      <p>{t('claim-done-text')}</p>
      {token !== undefined && (
        <CopyField label={t('claim-token')} text={t('claim-token-text')} value={token} />
      )}
      <div class="actions">
        <a class="button primary" href="/" rel="external">
          {t('claim-continue')}
        </a>
      </div>
    </>
  );
}
