/** The mock's answers beside the streams themselves: sessions, history, curves, log, tokens, settings, probe. */
import { B_FRAMES, streams, WRONG_PASSWORD } from './streams.mjs';

const ago = (/** @type {number} */ seconds) => new Date(Date.now() - seconds * 1_000).toISOString();
const HOUR = 3_600;
const inSeconds = (/** @type {number} */ seconds) => Math.floor(Date.now() / 1_000) + seconds;

/** @param {string} stream */
const session = (stream, /** @type {object} */ more) => ({
  id: `${stream}-1`,
  stream,
  since: ago(340),
  state: 'connected',
  showing: 'live',
  transport: 'udp',
  remote: '192.168.1.31:51514',
  codec: ['h264', 'opus'],
  bitrate_bps: 2_130_000,
  rtt_ms: 1.6,
  loss_ratio: 0,
  delay_ms: 84,
  layer: 0,
  warnings: [],
  ...more,
});

const LATE = {
  code: 'viewer_delayed',
  title: 'The picture is late',
  fix: 'Use a better connection or a smaller picture.',
};

const sessions = () => [
  session('demo', {}),
  session('demo', {
    id: 'demo-2',
    since: ago(5 * HOUR),
    transport: 'tcp',
    remote: '[fd09::2]:40044',
    loss_ratio: 0.021,
    delay_ms: 1_240,
    bitrate_bps: 640_000,
    warnings: [LATE],
  }),
  session('gate', {}),
];

const history = () => [
  { at: ago(2 * HOUR + 400), state: 'live' },
  { at: ago(2 * HOUR + 460), state: 'retrying', problem: WRONG_PASSWORD },
  { at: ago(9 * HOUR), state: 'live' },
  { at: ago(9 * HOUR + 2), state: 'connecting' },
  { at: ago(14 * HOUR), state: 'idle' },
  { at: ago(20 * HOUR), state: 'live' },
];

/** @param {string | null} span */
function curves(span) {
  const step = span === '24h' ? 300_000 : 5_000;
  const count = span === '24h' ? 288 : 120;
  const wave = (/** @type {number} */ middle, /** @type {number} */ swing, gap = true) =>
    Array.from({ length: count }, (_, at) =>
      gap && at > count * 0.6 && at < count * 0.66
        ? null
        : middle + swing * Math.sin(at / 7) + swing * 0.4 * Math.sin(at / 2.3),
    );
  return {
    step_ms: step,
    from: ago((step * count) / 1_000),
    bitrate_bps: wave(2_100_000, 300_000),
    frames_per_second: wave(30, 0.3),
    lost_ratio: wave(0.002, 0.002).map((value) => value && Math.max(0, value)),
    delay_ms: wave(85, 12),
    watching: wave(3, 0),
  };
}

/** @param {number} id @param {string} level @param {string} message @param {object} fields */
const line = (id, level, message, fields = {}) => ({
  id,
  at: ago(id * 7),
  level,
  target: 'lenswire_hub::supervise',
  message,
  fields,
});

export const log = () => [
  line(1, 'info', 'the stream is live', { stream: 'demo', attempt: 1 }),
  line(2, 'warn', 'the camera refused the password', {
    stream: 'door',
    url: 'rtsp://***@192.168.1.20/door',
    code: 'camera_wrong_password',
  }),
  line(3, 'error', 'the store is locked', { path: '/var/lib/lenswire/lenswire.db' }),
  line(4, 'info', 'a viewer has joined', { stream: 'demo', session: 'demo-1' }),
  line(5, 'info', 'Lenswire 0.1.0 serves at http://127.0.0.1:8080'),
];

const tokens = () => [
  {
    id: 't1',
    name: 'Grandma',
    streams: ['gate'],
    scope: ['watch'],
    kind: 'grant',
    created_at: inSeconds(-HOUR),
    expires_at: inSeconds(6.4 * 24 * HOUR),
    guest: true,
  },
  {
    id: 't2',
    name: 'Home Assistant',
    streams: ['*'],
    scope: ['watch'],
    kind: 'grant',
    created_at: inSeconds(-HOUR),
    expires_at: inSeconds(200 * 24 * HOUR),
    guest: false,
  },
  {
    id: 't3',
    name: 'Stage phones',
    streams: ['phones/*'],
    scope: ['publish'],
    kind: 'grant',
    created_at: inSeconds(-9 * HOUR),
    expires_at: inSeconds(-HOUR),
    guest: false,
  },
];

/** @param {string} key @param {string} kind @param {unknown} value @param {object} [more] */
const setting = (key, kind, value, more = {}) => ({
  key,
  kind,
  value,
  default: null,
  from: 'default',
  restart: true,
  about: 'What it is for stands here, in a sentence.',
  ...more,
});

const settings = () => [
  setting('listen', 'address', '0.0.0.0:8443', { from: 'flag', set_by: '--listen' }),
  setting('public_url', 'url', 'https://cameras.example.org', {
    from: 'file',
    restart: false,
  }),
  setting('insecure_http', 'boolean', false),
  setting('trusted_proxies', 'networks', ['127.0.0.1', '10.0.0.0/8'], { from: 'file' }),
  setting('ice_servers', 'ice_servers', [{ urls: ['stun:a'], has_secret: true }]),
  setting('media.port', 'number', 8189),
  setting('media.addresses', 'addresses', [], {
    from: 'environment',
    set_by: 'LENSWIRE__MEDIA__ADDRESSES',
  }),
  setting('media.ice', 'choice', 'full', { choices: ['full', 'lite'] }),
  setting('log.level', 'choice', 'info', { choices: ['error', 'warn', 'info', 'debug'] }),
];

export const DIFF = `--- lenswire.yaml
+++ lenswire.yaml
@@ -12,5 +12,5 @@
 # Where the media goes.
 media:
-  port: 8189
+  port: 9000
   ice: full
`;

const yes = { verdict: 'yes' };

/** @param {string} source */
export function probed(source) {
  const wrong = source.includes('wrong');
  const step = (/** @type {string} */ name, state = 'done', detail = '', ms = 12) => ({
    name,
    state,
    ms,
    ...(detail && { detail }),
  });
  if (wrong) {
    return {
      steps: [
        step('name', 'done', '192.168.1.20'),
        step('port', 'done', '554'),
        step('rtsp'),
        step('login', 'failed', 'The camera answered "401 Unauthorized" to user admin.'),
        ...['describe', 'setup', 'packets', 'keyframe'].map((name) => step(name, 'skipped', '', 0)),
      ],
      tracks: [],
      warnings: [],
      problem: WRONG_PASSWORD,
    };
  }
  const [demo] = streams();
  const [video, audio] = demo?.tracks ?? [];
  const converted = {
    verdict: 'audio_converted',
    reason: 'opus',
  };
  return {
    steps: [
      step('name', 'done', '192.168.1.20'),
      step('port', 'done', '554'),
      step('rtsp'),
      step('login', 'done', 'Digest'),
      step('describe', 'done', 'H264, AAC'),
      step('setup', 'done', 'TCP'),
      step('packets'),
      step('keyframe', 'done', 'after 1.2 s', 1_240),
    ],
    tracks: [
      { ...video, plays: { chrome: yes, safari: yes, firefox: yes, rtsp: yes } },
      {
        ...audio,
        codec: 'aac',
        plays: { chrome: converted, safari: converted, firefox: converted, rtsp: yes },
      },
    ],
    warnings: source.includes('warn') ? [B_FRAMES] : [],
  };
}

/** @param {string} method @param {URL} url @param {any} body @returns {[number, unknown] | undefined} */
export function more(method, url, body) {
  const items = (/** @type {unknown[]} */ list) =>
    /** @type {[number, unknown]} */ ([200, { items: list }]);
  const path = url.pathname.replace('/api/v1/', '');
  if (method === 'DELETE') return [204, undefined];
  if (path.endsWith('/history')) return items(history());
  if (path.endsWith('/stats')) return [200, curves(url.searchParams.get('span'))];
  switch (path) {
    case 'sessions':
      return items(sessions());
    case 'log':
      return items(log());
    case 'tokens':
      if (method === 'GET') return items(tokens());
      return [
        201,
        {
          ...body,
          id: 't9',
          token: 'lw1_7Jw3kQx9vTzR2mNbY5sLcFhPdGqA8eUo',
          ...(body.guest && {
            url: `/${body.streams[0]}#token=lw1_7Jw3kQx9vTzR2mNbY5sLcFhPdGqA8eUo`,
          }),
        },
      ];
    case 'settings':
      if (method === 'GET')
        return [200, { file: '/etc/lenswire/lenswire.yaml', writable: true, items: settings() }];
      return [200, { diff: DIFF, restarts: ['media.port'], streams_restarted: ['gate', 'yard'] }];
    default:
      return undefined;
  }
}
