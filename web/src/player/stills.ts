/**
 * The last picture seen of each stream, so that going from the wall to the stream's page, or
 * coming back from a hidden tab, shows that picture dimmed and not black. In memory only.
 */

/** Streams remembered; at 640 px one takes about 0.9 MB. */
const KEPT = 24;
const WIDTH = 640;

const stills = new Map<string, HTMLCanvasElement>();

export function keep(stream: string, video: HTMLVideoElement): HTMLCanvasElement | undefined {
  return keepPicture(stream, video, video.videoWidth, video.videoHeight);
}

/** Keeps any picture of a stream, also one that the hub made. */
export function keepPicture(
  stream: string,
  picture: CanvasImageSource,
  width: number,
  height: number,
): HTMLCanvasElement | undefined {
  if (width === 0) return undefined;
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(WIDTH, width);
  canvas.height = Math.round((canvas.width * height) / width);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  stills.delete(stream);
  stills.set(stream, canvas);
  const [oldest] = stills.keys();
  if (stills.size > KEPT && oldest !== undefined) stills.delete(oldest);
  return canvas;
}

export const still = (stream: string): HTMLCanvasElement | undefined => stills.get(stream);
