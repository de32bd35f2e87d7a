/** A link for somebody who has no account: one stream, until a day. Shown once; revoked under Access. */
import { useSignal } from '@preact/signals';
import { type Answer, api } from '../../api/client.ts';
import type { NewToken } from '../../api/types.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { CopyField } from '../parts/copy.tsx';
import { Field } from '../parts/field.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { dayAfter, endOf } from '../state/days.ts';
import { silence } from '../state/undo.ts';

/** How long a guest usually stays. */
const DAYS = 7;

type Step =
  | { readonly at: 'asking' | 'making' }
  | { readonly at: 'refused'; readonly problem: Problem }
  | { readonly at: 'made'; readonly token: NewToken };

const outcome = (answer: Answer<NewToken>): Step => {
  if (answer.kind === 'ok') return { at: 'made', token: answer.body };
  return { at: 'refused', problem: answer.kind === 'problem' ? answer.problem : silence() };
};

/** The link as this page's visitors reach the hub, whatever the hub takes its own address to be. */
export const guestLink = (origin: string, { url, token }: NewToken, name: string): string =>
  new URL(url ?? `/${name}#token=${encodeURIComponent(token)}`, origin).href;

export function GuestLink({ name }: { readonly name: string }) {
  const step = useSignal<Step>({ at: 'asking' });
  const { value } = step;
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    step.value = { at: 'making' };
    const answer = await api.makeToken({
      name: String(form.get('who')).trim() || t('guest'),
      streams: [name],
      scope: ['watch'],
      expires_at: endOf(String(form.get('until'))),
      guest: true,
    });
    step.value = outcome(answer);
  };
  return (
    <div class="guest">
      <h3>{t('guest-title')}</h3>
      <p class="quiet small">{t('guest-text')}</p>
      {value.at === 'made' ? (
        <CopyField
          label={t('guest-link')}
          text={t('guest-once')}
          value={guestLink(location.origin, value.token, name)}
          scan
        />
      ) : (
        <form class="row-form" onSubmit={make}>
          <Field label={t('guest-who')} name="who" placeholder={t('guest')} />
          <Field
            label={t('guest-until')}
            name="until"
            type="date"
            value={dayAfter(DAYS)}
            min={dayAfter(0)}
          />
          <button type="submit" class="button" disabled={value.at === 'making'}>
            {t('guest-make')}
          </button>
        </form>
      )}
      {value.at === 'refused' && <ProblemCard problem={value.problem} />}
    </div>
  );
}
