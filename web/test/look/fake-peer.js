// @ts-nocheck: a stand-in has only what the player asks for.
// Runs in the page before everything else: an RTCPeerConnection whose media is drawn on a canvas,
// so that a page with a moving picture can be looked at without a hub. What it does stands in the
// answer: `a=fake:live` connects and plays, `a=fake:stuck` never connects.
(() => {
  const STARTED = performance.now();
  const DELAY = 84;

  function cells(time) {
    const bits = [];
    for (let bit = 43; bit >= 0; bit -= 1) bits.push(Math.floor(time / 2 ** bit) % 2);
    let sum = 0b1010;
    for (let nibble = 0; nibble < 11; nibble += 1) {
      sum ^= Number.parseInt(bits.slice(nibble * 4, nibble * 4 + 4).join(''), 2);
    }
    return [...bits, (sum >> 3) & 1, (sum >> 2) & 1, (sum >> 1) & 1, sum & 1];
  }

  function draw(context, at) {
    const { width, height } = context.canvas;
    const bars = ['#c0c0c0', '#c0c000', '#00c0c0', '#00c000', '#c000c0', '#c00000', '#0000c0'];
    bars.forEach((color, index) => {
      context.fillStyle = color;
      context.fillRect((index * width) / 7, 0, width / 7 + 1, height);
    });
    context.fillStyle = '#101418';
    context.fillRect(0, height * 0.72, width, height * 0.28);
    context.fillStyle = '#ffffff';
    context.fillRect(((at / 4) % (width + 80)) - 80, height * 0.72, 80, 10);
    context.font = `600 ${height * 0.11}px monospace`;
    context.textAlign = 'center';
    context.fillText('12:00:00.123', width / 2, height * 0.89);
    const drawn = cells(Math.round(performance.timeOrigin + at - DELAY));
    drawn.forEach((bit, index) => {
      context.fillStyle = bit ? '#ffffff' : '#000000';
      context.fillRect((index * width) / 48, 0, width / 48, (height * 64) / 720);
    });
  }

  function picture() {
    const canvas = document.createElement('canvas');
    canvas.width = 1280;
    canvas.height = 720;
    const context = canvas.getContext('2d');
    const loop = (at) => {
      draw(context, at);
      requestAnimationFrame(loop);
    };
    requestAnimationFrame(loop);
    return canvas.captureStream(30).getVideoTracks()[0];
  }

  class FakePeer {
    signalingState = 'stable';
    connectionState = 'new';
    localDescription = null;
    currentRemoteDescription = null;
    remoteDescription = null;
    addTransceiver = () => ({ receiver: {} });
    setConfiguration() {}
    async createOffer() {
      return { type: 'offer', sdp: 'v=0\r\na=fake' };
    }
    async setLocalDescription(description) {
      this.localDescription = description;
      this.signalingState = description.type === 'rollback' ? 'stable' : 'have-local-offer';
    }
    async setRemoteDescription(description) {
      this.remoteDescription = this.currentRemoteDescription = description;
      this.signalingState = 'stable';
      if (!description.sdp.includes('live') || this.track) return;
      this.track = picture();
      setTimeout(() => {
        this.connectionState = 'connected';
        this.onconnectionstatechange?.();
        this.ontrack?.({ track: this.track });
      }, 50);
    }
    async addIceCandidate() {}
    async getStats() {
      const seconds = (performance.now() - STARTED) / 1_000;
      const frames = Math.floor(seconds * 30);
      const video = {
        id: 'v',
        type: 'inbound-rtp',
        kind: 'video',
        timestamp: performance.timeOrigin + performance.now(),
        frameWidth: 1280,
        frameHeight: 720,
        codecId: 'c',
        framesDecoded: frames,
        framesReceived: frames,
        keyFramesDecoded: Math.floor(seconds),
        framesDropped: 0,
        freezeCount: 0,
        totalFreezesDuration: 0,
        packetsReceived: frames * 8,
        packetsLost: 0,
        bytesReceived: Math.floor(seconds * 266_000),
        jitter: 0.003,
        jitterBufferDelay: frames * 0.022,
        jitterBufferEmittedCount: frames,
        totalDecodeTime: frames * 0.004,
      };
      const rows = [
        video,
        { id: 'c', type: 'codec', mimeType: 'video/H264' },
        { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
        {
          id: 'p',
          type: 'candidate-pair',
          localCandidateId: 'l',
          remoteCandidateId: 'r',
          currentRoundTripTime: 0.002,
        },
        { id: 'l', type: 'local-candidate', protocol: 'udp', candidateType: 'host' },
        {
          id: 'r',
          type: 'remote-candidate',
          protocol: 'udp',
          candidateType: 'host',
          address: '192.168.1.5',
          port: 8189,
        },
      ];
      return this.track ? new Map(rows.map((row) => [row.id, row])) : new Map();
    }
    close() {
      this.track?.stop();
    }
  }
  globalThis.RTCPeerConnection = FakePeer;
})();
