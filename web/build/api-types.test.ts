import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { apiTypes } from './api-types.mjs';

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

it('the API’s types are those of the hub’s description (`npm run api` makes them)', async () => {
  expect(read('../src/api/hub.ts')).toBe(await apiTypes());
});

it('every request of the client’s is an operation of the hub’s', () => {
  const { paths } = JSON.parse(read('../../docs/openapi.json'));
  const client = read('../src/api/client.ts')
    .replaceAll('stream(name)', "'streams/{name}'")
    .replaceAll(/\$\{'(streams\/\{name\})'\}/g, '$1');
  const asked = [...client.matchAll(/request<[^(]*>\(\s*'(\w+)',\s*['`]([^'`?]+)/g)];
  expect(asked.length).toBeGreaterThan(15);
  for (const [, method = '', path = ''] of asked) {
    if (path.startsWith('settings')) continue; // not described yet
    const known = paths[`/api/v1/${path.replace(/\$\{.*\}$/, '{id}')}`];
    expect(known?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
  }
});
