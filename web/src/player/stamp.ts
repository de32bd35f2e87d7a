/**
 * The 48-cell time stamp that a test picture carries in its top rows: true glass-to-glass delay
 * without anybody's clock in between. Layout as in `crates/capture`: 44 bits of Unix milliseconds,
 * then a 4-bit checksum, most significant bit first, white = 1.
 */

const CELLS = 48;
const TIME_BITS = 44;
/** Rows of a 720-row picture that the stamp fills. */
const ROWS = 64 / 720;
/** One cell on the canvas the strip is drawn on, in pixels. */
const CELL = 10;
const HEIGHT = 8;
/** A stamp further from now than this is chance, not a stamp; milliseconds. */
const PLAUSIBLE = 60_000;

/** Reads the time from 48 cells; `undefined` when the checksum says that this is no stamp. */
export function decode(cells: readonly boolean[]): number | undefined {
  if (cells.length !== CELLS) return undefined;
  let time = 0;
  let sum = 0b1010;
  for (let nibble = 0; nibble < TIME_BITS / 4; nibble += 1) {
    const value = nibbleAt(cells, nibble * 4);
    sum ^= value;
    // Not `<<`: that is 32 bits wide.
    time = time * 16 + value;
  }
  return sum === nibbleAt(cells, TIME_BITS) ? time : undefined;
}

function nibbleAt(cells: readonly boolean[], start: number): number {
  let value = 0;
  for (let bit = 0; bit < 4; bit += 1) value = value * 2 + (cells[start + bit] ? 1 : 0);
  return value;
}

/** Reads the cells from a strip of 480 x 8 RGBA pixels. */
export function cellsOf(pixels: Uint8ClampedArray): boolean[] {
  const row = CELLS * CELL * 4;
  return Array.from({ length: CELLS }, (_, cell) => {
    const at = (HEIGHT / 2) * row + (cell * CELL + CELL / 2) * 4;
    return (pixels[at] ?? 0) > 128;
  });
}

/** Reads stamps off a playing video. Keeps one small canvas. */
export class StampReader {
  readonly #strip: CanvasRenderingContext2D | null;

  constructor(document: Document) {
    const canvas = document.createElement('canvas');
    canvas.width = CELLS * CELL;
    canvas.height = HEIGHT;
    this.#strip = canvas.getContext('2d', { willReadFrequently: true });
  }

  /** When the picture now shown was drawn, in Unix milliseconds; `undefined` without a stamp. */
  read(video: HTMLVideoElement, now: number): number | undefined {
    if (!this.#strip || video.videoWidth === 0) return undefined;
    const rows = video.videoHeight * ROWS;
    this.#strip.drawImage(video, 0, 0, video.videoWidth, rows, 0, 0, CELLS * CELL, HEIGHT);
    const { data } = this.#strip.getImageData(0, 0, CELLS * CELL, HEIGHT);
    const time = decode(cellsOf(data));
    return time !== undefined && Math.abs(now - time) < PLAUSIBLE ? time : undefined;
  }
}
