/** What a camera sends, and who can play it. */
import type { Plays, ProbedTrack, Receiver } from '../../api/types.ts';
import * as format from '../../format.ts';
import { language, t } from '../../strings/console.ts';
import { Icon } from '../parts/icon.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { formatOf } from '../stream/facts.tsx';

const RECEIVERS: readonly Receiver[] = ['chrome', 'safari', 'firefox', 'rtsp'];

export function Tracks({ tracks }: { readonly tracks: readonly ProbedTrack[] }) {
  const reasons = [...new Set(tracks.flatMap(reasonsOf))];
  return (
    <>
      <Scroll label={t('add-sends')}>
        <table class="tracks">
          <thead>
            <tr>
              <th scope="col">{t('track-kind')}</th>
              {RECEIVERS.map((receiver) => (
                <th key={receiver} scope="col">
                  {t(`receiver-${receiver}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tracks.map((track, index) => (
              <tr key={index}>
                <th scope="row">
                  {t(`track-${track.kind}`)} {format.codecName(track.codec)}
                  <span class="quiet small block">{more(track)}</span>
                </th>
                {RECEIVERS.map((receiver) => (
                  <Verdict key={receiver} plays={track.plays[receiver]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {reasons.map((reason) => (
        <p key={reason} class="quiet small">
          {wordsOf(reason)}
        </p>
      ))}
    </>
  );
}

/** What else is known of a track: its size, frames and keyframes. */
function more(track: ProbedTrack): string {
  const { frames_per_second: rate, keyframe_interval_ms: interval } = track;
  const seconds = interval && format.decimal(interval / 1_000, 1, language.value);
  return [
    formatOf(track),
    ...(rate ? [format.frames(rate, t, language.value)] : []),
    ...(seconds ? [t('track-keyframes', { time: t('unit-seconds', { n: seconds }) })] : []),
  ].join(', ');
}

const reasonsOf = ({ plays }: ProbedTrack): string[] =>
  RECEIVERS.map((receiver) => plays[receiver]?.reason).filter((one) => one !== undefined);

/** A reason in words; one that these pages do not know yet as the hub's code. */
function wordsOf(reason: string): string {
  const words = t(`plays-reason-${reason}`);
  return words.startsWith('plays-reason-') ? reason : words;
}

const LOOKS = {
  yes: ['good', 'check'],
  audio_converted: ['good', 'check'],
  maybe: ['doubt', 'skip'],
  no: ['bad', 'cross'],
} as const;

function Verdict({ plays }: { readonly plays: Plays | undefined }) {
  if (!plays) return <td class="quiet">{format.UNKNOWN}</td>;
  const { verdict, reason } = plays;
  const [tone, icon] = LOOKS[verdict];
  return (
    <td class={tone} title={reason && wordsOf(reason)}>
      <Icon name={icon} /> {t(`plays-${verdict}`)}
    </td>
  );
}
