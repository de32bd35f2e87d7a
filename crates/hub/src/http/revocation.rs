//! Grants that were revoked while somebody watches by them: `lenswire token revoke` writes to the
//! store from another process, so the store is asked again and again (SEC-13: within 5 s).

use std::collections::BTreeSet;
use std::time::Duration;

use lenswire_api::{Code, Problem};

use super::state::App;
use crate::session::{Identity, Session};

/// How often. One look-up by key for each grant in use.
const BEAT: Duration = Duration::from_secs(3);

/// Ends sessions whose grant is revoked, until the process stops.
pub(super) async fn enforce(app: App) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = beat.tick() => sweep(&app).await,
        }
    }
}

async fn sweep(app: &App) {
    let sessions = app.hub.sessions();
    let grants: BTreeSet<&str> = sessions
        .iter()
        .filter_map(|session| grant(session))
        .collect();
    for number in grants {
        // A store that is locked for a moment is asked again at the next beat.
        if app
            .authority
            .store()
            .is_revoked(number)
            .await
            .unwrap_or(false)
        {
            tracing::info!(jti = number, "a grant in use was revoked");
            let why = Problem::new(
                Code::GrantExpired,
                "The grant that this session was opened with was revoked.",
            );
            sessions
                .iter()
                .filter(|session| grant(session) == Some(number))
                .for_each(|session| {
                    app.hub.close(session.secret(), Some(why.clone()));
                });
        }
    }
}

/// The number of the grant that a session was opened with.
fn grant(session: &Session) -> Option<&str> {
    match session.identity() {
        Identity::Grant { number, .. } => Some(number),
        Identity::Anyone | Identity::Administrator => None,
    }
}
