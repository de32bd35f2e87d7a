//! From a viewer's offer to a session.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lenswire_api::{Code, Problem, StreamName};
use lenswire_media::{Kind, Tracks};
use lenswire_rtc::{SessionEvent, Watch};

use super::Hub;
use crate::config::StreamConfig;
use crate::session::{self, Identity, Ids, Purpose, Session, Shared, Way};
use crate::stream::{Entry, Standing};

/// How long a viewer waits for a stream that is only now starting. A camera behind a proxy takes
/// 5 s for its first frame; clients' own patience ends at 10 to 15 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How far a viewer may fall behind where its stream says nothing.
const DELAY_LIMIT: Duration = Duration::from_secs(1);

/// Somebody wants to watch, and may.
#[derive(Clone, Debug)]
pub struct WatchRequest {
    /// Which stream.
    pub stream: StreamName,
    /// The SDP offer.
    pub offer: String,
    /// By whose leave.
    pub identity: Identity,
    /// Until when that leave holds, if it ends by itself.
    pub expires: Option<Instant>,
    /// The client's address, as far as it can be known; only for limits, never for leave.
    pub client: Option<IpAddr>,
    /// When the request came in.
    pub now: Instant,
}

/// Which of a stream's pictures a session may show.
#[derive(Clone, Copy)]
enum Picture<'a> {
    /// The stream's own, and smaller ones when link or tile ask for it.
    Any,
    /// This smaller one: the viewer can't decode the other.
    Substream(&'a Entry),
}

impl Hub {
    /// Begins a session: finds the stream, waits for its tracks if its source is only now starting
    /// (`waiting` hears how that goes), and negotiates.
    ///
    /// # Errors
    /// As a problem that can be shown: no such stream, not live in time, no codec in common, full.
    pub async fn watch(
        &self,
        request: WatchRequest,
        waiting: &mut (dyn FnMut(&Standing) + Send),
    ) -> Result<Arc<Session>, Problem> {
        let watched = self.find_and_negotiate(request, waiting).await;
        if let Err(problem) = &watched {
            self.0.counts.problem(problem.code);
        }
        watched
    }

    async fn find_and_negotiate(
        &self,
        request: WatchRequest,
        waiting: &mut (dyn FnMut(&Standing) + Send),
    ) -> Result<Arc<Session>, Problem> {
        let entry = self
            .stream(&request.stream)
            .ok_or_else(|| not_found(&request.stream))?;
        self.0
            .sessions
            .check(&request.stream, &request.identity, &self.config().limits)?;
        let _demand = entry.media().demand();
        entry.joined(request.now);
        let tracks = tokio::select! {
            tracks = entry.tracks(request.now, PATIENCE, waiting) => tracks,
            () = self.0.sessions.refusing() => return Err(session::stopping()),
        };
        let tracks = tracks.ok_or_else(|| not_live(&entry))?;
        let refused = match self.negotiate(&request, &entry, Picture::Any, tracks) {
            Err(problem) if problem.code == Code::CodecNotOffered => problem,
            other => return other,
        };
        // A camera's second picture is often H.264 where its first is H.265: better than none.
        let Some(substream) = entry.configured_substream() else {
            return Err(refused);
        };
        let _demand = substream.media().demand();
        let tracks = substream.tracks(request.now, PATIENCE, waiting).await;
        let tracks = tracks.ok_or_else(|| refused.clone())?;
        self.negotiate(&request, &entry, Picture::Substream(substream), tracks)
            .map_err(|_| refused)
    }

    fn negotiate(
        &self,
        request: &WatchRequest,
        entry: &Entry,
        picture: Picture<'_>,
        tracks: Arc<Tracks>,
    ) -> Result<Arc<Session>, Problem> {
        let (engine, delay_limit) = (&self.0.engine, delay_limit(&entry.config()));
        let (stream, substreams) = match picture {
            Picture::Any => (entry, entry.configured_substream().into_iter().collect()),
            Picture::Substream(substream) => (substream, Vec::new()),
        };
        let shared = Shared::new(
            entry.standing(),
            delay_limit,
            !substreams.is_empty(),
            Way::new(engine.addresses(), engine.port(), request.client),
            request.expires,
        );
        if let Picture::Substream(_) = picture {
            shared.shows_instead(instead(entry));
        }
        let ids = Ids::random();
        let watch = Watch {
            offer: request.offer.clone(),
            stream: stream.media().clone(),
            tracks,
            events: self.listen(&shared, &ids),
            client: request.client,
            substreams: substreams.iter().map(|one| one.media().clone()).collect(),
            delay_limit,
            now: request.now,
        };
        let peer = engine
            .watch(watch)
            .map_err(|refusal| session::problem(&refusal))?;
        let session = Session::new(
            ids,
            Purpose::Watch,
            request.stream.clone(),
            request.identity.clone(),
            wall_clock(),
            peer,
            shared,
        );
        self.0.sessions.insert(&session, &self.config().limits)?;
        if session.is_closed() {
            self.0.sessions.forget(session.secret());
        }
        tracing::debug!(stream = %session.stream(), session = session.number(), "session answered");
        Ok(session)
    }

    /// What the engine calls with a session's events: they are shared out at once, and a session
    /// that is over is forgotten by a task, because the media thread that says so must not wait.
    pub(super) fn listen(
        &self,
        shared: &Arc<Shared>,
        ids: &Ids,
    ) -> Arc<dyn Fn(SessionEvent) + Send + Sync> {
        let (shared, sessions) = (Arc::clone(shared), Arc::downgrade(&self.0.sessions));
        let (secret, number) = (ids.secret.clone(), ids.number.clone());
        let runtime = self.0.runtime.clone();
        Arc::new(move |event| {
            tracing::debug!(session = number, ?event, "session");
            if shared.event(event)
                && let Some(sessions) = sessions.upgrade()
            {
                let secret = secret.clone();
                runtime.spawn(async move { drop(sessions.forget(&secret)) });
            }
        })
    }
}

/// How far a viewer of such a stream may fall behind.
pub(super) fn delay_limit(config: &StreamConfig) -> Duration {
    config.delay_limit.unwrap_or(DELAY_LIMIT)
}

/// Why a viewer has the smaller picture whatever its link.
fn instead(entry: &Entry) -> Problem {
    let tracks = entry.media().tracks().unwrap_or_default();
    let video = tracks.first(Kind::Video);
    let codec = video.map_or("a codec", |(_, track)| track.codec.name());
    let detail = format!(
        "{} sends {codec}, which this viewer does not play. Its substream is shown instead.",
        entry.name()
    );
    Problem::new(Code::SubstreamInstead, detail)
}

/// There is no such stream.
pub(crate) fn not_found(name: &StreamName) -> Problem {
    Problem::new(Code::StreamNotFound, format!("No stream is called {name}."))
}

/// It shows nothing yet, for the reason that its source gives.
fn not_live(entry: &Entry) -> Problem {
    blank(Code::StreamNotLive, entry)
}

/// The same, to one who asked for a still.
pub(crate) fn no_picture(entry: &Entry) -> Problem {
    blank(Code::SnapshotMissing, entry)
}

fn blank(code: Code, entry: &Entry) -> Problem {
    const AGAIN: Duration = Duration::from_secs(5);
    let name = entry.name();
    let Some(cause) = entry.standing().problem else {
        return Problem::new(code, format!("{name} has no picture yet.")).retry_after(AGAIN);
    };
    let fix = cause.fix().to_owned();
    Problem::new(code, format!("{name} has no picture. {cause}"))
        .with_fix(fix)
        .retry_after(AGAIN)
}

#[expect(
    clippy::disallowed_methods,
    reason = "when a session began is shown to people"
)]
pub(super) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
