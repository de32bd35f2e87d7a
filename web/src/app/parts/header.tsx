/** The bar over every page: where we are, who we are, language and theme. */

import type { IconName } from '../../look/icons.ts';
import { language, speak, t } from '../../strings/console.ts';
import { LANGUAGES, type Language, NAMES } from '../../strings/languages.ts';
import { isAdministrator, me, signOut } from '../state/me.ts';
import { route } from '../state/route.ts';
import { paint, THEMES, type Theme, theme } from '../state/theme.ts';
import { Icon, Mark } from './icon.tsx';

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { auto: 'auto', dark: 'moon', light: 'sun' };

export function Header() {
  const here = route.value.page === 'streams' ? 'page' : undefined;
  return (
    <header class="header">
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <a class="brand" href="/" aria-label={t('brand')}>
        <Mark />
        <span>{t('brand')}</span>
      </a>
      <nav>
        <a href="/" aria-current={here}>
          {t('nav-cameras')}
        </a>
      </nav>
      <span class="space" />
      <LanguageSwitch />
      <ThemeSwitch />
      <Account />
    </header>
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
