/**
 * An ICE restart may be answered with a `trickle-ice-sdpfrag` (RFC 8840) instead of a whole SDP.
 * A browser only takes whole ones, so the fragment's credentials and candidates are put into the
 * answer it already has.
 */

const CREDENTIALS = /^a=ice-(ufrag|pwd):/;
const REPLACED = /^a=(candidate:|end-of-candidates)/;

/** Whether this is a whole session description. */
export const isWhole = (sdp: string): boolean => sdp.startsWith('v=');

/** `answer` with the ICE credentials and candidates of `fragment`. */
export function merge(answer: string, fragment: string): string {
  const lines = fragment.split(/\r?\n/);
  const credential = (name: string) => lines.find((line) => line.startsWith(`a=ice-${name}:`));
  const candidates = lines.filter((line) => line.startsWith('a=candidate:'));
  const merged: string[] = [];
  let placed = false;
  const place = () => {
    if (!placed) merged.push(...candidates);
    placed = true;
  };
  let sections = 0;
  for (const line of answer.split(/\r?\n/)) {
    // Everything is bundled, so candidates stand in the first section only.
    if (line.startsWith('m=')) {
      sections += 1;
      if (sections === 2) place();
    }
    if (line === '' || REPLACED.test(line)) continue;
    const name = CREDENTIALS.exec(line)?.[1];
    merged.push(name ? (credential(name) ?? line) : line);
  }
  place();
  return `${merged.join('\r\n')}\r\n`;
}
