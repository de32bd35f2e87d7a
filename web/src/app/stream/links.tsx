/** Every address of a stream: what it is for, the address, Copy. */
import { t } from '../../strings/console.ts';
import { CopyField } from '../parts/copy.tsx';

/** The addresses of a stream at `origin`. */
export function linksOf(origin: string, name: string) {
  const page = `${origin}/${name}`;
  const tags = [
    `<script type="module" src="${origin}/lenswire.js"></script>`,
    `<lenswire-player src="${page}" controls></lenswire-player>`,
  ];
  return { page, embed: `${page}?embed`, whep: `${page}/whep`, element: tags.join(' ') } as const;
}

export function Links({ name }: { readonly name: string }) {
  const links = linksOf(location.origin, name);
  return (
    <section class="panel">
      <h2>{t('links')}</h2>
      {(['page', 'embed', 'whep', 'element'] as const).map((kind) => (
        <CopyField
          key={kind}
          label={t(`link-${kind}`)}
          text={t(`link-${kind}-text`)}
          value={links[kind]}
        />
      ))}
    </section>
  );
}
