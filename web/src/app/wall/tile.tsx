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
import { guestToken } from '../state/guest.ts';
import { useSnapshot } from './snapshot.ts';
import { connect, connected } from './wall.ts';

/** A pointer on its way elsewhere starts nothing; milliseconds. */
const HOVER = 400;
/** And a short absence stops nothing; milliseconds. */
const ABSENCE = 800;

interface Props {
  readonly stream: Stream;
  readonly primary: boolean;
  /** Puts a tile, by its name, in this one's place. */
  readonly onPlace?: (name: string) => void;
  /** Moves this tile by so many places. */
  readonly onMove?: (by: number) => void;
}

export function Tile({ stream, primary, onPlace, onMove }: Props) {
  const { name, page, state, stats } = stream;
  const isConnected = connected.value.has(name);
  const [hovered, hover] = useHover();
  const [element, inView] = useInView();
  const isPlaying = (isConnected || hovered) && inView;
  const move = (event: KeyboardEvent) => {
    const by = { '[': -1, ']': 1 }[event.key];
    if (by !== undefined) onMove?.(by);
  };
  return (
    <article
      ref={element}
      class="tile"
      {...hover}
      {...(onPlace && draggable(name, onPlace))}
      data-stream={name}
      data-state={state.name}
    >
      <div class="picture">
        {isPlaying ? (
          <Player src={page} muted controls={false} token={guestToken} />
        ) : (
          <Still stream={stream} inView={inView} />
        )}
        <a class="cover" href={page} tabIndex={-1} draggable={false}>
          <span class="only-read">{t('open-name', { name })}</span>
        </a>
      </div>
      <div class="caption">
        <div class="words">
          <h2>
            <a href={page} draggable={false} onKeyDown={move}>
              {name}
            </a>
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
          onClick={() => connect(name, !isConnected)}
        >
          <Icon name={isConnected ? 'stop' : 'play'} />
          <span>{t(isConnected ? 'disconnect' : 'connect')}</span>
        </button>
      </div>
    </article>
  );
}

/** What is dragged goes by its name; only our own tiles take it. */
const DRAGGED = 'application/x-lenswire-stream';

function draggable(name: string, onPlace: (name: string) => void) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => event.dataTransfer?.setData(DRAGGED, name),
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer?.types.includes(DRAGGED)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      onPlace(event.dataTransfer?.getData(DRAGGED) ?? '');
    },
  };
}

interface StillProps {
  readonly stream: Stream;
  readonly inView: boolean;
}

/** What stands there while nothing plays: the last picture, or the reason, or the mark. */
function Still({ stream, inView }: StillProps) {
  const { name, state, warnings } = stream;
  useSnapshot(name, inView && state.name === 'live');
  const picture = still(`${location.origin}/${name}`);
  const canvas = (element: HTMLCanvasElement | null) => {
    if (!element || !picture) return;
    element.width = picture.width;
    element.height = picture.height;
    element.getContext('2d')?.drawImage(picture, 0, 0);
  };
  const { problem } = state;
  const words = problem ?? warnings[0];
  const ready = state.name === 'idle' && stream.on_demand;
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
