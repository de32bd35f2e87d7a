// What runs in the page, sent there as text: `install` before anything else of the page does, so that
// any page is seen through the same eyes, this harness's empty one or a server's own with its player.

/** Gives the page `bench`: what is shown when, joining and leaving by WHEP, and the statistics. */
export function install() {
  const canvas = new OffscreenCanvas(480, 8);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** When the shown picture was drawn, in milliseconds since 1970; undefined when it doesn't say. */
  function stamp(video) {
    context.drawImage(video, 0, 0, video.videoWidth, (video.videoHeight * 64) / 720, 0, 0, 480, 8);
    const { data } = context.getImageData(0, 4, 480, 1);
    const bits = Array.from({ length: 48 }, (_, cell) => (data[4 * (10 * cell + 5)] > 127 ? 1 : 0));
    const number = (from, to) => bits.slice(from, to).reduce((sum, bit) => 2 * sum + bit, 0);
    let check = 0b1010;
    for (let group = 0; group < 11; group += 1) check ^= number(4 * group, 4 * group + 4);
    return check === number(44, 48) ? number(0, 44) : undefined;
  }

  const bench = {
    /** When the last connection had its answer, by the page's clock. */
    answered: null,
    connection: null,
    /** Of each picture shown: time of display, age then, age on receipt (all ms), width, height. */
    pictures: [],

    /** Joins; gives back how to leave. */
    async join(url) {
      const video = document.querySelector('video');
      const connection = new RTCPeerConnection();
      connection.addTransceiver('video', { direction: 'recvonly' });
      connection.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
      await connection.setLocalDescription();
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: connection.localDescription.sdp,
      });
      const sdp = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${sdp}`);
      await connection.setRemoteDescription({ type: 'answer', sdp });
      const session = answer.headers.get('location');
      bench.leave = async () => {
        connection.close();
        video.srcObject = null;
        if (session) await fetch(new URL(session, url), { method: 'DELETE' }).catch(() => {});
      };
    },

    /** The video's counters, as WebRTC has them. */
    async counters() {
      const report = await bench.connection?.getStats();
      const all = [...(report?.values() ?? [])];
      const video = all.find((one) => one.type === 'inbound-rtp' && one.kind === 'video') ?? {};
      const keys = [
        'framesDecoded', 'framesDropped', 'freezeCount', 'totalFreezesDuration', 'packetsReceived',
        'packetsLost', 'nackCount', 'pliCount', 'retransmittedPacketsReceived', 'bytesReceived',
      ];
      return Object.fromEntries(keys.map((key) => [key, video[key] ?? null]));
    },
  };
  globalThis.bench = bench;

  const answer = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function setRemoteDescription(...given) {
    bench.connection = this;
    bench.answered = performance.now();
    bench.pictures = [];
    return answer.apply(this, given);
  };

  const watched = new WeakSet();
  function watch(video) {
    if (watched.has(video)) return;
    watched.add(video);
    video.requestVideoFrameCallback(function shown(_, picture) {
      const { expectedDisplayTime, receiveTime, width, height } = picture;
      const drawn = stamp(video);
      const age = (time) => (drawn && time ? performance.timeOrigin + time - drawn : null);
      bench.pictures.push([expectedDisplayTime, age(expectedDisplayTime), age(receiveTime), width, height]);
      video.requestVideoFrameCallback(shown);
    });
  }
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(stream) {
      if (stream && this instanceof HTMLVideoElement) watch(this);
      source.set.call(this, stream);
    },
  });
}

/** Joins by WHEP in the empty page. */
export const join = (url) => bench.join(url);

/** Ends what `join` began. */
export const leave = () => bench.leave?.();

export const counters = () => bench.counters();

/** All that was seen since the answer. */
export const seen = () => ({
  origin: performance.timeOrigin,
  answered: bench.answered,
  pictures: bench.pictures,
});
