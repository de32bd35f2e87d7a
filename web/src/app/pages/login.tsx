/** `/login`: with the administrator's token. */
import { useSignal } from '@preact/signals';
import { api } from '../../api/client.ts';
import { t, translate } from '../../strings/console.ts';
import { Field } from '../parts/field.tsx';
import { forgetGuestToken } from '../state/guest.ts';
import { isAdministrator, me } from '../state/me.ts';

export function Login({ to }: { readonly to: string }) {
  const error = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const token = String(form.get('token') ?? '').trim();
    busy.value = true;
    error.value = token === '' ? t('login-empty') : await tryToken(token);
    busy.value = false;
    // Loaded anew: the socket that is open was opened by a stranger.
    if (error.value !== undefined) return;
    forgetGuestToken();
    location.assign(to);
  };
  return (
    <main id="content" class="narrow-page">
      <h1>{t('login-title')}</h1>
      <p>{t(isAdministrator.value ? 'login-already' : 'login-text')}</p>
      <form class="form" onSubmit={signIn} noValidate>
        <Field
          label={t('login-token')}
          name="token"
          type="password"
          autocomplete="current-password"
          error={error.value}
          autofocus
        />
        <button type="submit" class="button primary" disabled={busy.value}>
          {t(busy.value ? 'login-busy' : 'login-button')}
        </button>
      </form>
      <p class="quiet">
        {me.value?.claimed === false
          ? t('login-unclaimed')
          : t('login-help', { command: 'lenswire token claim' })}
      </p>
    </main>
  );
}

/** Why not, or undefined once signed in. */
async function tryToken(token: string): Promise<string | undefined> {
  const answer = await api.login({ token });
  if (answer.kind === 'ok') return undefined;
  if (answer.kind === 'silence') return t('silence-title');
  if (answer.status === 401) return t('login-wrong');
  const { title, detail } = translate(answer.problem);
  return detail ?? title;
}
