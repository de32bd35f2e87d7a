/** Days as a date field has them, `2026-11-24`, by the reader's own calendar. */

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** The day so many days after `from`. */
export function dayAfter(days: number, from = new Date()): string {
  const day = new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);
  return `${day.getFullYear()}-${twoDigits(day.getMonth() + 1)}-${twoDigits(day.getDate())}`;
}

/** The end of a day in Unix seconds; a week from now without a day. */
export const endOf = (day: string): number =>
  Math.floor(Date.parse(`${day || dayAfter(7)}T23:59:59`) / 1_000);
