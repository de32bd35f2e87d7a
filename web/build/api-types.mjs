/**
 * The hub's bodies as TypeScript, from its own description (`docs/openapi.json`): `npm run api`
 * writes them, and a test says when they are stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const SOURCE = here('../../docs/openapi.json');
const TARGET = here('../src/api/hub.ts');

const HEAD = '/** Made from docs/openapi.json by `npm run api`: change the hub, not this. */';

/** Every body that the hub takes or gives. */
export async function apiTypes() {
  const text = readFileSync(SOURCE, 'utf8').replaceAll('#/components/schemas/', '#/definitions/');
  const { components } = JSON.parse(text);
  // Problems' codes come one by one, and to these pages each is a word.
  components.schemas.Code = { type: 'string' };
  const names = Object.keys(components.schemas);
  const root = {
    type: /** @type {const} */ ('object'),
    definitions: components.schemas,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/definitions/${name}` }])),
  };
  return compile(root, 'Bodies', {
    additionalProperties: false,
    bannerComment: HEAD,
    style: { singleQuote: true, printWidth: 100 },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, await apiTypes());
