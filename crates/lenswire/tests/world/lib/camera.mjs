// Cameras: real RTSP servers playing a clip, and hostile ones.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';

import { folder, LAB, PARTS } from './places.mjs';
import { Child } from './process.mjs';
import { until } from './until.mjs';

// The system's Python has the GStreamer bindings; one in PATH may not.
const PYTHON = '/usr/bin/python3';

/** A clip of this kind (parts/clip lists them), made when it is not there yet. */
export function clip(kind) {
  const file = `${folder('clips')}/${kind}.mkv`;
  if (!existsSync(file)) execFileSync(`${PARTS}clip`, [kind, file], { stdio: 'inherit' });
  return file;
}

/** Starts parts/camera.py. Options are its flags: { clip: 'gate', port, codec, audio, transport, user, password, auth }. */
export async function camera({ clip: kind = 'gate', ...flags } = {}) {
  const port = flags.port ?? 8554;
  const args = Object.entries({ ...flags, clip: clip(kind), port }).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const child = new Child(PYTHON, [`${PARTS}camera.py`, ...args]);
  await child.said(/^ready \d+/m);
  const who = flags.user ? `${flags.user}:${flags.password}@` : '';
  child.url = `rtsp://${who}${LAB}:${port}/cam`;
  return child;
}

/** Starts parts/hostile_camera.py in a mode that it lists. */
export async function hostile(mode, port = 8555, ...flags) {
  const child = new Child(PYTHON, [`${PARTS}hostile_camera.py`, mode, '--port', String(port), ...flags]);
  await child.said(/^ready \d+/m);
  child.url = `rtsp://${LAB}:${port}/cam`;
  return child;
}

/** VLC as a camera: RTSP over UDP only (461 for TCP), Basic only. It must not run as root. */
export async function vlc({ clip: kind = 'gate', port = 8556, user = 'admin', password = 'secret' } = {}) {
  const serve = `#rtp{sdp=rtsp://:${port}/cam}`;
  const args = [
    '--intf', 'dummy', '--no-audio', '--loop', '--sout-keep', '--sout', serve,
    '--sout-rtsp-user', user, '--sout-rtsp-pwd', password, clip(kind),
  ];
  const [command, ...before] = asSomebodyElse();
  const child = new Child(command, [...before, 'cvlc', ...args], { env: { ...process.env, HOME: folder('vlc') } });
  child.url = `rtsp://${user}:${password}@${LAB}:${port}/cam`;
  await until('VLC serves', () => describes(port), 20_000);
  return child;
}

/** What runs a command as a user who is not root: a user namespace, or, where those are refused, nobody. */
function asSomebodyElse() {
  const inNamespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  const [command, ...args] = inNamespace;
  if (spawnSync(command, [...args, 'true']).status === 0) return inNamespace;
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
}

/** Whether something at this port answers RTSP. */
async function describes(port) {
  return new Promise((done, fail) => {
    const socket = connect(port, LAB, () => socket.write(`OPTIONS rtsp://${LAB}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n`));
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer')));
    socket.on('error', fail);
    socket.on('data', (data) => {
      socket.destroy();
      done(String(data).startsWith('RTSP/1.0'));
    });
  });
}
