/** The console: one header, one page under it. */
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import '../look/parts.css';
import '../look/pages.css';
import { LenswirePlayer } from '../player/index.ts';
import { speakAsAsked, t, translate } from '../strings/console.ts';
import { Claim } from './pages/claim.tsx';
import { Login } from './pages/login.tsx';
import { StreamPage } from './pages/stream.tsx';
import { Streams } from './pages/streams.tsx';
import { Header } from './parts/header.tsx';
import { learnWhoIAm } from './state/me.ts';
import { follow, type Route, route } from './state/route.ts';

function Page({ at }: { readonly at: Route }) {
  switch (at.page) {
    case 'streams':
      return <Streams />;
    case 'claim':
      return <Claim />;
    case 'login':
      return <Login to={at.to} />;
    case 'stream':
      return <StreamPage key={at.name} name={at.name} />;
    case 'missing':
      return <Missing path={at.path} />;
  }
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

const TITLES = { streams: 'title-streams', claim: 'claim-title', login: 'login-title' } as const;

function App() {
  const at = route.value;
  useEffect(() => {
    const key = at.page in TITLES ? TITLES[at.page as keyof typeof TITLES] : undefined;
    document.title = key ? t('title-page', { page: t(key) }) : t('brand');
  });
  return (
    <>
      <Header />
      <Page at={at} />
    </>
  );
}

/** Draws the console into `root`. */
export async function run(root: Element): Promise<void> {
  LenswirePlayer.words = translate;
  follow();
  void learnWhoIAm();
  await speakAsAsked();
  render(<App />, root);
}
