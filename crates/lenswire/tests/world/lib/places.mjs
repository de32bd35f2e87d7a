// Where things are: the tree, the built binary, what tests may write to.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
export const PARTS = fileURLToPath(new URL('../../parts/', import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? `${ROOT}target`;

/** The binary under test; built by whoever calls the worlds. */
export const BINARY = process.env.LENSWIRE_BINARY ?? `${TARGET}/debug/lenswire`;

/** The address of the lab's one interface (tools/lab): what browsers and the hub pair with. */
export const LAB = '10.9.0.2';
export const LAB6 = 'fd09::2';

/** A folder below target/world, made if need be. */
export function folder(name) {
  const path = `${TARGET}/world/${name}`;
  mkdirSync(path, { recursive: true });
  return path;
}

if (process.env.LENSWIRE_LAB !== 'inside') {
  throw new Error('worlds run inside tools/lab only: they load and impair the network they are in');
}
