// What runs in the page. Each function is sent there as text; what they share is installed first.

/** Gives the page `bench`: joining and leaving a stream, and reading the stamp of what is shown. */
export function install() {
  const canvas = new OffscreenCanvas(480, 8);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  globalThis.bench = {
    /** When the shown picture was drawn, in milliseconds since 1970; undefined when it doesn't say. */
    stamp(video) {
      context.drawImage(video, 0, 0, video.videoWidth, (video.videoHeight * 64) / 720, 0, 0, 480, 8);
      const { data } = context.getImageData(0, 4, 480, 1);
      const bits = Array.from({ length: 48 }, (_, cell) => (data[4 * (10 * cell + 5)] > 127 ? 1 : 0));
      const number = (from, to) => bits.slice(from, to).reduce((sum, bit) => 2 * sum + bit, 0);
      let check = 0b1010;
      for (let group = 0; group < 11; group += 1) check ^= number(4 * group, 4 * group + 4);
      return check === number(44, 48) ? number(0, 44) : undefined;
    },

    /** Joins; gives back how to leave. */
    async join(url, video) {
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
      return async () => {
        connection.close();
        video.srcObject = null;
        if (session) await fetch(new URL(session, url), { method: 'DELETE' }).catch(() => {});
      };
    },
  };
}

/** Plays for `seconds`; from drawing to display and to receipt, for each picture. */
export async function measureDelays(url, seconds) {
  const video = document.querySelector('video');
  const display = [];
  const receipt = [];
  const leave = await bench.join(url, video);
  // The first seconds are joining and filling the jitter buffer, not the delay of a stream that plays.
  const begin = performance.now() + 3_000;
  const end = begin + seconds * 1_000;
  function shown(now, picture) {
    const drawn = bench.stamp(video);
    if (drawn !== undefined && now > begin) {
      display.push(performance.timeOrigin + picture.expectedDisplayTime - drawn);
      if (picture.receiveTime) receipt.push(performance.timeOrigin + picture.receiveTime - drawn);
    }
    if (now < end) video.requestVideoFrameCallback(shown);
  }
  video.requestVideoFrameCallback(shown);
  await new Promise((resolve) => setTimeout(resolve, end - performance.now()));
  await leave();
  return { display, receipt };
}

/** Joins `times` at random moments; how long until there is a picture, and until it is live. */
export async function measureJoins(url, times) {
  const LIVE = 250; // milliseconds; a picture that is younger counts as live
  const PATIENCE = 20_000;
  const video = document.querySelector('video');

  async function join() {
    const begin = performance.now();
    const leave = await bench.join(url, video);
    const seen = { first: null, live: null };
    await new Promise((resolve) => {
      const patience = setTimeout(resolve, PATIENCE);
      function shown(_, picture) {
        const since = picture.expectedDisplayTime - begin;
        seen.first ??= since;
        const drawn = bench.stamp(video);
        if (drawn !== undefined && performance.timeOrigin + picture.expectedDisplayTime - drawn < LIVE) {
          seen.live = since;
          clearTimeout(patience);
          resolve();
        } else {
          video.requestVideoFrameCallback(shown);
        }
      }
      video.requestVideoFrameCallback(shown);
    });
    await leave();
    return seen;
  }

  await join(); // the browser's own first time: its decoder is loaded
  const joins = [];
  for (let n = 0; n < times; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 10_000));
    joins.push(await join());
  }
  return { first: joins.map((seen) => seen.first), live: joins.map((seen) => seen.live) };
}
