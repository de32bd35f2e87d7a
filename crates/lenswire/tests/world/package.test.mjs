// The Debian package as a stranger meets it: built of the binary under test, installed by dpkg into a
// throw-away copy of this system (an overlay, so nothing of it stays), looked at, run, removed.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';

import { BINARY, folder, ROOT } from './lib/places.mjs';
import { Child } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const UNIT = `${ROOT}deploy/lenswire.service`;

let deb;

before(() => {
  const made = execFileSync(`${ROOT}tools/package`, [BINARY], { encoding: 'utf8' });
  deb = made.trim().split('\n').pop();
}, { timeout: 280_000 });

/** Runs a script as root of a throw-away copy of this system, in which the package is at /tmp/lenswire.deb. */
function inside(script) {
  const root = folder('package');
  const set = `
    mount -t tmpfs tmpfs ${root}
    mkdir ${root}/upper ${root}/work ${root}/system
    mount -t overlay overlay -o lowerdir=/,upperdir=${root}/upper,workdir=${root}/work ${root}/system
    mount -t proc proc ${root}/system/proc
    printf '#!/bin/sh\\nexit 101\\n' > ${root}/system/usr/sbin/policy-rc.d
    chmod +x ${root}/system/usr/sbin/policy-rc.d
    cp ${deb} ${root}/system/tmp/lenswire.deb
    exec chroot ${root}/system bash -euc "$1"`;
  return new Child('unshare', ['--mount', '--pid', '--fork', 'bash', '-euc', set, 'inside', script]);
}

test('requirement 89: the package installs, its service user and state are its own, and it goes without a trace', async () => {
  const child = inside(`
    dpkg -i /tmp/lenswire.deb
    id lenswire
    dpkg-query -W -f '\${Conffiles}' lenswire
    stat -c '%a %U %n' /usr/bin/lenswire /etc/default/lenswire
    systemctl --root=/ is-enabled lenswire.service
    mkdir -m 700 /var/lib/lenswire && chown lenswire: /var/lib/lenswire
    touch /var/lib/lenswire/lenswire.yaml
    dpkg -r lenswire
    test -e /var/lib/lenswire/lenswire.yaml && echo 'kept after remove'
    dpkg -P lenswire
    test ! -e /var/lib/lenswire && echo 'gone after purge'
    test ! -e /etc/default/lenswire && echo 'conffile gone'
  `);
  await child.exited;
  assert.equal(child.process.exitCode, 0, child.output);
  assert.match(child.output, /uid=\d+\(lenswire\)/);
  assert.match(child.output, /\/etc\/default\/lenswire [0-9a-f]{32}/);
  assert.match(child.output, /755 root \/usr\/bin\/lenswire\n640 root \/etc\/default\/lenswire\nenabled/);
  assert.match(child.output, /kept after remove[\s\S]*gone after purge\nconffile gone/);
});

test('requirement 89: the installed binary runs as the unit runs it: its user, its folder, nothing else writable', async () => {
  const child = inside(`
    dpkg -i /tmp/lenswire.deb
    install -d -m 700 -o lenswire /var/lib/lenswire
    export LENSWIRE_DATA=/var/lib/lenswire
    exec setpriv --reuid lenswire --regid lenswire --clear-groups --no-new-privs --bounding-set=-all lenswire serve
  `);
  try {
    await child.said(/Lenswire is ready/, 60_000);
    const page = await until('it answers', () => fetch('http://127.0.0.1:8080/healthz'));
    assert.equal(page.status, 200);
    const health = spawnSync(BINARY, ['health'], { encoding: 'utf8', env: { ...process.env, LENSWIRE_DATA: folder('nobody') } });
    assert.equal(health.status, 0, health.stderr);
    assert.match(child.output, /claim link is in this file/);
    assert.ok(!/claim#/.test(child.output), 'the journal holds no secret');
  } finally {
    await child.kill();
  }
});

test('requirement 89: the unit is right and shut in (systemd-analyze: at most 2.0)', () => {
  const unit = readFileSync(UNIT, 'utf8');
  assert.match(unit, /ExecStart=\/usr\/bin\/lenswire serve/);
  const shown = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', UNIT], { encoding: 'utf8' });
  assert.equal(shown.status, 0, shown.stdout.split('\n').slice(-3).join('\n') + shown.stderr);
  const verified = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
  // The one thing that is missing here: the binary is not installed on this machine.
  const complaints = verified.stderr.split('\n').filter((line) => line && !/usr\/bin\/lenswire is not executable|Man page/.test(line));
  assert.deepEqual(complaints, []);
});

test('requirement 89: lintian finds no error', () => {
  const shown = spawnSync('lintian', ['--fail-on', 'error', '--tag-display-limit', '0', deb], { encoding: 'utf8' });
  assert.equal(shown.status, 0, shown.stdout + shown.stderr);
});
