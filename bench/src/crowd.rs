//! Many viewers that play, on threads of their own: what is measured must not wait for them, nor they
//! for an offer's answer.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use mio::{Events, Interest, Poll, Token};

use crate::arrival::Arrival;
use crate::clock;
use crate::door::Door;
use crate::http;
use crate::link::{Link, Namespace};
use crate::viewer::{Room, Seen, Viewer};

/// How long all viewers may take to get their first packets: so long, and so much for each.
const JOINING: Duration = Duration::from_secs(30);
const JOINING_EACH: Duration = Duration::from_millis(200);

/// Viewers that one thread serves. More threads than needed would only take turns with the server.
const PER_THREAD: usize = 250;

/// Longest sleep of a thread, so that it hears what it is asked.
const LONGEST_SLEEP: Duration = Duration::from_millis(10);

/// How often joining is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A number of viewers.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Where they are let in, each at the next one in turn.
    pub(crate) doors: Vec<Door>,
    /// How many.
    pub(crate) viewers: usize,
}

/// Viewers that play.
pub(crate) struct Crowd {
    squads: Vec<Squad>,
    viewers: usize,
    /// Where they are, if not on this side.
    side: Option<Namespace>,
}

/// Viewers of one thread.
struct Squad {
    asks: Sender<Ask>,
    thread: JoinHandle<Result<()>>,
}

enum Ask {
    Take(Box<Viewer>),
    /// In the place of that one, which is gone without a goodbye.
    Replace(usize, Box<Viewer>),
    Frames(Sender<Vec<Option<u64>>>),
    Count(Sender<Count>),
    /// Begin to note arrivals, or stop and hand them over.
    Note,
    Noted(Sender<Vec<Vec<Arrival>>>),
    Leave,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    seen: Seen,
    playing: usize,
    ended: usize,
}

impl Crowd {
    /// Joins all of them and waits until each has got a picture.
    pub(crate) fn gather(load: &Load) -> Result<Self> {
        Self::gather_at(load, None)
    }

    /// The same, on the far side of a link.
    pub(crate) fn gather_at(load: &Load, side: Option<&Link>) -> Result<Self> {
        let namespace = || side.map(Link::namespace).transpose();
        let squads = load.viewers.div_ceil(PER_THREAD).max(1);
        let crowd = Self {
            squads: (0..squads).map(|_| Squad::start()).collect(),
            viewers: load.viewers,
            side: namespace()?,
        };
        let failures = crowd.join_all(load.clone(), namespace()?);
        let patience = JOINING + JOINING_EACH * u32::try_from(load.viewers)?;
        let begin = clock::now();
        let deadline = begin + patience;
        loop {
            if let Ok(failure) = failures.try_recv() {
                return Err(failure.context("a viewer could not join"));
            }
            let count = crowd.count()?;
            if count.playing == load.viewers {
                return Ok(crowd);
            }
            // One that was thrown out doesn't come back: waiting on would only take time.
            ensure!(
                clock::now() < deadline && count.ended == 0,
                "{} of {} viewers play and {} were thrown out after {:?}",
                count.playing,
                load.viewers,
                count.ended,
                clock::now() - begin
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Joins on a thread of its own, which ends with its first failure or when the crowd is gone.
    fn join_all(&self, load: Load, side: Option<Namespace>) -> Receiver<anyhow::Error> {
        let (fail, failures) = mpsc::channel();
        let squads: Vec<Sender<Ask>> = self.squads.iter().map(|squad| squad.asks.clone()).collect();
        std::thread::spawn(move || {
            // A socket stays in the network in which it was made, whoever reads it.
            if let Some(Err(error)) = side.as_ref().map(Namespace::enter) {
                let _ = fail.send(error);
                return;
            }
            let turns = load.doors.iter().cycle().zip(squads.iter().cycle());
            for (door, squad) in turns.take(load.viewers) {
                let joined =
                    http::local_address(door.url()).and_then(|local| Viewer::join(door, local));
                let taken = joined.and_then(|viewer| {
                    squad
                        .send(Ask::Take(Box::new(viewer)))
                        .map_err(|_| anyhow!("its thread ended"))
                });
                if let Err(error) = taken {
                    // Nobody waits for it when the crowd is gone.
                    let _ = fail.send(error);
                    return;
                }
            }
        });
        failures
    }

    /// What all have seen; an error when one was thrown out.
    pub(crate) fn seen(&self) -> Result<Seen> {
        let count = self.count()?;
        ensure!(
            count.ended == 0,
            "{} of {} viewers were thrown out",
            count.ended,
            self.viewers
        );
        Ok(count.seen)
    }

    /// Pictures of each viewer, in the order of joining while one thread has them all; none of one that
    /// was thrown out.
    pub(crate) fn frames(&self) -> Result<Vec<Option<u64>>> {
        let squads = self.squads.iter().map(|squad| squad.ask(Ask::Frames));
        Ok(squads.collect::<Result<Vec<_>>>()?.concat())
    }

    /// One vanishes without a goodbye, and another one comes in at `door` on the same side.
    pub(crate) fn replace(&self, place: usize, door: &Door) -> Result<()> {
        let squad = self.squads.first().context("nobody watches")?;
        let join = || {
            self.side.as_ref().map_or(Ok(()), Namespace::enter)?;
            Viewer::join(door, http::local_address(door.url())?)
        };
        let joined = std::thread::scope(|scope| scope.spawn(join).join());
        let viewer = joined.map_err(|_| anyhow!("joining panicked"))??;
        let ask = Ask::Replace(place, Box::new(viewer));
        squad
            .asks
            .send(ask)
            .map_err(|_| anyhow!("a thread of viewers ended"))
    }

    fn count(&self) -> Result<Count> {
        self.squads.iter().try_fold(Count::default(), |sum, squad| {
            let one = squad.ask(Ask::Count)?;
            Ok(Count {
                seen: sum.seen.plus(one.seen),
                playing: sum.playing + one.playing,
                ended: sum.ended + one.ended,
            })
        })
    }

    /// Notes for that long when the end of each picture comes, for each viewer.
    pub(crate) fn note_arrivals(&self, time: Duration) -> Result<Vec<Vec<Arrival>>> {
        for squad in &self.squads {
            squad
                .asks
                .send(Ask::Note)
                .map_err(|_| anyhow!("a thread of viewers ended"))?;
        }
        std::thread::sleep(time);
        let mut arrivals = Vec::new();
        for squad in &self.squads {
            arrivals.extend(squad.ask(Ask::Noted)?);
        }
        Ok(arrivals)
    }

    /// Ends it; an error when it did not play to the end.
    pub(crate) fn leave(self) -> Result<()> {
        let seen = self.seen();
        for squad in self.squads {
            // A thread that has ended says why below.
            let _ = squad.asks.send(Ask::Leave);
            squad
                .thread
                .join()
                .unwrap_or_else(|_| bail!("a thread of viewers panicked"))?;
        }
        seen.map(drop)
    }
}

impl Squad {
    fn start() -> Self {
        let (asks, asked) = mpsc::channel();
        let thread = std::thread::spawn(move || Members::new()?.serve(&asked));
        Self { asks, thread }
    }

    fn ask<T>(&self, question: impl FnOnce(Sender<T>) -> Ask) -> Result<T> {
        let (sender, answer) = mpsc::channel();
        self.asks
            .send(question(sender))
            .map_err(|_| anyhow!("a thread of viewers ended"))?;
        answer.recv().context("a thread of viewers ended")
    }
}

/// What a squad's thread owns.
struct Members {
    poll: Poll,
    events: Events,
    viewers: Vec<Viewer>,
    room: Room,
}

impl Members {
    fn new() -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(PER_THREAD),
            viewers: Vec::new(),
            room: Room::default(),
        })
    }

    fn serve(mut self, asked: &Receiver<Ask>) -> Result<()> {
        loop {
            match asked.try_recv() {
                Ok(Ask::Take(viewer)) => self.take(*viewer)?,
                Ok(Ask::Replace(place, viewer)) => self.replace(place, *viewer)?,
                Ok(Ask::Frames(answer)) => {
                    let frames = self.viewers.iter();
                    let frames = frames.map(|v| (!v.ended).then_some(v.seen.frames));
                    drop(answer.send(frames.collect()));
                }
                // Who asked may have given up.
                Ok(Ask::Count(answer)) => drop(answer.send(self.count())),
                Ok(Ask::Note) => self
                    .viewers
                    .iter_mut()
                    .for_each(|v| v.arrivals = Some(Vec::new())),
                Ok(Ask::Noted(answer)) => {
                    let noted = self
                        .viewers
                        .iter_mut()
                        .map(|v| v.arrivals.take().unwrap_or_default());
                    drop(answer.send(noted.collect()));
                }
                Err(mpsc::TryRecvError::Empty) => self.turn()?,
                Ok(Ask::Leave) | Err(mpsc::TryRecvError::Disconnected) => {
                    self.viewers.into_iter().for_each(Viewer::leave);
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, mut viewer: Viewer) -> Result<()> {
        let token = Token(self.viewers.len());
        self.poll
            .registry()
            .register(viewer.socket(), token, Interest::READABLE)?;
        self.viewers.push(viewer);
        Ok(())
    }

    fn replace(&mut self, place: usize, mut viewer: Viewer) -> Result<()> {
        let old = self.viewers.get_mut(place).context("no such viewer")?;
        self.poll.registry().deregister(old.socket())?;
        self.poll
            .registry()
            .register(viewer.socket(), Token(place), Interest::READABLE)?;
        *old = viewer;
        Ok(())
    }

    fn count(&self) -> Count {
        Count {
            seen: self
                .viewers
                .iter()
                .fold(Seen::default(), |sum, viewer| sum.plus(viewer.seen)),
            playing: self
                .viewers
                .iter()
                .filter(|v| v.plays() && !v.ended)
                .count(),
            ended: self.viewers.iter().filter(|viewer| viewer.ended).count(),
        }
    }

    fn turn(&mut self) -> Result<()> {
        let now = clock::now();
        let live = self.viewers.iter().filter(|viewer| !viewer.ended);
        let next = live.map(|v| v.wake.saturating_duration_since(now)).min();
        self.poll.poll(
            &mut self.events,
            Some(next.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)),
        )?;
        for event in &self.events {
            if let Some(viewer) = self.viewers.get_mut(event.token().0) {
                viewer.receive(&mut self.room);
            }
        }
        let now = clock::now();
        self.viewers
            .iter_mut()
            .for_each(|viewer| viewer.advance(now));
        Ok(())
    }
}
