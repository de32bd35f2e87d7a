// What runs inside pages. Each function is sent as text: it may use nothing from outside itself.

/** Keeps each RTCPeerConnection in `window.peers`, with `extra` merged into its configuration. */
export function recordPeerConnections(extra) {
  const Native = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Native {
    constructor(configuration, ...rest) {
      super({ ...configuration, ...extra }, ...rest);
      window.peers.push(this);
    }
  };
}

/** All text in the page and in its open shadow roots, hidden elements left out. */
export function words() {
  const said = [];
  const walk = (root) => {
    const style = root.nodeType === 1 && getComputedStyle(root);
    if (style && (style.display === 'none' || style.visibility === 'hidden')) return;
    if (['SCRIPT', 'STYLE', 'TEMPLATE'].includes(root.tagName)) return;
    for (const node of (root.shadowRoot ?? root).childNodes) {
      if (node.nodeType === 3) said.push(node.textContent);
      else walk(node);
    }
  };
  walk(document.documentElement);
  return said.map((text) => text.trim()).filter(Boolean).join('\n');
}

/** Presses the visible button or link whose name matches; false when there is none yet. */
export function press(name) {
  const pattern = new RegExp(name, 'i');
  const all = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  const button = all(document).find((element) => {
    if (!element.matches('button, a, [role=button], input[type=submit]') || element.disabled) return false;
    if (!element.checkVisibility?.({ visibilityProperty: true })) return false;
    return pattern.test((element.getAttribute('aria-label') ?? element.textContent ?? element.value).trim());
  });
  button?.click();
  return Boolean(button);
}

/** What the nth video of the page shows, shadow roots included. */
export function video(index) {
  const all = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  const element = all(document).filter((one) => one.tagName === 'VIDEO')[index];
  if (!element) return null;
  // Firefox's quality counts nothing for a MediaStream, so frames are counted as they are presented, too.
  if (element.presented === undefined) {
    element.presented = 0;
    const count = (_now, { presentedFrames }) => {
      element.presented = presentedFrames;
      element.requestVideoFrameCallback(count);
    };
    element.requestVideoFrameCallback(count);
  }
  const quality = element.getVideoPlaybackQuality();
  const box = element.getBoundingClientRect();
  return {
    frames: Math.max(element.presented, quality.totalVideoFrames - quality.droppedVideoFrames),
    dropped: quality.droppedVideoFrames,
    width: element.videoWidth,
    height: element.videoHeight,
    time: element.currentTime,
    paused: element.paused,
    box: { x: box.x, y: box.y, width: box.width, height: box.height },
  };
}

/** State, chosen pair and inbound counters of each peer connection that got an answer (others only ask what can be decoded). */
export async function stats() {
  return Promise.all(
    window.peers.filter((peer) => peer.remoteDescription).map(async (peer) => {
      const report = [...(await peer.getStats()).values()];
      const of = (type, kind) => report.find((entry) => entry.type === type && (!kind || entry.kind === kind)) ?? {};
      const chosen = of('transport').selectedCandidatePairId;
      const pair = report.find((entry) =>
        chosen ? entry.id === chosen : entry.type === 'candidate-pair' && entry.selected) ?? {};
      const end = (id) => {
        const { address, port, protocol, candidateType, relayProtocol } = report.find((entry) => entry.id === id) ?? {};
        return { address, port, protocol, type: candidateType, relayProtocol };
      };
      const video = of('inbound-rtp', 'video');
      const audio = of('inbound-rtp', 'audio');
      return {
        state: peer.connectionState,
        local: end(pair.localCandidateId),
        remote: end(pair.remoteCandidateId),
        codec: report.find((entry) => entry.id === video.codecId)?.mimeType,
        audioCodec: report.find((entry) => entry.id === audio.codecId)?.mimeType,
        frames: video.framesDecoded ?? 0,
        width: video.frameWidth,
        received: video.packetsReceived ?? 0,
        lost: video.packetsLost ?? 0,
        repaired: video.retransmittedPacketsReceived ?? 0,
        nacks: video.nackCount ?? 0,
        freezes: video.freezeCount ?? 0,
        frozen: video.totalFreezesDuration ?? 0,
        samples: audio.totalSamplesReceived ?? 0,
        energy: audio.totalAudioEnergy ?? 0,
        audioReceived: audio.packetsReceived ?? 0,
      };
    }),
  );
}

/** The pitch of what the page's first peer connection hears, in hertz: how often a second the wave rises through zero. */
export async function pitch() {
  const peer = window.peers.find((one) => one.remoteDescription);
  const { track } = peer.getReceivers().find((one) => one.track.kind === 'audio');
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  let [rises, frames, rate, last] = [0, 0, 0, 0];
  while (frames === 0 || frames < rate / 2) {
    const { value: data, done } = await reader.read();
    if (done) break;
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
    for (const sample of samples) {
      if (last < 0 && sample >= 0) rises += 1;
      last = sample;
    }
    [frames, rate] = [frames + data.numberOfFrames, data.sampleRate];
    data.close();
  }
  reader.cancel();
  return (rises * rate) / frames;
}

/**
 * A viewer of our own making, for pages that have none: plays `url` (a WHEP endpoint) in a new video element.
 * `window.viewers[n]` = { peer, session, video }.
 */
export async function whep(url, token) {
  window.viewers ??= [];
  const peer = new RTCPeerConnection();
  const video = document.createElement('video');
  Object.assign(video, { autoplay: true, muted: true, playsInline: true, width: 160 });
  document.body.append(video);
  const stream = new MediaStream();
  video.srcObject = stream;
  peer.ontrack = ({ track }) => stream.addTrack(track);
  for (const kind of ['video', 'audio']) peer.addTransceiver(kind, { direction: 'recvonly' });
  await peer.setLocalDescription();
  const headers = { 'content-type': 'application/sdp' };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription.sdp });
  const body = await answer.text();
  if (answer.status !== 201) return { status: answer.status, body };
  await peer.setRemoteDescription({ type: 'answer', sdp: body });
  const session = new URL(answer.headers.get('location'), url).href;
  window.viewers.push({ peer, video, session });
  return { status: 201, session, etag: answer.headers.get('etag'), sdp: body };
}

/** The 48 cells of the demo camera's stamp as the nth video shows them, and when they were read (ms). */
export function stampCells(index) {
  const all = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  const element = all(document).filter((one) => one.tagName === 'VIDEO')[index];
  const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 1 });
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const [width, height] = [element.videoWidth, element.videoHeight];
  // One pixel out of the middle of each cell.
  for (let cell = 0; cell < 48; cell++) {
    pen.drawImage(element, ((cell + 0.5) * width) / 48, (height * 32) / 720, 1, 1, cell, 0, 1, 1);
  }
  const pixels = pen.getImageData(0, 0, 48, 1).data;
  return { cells: Array.from({ length: 48 }, (_, cell) => (pixels[4 * cell + 1] > 126 ? 1 : 0)), read: Date.now() };
}
