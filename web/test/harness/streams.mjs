/** The mock's cameras: one for each state a stream can be in. */

const ago = (/** @type {number} */ seconds) => new Date(Date.now() - seconds * 1_000).toISOString();
const HOUR = 3_600;

const VIDEO = {
  kind: 'video',
  codec: 'h264',
  profile: 'High',
  width: 1280,
  height: 720,
  clock_rate: 90_000,
};
const OPUS = { kind: 'audio', codec: 'opus', clock_rate: 48_000, channels: 2 };
const QUIET = {
  bitrate_bps: 0,
  frames_per_second: 0,
  keyframe_interval_ms: null,
  lost_packets: 0,
  reconnects: 0,
  watching: 0,
};
const BUSY = {
  bitrate_bps: 2_130_000,
  frames_per_second: 30,
  keyframe_interval_ms: 1_000,
  lost_packets: 3,
  reconnects: 1,
  watching: 3,
};

/** @param {string} code @param {string} title @param {string} detail @param {string} fix */
export const problem = (code, title, detail, fix) => ({
  type: 'about:blank',
  title,
  status: 502,
  code,
  detail,
  fix,
});

export const WRONG_PASSWORD = problem(
  'camera_wrong_password',
  'Wrong password',
  'The camera answered "401 Unauthorized" to user admin.',
  "Check the user and password in the camera's web page. Some cameras have a separate RTSP password.",
);
const STALLED = problem(
  'camera_stalled',
  'The camera stopped sending',
  'No picture for 7 s, while the connection stands.',
  "Lenswire reconnects by itself. When it happens often, check the camera's network cable or Wi-Fi.",
);
const UNKNOWN_NAME = problem(
  'camera_dns_failed',
  "The camera's name is unknown",
  'There is no address for roof-cam.lan.',
  "Check the host name in the camera's address, or use its IP address.",
);
export const B_FRAMES = problem(
  'b_frames',
  'The camera sends B-frames, which browsers cannot play live',
  'Pictures arrive out of order: two B-frames stand between P-frames.',
  "Set the camera's H.264 profile to Baseline or Main without B-frames (often called Smart Codec or H.264+).",
);

/** @param {string} name @param {object} state @param {object} [more] */
const stream = (name, state, more = {}) => ({
  name,
  page: `/${name}`,
  source: { kind: 'rtsp', url: `rtsp://***@192.168.1.20/${name}`, has_password: true },
  transport: 'auto',
  on_demand: false,
  viewers: 'grant',
  delay_limit_ms: null,
  state,
  warnings: [],
  tracks: [VIDEO, OPUS],
  stats: QUIET,
  ...more,
});

export const streams = () => [
  stream(
    'demo',
    { name: 'live', since: ago(2 * HOUR + 400) },
    {
      source: { kind: 'demo', has_password: false },
      viewers: 'anyone',
      stats: BUSY,
    },
  ),
  stream('gate', { name: 'live', since: ago(3 * 86_400) }, { stats: { ...BUSY, watching: 1 } }),
  stream(
    'yard',
    { name: 'live', since: ago(25 * 60) },
    { stats: { ...BUSY, watching: 0 }, warnings: [B_FRAMES] },
  ),
  stream('door', { name: 'retrying', since: ago(95), retry_at: ago(-12), problem: WRONG_PASSWORD }),
  stream('barn', { name: 'idle', since: ago(5 * HOUR) }, { on_demand: true, tracks: [] }),
  stream('site/hall', { name: 'stalled', since: ago(7), problem: STALLED }, { stats: BUSY }),
  stream('lobby', { name: 'connecting', since: ago(1) }, { tracks: [] }),
  stream('roof', { name: 'parked', since: ago(2 * 86_400), problem: UNKNOWN_NAME }, { tracks: [] }),
  stream(
    'hevc',
    { name: 'live', since: ago(50) },
    { tracks: [{ ...VIDEO, codec: 'h265', profile: 'Main' }] },
  ),
];
