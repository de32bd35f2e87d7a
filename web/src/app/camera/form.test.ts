import { describe, expect, it } from 'vitest';
import { EMPTY, guessSubstream, isAddress, isLimit, patchOf, suggestName } from './form.ts';

describe('a camera’s form', () => {
  it('tells the hub only what was changed', () => {
    const before = { ...EMPTY, delayLimit: '1000' };
    expect(patchOf(before, before)).toEqual({});
    expect(patchOf(before, { ...before, source: ' rtsp://a/b ', onDemand: true })).toEqual({
      source: 'rtsp://a/b',
      on_demand: true,
    });
    expect(patchOf(before, { ...before, delayLimit: '' })).toEqual({ delay_limit: null });
    expect(patchOf(before, { ...before, delayLimit: '500' })).toEqual({ delay_limit: '500ms' });
    const both = { ...before, substream: 'rtsp://a/c', dropSubstream: true };
    expect(patchOf(before, both)).toEqual({ substream: null });
    expect(patchOf(before, { ...both, dropSubstream: false })).toEqual({ substream: 'rtsp://a/c' });
  });

  it('knows an address and a limit when it sees one', () => {
    for (const good of ['rtsp://10.0.0.2/a', 'RTSPS://u:p@cam.lan:322', 'demo', ' rtsp://a '])
      expect(isAddress(good), good).toBe(true);
    for (const bad of ['', 'http://a', 'rtsp://', 'rtsp:// a', '10.0.0.2', 'demos'])
      expect(isAddress(bad), bad).toBe(false);
    expect([isLimit(''), isLimit('250'), isLimit('-1'), isLimit('1.5'), isLimit('1s')]).toEqual([
      ...[true, true],
      ...[false, false, false],
    ]);
  });

  it('suggests a name that is free', () => {
    expect(suggestName('rtsp://u:p@gate-cam.lan:554/x', [])).toBe('gate-cam');
    expect(suggestName('rtsp://u:p@192.168.1.20/x', [])).toBe('camera');
    expect(suggestName('rtsp://192.168.1.20/x', ['camera', 'camera-2'])).toBe('camera-3');
    expect(suggestName('rtsp://[fe80::1]/x', [])).toBe('camera');
    expect(suggestName('rtsp://Ünï/x', [])).toBe('n');
    expect(suggestName('nonsense', [])).toBe('camera');
  });

  it('guesses the smaller picture of known makes, and of no other', () => {
    expect(guessSubstream('rtsp://u:p@h/Streaming/Channels/101')).toBe(
      'rtsp://u:p@h/Streaming/Channels/102',
    );
    expect(guessSubstream('rtsp://h/cam/realmonitor?channel=1&subtype=0')).toBe(
      'rtsp://h/cam/realmonitor?channel=1&subtype=1',
    );
    expect(guessSubstream('rtsp://h/h264Preview_01_main')).toBe('rtsp://h/h264Preview_01_sub');
    expect(guessSubstream('rtsp://h/stream1')).toBe('rtsp://h/stream2');
    expect(guessSubstream('rtsp://h/axis-media/media.amp')).toBeUndefined();
  });
});
