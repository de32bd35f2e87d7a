// Comparing what a page shows with what the camera sent.

import { spawnSync } from 'node:child_process';

import { stampCells } from './in-page.mjs';

// SMPTE bars at 75 %, left to right, as parts/clip draws them.
const BARS = [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191]];

// Coding, noise and colour matrices move a colour by up to this; two bars differ by 191.
const TOLERANCE = 48;

/** A screenshot of the page as { width, height, at(x, y) -> [r, g, b] } and its PNG. */
export async function screenshot(page, clip) {
  const png = Buffer.from(await page.inner.screenshot({ type: 'png', ...(clip && { clip }) }));
  const decoded = spawnSync('ffmpeg', ['-loglevel', 'error', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
    input: png,
    maxBuffer: 64 << 20,
  });
  if (decoded.status !== 0) throw new Error(String(decoded.stderr));
  const width = png.readUInt32BE(16); // IHDR
  const at = (x, y) => [...decoded.stdout.subarray(3 * (width * Math.round(y) + Math.round(x))).subarray(0, 3)];
  return { png, width, height: png.readUInt32BE(20), at };
}

/** Where the picture itself is inside its element's box (object-fit: contain). */
export function picture({ box, width, height }) {
  const scale = Math.min(box.width / width, box.height / height);
  const [w, h] = [width * scale, height * scale];
  return { x: box.x + (box.width - w) / 2, y: box.y + (box.height - h) / 2, width: w, height: h };
}

/** The mean colour of a small patch: one pixel is at the mercy of noise. */
function patch(shot, x, y, radius = 4) {
  const sum = [0, 0, 0];
  for (let dx = -radius; dx <= radius; dx++) {
    for (let dy = -radius; dy <= radius; dy++) shot.at(x + dx, y + dy).forEach((value, i) => (sum[i] += value));
  }
  return sum.map((value) => Math.round(value / (2 * radius + 1) ** 2));
}

/** Throws unless the page's nth video shows the seven bars; answers their colours. */
export async function showsBars(page, index = 0) {
  const video = await page.video(index);
  const shot = await screenshot(page, video.box);
  const area = picture({ ...video, box: { x: 0, y: 0, width: video.box.width, height: video.box.height } });
  const seen = BARS.map((_, i) => patch(shot, area.x + (area.width * (i + 0.5)) / 7, area.y + area.height * 0.4));
  const off = BARS.findIndex((bar, i) => bar.some((value, c) => Math.abs(value - seen[i][c]) > TOLERANCE));
  if (off >= 0) throw new Error(`bar ${off} is ${seen[off]}, not ${BARS[off]}; all: ${JSON.stringify(seen)}`);
  return seen;
}

const CHECK_SEED = 0b1010n;

/** The time (ms) that the demo camera's picture was made at, beside when it was read; null when it can't be read. */
export async function stamp(page, index = 0) {
  const { cells, read } = await page.run(stampCells, index);
  const word = cells.reduce((sum, bit) => (sum << 1n) | BigInt(bit), 0n);
  const made = word >> 4n;
  let check = CHECK_SEED;
  for (let group = 0n; group < 11n; group++) check ^= (made >> (4n * group)) & 15n;
  return check === (word & 15n) ? { made: Number(made), read } : null;
}
