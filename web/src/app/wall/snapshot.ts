/**
 * The still pictures of the wall, as the hub has them: asked for while a tile is seen, and free when
 * nothing changed (the hub answers 304). Kept where the player looks too, so that it joins onto them.
 */
import { useEffect, useState } from 'preact/hooks';
import { headersOf, snapshotOf } from '../../api/client.ts';
import { keepPicture } from '../../player/stills.ts';
import { has } from '../state/has.ts';

/** A still follows its camera this often; milliseconds. */
const INTERVAL = 10_000;
/** What a tile needs; pixels. */
const WIDTH = 640;

/** Fetches a stream's still; says whether there is one. */
async function fetchStill(name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(snapshotOf(name, WIDTH), {
      headers: headersOf({}),
      cache: 'no-cache',
      signal,
    });
    if (!response.ok) return false;
    const picture = await createImageBitmap(await response.blob());
    keepPicture(`${location.origin}/${name}`, picture, picture.width, picture.height);
    picture.close();
    return true;
  } catch {
    return false;
  }
}

/** Keeps a stream's still fresh while `wanted`; draws anew when one came. */
export function useSnapshot(name: string, wanted: boolean): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    if (!wanted || !has.value?.past) return undefined;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      if (!document.hidden && (await fetchStill(name, ended.signal))) setCount((was) => was + 1);
      if (!ended.signal.aborted) timer = setTimeout(turn, INTERVAL);
    };
    void turn();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [name, wanted]);
}
