// coturn: a relay with one static user, on the lab's address.

import { folder, LAB } from './places.mjs';
import { Child } from './process.mjs';

export const TURN_PORT = 3478;
const [USER, PASSWORD] = ['viewer', 'relayed'];

/** What a page's RTCPeerConnection is given: nothing but the relay may be used. */
export const RELAY_ONLY = {
  iceServers: [{ urls: `turn:${LAB}:${TURN_PORT}?transport=udp`, username: USER, credential: PASSWORD }],
  iceTransportPolicy: 'relay',
};

export async function turn() {
  const child = new Child('turnserver', [
    '-n', '--listening-ip', LAB, '--relay-ip', LAB, '--listening-port', String(TURN_PORT),
    '--lt-cred-mech', '--realm', 'lab', '--user', `${USER}:${PASSWORD}`,
    '--no-tls', '--no-dtls', '--no-cli', '--log-file', 'stdout', '--simple-log', '--verbose',
    '--pidfile', `${folder('turn')}/pid`, '--userdb', `${folder('turn')}/db`,
  ]);
  await child.said(/Total.*relay threads|turn server id/i).catch(() => child.said(/IPv4\. UDP listener opened/));
  return child;
}
