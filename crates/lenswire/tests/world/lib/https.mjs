// Certificates for proxies, and asking over HTTPS what a browser would not show.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

import { folder } from './places.mjs';

/** A certificate of its own for a name: { cert, key } files, and the flag by which Chromium takes it. */
export function certificate(name) {
  const made = mkdtempSync(`${folder('certificates')}/`);
  const [cert, key] = [`${made}/cert.pem`, `${made}/key.pem`];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const spki = execFileSync('bash', ['-c', `openssl x509 -in ${cert} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`], { encoding: 'utf8' });
  return { cert, key, flag: `--ignore-certificate-errors-spki-list=${spki.trim()}` };
}

/** One GET without following anything: { status, headers, body }. `ca` is a PEM text to trust. */
export function get(url, { ca, headers } = {}) {
  const ask = url.startsWith('https:') ? encrypted : plain;
  return new Promise((resolve, reject) => {
    const asked = ask(url, { ca, headers, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

/** Lets a browser profile trust a certificate authority, as a person does in its settings (NSS). */
export function trust(home, pem) {
  const db = `${home}/.pki/nssdb`;
  execFileSync('mkdir', ['-p', db]);
  execFileSync('certutil', ['-d', `sql:${db}`, '-N', '--empty-password']);
  const file = `${db}/authority.pem`;
  writeFileSync(file, pem);
  execFileSync('certutil', ['-d', `sql:${db}`, '-A', '-t', 'C,,', '-n', 'lenswire', '-i', file]);
}
