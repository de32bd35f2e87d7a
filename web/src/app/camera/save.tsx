/** The last step of adding a camera: what it is called, and who may watch. */
import { useSignal } from '@preact/signals';
import { api } from '../../api/client.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { Field } from '../parts/field.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { go, isName } from '../state/route.ts';
import { put, streamOf, streams } from '../state/streams.ts';
import { silence } from '../state/undo.ts';
import { TransportField, WatchingFields } from './fields.tsx';
import { type CameraForm, EMPTY, guessSubstream, isAddress, patchOf, suggestName } from './form.ts';

export function Save({ source }: { readonly source: string }) {
  const taken = streams.peek().body?.items.map(({ name }) => name) ?? [];
  const name = useSignal(suggestName(source, taken));
  const form = useSignal<CameraForm>(EMPTY);
  const problem = useSignal<Problem | undefined>(undefined);
  const busy = useSignal(false);
  const set = (changed: Partial<CameraForm>) => {
    form.value = { ...form.value, ...changed };
  };
  const wrongName = nameError(name.value);
  const wrongSubstream = substreamError(form.value.substream);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wrongName !== undefined || wrongSubstream !== undefined) return;
    busy.value = true;
    const answer = await api.add(name.value, patchOf(EMPTY, { ...form.value, source }));
    busy.value = false;
    if (answer.kind === 'ok') {
      put(answer.body);
      go(`/${name.value}`);
    } else problem.value = answer.kind === 'problem' ? answer.problem : silence();
  };
  return (
    <form class="form card" onSubmit={save} noValidate>
      <h2>{t('add-name')}</h2>
      <Field
        label={t('name-label')}
        name="name"
        mono
        value={name.value}
        help={t('name-text')}
        error={wrongName}
        onInput={(text) => {
          name.value = text.trim();
        }}
      />
      <WatchingFields form={form.value} set={set} />
      <details class="more">
        <summary>{t('add-more')}</summary>
        <TransportField form={form.value} set={set} />
        <Substream source={source} form={form.value} set={set} error={wrongSubstream} />
      </details>
      {problem.value && <ProblemCard problem={problem.value} />}
      <button type="submit" class="button primary" disabled={busy.value}>
        {t(busy.value ? 'saving' : 'add-save')}
      </button>
    </form>
  );
}

function nameError(name: string): string | undefined {
  if (!isName(name)) return t('name-wrong');
  return streamOf(name) ? t('name-taken') : undefined;
}

const substreamError = (text: string): string | undefined =>
  text.trim() === '' || isAddress(text) ? undefined : t('address-wrong');

interface SubstreamProps {
  readonly source: string;
  readonly form: CameraForm;
  readonly set: (changed: Partial<CameraForm>) => void;
  readonly error: string | undefined;
}

/** Where the smaller picture is; for makes that are known, one press fills it in. */
function Substream({ source, form, set, error }: SubstreamProps) {
  const guess = guessSubstream(source);
  return (
    <>
      <Field
        label={t('substream-label')}
        name="substream"
        mono
        value={form.substream}
        help={t('substream-text')}
        error={error}
        onInput={(substream) => set({ substream })}
      />
      {guess && form.substream === '' && (
        <button type="button" class="button" onClick={() => set({ substream: guess })}>
          {t('substream-guess')}
        </button>
      )}
    </>
  );
}
