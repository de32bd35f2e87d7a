/** A problem, where what it prevents would be: what happened, why, what to do. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { copyText } from '../../clipboard.ts';
import { quoted } from '../../format.ts';
import type { Problem } from '../../player/protocol.ts';
import { t, translate } from '../../strings/console.ts';

interface Props {
  readonly problem: Problem;
  /** The one thing to do about it. */
  readonly children?: ComponentChildren;
}

export function ProblemCard({ problem, children }: Props) {
  const { title, detail, fix } = translate(problem);
  return (
    <section class="problem card" role="alert">
      <h2>{title}</h2>
      {detail && <p class="quiet">{quoted(detail)}</p>}
      {fix && <p>{quoted(fix)}</p>}
      <div class="actions">
        {children}
        <CopyDiagnostics problem={problem} />
      </div>
    </section>
  );
}

function CopyDiagnostics({ problem }: { readonly problem: Problem }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const report = { ...problem, page: location.pathname, at: new Date().toISOString() };
    await copyText(JSON.stringify({ ...report, browser: navigator.userAgent }, null, 2));
    setCopied(true);
  };
  return (
    <button type="button" class="button" onClick={copy}>
      {t(copied ? 'copied' : 'copy-diagnostics')}
    </button>
  );
}
