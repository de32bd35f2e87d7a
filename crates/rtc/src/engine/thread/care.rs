//! Taking sessions in, looking after them once a second, and letting them go.

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
                Command::Add(member) => {
                    let id = member.core().id;
                    self.members.insert(id, member);
                    // Begins with ICE, and with DTLS when we start it.
                    self.drive(id, |member, clock, work| {
                        member.core_mut().peer.advance(clock.now, &mut work.flight);
                        true
                    });
                }
                Command::Candidate(id, candidate) => self.drive(id, |member, clock, work| {
                    let peer = &mut member.core_mut().peer;
                    if let Err(refusal) = peer.add_candidate(&candidate) {
                        tracing::debug!(%refusal, "candidate");
                    }
                    peer.advance(clock.now, &mut work.flight);
                    true
                }),
                // It looks by itself whenever something was done to it.
                Command::KeyframeWished(id) => self.drive(id, |_, _, _| true),
                Command::Report(id, report) => self.drive_viewer(id, |viewer, clock, work| {
                    viewer.on_report(report, clock, work);
                    true
                }),
                Command::Reoffer(reoffer) => self.reoffer(*reoffer),
                Command::Adopt(connection, datagrams) => self.adopt(*connection, datagrams),
                #[cfg(test)]
                Command::Panic(id) => {
                    if let Some(member) = self.members.get_mut(&id) {
                        member.core_mut().panics = true;
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
        self.drive(session, |member, clock, work| {
            let core = member.core_mut();
            answer = core.peer.reoffer(offer).map(|()| match form {
                AnswerForm::Sdp => core.peer.answer(),
                AnswerForm::Fragment => core.peer.fragment(),
            });
            // Checks of the new generation bring another name.
            core.held.ufrag = router.claim_ufrag(core.peer.ufrag(), owner);
            core.peer.advance(clock.now, &mut work.flight);
            true
        });
        // Nobody may be waiting any more.
        let _ = reply.try_send(answer);
    }

    /// Once a second: who has to go, what everybody's figures are.
    pub(super) fn check_all(&mut self) {
        let now = self.clock.now;
        let ids: Vec<SessionId> = self.members.keys().copied().collect();
        let mut pending = 0;
        let common = std::sync::Arc::clone(&self.common);
        for id in ids {
            let mut ends = None;
            self.drive(id, |member, clock, work| {
                ends = member.check(&common.limits, now);
                pending += usize::from(!member.core().peer.is_connected());
                if let Some(viewer) = member.viewer_mut() {
                    viewer.adapt(clock, work);
                }
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
                .is_some_and(|session| !self.members.contains_key(&session));
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
                self.members
                    .get(id)
                    .and_then(|member| member.core().pair())
                    .map(|pair| pair.remote)
                    == remote
            };
            if let Some(id) = session.filter(is_used) {
                self.end(id, Closed::TooSlow);
            }
        }
    }

    /// Lets a session go: says goodbye, tells its owner, gives everything back.
    pub(super) fn end(&mut self, id: SessionId, why: Closed) {
        let Some(mut member) = self.members.remove(&id) else {
            return;
        };
        self.changes += 1;
        let (net, work, now) = (&mut self.net, &mut self.work, self.clock.now);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            // A peer that panicked may be in any state: it is not touched again.
            if why != Closed::Panicked {
                member.core_mut().peer.close(&mut work.flight);
                net.send(&mut work.flight, now);
            }
            member.core().over(why);
        }));
        if ended.is_err() {
            self.work.flight.abandon();
            tracing::error!(session = id.0, "bug at the end of a session");
        }
        for claim in &member.core().held.addresses {
            self.net.forget(claim.address, id);
        }
        let of_session = self
            .net
            .connections
            .iter()
            .filter(|(_, connection)| connection.claim.session == Some(id));
        let tokens: Vec<Token> = of_session.map(|(token, _)| *token).collect();
        for token in tokens {
            self.net.disconnect(token);
        }
        for subscription in &mut self.subscriptions {
            subscription.viewers.retain(|viewer| *viewer != id);
        }
        self.handle.counts.sessions.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!(session = id.0, ?why, "session ended");
        if catch_unwind(AssertUnwindSafe(|| drop(member))).is_err() {
            tracing::error!(session = id.0, "bug in the drop of a session");
        }
    }

    /// Lets everybody go.
    pub(super) fn end_all(&mut self, why: Closed) {
        // Those that were on their way here, too.
        self.take_commands();
        let ids: Vec<SessionId> = self.members.keys().copied().collect();
        for id in ids {
            self.end(id, why);
        }
    }
}
