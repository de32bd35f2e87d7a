/** The console: one header, one page under it. */
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import '../look/parts.css';
import '../look/pages.css';
import { LenswirePlayer } from '../player/index.ts';
import { speakAsAsked, t, translate } from '../strings/console.ts';
import { AccessPage } from './pages/access.tsx';
import { AddPage } from './pages/add.tsx';
import { Claim } from './pages/claim.tsx';
import { EditPage } from './pages/edit.tsx';
import { LogPage } from './pages/log.tsx';
import { Login } from './pages/login.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { StreamPage } from './pages/stream.tsx';
import { Streams } from './pages/streams.tsx';
import { Header } from './parts/header.tsx';
import { UndoBar } from './parts/undo.tsx';
import { takeGuestToken } from './state/guest.ts';
import { exists, learnAbilities } from './state/has.ts';
import { isAdministrator, learnWhoIAm, me } from './state/me.ts';
import { follow, type Route, route } from './state/route.ts';
import { followStreams } from './state/streams.ts';

/** Pages that show or change what only administrators may. */
const OWNED: ReadonlySet<Route['page']> = new Set(['add', 'access', 'settings', 'log', 'edit']);

function Page({ at }: { readonly at: Route }) {
  if (exists(at.page) === undefined) return <Waiting />;
  if (!exists(at.page)) return <Missing path={location.pathname} />;
  if (OWNED.has(at.page) && !isAdministrator.value) return <SignInFirst />;
  switch (at.page) {
    case 'streams':
      return <Streams />;
    case 'claim':
      return <Claim />;
    case 'login':
      return <Login to={at.to} />;
    case 'stream':
      return <StreamPage key={at.name} name={at.name} />;
    case 'edit':
      return <EditPage key={at.name} name={at.name} />;
    case 'add':
      return <AddPage />;
    case 'access':
      return <AccessPage />;
    case 'settings':
      return <SettingsPage />;
    case 'log':
      return <LogPage />;
    case 'missing':
      return <Missing path={at.path} />;
  }
}

/** For a moment, until the hub has answered. */
const Waiting = () => <main id="content" class="narrow-page" aria-busy="true" />;

function SignInFirst() {
  // Until the hub has said who we are there is nothing to say either.
  if (!me.value) return <Waiting />;
  const to = encodeURIComponent(location.pathname + location.search);
  return (
    <main id="content" class="narrow-page">
      <h1>{t('owned-title')}</h1>
      <p>{t('owned-text')}</p>
      <div class="actions">
        <a class="button primary" href={`/login?to=${to}`}>
          {t('sign-in')}
        </a>
      </div>
    </main>
  );
}

function Missing({ path }: { readonly path: string }) {
  return (
    <main id="content" class="narrow-page">
      <h1>{t('missing-title')}</h1>
      <p>{t('missing-text', { path })}</p>
      <div class="actions">
        <a class="button primary" href="/">
          {t('back')}
        </a>
      </div>
    </main>
  );
}

const TITLES: Partial<Record<Route['page'], string>> = {
  streams: 'title-streams',
  claim: 'claim-title',
  login: 'login-title',
  add: 'add-title',
  access: 'access-title',
  settings: 'settings-title',
  log: 'log',
};

function App() {
  const at = route.value;
  useEffect(() => {
    if (at.page === 'stream' || at.page === 'edit') return;
    const key = TITLES[at.page];
    document.title = key ? t('title-page', { page: t(key) }) : t('brand');
  });
  return (
    <>
      <Header />
      <Page at={at} />
      <UndoBar />
    </>
  );
}

/** Draws the console into `root`. */
export async function run(root: Element): Promise<void> {
  LenswirePlayer.words = translate;
  takeGuestToken();
  follow();
  void learnAbilities().then(followStreams);
  void learnWhoIAm();
  await speakAsAsked();
  render(<App />, root);
}
