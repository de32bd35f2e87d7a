/** A new token or guest's link: for whom, for which cameras, to do what, until when. Shown once. */
import { useSignal } from '@preact/signals';
import { type Answer, api } from '../../api/client.ts';
import type { NewToken, Scope } from '../../api/types.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { CopyField } from '../parts/copy.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { dayAfter, endOf } from '../state/days.ts';
import { shown } from '../state/streams.ts';
import { silence } from '../state/undo.ts';
import { guestLink } from '../stream/guest.tsx';

/** A program usually stays for a year, a guest for a week. */
const DAYS = { program: 365, guest: 7 } as const;

type For = keyof typeof DAYS;

type Step =
  | { readonly at: 'asking' | 'making' }
  | { readonly at: 'refused'; readonly problem: Problem }
  | { readonly at: 'made'; readonly token: NewToken };

const outcome = (answer: Answer<NewToken>): Step => {
  if (answer.kind === 'ok') return { at: 'made', token: answer.body };
  return { at: 'refused', problem: answer.kind === 'problem' ? answer.problem : silence() };
};

/** The form's texts as the hub takes them: names and patterns, parted by commas or blanks. Pure. */
export const patternsIn = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function NewTokenForm({ onMade }: { readonly onMade: () => void }) {
  const step = useSignal<Step>({ at: 'asking' });
  const whom = useSignal<For>('guest');
  const scope = useSignal<Scope>('watch');
  const error = useSignal<string | undefined>(undefined);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const streams = patternsIn(String(form.get('streams')));
    error.value = streams.length === 0 ? t('token-streams-missing') : undefined;
    if (error.value !== undefined) return;
    step.value = { at: 'making' };
    const guest = whom.value === 'guest';
    const answer = await api.makeToken({
      name: String(form.get('name')).trim() || t(`token-${whom.value}`),
      streams,
      scope: [guest ? 'watch' : scope.value],
      expires_at: endOf(String(form.get('until'))),
      guest,
    });
    step.value = outcome(answer);
    if (answer.kind === 'ok') onMade();
  };
  const { value } = step;
  if (value.at === 'made') {
    const again = () => {
      step.value = { at: 'asking' };
    };
    return <Made token={value.token} onAgain={again} />;
  }
  return (
    <form class="form card" onSubmit={make} noValidate>
      <h2>{t('access-new')}</h2>
      <Choice
        label={t('token-whom')}
        name="whom"
        value={whom.value}
        help={t(`token-${whom.value}-text`)}
        options={[
          ['guest', t('token-guest')],
          ['program', t('token-program')],
        ]}
        onChange={(next) => {
          whom.value = next;
        }}
      />
      <div class="columns">
        <Field label={t('token-name')} name="name" placeholder={t(`token-${whom.value}`)} />
        <Field
          key={whom.value}
          label={t('token-until')}
          name="until"
          type="date"
          value={dayAfter(DAYS[whom.value])}
          min={dayAfter(0)}
        />
      </div>
      <Streams isGuest={whom.value === 'guest'} error={error.value} />
      {whom.value === 'program' && (
        <Choice
          label={t('token-scope')}
          name="scope"
          value={scope.value}
          options={[
            ['watch', t('scope-watch')],
            ['publish', t('scope-publish')],
          ]}
          onChange={(next) => {
            scope.value = next;
          }}
        />
      )}
      {value.at === 'refused' && <ProblemCard problem={value.problem} />}
      <button type="submit" class="button primary" disabled={value.at === 'making'}>
        {t('token-make')}
      </button>
    </form>
  );
}

interface StreamsProps {
  readonly isGuest: boolean;
  readonly error: string | undefined;
}

/** A guest's link is for one camera, a program's token for as many as it names. */
function Streams({ isGuest, error }: StreamsProps) {
  const names = shown.value.map(({ name }) => name);
  const chosen = useSignal<string | undefined>(undefined);
  if (!isGuest) {
    return (
      <Field
        label={t('token-streams')}
        name="streams"
        mono
        value="*"
        help={t('token-streams-text', { pattern: 'phones/*', all: '*' })}
        error={error}
      />
    );
  }
  return (
    <Choice
      label={t('token-stream')}
      name="streams"
      value={chosen.value ?? names[0] ?? ''}
      error={error}
      options={names.map((name) => [name, name])}
      onChange={(name) => {
        chosen.value = name;
      }}
    />
  );
}

interface MadeProps {
  readonly token: NewToken;
  readonly onAgain: () => void;
}

function Made({ token, onAgain }: MadeProps) {
  const [stream = ''] = token.streams;
  return (
    <section class="card">
      <h2>{t('token-made', { name: token.name })}</h2>
      <p class="quiet">{t('token-once')}</p>
      {token.guest && (
        <CopyField label={t('guest-link')} value={guestLink(location.origin, token, stream)} scan />
      )}
      {!token.guest && <CopyField label={t('token')} value={token.token} />}
      <div class="actions">
        <button type="button" class="button" onClick={onAgain}>
          {t('token-another')}
        </button>
      </div>
    </section>
  );
}
