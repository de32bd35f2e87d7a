/** The module behind `/lenswire.js`: defines `<lenswire-player>` once. */
import { LenswirePlayer } from './element.ts';

if (!customElements.get('lenswire-player')) {
  customElements.define('lenswire-player', LenswirePlayer);
}

declare global {
  interface HTMLElementTagNameMap {
    'lenswire-player': LenswirePlayer;
  }
}

export type { StateChange } from './element.ts';
export type { Phase } from './machine.ts';
export type { Problem } from './protocol.ts';
export type { Stats } from './stats.ts';
export { LenswirePlayer };
