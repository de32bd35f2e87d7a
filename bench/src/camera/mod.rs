//! A camera for benchmarks: RTSP over TCP, to as many servers as want it, from what takes next to no
//! processor time away from them.
//!
//! Each path has a thread that makes access units in time and writes them, as RTP packets of the
//! size that real cameras use, to everybody who plays. Live pictures are only encoded while somebody
//! does.

mod clip;
mod fault;
mod live;
mod pace;
mod rtp;
mod rtsp;

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use lenswire_media::WallTime;

use clip::Clip;
pub(crate) use fault::Fault;
use fault::Faults;
use live::Live;
use pace::{Flow, Pace};
pub(crate) use pace::{Quirks, Stalls};
pub(crate) use rtp::PAYLOAD_TYPE;
use rtp::Packetizer;

use crate::arrival::{Written, ending};
use crate::clock;

/// A server that doesn't read for this long is cut off.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Pictures that are remembered as written: a minute and more.
const REMEMBERED: usize = 4_000;

/// Cameras that can be told to fail, each by itself; all show the first clip.
pub(crate) const FRAIL: [&str; 10] = [
    "/cam0", "/cam1", "/cam2", "/cam3", "/cam4", "/cam5", "/cam6", "/cam7", "/cam8", "/cam9",
];

/// Parameter sets as SDP has them, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(crate) sps: Vec<u8>,
    pub(crate) pps: Vec<u8>,
}

/// Makes the access units of one path, one after the other.
pub(crate) trait Feed: Send {
    /// What stands in the SDP.
    fn parameters(&self) -> Parameters;
    /// The NAL units of the `n`th picture, made when it is due. Numbers may be left out: nobody
    /// was there.
    fn picture(&mut self, n: u64) -> Result<Vec<Vec<u8>>>;
    /// Pictures a second.
    fn rate(&self) -> u32;
}

/// One path and who plays it.
pub(crate) struct Channel {
    pub(crate) path: &'static str,
    pub(crate) parameters: Parameters,
    pace: Pace,
    faults: Faults,
    players: Mutex<Vec<Player>>,
    changed: Condvar,
    /// The latest ones; the oldest are forgotten.
    written: Mutex<VecDeque<Written>>,
}

/// A picture and when it was made.
struct Picture {
    units: Vec<Vec<u8>>,
    time: u32,
    made: WallTime,
}

struct Player {
    sink: Sink,
    packetizer: Packetizer,
}

enum Sink {
    /// Interleaved in an RTSP connection.
    Tcp(TcpStream),
    /// Plain RTP.
    Udp(UdpSocket),
}

impl Sink {
    /// Takes interleaved frames.
    fn write(&mut self, frames: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Tcp(connection) => connection.write_all(frames),
            Self::Udp(socket) => {
                rtp::media(frames).try_for_each(|packet| socket.send(packet).map(drop))
            }
        }
    }
}

/// Listens until the process ends.
pub(crate) struct Camera {
    address: SocketAddr,
    channels: Vec<Arc<Channel>>,
}

impl Camera {
    /// `quirks` are those of `/drift`; all others are good cameras.
    pub(crate) fn start(listen: SocketAddr, clips: &Path, quirks: Quirks) -> Result<Self> {
        let live = |keyframes| Live::new(Duration::from_secs(keyframes));
        let good = Quirks::default();
        let clip1 = Clip::open(clips, clip::Kind::Main(1))?;
        let frail = FRAIL.map(|path| (path, Box::new(clip1.clone()) as Box<dyn Feed>, good));
        let feeds: [(&'static str, Box<dyn Feed>, Quirks); 7] = [
            ("/clip1", Box::new(clip1), good),
            (
                "/clip10",
                Box::new(Clip::open(clips, clip::Kind::Main(10))?),
                good,
            ),
            ("/sub", Box::new(Clip::open(clips, clip::Kind::Sub)?), good),
            ("/live1", Box::new(live(1)?), good),
            ("/live2", Box::new(live(2)?), good),
            ("/live10", Box::new(live(10)?), good),
            ("/drift", Box::new(live(1)?), quirks),
        ];
        let channels: Vec<Arc<Channel>> = feeds
            .into_iter()
            .chain(frail)
            .map(|(path, feed, quirks)| Channel::run(path, feed, quirks))
            .collect();
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let served = channels.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let channels = served.clone();
                std::thread::spawn(move || rtsp::serve(connection, &channels));
            }
        });
        Ok(Self { address, channels })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Camera {
    /// Sends a path's packets to a UDP port, as plain RTP, until nobody listens there any more.
    pub(crate) fn push(&self, stream: &str, to: SocketAddr) -> Result<()> {
        let socket = UdpSocket::bind(SocketAddr::new(to.ip(), 0))?;
        socket.connect(to)?;
        self.channel(stream)?.add(Sink::Udp(socket), 0);
        Ok(())
    }

    /// The pictures of a path that were written lately, the oldest first.
    pub(crate) fn written(&self, stream: &str) -> Result<Vec<Written>> {
        Ok(self.channel(stream)?.remembered().iter().copied().collect())
    }

    /// Seconds from each keyframe of a path to the next, of those that were written lately.
    pub(crate) fn keyframe_intervals(&self, stream: &str) -> Result<Vec<f64>> {
        let written = self.written(stream)?;
        let keyframes: Vec<Duration> = written
            .iter()
            .filter(|w| w.keyframe)
            .map(|w| w.at)
            .collect();
        let intervals = keyframes
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64());
        Ok(intervals.collect())
    }

    /// From now on a path fails like this, or no more.
    pub(crate) fn set(&self, stream: &str, fault: Fault) -> Result<()> {
        let channel = self.channel(stream)?;
        channel.faults.set(fault);
        if fault == Fault::Down {
            channel.hang_up();
        }
        Ok(())
    }

    /// A path's clock is ahead by so much more from now on.
    pub(crate) fn jump(&self, stream: &str, ahead: Duration) -> Result<()> {
        self.channel(stream)?.faults.jump(ahead);
        Ok(())
    }

    /// Packets of a path that were numbered and never written.
    pub(crate) fn withheld(&self, stream: &str) -> Result<u64> {
        Ok(self.channel(stream)?.faults.withheld())
    }

    fn channel(&self, stream: &str) -> Result<&Channel> {
        let mut channels = self.channels.iter();
        let channel = channels.find(|channel| channel.path.trim_start_matches('/') == stream);
        channel
            .map(Arc::as_ref)
            .with_context(|| format!("no path {stream}"))
    }
}

impl Channel {
    fn run(path: &'static str, mut feed: Box<dyn Feed>, quirks: Quirks) -> Arc<Self> {
        let rate = feed.rate();
        let channel = Arc::new(Self {
            path,
            parameters: feed.parameters(),
            pace: Pace { rate, quirks },
            faults: Faults::default(),
            players: Mutex::default(),
            changed: Condvar::new(),
            written: Mutex::default(),
        });
        let own = Arc::clone(&channel);
        std::thread::spawn(move || own.run_pictures(feed.as_mut()));
        channel
    }

    /// Makes a picture at each due time and gives it to all; waits while nobody plays.
    fn run_pictures(&self, feed: &mut dyn Feed) {
        let start = clock::now();
        let mut n = 0;
        let mut held = Vec::new();
        loop {
            drop(
                self.changed
                    .wait_while(self.lock(), |players| players.is_empty()),
            );
            n = self
                .pace
                .next(n, clock::now().saturating_duration_since(start));
            let due = self.pace.due(n);
            std::thread::sleep((start + due).saturating_duration_since(clock::now()));
            let flow = self.faults.flow().unwrap_or(self.pace.flow(due));
            if flow == Flow::Sent {
                held.drain(..).for_each(|picture| self.give(&picture));
            }
            if flow == Flow::Missing {
                continue;
            }
            let made = clock::wall();
            let picture = match feed.picture(n) {
                Ok(units) => Picture {
                    units,
                    time: self.pace.time(n).wrapping_add(self.faults.ahead()),
                    made,
                },
                Err(error) => return println!("{}: {error}", self.path),
            };
            match flow {
                Flow::Held => held.push(picture),
                Flow::Sent | Flow::Missing => self.give(&picture),
            }
        }
    }

    fn give(&self, picture: &Picture) {
        self.remember(picture);
        self.lock().retain_mut(|player| {
            let bytes = player
                .packetizer
                .picture(&picture.units, picture.time, picture.made);
            player.sink.write(&self.faults.thin(bytes)).is_ok()
        });
    }

    fn remember(&self, picture: &Picture) {
        let Some(ending) = picture.units.last().and_then(|unit| ending(unit)) else {
            return;
        };
        let mut written = self.remembered();
        if written.len() == REMEMBERED {
            written.pop_front();
        }
        written.push_back(Written {
            ending,
            at: Duration::from_micros(clock::wall().0),
            // An IDR slice (ITU-R H.264, table 7-1).
            keyframe: picture.units.iter().any(|unit| unit[0] & 0x1f == 5),
            bytes: picture.units.iter().map(Vec::len).sum(),
        });
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<Written>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `connection` gets what this path shows. Pictures are written whole; nobody else
    /// may write to it meanwhile, see [`Channel::exclusively`].
    pub(crate) fn play(&self, connection: &TcpStream, channel: u8) -> Result<()> {
        connection.set_write_timeout(Some(WRITE_PATIENCE))?;
        self.add(Sink::Tcp(connection.try_clone()?), channel);
        Ok(())
    }

    fn add(&self, sink: Sink, channel: u8) {
        self.lock().push(Player {
            sink,
            packetizer: Packetizer::new(channel),
        });
        self.changed.notify_all();
    }

    /// Does something while no picture is written.
    pub(crate) fn exclusively<T>(&self, work: impl FnOnce() -> T) -> T {
        let _players = self.lock();
        work()
    }

    /// Whether it takes nobody at the moment.
    pub(crate) fn is_down(&self) -> bool {
        self.faults.is_down()
    }

    /// Cuts off everybody, without a goodbye.
    fn hang_up(&self) {
        for player in self.lock().drain(..) {
            if let Sink::Tcp(connection) = player.sink {
                // One that is gone already is as good.
                let _ = connection.shutdown(std::net::Shutdown::Both);
            }
        }
    }

    pub(crate) fn stop(&self, connection: &TcpStream) {
        let peer = connection.peer_addr().ok();
        self.lock().retain(|player| match &player.sink {
            Sink::Tcp(other) => other.peer_addr().ok() != peer,
            Sink::Udp(_) => true,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Player>> {
        self.players.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
