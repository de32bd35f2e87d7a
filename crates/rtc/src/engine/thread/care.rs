//! Taking viewers in, looking after them once a second, and letting them go.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use mio::Token;

use super::super::handle::{AnswerForm, Command, Reoffer};
use super::super::router::SessionId;
use super::super::session::Closed;
use super::MediaThread;
use crate::Refusal;

impl MediaThread {
    pub(super) fn take_commands(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Add(viewer) => {
                    let id = viewer.id;
                    self.viewers.insert(id, viewer);
                    // Begins with ICE, and with DTLS when we start it.
                    self.drive(id, |viewer, clock, work| {
                        viewer.peer.advance(clock.now, &mut work.flight);
                        true
                    });
                }
                Command::Candidate(id, candidate) => self.drive(id, |viewer, clock, work| {
                    if let Err(refusal) = viewer.peer.add_candidate(&candidate) {
                        tracing::debug!(%refusal, "candidate");
                    }
                    viewer.peer.advance(clock.now, &mut work.flight);
                    true
                }),
                Command::Report(id, report) => self.drive(id, |viewer, clock, work| {
                    viewer.on_report(report, clock, work);
                    true
                }),
                Command::Reoffer(reoffer) => self.reoffer(*reoffer),
                Command::Adopt(connection, datagrams) => self.adopt(*connection, datagrams),
                #[cfg(test)]
                Command::Panic(id) => {
                    if let Some(viewer) = self.viewers.get_mut(&id) {
                        viewer.panics = true;
                    }
                }
                Command::Close(id, why) => self.end(id, why),
            }
        }
    }

    fn reoffer(&mut self, reoffer: Reoffer) {
        let Reoffer {
            session,
            offer,
            form,
            reply,
        } = reoffer;
        let owner = self.owner(session);
        let router = std::sync::Arc::clone(&self.common.router);
        let mut answer = Err(Refusal::Ended);
        self.drive(session, |viewer, clock, work| {
            answer = viewer.peer.reoffer(offer).map(|()| match form {
                AnswerForm::Sdp => viewer.peer.answer(),
                AnswerForm::Fragment => viewer.peer.fragment(),
            });
            // Checks of the new generation bring another name.
            viewer.held.ufrag = router.claim_ufrag(viewer.peer.ufrag(), owner);
            viewer.peer.advance(clock.now, &mut work.flight);
            true
        });
        // Nobody may be waiting any more.
        let _ = reply.try_send(answer);
    }

    /// Once a second: who has to go, what everybody's figures are.
    pub(super) fn check_all(&mut self) {
        let now = self.clock.now;
        let ids: Vec<SessionId> = self.viewers.keys().copied().collect();
        let mut pending = 0;
        let common = std::sync::Arc::clone(&self.common);
        for id in ids {
            let mut ends = None;
            self.drive(id, |viewer, clock, work| {
                ends = viewer.check(&common.limits, now);
                pending += usize::from(!viewer.peer.is_connected());
                viewer.adapt(clock, work);
                true
            });
            if let Some(why) = ends {
                self.end(id, why);
            }
        }
        self.check_connections();
        self.acceptable = !self.listeners.is_empty();
        let counts = &self.handle.counts;
        counts.pending.store(pending, Ordering::Relaxed);
        counts
            .tcp_connections
            .store(self.net.connections.len(), Ordering::Relaxed);
        counts
            .dropped_datagrams
            .store(self.net.udp.dropped, Ordering::Relaxed);
    }

    /// Closes connections that don't say whose they are, and those that nobody reads.
    fn check_connections(&mut self) {
        let now = self.clock.now;
        let deadline = self.common.limits.tcp_first_request;
        let mut silent: Vec<Token> = Vec::new();
        let mut stuck: Vec<(Token, Option<SessionId>)> = Vec::new();
        for (token, connection) in &self.net.connections {
            let claim = connection.claim;
            let is_gone = claim
                .session
                .is_some_and(|session| !self.viewers.contains_key(&session));
            if is_gone
                || (!claim.is_proven && now.saturating_duration_since(claim.since) > deadline)
            {
                silent.push(*token);
            } else if connection.is_stuck(now) {
                stuck.push((*token, claim.session));
            }
        }
        for token in silent {
            self.net.disconnect(token);
        }
        for (token, session) in stuck {
            let remote = self
                .net
                .disconnect(token)
                .map(|connection| connection.remote);
            // It may have moved to UDP long ago.
            let is_used = |id: &SessionId| {
                self.viewers
                    .get(id)
                    .and_then(|viewer| viewer.pair())
                    .map(|pair| pair.remote)
                    == remote
            };
            if let Some(id) = session.filter(is_used) {
                self.end(id, Closed::TooSlow);
            }
        }
    }

    /// Lets a viewer go: says goodbye, tells its owner, gives everything back.
    pub(super) fn end(&mut self, id: SessionId, why: Closed) {
        let Some(mut viewer) = self.viewers.remove(&id) else {
            return;
        };
        self.changes += 1;
        let (net, work, now) = (&mut self.net, &mut self.work, self.clock.now);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            // A peer that panicked may be in any state: it is not touched again.
            if why != Closed::Panicked {
                viewer.peer.close(&mut work.flight);
                net.send(&mut work.flight, now);
            }
            viewer.over(why);
        }));
        if ended.is_err() {
            self.work.flight.abandon();
            tracing::error!(session = id.0, "bug at the end of a session");
        }
        for claim in &viewer.held.addresses {
            self.net.forget(claim.address, id);
        }
        let of_viewer = self
            .net
            .connections
            .iter()
            .filter(|(_, connection)| connection.claim.session == Some(id));
        let tokens: Vec<Token> = of_viewer.map(|(token, _)| *token).collect();
        for token in tokens {
            self.net.disconnect(token);
        }
        for subscription in &mut self.subscriptions {
            subscription.viewers.retain(|viewer| *viewer != id);
        }
        self.handle.counts.sessions.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!(session = id.0, ?why, "session ended");
        if catch_unwind(AssertUnwindSafe(|| drop(viewer))).is_err() {
            tracing::error!(session = id.0, "bug in the drop of a session");
        }
    }

    /// Lets everybody go.
    pub(super) fn end_all(&mut self, why: Closed) {
        // Those that were on their way here, too.
        self.take_commands();
        let ids: Vec<SessionId> = self.viewers.keys().copied().collect();
        for id in ids {
            self.end(id, why);
        }
    }
}
