/** The bar over every page: where we are, how the cameras are, who we are, language and theme. */
import type { IconName } from '../../look/icons.ts';
import { language, speak, t } from '../../strings/console.ts';
import { LANGUAGES, type Language, NAMES } from '../../strings/languages.ts';
import { exists } from '../state/has.ts';
import { isAdministrator, me, signOut } from '../state/me.ts';
import { type Route, route } from '../state/route.ts';
import { shown } from '../state/streams.ts';
import { paint, THEMES, type Theme, theme } from '../state/theme.ts';
import { Icon, Mark } from './icon.tsx';
import { Dot } from './state.tsx';

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { auto: 'auto', dark: 'moon', light: 'sun' };

export function Header() {
  const { page } = route.value;
  return (
    <header class="header">
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <a class="brand" href="/" aria-label={t('brand')}>
        <Mark />
        <span>{t('brand')}</span>
      </a>
      {isAdministrator.value && <Navigation at={page} />}
      <span class="space" />
      <Counts />
      <LanguageSwitch />
      <ThemeSwitch />
      <Account />
    </header>
  );
}

const PLACES = [
  ['streams', '/', 'nav-cameras'],
  ['access', '/access', 'nav-access'],
  ['settings', '/settings', 'nav-settings'],
  ['log', '/log', 'nav-log'],
] as const;

function Navigation({ at }: { readonly at: Route['page'] }) {
  return (
    <nav aria-label={t('nav')}>
      {PLACES.filter(([page]) => exists(page)).map(([page, path, words]) => (
        <a key={page} href={path} aria-current={at === page ? 'page' : undefined}>
          {t(words)}
        </a>
      ))}
    </nav>
  );
}

/** How many are live, and how many are not though they should be. */
function Counts() {
  const live = shown.value.filter(({ state }) => state.name === 'live').length;
  const troubled = shown.value.filter(({ state }) => state.problem !== undefined).length;
  return (
    <p class="counts">
      {live > 0 && (
        <span class="state">
          <Dot tone="live" />
          {t('summary-live', { count: live })}
        </span>
      )}
      {troubled > 0 && (
        <span class="state">
          <Dot tone="fail" />
          {t('summary-troubled', { count: troubled })}
        </span>
      )}
    </p>
  );
}

export function LanguageSwitch() {
  return (
    <label class="switch" title={t('language')}>
      <Icon name="language" />
      <span class="only-read">{t('language')}</span>
      <select
        value={language.value}
        onChange={(event) => void speak(event.currentTarget.value as Language)}
      >
        {LANGUAGES.map((tag) => (
          <option key={tag} value={tag} lang={tag}>
            {NAMES[tag]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** One button that goes round: as the system, dark, light. */
export function ThemeSwitch() {
  const at = theme.value;
  const next = THEMES[(THEMES.indexOf(at) + 1) % THEMES.length] ?? 'auto';
  const label = `${t('theme')}: ${t(`theme-${at}`)}`;
  return (
    <button
      type="button"
      class="button bare"
      aria-label={label}
      title={label}
      onClick={() => paint(next)}
    >
      <Icon name={THEME_ICONS[at]} />
    </button>
  );
}

function Account() {
  if (isAdministrator.value) {
    return (
      <button type="button" class="button bare" onClick={() => void signOut()}>
        {t('sign-out')}
      </button>
    );
  }
  if (!me.value || route.value.page === 'login' || route.value.page === 'claim') return null;
  return (
    <a class="button bare" href={`/login?to=${encodeURIComponent(location.pathname)}`}>
      {t('sign-in')}
    </a>
  );
}
