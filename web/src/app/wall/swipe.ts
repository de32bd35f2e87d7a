/** From one stream to the next with a finger, in the order of the wall. */
import { useRef } from 'preact/hooks';
import { go } from '../state/route.ts';
import { shown } from '../state/streams.ts';
import { order, ordered } from './order.ts';

/** Shorter is a tap, steeper is scrolling; pixels, and height over width. */
const DISTANCE = 60;
const STEEPNESS = 0.6;

/** Which way a finger went: 1 to the next, -1 to the one before, 0 neither. Pure. */
export function direction(dx: number, dy: number): -1 | 0 | 1 {
  if (Math.abs(dx) < DISTANCE || Math.abs(dy) > Math.abs(dx) * STEEPNESS) return 0;
  return dx < 0 ? 1 : -1;
}

/** Listeners for what can be swiped. */
export function useSwipe(name: string) {
  const start = useRef<Touch | undefined>(undefined);
  return {
    onTouchStart: (event: TouchEvent) => {
      start.current = event.touches.length === 1 ? event.touches[0] : undefined;
    },
    onTouchEnd: (event: TouchEvent) => {
      const [from, to] = [start.current, event.changedTouches[0]];
      if (!from || !to || document.fullscreenElement) return;
      const by = direction(to.clientX - from.clientX, to.clientY - from.clientY);
      const names = ordered(shown.value, order.value).map((stream) => stream.name);
      const next = names[names.indexOf(name) + by];
      if (by !== 0 && next !== undefined) go(`/${next}`);
    },
  };
}
