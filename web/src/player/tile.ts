/**
 * How many pixels of the screen a player's picture takes: the hub picks the picture by that. Told
 * when it changes; nothing while nobody can see it.
 */

/** Width and height in device pixels; 0 and 0: it is not seen. */
export type Tile = readonly [number, number];

export const UNSEEN: Tile = [0, 0];

/** What of an element's box and circumstances is on the screen. Pure. */
export function tileOf(
  width: number,
  height: number,
  seen: { readonly hidden: boolean; readonly inView: boolean; readonly floating: boolean },
): Tile {
  // In a window of its own it is seen wherever its page is.
  if (!seen.floating && (seen.hidden || !seen.inView)) return UNSEEN;
  return [Math.round(width), Math.round(height)];
}

/** Watches an element until `signal` aborts. */
export function watchTile(element: Element, signal: AbortSignal, told: (tile: Tile) => void): void {
  let [width, height, inView, last] = [0, 0, true, ''];
  const { ownerDocument: page } = element;
  const look = (): void => {
    const floating = page.pictureInPictureElement === element;
    const tile = tileOf(width, height, { hidden: page.hidden, inView, floating });
    if (`${tile}` === last) return;
    last = `${tile}`;
    told(tile);
  };
  const sizes = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const exact = entry.devicePixelContentBoxSize?.[0];
    const { contentRect: box } = entry;
    width = exact?.inlineSize ?? box.width * devicePixelRatio;
    height = exact?.blockSize ?? box.height * devicePixelRatio;
    look();
  });
  try {
    sizes.observe(element, { box: 'device-pixel-content-box' });
  } catch {
    sizes.observe(element); // Safari: CSS pixels and their ratio.
  }
  const views = new IntersectionObserver(([entry]) => {
    inView = entry?.isIntersecting ?? true;
    look();
  });
  views.observe(element);
  for (const change of ['visibilitychange', 'enterpictureinpicture', 'leavepictureinpicture']) {
    page.addEventListener(change, look, { signal, capture: true });
  }
  signal.addEventListener('abort', () => {
    sizes.disconnect();
    views.disconnect();
  });
}
