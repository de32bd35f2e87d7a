import { beforeAll, describe, expect, it, vi } from 'vitest';
import { taken } from './load.ts';

let parse: typeof import('./route.ts').parse;
beforeAll(async () => {
  vi.stubGlobal('location', { pathname: '/', search: '' });
  ({ parse } = await import('./route.ts'));
});

describe('an address', () => {
  it('is a page or a stream’s name', () => {
    expect(parse('/', '')).toEqual({ page: 'streams' });
    expect(parse('/claim', '')).toEqual({ page: 'claim' });
    for (const page of ['add', 'access', 'settings', 'log']) {
      expect(parse(`/${page}`, '')).toEqual({ page });
    }
    expect(parse('/gate', '?edit')).toEqual({ page: 'edit', name: 'gate' });
    expect(parse('/site/hall_2/cam-1', '')).toEqual({ page: 'stream', name: 'site/hall_2/cam-1' });
    for (const strange of ['/No', '/a//b', '/a/', '/-a', '/a/b/c/d/e', '/%2e', '/..', '/a.b']) {
      expect(parse(strange, ''), strange).toEqual({ page: 'missing', path: strange });
    }
  });

  it('never leads from the log-in to another site', () => {
    const to = (value: string) => parse('/login', `?to=${encodeURIComponent(value)}`);
    expect(to('/gate?x')).toEqual({ page: 'login', to: '/gate?x' });
    for (const foreign of [
      '//evil.test',
      '/\\evil.test',
      'https://evil.test',
      'javascript:1',
      '',
    ]) {
      expect(to(foreign), foreign).toEqual({ page: 'login', to: '/' });
    }
  });
});

describe('what was loaded', () => {
  it('stays when the hub falls silent, and goes when it says no', () => {
    const first = taken({ silent: false }, { kind: 'ok', body: 1, etag: undefined }, 100);
    expect(first).toEqual({ body: 1, at: 100, silent: false });
    const silent = taken(first, { kind: 'silence' }, 200);
    expect(silent).toEqual({ body: 1, at: 100, silent: true });
    const problem = { code: 'unauthorized', title: 'Not signed in' };
    expect(taken(silent, { kind: 'problem', problem, status: 401 }, 300)).toEqual({
      problem,
      silent: false,
    });
  });
});
