/**
 * One RTCPeerConnection that only receives. Knows SDP and candidates; does not know the hub.
 */
import { isWhole, merge } from './fragment.ts';
import type { Candidate } from './protocol.ts';

export interface PeerEvents {
  candidate(candidate: Candidate): void;
  state(state: RTCPeerConnectionState): void;
  media(stream: MediaStream): void;
}

/** `jitterBufferTarget` is not in every browser, nor in TypeScript's library yet. */
type Buffered = RTCRtpReceiver & { jitterBufferTarget?: number | null };

export const isSupported = (): boolean => typeof RTCPeerConnection === 'function';

export class Peer {
  readonly #connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  readonly #media = new MediaStream();
  readonly #first: Promise<RTCSessionDescriptionInit>;
  #early: RTCIceCandidateInit[] = [];

  /** `buffer` is the delay to aim at in the jitter buffer, in milliseconds. */
  constructor(events: PeerEvents, sound: boolean, buffer: number) {
    const pc = this.#connection;
    for (const kind of sound ? ['video', 'audio'] : ['video']) {
      const { receiver } = pc.addTransceiver(kind, { direction: 'recvonly' });
      if ('jitterBufferTarget' in receiver) (receiver as Buffered).jitterBufferTarget = buffer;
    }
    // Empty or null: there are no more (RFC 8838 section 13).
    pc.onicecandidate = ({ candidate }) =>
      events.candidate(candidate?.candidate ? plain(candidate) : END);
    pc.onconnectionstatechange = () => events.state(pc.connectionState);
    pc.ontrack = ({ track }) => {
      this.#media.addTrack(track);
      events.media(this.#media);
    };
    // Begun now, while the socket may still be opening.
    this.#first = pc.createOffer();
  }

  /** The first offer; after this, candidates come. */
  async offer(iceServers: RTCIceServer[]): Promise<string> {
    const offer = await this.#first;
    if (iceServers.length > 0) {
      this.#connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers });
    }
    await this.#connection.setLocalDescription(offer);
    return this.local;
  }

  /** The offer as it stands, with the candidates found so far. */
  get local(): string {
    return this.#connection.localDescription?.sdp ?? '';
  }

  /** The same session with new ICE credentials. */
  async restart(): Promise<string> {
    // An offer that was never answered is taken back first.
    if (this.#connection.signalingState === 'have-local-offer') {
      await this.#connection.setLocalDescription({ type: 'rollback' });
    }
    const offer = await this.#connection.createOffer({ iceRestart: true });
    await this.#connection.setLocalDescription(offer);
    return this.local;
  }

  /** Takes an answer, whole or a fragment. */
  async accept(sdp: string): Promise<void> {
    if (this.#connection.signalingState !== 'have-local-offer') return;
    const before = this.#connection.currentRemoteDescription?.sdp ?? '';
    const whole = isWhole(sdp) ? sdp : merge(before, sdp);
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: whole });
    for (const candidate of this.#early.splice(0)) await this.#add(candidate);
  }

  async add(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.#connection.remoteDescription) await this.#add(candidate);
    else this.#early.push(candidate);
  }

  /** A candidate that this browser does not understand costs that candidate only. */
  async #add(candidate: RTCIceCandidateInit): Promise<void> {
    await this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  stats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  close(): void {
    const pc = this.#connection;
    pc.onicecandidate = null;
    pc.onconnectionstatechange = null;
    pc.ontrack = null;
    pc.close();
  }
}

const END: Candidate = { candidate: null };

function plain(candidate: RTCIceCandidate): Candidate {
  const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
  return { candidate: line, sdpMid, sdpMLineIndex };
}

/** The video codecs this browser says it can receive, for diagnostics. */
export function receivable(): string[] {
  if (typeof RTCRtpReceiver === 'undefined') return [];
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
  const names = codecs.map((codec) => codec.mimeType.replace(/^video\//i, ''));
  return [...new Set(names)].filter((name) => !/^(rtx|red|ulpfec|flexfec-03)$/i.test(name));
}

/** Whether this browser receives a codec. */
export function plays(kind: 'video' | 'audio', codec: string): boolean {
  if (typeof RTCRtpReceiver === 'undefined') return false;
  const name = `${kind}/${codec.replace('.', '')}`.toLowerCase();
  const codecs = RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [];
  return codecs.some((one) => one.mimeType.toLowerCase() === name);
}
