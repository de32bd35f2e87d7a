/** What can be set of a camera, as a form holds it, and what of it the hub is told. Pure. */
import type { Stream, StreamPatch } from '../../api/types.ts';

export interface CameraForm {
  /** Empty: stays as it is, with the password that only the hub knows. */
  readonly source: string;
  readonly substream: string;
  readonly dropSubstream: boolean;
  readonly transport: Stream['transport'];
  readonly onDemand: boolean;
  readonly viewers: Stream['viewers'];
  /** Milliseconds; empty: no limit of its own. */
  readonly delayLimit: string;
}

export const EMPTY: CameraForm = {
  source: '',
  substream: '',
  dropSubstream: false,
  transport: 'auto',
  onDemand: false,
  viewers: 'grant',
  delayLimit: '',
};

/** A stream's settings as a form begins with them. */
export const formOf = (stream: Stream): CameraForm => ({
  ...EMPTY,
  transport: stream.transport,
  onDemand: stream.on_demand,
  viewers: stream.viewers,
  delayLimit: stream.delay_limit_ms == null ? '' : String(stream.delay_limit_ms),
});

/** Only what differs from `before`; nothing at all when nothing does. */
export function patchOf(before: CameraForm, form: CameraForm): StreamPatch {
  const source = form.source.trim();
  const substream = form.substream.trim();
  const limit = form.delayLimit.trim();
  return {
    ...(source !== '' && { source }),
    ...(form.dropSubstream ? { substream: null } : substream !== '' && { substream }),
    ...(form.transport !== before.transport && { transport: form.transport }),
    ...(form.onDemand !== before.onDemand && { on_demand: form.onDemand }),
    ...(form.viewers !== before.viewers && { viewers: form.viewers }),
    ...(limit !== before.delayLimit && { delay_limit: limit === '' ? null : `${limit}ms` }),
  };
}

/** Whether a text can be a camera's address; the hub says what is wrong with it in detail. */
export const isAddress = (text: string): boolean =>
  /^(rtsps?:\/\/[^\s/]+|demo$)/i.test(text.trim());

/** A limit that the hub takes: whole milliseconds, or nothing. */
export const isLimit = (text: string): boolean => /^\d{0,6}$/.test(text.trim());

/** A name to begin with: the host's first label, or `camera`, with a number when it is taken. */
export function suggestName(address: string, taken: readonly string[]): string {
  const host = /^rtsps?:\/\/(?:[^/]*@)?([^:/?#]+)/i.exec(address.trim())?.[1] ?? '';
  const isNumber = host.startsWith('[') || /^[\d.]+$/.test(host);
  const label =
    host
      .split('.')[0]
      ?.toLowerCase()
      .replace(/[^a-z0-9_-]/g, '') ?? '';
  const base = isNumber || !/^[a-z0-9]/.test(label) ? 'camera' : label;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

/** How cameras of known makes name their smaller picture, beside the large one. */
const SMALLER: readonly (readonly [RegExp, string])[] = [
  [/(\/Streaming\/Channels\/\d*)01\b/i, '$102'],
  [/([?&]subtype=)0\b/, '$11'],
  [/(\/h26[45]Preview_\d+_)main\b/, '$1sub'],
  [/(\/stream)1\b/, '$12'],
  [/(\/live\/ch\d+)_0\b/i, '$1_1'],
];

/** Where the camera's smaller picture probably is; undefined where nobody can tell. */
export function guessSubstream(address: string): string | undefined {
  const found = SMALLER.find(([pattern]) => pattern.test(address));
  return found && address.trim().replace(found[0], found[1]);
}
