import { ICONS, type IconName } from '../../look/icons.ts';

/** An icon; says nothing to a screen reader, so what it stands on needs a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** The mark: a lens, and the wire that leaves it. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M10 18.5a7.25 7.25 0 1 1 0-14.5 7.25 7.25 0 0 1 0 14.5zM10 18.5h12.5" />
    </svg>
  );
}
