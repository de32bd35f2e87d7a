import { describe, expect, it } from 'vitest';
import { isWhole, merge } from './fragment.ts';

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n`;

const ANSWER = lines(
  'v=0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  'a=candidate:1 1 udp 1 10.0.0.1 8189 typ host',
  'a=end-of-candidates',
  'a=mid:0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  'a=mid:1',
);
const FRAGMENT = lines(
  'a=ice-ufrag:new',
  'a=ice-pwd:newpassword',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:0',
  'a=candidate:2 1 udp 1 10.0.0.2 8189 typ host',
  'a=end-of-candidates',
);

describe('a fragment that answers an ICE restart', () => {
  it('becomes the old answer with new credentials and candidates', () => {
    expect(merge(ANSWER, FRAGMENT)).toBe(
      lines(
        'v=0',
        'a=group:BUNDLE 0 1',
        'm=video 9 UDP/TLS/RTP/SAVPF 96',
        'a=ice-ufrag:new',
        'a=ice-pwd:newpassword',
        'a=mid:0',
        'a=candidate:2 1 udp 1 10.0.0.2 8189 typ host',
        'm=audio 9 UDP/TLS/RTP/SAVPF 111',
        'a=ice-ufrag:new',
        'a=ice-pwd:newpassword',
        'a=mid:1',
      ),
    );
  });

  it('is told from a whole description', () => {
    expect(isWhole(ANSWER)).toBe(true);
    expect(isWhole(FRAGMENT)).toBe(false);
  });
});
