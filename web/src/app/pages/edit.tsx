/** `/{stream}?edit`: how a camera is set up. Its password goes in and never comes out. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Answer, api } from '../../api/client.ts';
import type { Stream } from '../../api/types.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { DelayField, TransportField, WatchingFields } from '../camera/fields.tsx';
import { type CameraForm, formOf, isAddress, isLimit, patchOf } from '../camera/form.ts';
import { Check, Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { removeStream } from '../state/remove.ts';
import { go } from '../state/route.ts';
import { put } from '../state/streams.ts';
import { silence } from '../state/undo.ts';

/** What was loaded, with the version it is of. */
interface Present {
  readonly stream: Stream;
  readonly etag: string | undefined;
}

export function EditPage({ name }: { readonly name: string }) {
  const present = useSignal<Present | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const read = async () => {
    const answer = await api.stream(name);
    if (answer.kind === 'ok') {
      present.value = { stream: answer.body, etag: answer.etag };
      problem.value = undefined;
    } else problem.value = answer.kind === 'problem' ? answer.problem : silence();
  };
  useEffect(() => void read(), [name]);
  useEffect(() => {
    document.title = t('title-page', { page: t('edit-title', { name }) });
  });
  const { value } = present;
  return (
    <main id="content" class="form-page">
      <div class="title-row">
        <a class="button bare back" href={`/${name}`} aria-label={t('back-to', { name })}>
          <Icon name="back" />
        </a>
        <h1>{t('edit-title', { name })}</h1>
      </div>
      {problem.value && <ProblemCard problem={problem.value} />}
      {value && (
        <EditForm
          key={value.etag ?? value.stream.state.since}
          {...value}
          onAgain={() => void read()}
        />
      )}
      {!value && !problem.value && <p class="quiet">{t('loading')}</p>}
    </main>
  );
}

interface FormProps extends Present {
  /** Loads what somebody else made of it meanwhile. */
  readonly onAgain: () => void;
}

function EditForm({ stream, etag, onAgain }: FormProps) {
  const before = formOf(stream);
  const form = useSignal<CameraForm>(before);
  const problem = useSignal<Problem | undefined>(undefined);
  const busy = useSignal(false);
  const set = (changed: Partial<CameraForm>) => {
    form.value = { ...form.value, ...changed };
  };
  const wrong = errorsOf(form.value);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (Object.values(wrong).some((one) => one !== undefined)) return;
    busy.value = true;
    const answer = await apply(stream.name, patchOf(before, form.value), etag);
    busy.value = false;
    problem.value = answer;
    if (!answer) go(`/${stream.name}`);
  };
  return (
    <form class="form card" onSubmit={save} noValidate>
      {stream.source.kind !== 'none' && (
        <SourceFields stream={stream} form={form.value} set={set} wrong={wrong} />
      )}
      <WatchingFields form={form.value} set={set} />
      {stream.source.kind === 'rtsp' && <TransportField form={form.value} set={set} />}
      <DelayField form={form.value} set={set} error={wrong.delayLimit} />
      {problem.value && <Refused problem={problem.value} onAgain={onAgain} />}
      <div class="actions">
        <button type="submit" class="button primary" disabled={busy.value}>
          {t(busy.value ? 'saving' : 'save')}
        </button>
        <a class="button bare" href={`/${stream.name}`}>
          {t('cancel')}
        </a>
        <span class="space" />
        <Remove name={stream.name} />
      </div>
    </form>
  );
}

type Wrong = Partial<Record<keyof CameraForm, string | undefined>>;

function errorsOf({ source, substream, delayLimit }: CameraForm): Wrong {
  const address = (text: string) =>
    text.trim() === '' || isAddress(text) ? undefined : t('address-wrong');
  return {
    source: address(source),
    substream: address(substream),
    delayLimit: isLimit(delayLimit) ? undefined : t('delay-wrong'),
  };
}

/** Why not, or undefined once it is done. */
async function apply(name: string, patch: object, etag?: string): Promise<Problem | undefined> {
  if (Object.keys(patch).length === 0) return undefined;
  const answer: Answer<Stream> = await api.change(name, patch, etag);
  if (answer.kind === 'silence') return silence();
  if (answer.kind === 'problem') return answer.problem;
  put(answer.body);
  return undefined;
}

interface SourceProps {
  readonly stream: Stream;
  readonly form: CameraForm;
  readonly set: (changed: Partial<CameraForm>) => void;
  readonly wrong: Wrong;
}

function SourceFields({ stream, form, set, wrong }: SourceProps) {
  const { source, substream } = stream;
  const isNow = (url: string | undefined) => url && t('address-now', { url });
  return (
    <>
      <Field
        label={t('address-new')}
        name="source"
        mono
        value={form.source}
        placeholder={source.url ?? t(`source-${source.kind}`)}
        help={t(source.has_password ? 'address-keep-password' : 'address-keep')}
        error={wrong.source}
        onInput={(text) => set({ source: text })}
      />
      <Field
        label={t('substream-label')}
        name="substream"
        mono
        value={form.substream}
        placeholder={substream?.source.url}
        help={isNow(substream?.source.url) || t('substream-text')}
        error={wrong.substream}
        onInput={(text) => set({ substream: text })}
      />
      {substream && (
        <Check
          name="drop_substream"
          checked={form.dropSubstream}
          onChange={(dropSubstream) => set({ dropSubstream })}
        >
          {t('substream-drop')}
        </Check>
      )}
    </>
  );
}

/** Two people may edit at once: who is second is told, and loses nothing that the first one set. */
const MEANWHILE: ReadonlySet<string> = new Set(['precondition_failed', 'config_changed']);

function Refused({
  problem,
  onAgain,
}: {
  readonly problem: Problem;
  readonly onAgain: () => void;
}) {
  const words = MEANWHILE.has(problem.code)
    ? { ...problem, title: t('changed-title'), detail: t('changed-text'), fix: t('changed-fix') }
    : problem;
  return (
    <ProblemCard problem={words}>
      {MEANWHILE.has(problem.code) && (
        <button type="button" class="button" onClick={onAgain}>
          {t('load-again')}
        </button>
      )}
    </ProblemCard>
  );
}

function Remove({ name }: { readonly name: string }) {
  const remove = () => {
    removeStream(name);
    go('/');
  };
  return (
    <button type="button" class="button bare danger" onClick={remove}>
      {t('remove')}
    </button>
  );
}
