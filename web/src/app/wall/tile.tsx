/**
 * One stream on the wall: picture, name, state. Has its size before its first frame. Still until
 * it is connected or, with a mouse, hovered over; plays only while it is in view.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Stream } from '../../api/types.ts';
import { still } from '../../player/stills.ts';
import { t, translate } from '../../strings/console.ts';
import { Icon, Mark } from '../parts/icon.tsx';
import { Player } from '../parts/player.tsx';
import { State, toneOf } from '../parts/state.tsx';
import { connect, connected } from './wall.ts';

/** A pointer on its way elsewhere starts nothing; milliseconds. */
const HOVER = 400;
/** And a short absence stops nothing; milliseconds. */
const ABSENCE = 800;

export function Tile({ stream, primary }: { readonly stream: Stream; readonly primary: boolean }) {
  const { name, page, state, stats } = stream;
  const isConnected = connected.value.has(name);
  const [hovered, hover] = useHover();
  const [element, inView] = useInView();
  const isPlaying = (isConnected || hovered) && inView;
  const tone = toneOf(stream);
  return (
    <article ref={element} class="tile" {...hover} data-stream={name} data-state={state.name}>
      <div class="picture">
        {isPlaying ? <Player src={page} muted controls={false} /> : <Still stream={stream} />}
        <a class="cover" href={page} tabIndex={-1}>
          <span class="only-read">{t('open-name', { name })}</span>
        </a>
      </div>
      <div class="caption">
        <div class="words">
          <h2>
            <a href={page}>{name}</a>
          </h2>
          <p class="quiet line">
            <State stream={stream} />
            {stats.watching > 0 && (
              <span class="watching">{t('watching', { count: stats.watching })}</span>
            )}
          </p>
        </div>
        <button
          type="button"
          class={`button ${primary && !isConnected ? 'primary' : ''}`}
          aria-label={t(isConnected ? 'disconnect-name' : 'connect-name', { name })}
          data-tone={tone}
          onClick={() => connect(name, !isConnected)}
        >
          <Icon name={isConnected ? 'stop' : 'play'} />
          <span>{t(isConnected ? 'disconnect' : 'connect')}</span>
        </button>
      </div>
    </article>
  );
}

/** What stands there while nothing plays: the last picture, or the reason, or the mark. */
function Still({ stream }: { readonly stream: Stream }) {
  const picture = still(`${location.origin}/${stream.name}`);
  const canvas = (element: HTMLCanvasElement | null) => {
    if (!element || !picture) return;
    element.width = picture.width;
    element.height = picture.height;
    element.getContext('2d')?.drawImage(picture, 0, 0);
  };
  const { problem } = stream.state;
  const [warning] = stream.warnings;
  const words = problem ?? warning;
  const ready = stream.state.name === 'idle' && stream.on_demand;
  return (
    <div class="still">
      {picture ? <canvas ref={canvas} class={problem ? 'dim' : ''} /> : <Mark />}
      {words && (
        <p class={`reason ${toneOf(stream)}`}>
          <span>{translate(words).title}</span>
        </p>
      )}
      {!words && ready && <p class="reason">{t('on-demand')}</p>}
    </div>
  );
}

function useHover() {
  const [hovered, setHovered] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const later = (value: boolean, wait: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHovered(value), wait);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const handlers = {
    onPointerEnter: (event: PointerEvent) => event.pointerType === 'mouse' && later(true, HOVER),
    onPointerLeave: () => later(false, ABSENCE),
  };
  return [hovered, handlers] as const;
}

function useInView() {
  const element = useRef<HTMLElement>(null);
  const [inView, setInView] = useState(true);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new IntersectionObserver(
      (entries) => setInView(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: '25%' },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, inView] as const;
}
