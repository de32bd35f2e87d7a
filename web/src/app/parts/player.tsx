/** `<lenswire-player>` in the console's pages. */
import '../../player/index.ts';
import type { HTMLAttributes } from 'preact';
import type { LenswirePlayer, Problem, Stats } from '../../player/index.ts';

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'lenswire-player': PlayerAttributes;
    }
  }
}

interface PlayerAttributes extends HTMLAttributes<LenswirePlayer> {
  readonly src: string;
  readonly token?: string | undefined;
  readonly muted?: boolean;
  readonly controls?: boolean;
  readonly overlay?: boolean;
  readonly manual?: boolean;
  // Lower case: so Preact listens for the event of exactly that name.
  readonly onstats?: (event: CustomEvent<Stats>) => void;
  readonly onstatechange?: (event: CustomEvent) => void;
  readonly onwarning?: (event: CustomEvent<Problem | undefined>) => void;
  readonly onretry?: (event: Event) => void;
}

export function Player(props: PlayerAttributes) {
  return <lenswire-player {...props} />;
}
