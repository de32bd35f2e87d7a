//! What was taken back while somebody uses it: `lenswire token revoke` writes to the store from
//! another process, a browser signs out of a cookie, an administrator's token reaches its end. So
//! the store is asked again and again about what sessions and sockets were opened with (SEC-13:
//! over within 5 s).

use std::collections::BTreeSet;
use std::time::Duration;

use lenswire_api::{Code, Problem, UnixTime};

use super::state::{App, moment};
use crate::auth::Credential;

/// How often. One look-up by key for each credential in use.
const BEAT: Duration = Duration::from_secs(3);

/// Ends sessions and sockets whose credential is over, until the process stops.
pub(super) async fn enforce(app: App) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = beat.tick() => sweep(&app, UnixTime::from(moment().wall)).await,
        }
    }
}

/// Ends what was opened with something that holds no longer.
pub(super) async fn sweep(app: &App, now: UnixTime) {
    let sessions = app.hub.sessions();
    let of_sessions = sessions
        .iter()
        .filter_map(|session| session.identity().credential());
    let shown: BTreeSet<_> = of_sessions.chain(app.sockets.credentials()).collect();
    for credential in shown {
        // A store that is locked for a moment is asked again at the next beat.
        if app
            .authority
            .is_over(&credential, now)
            .await
            .unwrap_or(false)
        {
            end(app, &credential);
        }
    }
}

/// Sessions first, so that a socket still tells why its own ended.
fn end(app: &App, credential: &Credential) {
    let what = match credential {
        Credential::Administrator(_) => "sign-in",
        Credential::Grant(_) => "grant",
    };
    tracing::info!(
        what,
        "something in use was revoked, signed out or has ended"
    );
    let why = Problem::new(
        Code::GrantExpired,
        format!("The {what} that this session was opened with holds no longer."),
    );
    // Asked for again: some may have begun while the store answered.
    for session in app.hub.sessions() {
        if session.identity().credential().as_ref() == Some(credential) {
            app.hub.close(session.secret(), Some(why.clone()));
        }
    }
    app.sockets.end(credential);
}
