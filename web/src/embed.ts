/** `/{stream}?embed`: the picture alone, filling the frame it stands in. */
import './player/index.ts';
import { choose } from './strings/languages.ts';

/** Puts a player for the address bar's stream into `root`; `#grant` may bring the leave to watch. */
export function run(root: Element): void {
  const query = new URLSearchParams(location.search);
  document.documentElement.lang = choose(navigator.languages);
  document.documentElement.classList.add('embed');
  document.title = location.pathname.slice(1);
  const player = document.createElement('lenswire-player');
  player.setAttribute('src', location.pathname);
  // As a guest's link has it, `#token=…`, or bare.
  const token = location.hash.slice(1).replace(/^token=/, '');
  if (token) player.setAttribute('token', token);
  player.toggleAttribute('controls', query.get('controls') !== '0');
  player.toggleAttribute('overlay', query.has('overlay'));
  player.toggleAttribute('muted', query.has('muted'));
  const heading = document.createElement('h1');
  heading.textContent = document.title;
  const main = document.createElement('main');
  main.append(heading, player);
  root.replaceChildren(main);
}
