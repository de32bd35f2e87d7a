//! From a publisher's offer to a session, and to a stream that has a source.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenswire_api::{Code, Problem, StreamName};
use lenswire_rtc::{Publish, SessionEvent};

use super::Hub;
use super::watch::{delay_limit, not_found, wall_clock};
use crate::session::{self, Identity, Ids, Purpose, Session, Shared, Way};
use crate::stream::Entry;

/// When somebody whose place is taken may try again: a publisher that has gone without a word is
/// noticed within twenty seconds.
const LATER: Duration = Duration::from_secs(20);

/// Somebody wants to publish, and may.
#[derive(Clone, Debug)]
pub struct PublishRequest {
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

impl Hub {
    /// Begins a session that sends a stream. Whoever sends it already makes room if it is the same
    /// somebody (an encoder that was started again); otherwise it stays.
    ///
    /// # Errors
    /// As a problem that can be shown: no such stream, it has a source or a publisher, nothing that
    /// could be taken, full.
    pub fn publish(&self, request: PublishRequest) -> Result<Arc<Session>, Problem> {
        let published = self.find_and_take(request);
        if let Err(problem) = &published {
            self.0.counts.problem(problem.code);
        }
        published
    }

    fn find_and_take(&self, request: PublishRequest) -> Result<Arc<Session>, Problem> {
        let name = &request.stream;
        let entry = self.stream(name).ok_or_else(|| not_found(name))?;
        if entry.has_source() {
            let detail = format!("{name} comes from the source in its configuration.");
            return Err(Problem::new(Code::NotPublishable, detail));
        }
        self.make_place(&request)?;
        self.take(request, &entry)
    }

    /// The old session is closed before the new one begins. Nobody in particular is not the same
    /// somebody as nobody in particular.
    fn make_place(&self, request: &PublishRequest) -> Result<(), Problem> {
        let name = &request.stream;
        let Some(present) = self.0.sessions.publisher(name) else {
            return Ok(());
        };
        if request.identity == Identity::Anyone || !present.belongs_to(&request.identity) {
            let detail = format!("{name} is being published already.");
            return Err(Problem::new(Code::AlreadyPublished, detail).retry_after(LATER));
        }
        let detail = format!("{name} is published by a newer connection.");
        let why = Problem::new(Code::PublisherReplaced, detail);
        self.0.sessions.close(present.secret(), Some(why));
        Ok(())
    }

    fn take(&self, request: PublishRequest, entry: &Arc<Entry>) -> Result<Arc<Session>, Problem> {
        let (standing, limit) = (entry.standing(), delay_limit(&entry.config()));
        let engine = &self.0.engine;
        let way = Way::new(engine.addresses(), engine.port(), request.client);
        let shared = Shared::new(standing, limit, false, way, request.expires);
        let ids = Ids::random();
        let publish = Publish {
            offer: request.offer,
            stream: entry.media().clone(),
            events: self.attend(&shared, &ids, entry),
            client: request.client,
            now: request.now,
        };
        let peer = self.0.engine.publish(publish);
        let peer = peer.map_err(|refusal| session::problem(&refusal))?;
        let (stream, identity) = (request.stream, request.identity);
        let session = Session::new(
            ids,
            Purpose::Publish,
            stream,
            identity,
            wall_clock(),
            peer,
            shared,
        );
        self.0.sessions.insert(&session, &self.config().limits)?;
        if session.is_closed() {
            self.0.sessions.forget(session.secret());
        }
        tracing::info!(stream = %session.stream(), session = session.number(), "publisher answered");
        Ok(session)
    }

    /// What the engine calls: the stream stands as its publisher does.
    fn attend(
        &self,
        shared: &Arc<Shared>,
        ids: &Ids,
        entry: &Arc<Entry>,
    ) -> Arc<dyn Fn(SessionEvent) + Send + Sync> {
        let (heard, entry) = (self.listen(shared, ids), Arc::downgrade(entry));
        let number = ids.number.clone();
        Arc::new(move |event| {
            if let Some(entry) = entry.upgrade() {
                match &event {
                    SessionEvent::Connected { .. } => entry.published(&number),
                    SessionEvent::Closed(_) => entry.unpublished(&number),
                    SessionEvent::Candidate(_)
                    | SessionEvent::State(_)
                    | SessionEvent::Layer(_) => {}
                }
            }
            heard(event);
        })
    }
}
