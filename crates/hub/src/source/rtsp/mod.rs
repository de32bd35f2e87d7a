//! The driver of cameras that are reached by RTSP: sockets around [`lenswire_rtsp::Client`].
//!
//! [`run`] is one session: it connects, plays, and returns when the session has ended, with what the
//! camera said. It follows redirects and goes over to UDP, because those belong to the session;
//! whether and when there is another one is the supervisor's. Dropped, it says TEARDOWN behind the
//! caller's back, within a second.

mod dial;
mod farewell;
mod feed;
mod pace;
mod ports;
mod problem;
mod sound;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_media::{Malformed, Stream};
use lenswire_rtsp::{
    Address, Client, Credentials, Event, Input, Moment, Options, Output, Warning, client, sdp,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep_until, timeout};

use self::dial::{Connection, dial, look_up};
use self::feed::Feed;
use self::pace::Pace;
use self::ports::{Ports, Received};
pub(crate) use self::tls::unverified as unverified_tls;
use super::{End, Progress, Report, Stage};
use crate::config::policy::Policy;
use crate::config::{SourceUrl, Transport};

/// Bytes read at once: a keyframe in a few reads, and any datagram whole. One such buffer, or two
/// over UDP, is all that a session holds.
const READ: usize = 64 * 1024;

/// How long a camera may take to take a request. Requests are smaller than any socket's buffer, so
/// one that cannot be written belongs to a camera that has stopped reading.
const WRITE: Duration = Duration::from_secs(5);

/// A camera that speaks RTSP.
#[derive(Clone, Debug)]
pub(crate) struct RtspSource {
    pub(crate) url: SourceUrl,
    pub(crate) transport: Transport,
    /// Where a redirect may lead (SEC-25).
    pub(crate) redirects: Arc<Policy>,
    /// Whether the address itself is the administrator's own word, from the file. Else it is judged
    /// as a redirect is.
    pub(crate) trusted: bool,
}

impl RtspSource {
    /// A camera at that address, whose redirects may lead to any camera but none on this machine.
    pub(crate) fn new(url: SourceUrl, transport: Transport) -> Self {
        let policy = Policy {
            loopback: false,
            own: Vec::new(),
            machine: Vec::new(),
        };
        Self {
            url,
            transport,
            redirects: Arc::new(policy),
            trusted: true,
        }
    }

    /// A camera at an address that somebody asks about: neither it nor its redirects may lead where
    /// `policy` does not allow.
    pub(crate) fn untrusted(url: SourceUrl, transport: Transport, policy: Policy) -> Self {
        Self {
            redirects: Arc::new(policy),
            trusted: false,
            ..Self::new(url, transport)
        }
    }

    fn credentials(&self) -> Option<Credentials> {
        let (user, password) = (self.url.user(), self.url.expose_password());
        (user.is_some() || password.is_some())
            .then(|| Credentials::new(user.unwrap_or_default(), password.unwrap_or_default()))
    }
}

impl PartialEq for RtspSource {
    /// The same camera asked in the same way; what a redirect may do is not the camera's.
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.transport == other.transport
    }
}

impl Eq for RtspSource {}

/// Plays a camera into `stream` until the session ends.
pub(crate) async fn run(source: &RtspSource, stream: &Stream, report: Report<'_>) -> End {
    let end = match Address::parse(source.url.expose_request()) {
        Ok((address, _)) => Session::new(source, address, stream).play(report).await,
        Err(error) => lenswire_rtsp::End::Dns {
            host: source.url.host().to_string(),
            why: error.to_string(),
        },
    };
    problem::of_end(end)
}

/// One session: a client and its sockets.
struct Session<'a> {
    client: Client,
    connection: Option<Connection>,
    ports: Ports,
    feed: Feed<'a>,
    source: &'a RtspSource,
    /// Where the first connection was made: the next ones are redirects or another transport.
    home: Option<SocketAddr>,
    /// How far the dialogue had come when it was last looked at.
    stage: client::Stage,
    skipped: Vec<sdp::Skipped>,
    reported_bad: u64,
    pace: Pace,
    control: Vec<u8>,
    datagram: Vec<u8>,
}

impl<'a> Session<'a> {
    fn new(source: &'a RtspSource, address: Address, stream: &'a Stream) -> Self {
        let options = Options {
            transport: match source.transport {
                Transport::Auto => client::Transport::Auto,
                Transport::Tcp => client::Transport::Tcp,
                Transport::Udp => client::Transport::Udp,
            },
            user_agent: concat!("Lenswire/", env!("CARGO_PKG_VERSION")).to_owned(),
            ssrc: rand::random(),
        };
        Self {
            client: Client::new(address, source.credentials(), options),
            connection: None,
            ports: Ports::default(),
            feed: Feed::new(stream),
            source,
            home: None,
            stage: client::Stage::Dialling,
            skipped: Vec::new(),
            reported_bad: 0,
            pace: Pace::default(),
            control: vec![0; READ],
            datagram: Vec::new(),
        }
    }

    /// The loop: do what the client wants, then wait for something to happen.
    async fn play(mut self, report: Report<'_>) -> lenswire_rtsp::End {
        loop {
            self.tell_stage(report);
            let done = match self.client.poll() {
                Output::Wake(at) => {
                    self.feed.look(now(), report);
                    self.wait(at).await;
                    self.tell_bad(report);
                    self.check_frames()
                }
                Output::Connect(address) => self.connect(&address, report).await,
                Output::Send(bytes) => self.send(&bytes).await,
                Output::Bind { track } => self.bind(track).await,
                Output::SendTo {
                    track,
                    port,
                    to,
                    bytes,
                } => {
                    self.ports.send(track, port, to, &bytes);
                    Ok(())
                }
                Output::Event(Event::Ended(end)) => Err(end),
                Output::Event(event) => {
                    self.on_event(event, report);
                    Ok(())
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Waits for bytes, a datagram, or `at`; and tells the client.
    async fn wait(&mut self, at: Option<Instant>) {
        let Self {
            connection,
            ports,
            control,
            datagram,
            client,
            pace,
            ..
        } = self;
        let pause = pace.pause(now());
        let at = [at, pause].into_iter().flatten().min();
        let due = async {
            match at {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let read = async {
            match connection {
                Some(connection) => connection.read(control).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = read, if pause.is_none() => match read {
                Ok(0) => client.handle(Input::Closed { why: None }, now()),
                Ok(length) => {
                    let now = now();
                    pace.on_read(length, now);
                    client.handle(Input::Bytes(control.get(..length).unwrap_or_default()), now);
                }
                Err(error) => client.handle(Input::Closed { why: Some(error.to_string()) }, now()),
            },
            received = ports.receive(datagram), if pause.is_none() && !ports.is_empty() => {
                let Received { track, port, from, length } = received;
                let bytes = datagram.get(..length).unwrap_or_default();
                let now = now();
                pace.on_read(length, now);
                client.handle(Input::Datagram { track, port, from, bytes }, now);
            }
            () = due => client.handle(Input::Tick, now()),
        }
    }

    async fn connect(
        &mut self,
        address: &Address,
        report: Report<'_>,
    ) -> Result<(), lenswire_rtsp::End> {
        report(Progress::Connecting);
        self.ports = Ports::default();
        if let Some(connection) = self.connection.take() {
            farewell::close(connection, None);
        }
        let (home, source) = (self.home, self.source);
        // Back to the same host is no redirect: a transport change, or another port of the camera.
        let ours = |to: SocketAddr| home.map_or(source.trusted, |home| home.ip() == to.ip());
        let allowed = |to: SocketAddr| ours(to) || source.redirects.check(to).is_ok();
        let found = look_up(address, allowed).await?;
        if let Some(first) = found.first() {
            report(Progress::Reached(Stage::Named(first.ip())));
        }
        let (connection, peer) = dial(address, &found).await?;
        report(Progress::Reached(Stage::Connected(peer)));
        self.home.get_or_insert(peer);
        self.connection = Some(connection);
        self.client
            .handle(Input::Connected { peer: peer.ip() }, now());
        Ok(())
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), lenswire_rtsp::End> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let sent = timeout(WRITE, async {
            connection.write_all(bytes).await?;
            connection.flush().await
        });
        let why = match sent.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it reads nothing".to_owned(),
        };
        // What the camera said before may explain it better: a 453 and then a closed socket.
        if let Ok(Ok(length @ 1..)) =
            timeout(Duration::ZERO, connection.read(&mut self.control)).await
        {
            self.client.handle(
                Input::Bytes(self.control.get(..length).unwrap_or_default()),
                now(),
            );
        }
        self.client.handle(Input::Closed { why: Some(why) }, now());
        Ok(())
    }

    async fn bind(&mut self, track: usize) -> Result<(), lenswire_rtsp::End> {
        let no_ports = |why: String| lenswire_rtsp::End::Closed {
            moment: Moment::Asking,
            why: Some(why),
        };
        let local = self
            .connection
            .as_ref()
            .and_then(|connection| connection.socket().local_addr().ok());
        let Some(local) = local else {
            return Err(no_ports("no connection".to_owned()));
        };
        let bound = self.ports.bind(track, local.ip()).await;
        let (rtp, rtcp) = bound.map_err(|error| no_ports(format!("no UDP ports here: {error}")))?;
        self.datagram.resize(READ, 0);
        self.client.handle(Input::Bound { rtp, rtcp }, now());
        Ok(())
    }

    fn on_event(&mut self, event: Event, report: Report<'_>) {
        match event {
            Event::Tracks(tracks) => {
                self.skipped.clear();
                self.feed.begin(tracks);
            }
            Event::Rtp(rtp) => {
                // The rest is what losses and joining in the middle of a frame look like.
                if let Some(
                    malformed @ (Malformed::Truncated
                    | Malformed::PacketType(_)
                    | Malformed::TooLarge),
                ) = self.feed.on_rtp(&rtp, report)
                {
                    let what = format!("garbage: {malformed}");
                    self.client.handle(Input::Bad { what }, now());
                }
            }
            Event::SenderReport { track, ntp, time } => {
                self.feed.on_sender_report(track, ntp, time);
            }
            Event::Warning(warning) => self.on_warning(warning, report),
            Event::Playing(over) => {
                tracing::debug!(over = over.name(), "the camera plays");
                report(Progress::Reached(Stage::Playing(over.name())));
            }
            Event::Ended(_) => {}
        }
    }

    fn on_warning(&mut self, warning: Warning, report: Report<'_>) {
        match warning {
            Warning::Skipped(skipped) => {
                self.skipped.push(skipped);
                if let Some(problem) = problem::of_skipped(&self.skipped) {
                    report(Progress::Warning(problem));
                }
            }
            Warning::SetupRefused {
                media,
                status,
                reason,
            } => {
                report(Progress::Warning(problem::of_setup_refused(
                    media, status, &reason,
                )));
            }
            Warning::TcpRefused { status } => {
                tracing::info!(status, "the camera refuses TCP, so UDP is used");
            }
            Warning::TcpSilent => {
                tracing::info!("the camera sends nothing by TCP, so UDP is tried");
                report(Progress::Warning(problem::of_silence()));
            }
        }
    }

    fn check_frames(&self) -> Result<(), lenswire_rtsp::End> {
        match self.feed.is_frameless() {
            false => Ok(()),
            true => Err(lenswire_rtsp::End::Misbehaves {
                what: "video packets that never make a frame".to_owned(),
            }),
        }
    }

    /// Tells what the dialogue has put behind it.
    fn tell_stage(&mut self, report: Report<'_>) {
        let stage = self.client.stage();
        if stage > self.stage {
            if stage >= client::Stage::Describing {
                report(Progress::Reached(Stage::Greeted));
            }
            if stage >= client::Stage::SettingUp {
                let password = self.client.has_logged_in();
                report(Progress::Reached(Stage::Described { password }));
            }
        }
        self.stage = stage;
    }

    fn tell_bad(&mut self, report: Report<'_>) {
        let bad = self.client.totals().bad;
        if let Ok(new @ 1..) = u32::try_from(bad - self.reported_bad) {
            self.reported_bad = bad;
            report(Progress::Bad(new));
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            farewell::close(connection, self.client.teardown());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a door: bytes of a camera enter here"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
