//! What one socket's client has going on: its sessions under its own ids, and what each message
//! does to them. Everything is answered through the [`Outbox`]; whatever takes time runs beside the
//! socket's loop, which goes on reading.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use lenswire_api::{Code, Problem};
use lenswire_rtc::Report;
use lenswire_rtc::sdp::MAX_CANDIDATES;
use tokio::task::{self, AbortHandle, JoinSet};

use super::message::{ClientMessage, Id, ServerMessage};
use super::outbox::Outbox;
use super::sockets::Entry;
use crate::auth::Caller;
use crate::config::Limits;
use crate::http::leave;
use crate::http::state::App;
use crate::session::{Session, Showing};

/// A socket's client, past its hello.
pub(super) struct Talk {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) client: IpAddr,
    limits: Limits,
    pub(super) outbox: Outbox,
    /// This socket's number, by which a session knows who listens.
    pub(super) number: u64,
    entry: Entry,
    pub(super) slots: BTreeMap<Id, Slot>,
    pub(super) work: JoinSet<Done>,
}

/// What an id stands for.
pub(super) enum Slot {
    /// Not answered yet. Candidates that come before the answer are kept, as many as a session takes.
    Pending {
        task: AbortHandle,
        candidates: Vec<String>,
    },
    /// A session, which may have ended since.
    Open(Arc<Session>),
}

/// Something that ran beside the loop is done.
pub(super) enum Done {
    Watched(Id, Result<Arc<Session>, Problem>),
    Restarted(Id, Result<String, Problem>),
}

impl Talk {
    pub(super) fn new(
        app: App,
        caller: Caller,
        client: IpAddr,
        outbox: Outbox,
        entry: Entry,
    ) -> Self {
        let limits = app.hub.config().limits.clone();
        Self {
            app,
            caller,
            client,
            limits,
            outbox,
            number: entry.number(),
            entry,
            slots: BTreeMap::new(),
            work: JoinSet::new(),
        }
    }

    /// What held when the socket was opened.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The next thing that ran beside the loop; never when nothing does.
    pub(super) async fn done(&mut self) -> (task::Id, Done) {
        loop {
            match self.work.join_next_with_id().await {
                Some(Ok(done)) => return done,
                Some(Err(_closed_before_it_was_done)) => {}
                None => return std::future::pending().await,
            }
        }
    }

    /// Takes one message.
    pub(super) async fn hear(&mut self, message: ClientMessage, now: Instant) {
        let (id, outcome) = match message {
            ClientMessage::Hello { .. } => (
                None,
                Err(Problem::new(
                    Code::ProtocolError,
                    "This socket has said hello already.",
                )),
            ),
            ClientMessage::Watch { id, stream, sdp } => {
                (Some(id.clone()), self.watch(id, &stream, sdp, now))
            }
            ClientMessage::Publish { id } => (
                Some(id),
                Err(Problem::new(
                    Code::ProtocolError,
                    "Publishing is not offered yet.",
                )),
            ),
            ClientMessage::Candidate { id, candidate } => (
                Some(id.clone()),
                self.candidate(&id, candidate.unwrap_or_default()),
            ),
            ClientMessage::Restart { id, sdp } => (Some(id.clone()), self.restart(id, sdp, now)),
            ClientMessage::Resume { id, session } => {
                (Some(id.clone()), self.resume(id, &session, now))
            }
            ClientMessage::Grant { id, token } => {
                (id.clone(), self.grant(id.as_ref(), &token, now).await)
            }
            ClientMessage::Report { id, report } => {
                (Some(id.clone()), self.report(id, report.read(), now))
            }
            ClientMessage::Close { id } => (Some(id.clone()), self.close(&id)),
        };
        if let Err(problem) = outcome {
            self.outbox.say(ServerMessage::problem(id, &problem));
        }
    }

    /// Whether `id` is free and one more session fits on this socket.
    pub(super) fn make_room(&mut self, id: &Id) -> Result<(), Problem> {
        let most = self.limits.sessions_per_socket;
        self.slots
            .retain(|_, slot| !matches!(slot, Slot::Open(session) if session.is_closed()));
        if self.slots.contains_key(id) {
            return Err(Problem::new(
                Code::ProtocolError,
                "This id stands for another session on this socket.",
            ));
        }
        if self.slots.len() >= most {
            return Err(Problem::new(
                Code::TooManySessions,
                format!("A socket carries at most {most} sessions."),
            ));
        }
        Ok(())
    }

    /// Takes what ran beside the loop.
    pub(super) fn finish(&mut self, (work, done): (task::Id, Done)) {
        match done {
            Done::Watched(id, result) => self.watched(id, work, result),
            Done::Restarted(id, Ok(sdp)) => {
                if let Some(Slot::Open(session)) = self.slots.get(&id) {
                    self.outbox.say(ServerMessage::Answer {
                        id,
                        session: session.secret().to_owned(),
                        sdp,
                    });
                }
            }
            Done::Restarted(id, Err(problem)) => {
                self.outbox.say(ServerMessage::problem(Some(id), &problem));
            }
        }
    }

    fn candidate(&mut self, id: &Id, candidate: String) -> Result<(), Problem> {
        match self.slots.get_mut(id) {
            Some(Slot::Pending { candidates, .. }) if candidates.len() < MAX_CANDIDATES => {
                candidates.push(candidate);
                Ok(())
            }
            Some(Slot::Pending { .. }) => Err(Problem::new(
                Code::TooManyRequests,
                format!("A session takes at most {MAX_CANDIDATES} candidates."),
            )),
            Some(Slot::Open(session)) => session.add_candidate(&candidate),
            None => Err(no_session()),
        }
    }

    fn restart(&mut self, id: Id, offer: String, now: Instant) -> Result<(), Problem> {
        let session = Arc::clone(self.open(&id)?);
        self.work.spawn(async move {
            // The engine may take up to a second, which the runtime's own threads must not wait.
            let answer = task::spawn_blocking(move || session.reoffer(&offer, now)).await;
            Done::Restarted(
                id,
                answer.unwrap_or_else(|_| Err(Problem::from(Code::Internal))),
            )
        });
        Ok(())
    }

    fn resume(&mut self, id: Id, secret: &str, now: Instant) -> Result<(), Problem> {
        let session = self
            .app
            .hub
            .session(secret)
            .filter(|session| !session.is_closed())
            .ok_or_else(no_session)?;
        let leave = leave::to_watch(&self.app, &self.caller, session.stream(), now)?;
        if !session.belongs_to(&leave.identity) {
            return Err(Problem::new(
                Code::Forbidden,
                "This session belongs to somebody else.",
            ));
        }
        self.make_room(&id)?;
        session.renew(leave.expires);
        session.attach(self.number, self.listener(&id));
        self.slots.insert(id, Slot::Open(session));
        Ok(())
    }

    /// A newer grant: for one session, or for all of this socket; from now on it is also what the
    /// socket's next sessions are opened with, unless it is somebody else's.
    async fn grant(&mut self, id: Option<&Id>, token: &str, now: Instant) -> Result<(), Problem> {
        let caller = leave::by_token(&self.app, token).await?;
        let sessions: Vec<_> = match id {
            Some(id) => vec![Arc::clone(self.open(id)?)],
            None => self
                .slots
                .values()
                .filter_map(Slot::session)
                .cloned()
                .collect(),
        };
        for session in sessions {
            leave::renew(&self.app, &caller, &session, now)?;
        }
        if leave::is_same(&caller, &self.caller) {
            self.entry.show(caller.credential());
            self.caller = caller;
        }
        Ok(())
    }

    fn report(&mut self, id: Id, report: Report, now: Instant) -> Result<(), Problem> {
        // A player may measure before it is answered: there is nothing to take down yet, and nothing wrong.
        if matches!(self.slots.get(&id), Some(Slot::Pending { .. })) {
            return Ok(());
        }
        let session = self.open(&id)?;
        if !session.report(report, now) {
            return Ok(()); // More often than is of use to anybody.
        }
        let (shown, delay) = (session.shown(), session.stats().delay);
        if delay.is_some() && shown.showing != Showing::Closed {
            self.outbox.say(ServerMessage::state(id, shown, delay));
        }
        Ok(())
    }

    fn close(&mut self, id: &Id) -> Result<(), Problem> {
        match self.slots.remove(id).ok_or_else(no_session)? {
            Slot::Pending { task, .. } => task.abort(),
            Slot::Open(session) => {
                self.app.hub.close(session.secret(), None);
            }
        }
        Ok(())
    }

    /// The client said goodbye: its sessions end with its socket.
    pub(super) fn goodbye(self) {
        for session in self.mine() {
            self.app.hub.close(session.secret(), None);
        }
    }

    /// The socket was lost: its sessions go on for a while, in case another one takes them over.
    pub(super) fn lose(self, now: Instant) {
        for session in self.mine() {
            session.detach(self.number, now);
        }
    }

    fn mine(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.slots
            .values()
            .filter_map(Slot::session)
            .filter(|session| session.is_attached(self.number))
    }

    fn open(&self, id: &Id) -> Result<&Arc<Session>, Problem> {
        self.slots
            .get(id)
            .and_then(Slot::session)
            .ok_or_else(no_session)
    }
}

impl Slot {
    fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Open(session) => Some(session),
            Self::Pending { .. } => None,
        }
    }
}

fn no_session() -> Problem {
    Problem::new(
        Code::SessionNotFound,
        "No session of that name is open here.",
    )
}
