/** Elements in one call, without HTML text: nothing a hub or a camera says can become markup. */
import { ICONS, type IconName } from '../look/icons.ts';

type Child = Node | string;
type Attributes = Readonly<Record<string, string | boolean>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** Sets text only where it differs, so that a screen reader is not told the same thing twice. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
