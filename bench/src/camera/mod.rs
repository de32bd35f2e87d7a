//! A camera for benchmarks: RTSP over TCP, to as many servers as want it, from what takes next to no
//! processor time away from them.
//!
//! Each path has a thread that makes access units in time and writes them, as RTP packets of the
//! size that real cameras use, to everybody who plays. Live pictures are only encoded while somebody
//! does.

mod clip;
mod live;
mod rtp;
mod rtsp;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use clip::Clip;
use live::Live;
pub(crate) use rtp::PAYLOAD_TYPE;
use rtp::Packetizer;

use crate::clock;

/// A server that doesn't read for this long is cut off.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

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
    players: Mutex<Vec<Player>>,
    changed: Condvar,
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
    pub(crate) fn start(listen: SocketAddr, clips: &Path) -> Result<Self> {
        let feeds: [(&'static str, Box<dyn Feed>); 4] = [
            ("/clip1", Box::new(Clip::open(clips, 1)?)),
            ("/clip10", Box::new(Clip::open(clips, 10)?)),
            ("/live1", Box::new(Live::new(Duration::from_secs(1))?)),
            ("/live10", Box::new(Live::new(Duration::from_secs(10))?)),
        ];
        let channels: Vec<Arc<Channel>> = feeds
            .into_iter()
            .map(|(path, feed)| Channel::run(path, feed))
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
        let channel = self
            .channels
            .iter()
            .find(|channel| channel.path.trim_start_matches('/') == stream);
        let socket = UdpSocket::bind(SocketAddr::new(to.ip(), 0))?;
        socket.connect(to)?;
        channel
            .with_context(|| format!("no path {stream}"))?
            .add(Sink::Udp(socket), 0);
        Ok(())
    }
}

impl Channel {
    fn run(path: &'static str, mut feed: Box<dyn Feed>) -> Arc<Self> {
        let channel = Arc::new(Self {
            path,
            parameters: feed.parameters(),
            players: Mutex::default(),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&channel);
        std::thread::spawn(move || own.pace(feed.as_mut()));
        channel
    }

    /// Makes a picture at each due time and gives it to all; waits while nobody plays.
    fn pace(&self, feed: &mut dyn Feed) {
        let interval = Duration::from_secs(1) / feed.rate();
        let start = clock::now();
        let mut n = 0;
        loop {
            drop(
                self.changed
                    .wait_while(self.lock(), |players| players.is_empty()),
            );
            // The next moment that is still to come, and after each picture the one after it.
            n = (n + 1).max(
                1 + clock::now().saturating_duration_since(start).as_nanos() / interval.as_nanos(),
            );
            let offset =
                Duration::from_nanos(u64::try_from(interval.as_nanos() * n).unwrap_or(u64::MAX));
            std::thread::sleep((start + offset).saturating_duration_since(clock::now()));
            let time = (offset.as_nanos() * 90_000 / 1_000_000_000) as u32;
            match feed.picture(n as u64) {
                Ok(units) => self.give(&units, time),
                Err(error) => return println!("{}: {error}", self.path),
            }
        }
    }

    fn give(&self, units: &[Vec<u8>], time: u32) {
        self.lock().retain_mut(|player| {
            let bytes = player.packetizer.picture(units, time, clock::wall());
            player.sink.write(&bytes).is_ok()
        });
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
