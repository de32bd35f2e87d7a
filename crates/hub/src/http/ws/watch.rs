//! `watch`: from a message to a session that listens, beside the socket's loop.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use lenswire_api::{Code, Problem, StreamName};
use tokio::task;

use super::message::{Id, ServerMessage};
use super::talk::{Done, Slot, Talk};
use crate::http::leave::{self, Leave};
use crate::hub::WatchRequest;
use crate::session::{Listener, Notice, Session, Showing};
use crate::stream::Standing;

impl Talk {
    /// Begins a session; its answer comes when there is one.
    pub(super) fn watch(
        &mut self,
        id: Id,
        stream: &str,
        offer: String,
        now: Instant,
    ) -> Result<(), Problem> {
        self.make_room(&id)?;
        let stream = StreamName::parse(stream).map_err(|wrong| {
            Problem::new(
                Code::StreamNotFound,
                format!("No stream can be called that: {wrong}."),
            )
        })?;
        let Leave { identity, expires } = leave::to_watch(&self.app, &self.caller, &stream, now)?;
        let client = Some(self.client);
        let request = WatchRequest {
            stream,
            offer,
            identity,
            expires,
            client,
            now,
        };
        let (hub, outbox, name) = (self.app.hub.clone(), self.outbox.clone(), id.clone());
        let task = self.work.spawn(async move {
            let mut told = None;
            let mut waiting = |standing: &Standing| {
                let cause = standing.reason().map(|problem| problem.code);
                if told.replace(cause) != Some(cause) {
                    outbox.say(waits(name.clone(), standing));
                }
            };
            let watched = AssertUnwindSafe(hub.watch(request, &mut waiting))
                .catch_unwind()
                .await;
            Done::Watched(
                name,
                watched.unwrap_or_else(|_| Err(Problem::from(Code::Internal))),
            )
        });
        self.slots.insert(
            id,
            Slot::Pending {
                task,
                candidates: Vec::new(),
            },
        );
        Ok(())
    }

    /// Takes what came of it.
    pub(super) fn watched(
        &mut self,
        id: Id,
        work: task::Id,
        result: Result<Arc<Session>, Problem>,
    ) {
        // The client may have closed it just now, and may have begun another one of that name.
        let asked =
            matches!(self.slots.get(&id), Some(Slot::Pending { task, .. }) if task.id() == work);
        let pending = if asked { self.slots.remove(&id) } else { None };
        match (result, pending) {
            (Ok(session), Some(Slot::Pending { candidates, .. })) => {
                self.answered(id, session, candidates);
            }
            (Ok(session), _) => {
                self.app.hub.close(session.secret(), None);
            }
            (Err(problem), Some(_)) => self.outbox.say(ServerMessage::problem(Some(id), &problem)),
            (Err(_), None) => {}
        }
    }

    fn answered(&mut self, id: Id, session: Arc<Session>, candidates: Vec<String>) {
        let (secret, sdp) = (session.secret().to_owned(), session.answer().to_owned());
        self.outbox.say(ServerMessage::Answer {
            id: id.clone(),
            session: secret,
            sdp,
        });
        for candidate in candidates {
            if let Err(problem) = session.add_candidate(&candidate) {
                self.outbox
                    .say(ServerMessage::problem(Some(id.clone()), &problem));
            }
        }
        session.attach(self.number, self.listener(&id));
        self.slots.insert(id, Slot::Open(session));
    }

    /// What a session tells, as messages about `id`.
    pub(super) fn listener(&self, id: &Id) -> Listener {
        let (outbox, id) = (self.outbox.clone(), id.clone());
        Arc::new(move |notice| {
            let id = id.clone();
            outbox.say(match notice {
                Notice::Candidate(candidate) => ServerMessage::Candidate {
                    id,
                    candidate,
                    sdp_m_line_index: 0,
                },
                Notice::Shown(shown) => ServerMessage::state(id, shown, None),
            });
        })
    }
}

fn waits(id: Id, standing: &Standing) -> ServerMessage {
    ServerMessage::State {
        id,
        state: Showing::Waiting.word(),
        reason: standing.reason().cloned(),
        warning: None,
        layer: None,
        delay_ms: None,
    }
}
