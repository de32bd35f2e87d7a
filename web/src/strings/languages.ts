/** The languages there are, and which of them a browser asks for. Pure. */

export const LANGUAGES = ['en', 'ko', 'fr'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Each in its own words. */
export const NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  ko: '한국어',
  fr: 'Français',
};

/** The first of the browser's languages that we have; English without one. */
export function choose(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const known = LANGUAGES.find((one) => tag.toLowerCase().split('-')[0] === one);
    if (known) return known;
  }
  return 'en';
}
