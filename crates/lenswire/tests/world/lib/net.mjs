// Impairing the lab's network: nft rules in a table of our own.

import { execFileSync } from 'node:child_process';

const TABLE = 'inet world';
const nft = (rules) => execFileSync('nft', ['-f', '-'], { input: rules });

/** Drops `percent` of the UDP packets that come from `port` (the hub's media towards viewers). */
export function loss(port, percent) {
  // The hub hands the kernel whole bursts (GSO), and the loopback passes them on uncut:
  // the dice would be thrown per burst. A real network sees packets.
  execFileSync('ip', ['link', 'set', 'dev', 'lo', 'gso_max_segs', '1']);
  rule(`udp sport ${port} numgen random mod 100 < ${percent} counter drop`);
}

/** Drops all UDP to and from `port`, both ways. */
export function dropUdp(port) {
  rule(`udp sport ${port} counter drop`, `udp dport ${port} counter drop`);
}

/** Drops what matches any of these (`udp dport 8189`). */
export function drop(...matches) {
  rule(...matches.map((match) => `${match} counter drop`));
}

function rule(...rules) {
  restore();
  nft(`table ${TABLE} {\n chain in {\n type filter hook input priority 0;\n${rules.join('\n')}\n}\n}\n`);
}

/** Packets that the rules have dropped so far. */
export function dropped() {
  const shown = execFileSync('nft', ['list', 'table', ...TABLE.split(' ')], { encoding: 'utf8' });
  return [...shown.matchAll(/packets (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Ends all impairment. */
export function restore() {
  nft(`table ${TABLE} {}\ndelete table ${TABLE}`);
}
