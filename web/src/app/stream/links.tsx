/** Every address of a stream: what it is for, the address, Copy, QR; and a guest's link with its end. */
import { snapshotOf } from '../../api/client.ts';
import { t } from '../../strings/console.ts';
import { CopyField } from '../parts/copy.tsx';
import { has } from '../state/has.ts';
import { isAdministrator } from '../state/me.ts';
import { GuestLink } from './guest.tsx';

/** A snapshot that fits a dashboard; pixels. */
const SNAPSHOT = 1_280;

/** The addresses of a stream at `origin`. */
export function linksOf(origin: string, name: string) {
  const page = `${origin}/${name}`;
  const tags = [
    `<script type="module" src="${origin}/lenswire.js"></script>`,
    `<lenswire-player src="${page}" controls></lenswire-player>`,
  ];
  const snapshot = origin + snapshotOf(name, SNAPSHOT);
  const embed = `${page}?embed`;
  return { page, embed, element: tags.join(' '), whep: `${page}/whep`, snapshot } as const;
}

const KINDS = ['page', 'embed', 'element', 'whep', 'snapshot'] as const;
const FOR_PHONES: ReadonlySet<string> = new Set(['page', 'embed']);

export function Links({ name, isOpen }: { readonly name: string; readonly isOpen: boolean }) {
  const links = linksOf(location.origin, name);
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{t('links')}</h2>
      </div>
      {!isOpen && <p class="quiet small">{t('links-closed')}</p>}
      {KINDS.filter((kind) => has.value?.past || kind !== 'snapshot').map((kind) => (
        <CopyField
          key={kind}
          label={t(`link-${kind}`)}
          text={t(`link-${kind}-text`)}
          value={links[kind]}
          scan={FOR_PHONES.has(kind)}
        />
      ))}
      {isAdministrator.value && has.value?.past && <GuestLink name={name} />}
    </section>
  );
}
