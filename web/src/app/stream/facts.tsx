/** What is known of a stream: the player's numbers and the hub's. */
import type { Stream, Substream, Track } from '../../api/types.ts';
import * as format from '../../format.ts';
import type { Stats } from '../../player/index.ts';
import { path, picture } from '../../player/numbers.ts';
import { plays } from '../../player/peer.ts';
import { language, t } from '../../strings/console.ts';
import { Icon } from '../parts/icon.tsx';
import { type Fact, Facts } from '../parts/stat.tsx';
import { State } from '../parts/state.tsx';

interface NowProps {
  readonly stream: Stream | undefined;
  readonly stats: Stats;
}

/** The panel beside the picture. */
export function Now({ stream, stats }: NowProps) {
  const lang = language.value;
  const facts: (Fact | undefined)[] = [
    stream && { name: t('fact-state'), value: <State stream={stream} /> },
    { name: t('fact-delay'), value: format.millis(stats.delay, t, lang) },
    { name: t('fact-frames'), value: format.frames(stats.framesPerSecond, t, lang) },
    { name: t('fact-bitrate'), value: format.rate(stats.bitrate, t, lang) },
    { name: t('fact-loss'), value: format.percent(stats.loss, t, lang) },
    { name: t('fact-picture'), value: picture(stats) },
    { name: t('fact-path'), value: path(stats) },
    stream && { name: t('fact-watching'), value: String(stream.stats.watching) },
  ];
  return (
    <section class="panel">
      <h2>{t('now')}</h2>
      <Facts facts={facts.filter((fact) => fact !== undefined)} />
    </section>
  );
}

/** What comes from the camera, and what of it this browser plays. */
export function Sends({ stream }: { readonly stream: Stream }) {
  const { tracks, stats } = stream;
  const lang = language.value;
  return (
    <section class="panel">
      <h2>{t('sends')}</h2>
      {tracks.length === 0 ? (
        <p class="quiet">{t('track-none')}</p>
      ) : (
        <>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('track-kind')}</th>
                <th scope="col">{t('track-codec')}</th>
                <th scope="col">{t('track-format')}</th>
                <th scope="col">{t('track-browser')}</th>
              </tr>
            </thead>
            <tbody>
              {tracks.map((track, index) => (
                <TrackRow key={index} track={track} />
              ))}
            </tbody>
          </table>
          <Facts
            facts={[
              { name: t('fact-bitrate'), value: format.rate(stats.bitrate_bps, t, lang) },
              { name: t('fact-frames'), value: format.frames(stats.frames_per_second, t, lang) },
              {
                name: t('fact-keyframes'),
                value: interval(stats.keyframe_interval_ms ?? undefined),
              },
              {
                name: t('fact-lost'),
                value: t('fact-lost-packets', { count: stats.lost_packets }),
              },
              { name: t('fact-reconnects'), value: String(stats.reconnects) },
            ]}
          />
        </>
      )}
    </section>
  );
}

function interval(ms: number | undefined): string {
  if (ms === undefined) return format.UNKNOWN;
  return t('unit-seconds', { n: format.decimal(ms / 1_000, 1, language.value) });
}

function TrackRow({ track }: { readonly track: Track }) {
  const known = plays(track.kind, track.codec);
  return (
    <tr>
      <td>{t(`track-${track.kind}`)}</td>
      <td>
        {format.codecName(track.codec)}{' '}
        {track.converted_from && (
          <span class="quiet">
            {t('track-converted', { codec: format.codecName(track.converted_from.codec) })}
          </span>
        )}
        {track.profile && (
          <span class="quiet">{format.profileName(track.codec, track.profile)}</span>
        )}
      </td>
      <td>{formatOf(track)}</td>
      <td class={known ? 'good' : 'bad'}>
        {known && <Icon name="check" />} {t(known ? 'track-plays' : 'track-plays-not')}
      </td>
    </tr>
  );
}

export function formatOf({ kind, width, height, clock_rate, channels }: Track): string {
  if (kind === 'video') return width && height ? `${width}×${height}` : format.UNKNOWN;
  const rate = t('track-hertz', { rate: format.decimal(clock_rate / 1_000, 0, language.value) });
  if (channels === undefined) return rate;
  return `${rate} ${t(channels > 1 ? 'track-stereo' : 'track-mono')}`;
}

/** The smaller picture: what it is, and in which state. */
function small({ source, state, tracks }: Substream) {
  const video = tracks.find(({ kind }) => kind === 'video');
  return (
    <>
      <span class="mono wrap">{source.url ?? t(`source-${source.kind}`)}</span>{' '}
      <span class="quiet">
        {t(`stream-${state.name}`)} {video && formatOf(video)}
      </span>
    </>
  );
}

/** How the camera is set up; administrators see it. */
export function Camera({ stream }: { readonly stream: Stream }) {
  const { source, substream, transport, viewers, on_demand } = stream;
  const address = <span class="mono wrap">{source.url}</span>;
  const from = source.kind === 'rtsp' ? address : t(`source-${source.kind}`);
  return (
    <section class="panel">
      <h2>{t('details')}</h2>
      <Facts
        facts={[
          { name: t('fact-source'), value: from },
          ...(substream ? [{ name: t('fact-substream'), value: small(substream) }] : []),
          ...(source.kind === 'rtsp'
            ? [{ name: t('fact-transport'), value: t(`transport-${transport}`) }]
            : []),
          { name: t('fact-viewers'), value: t(`viewers-${viewers}`) },
          { name: t('fact-on-demand'), value: t(on_demand ? 'runs-on-demand' : 'runs-always') },
        ]}
      />
    </section>
  );
}
