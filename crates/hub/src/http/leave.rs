//! From a caller to what a session needs to know of it: the one place where authority and sessions
//! meet. [`auth`](crate::auth) says who somebody is and what they may; here that becomes an
//! identity that owns sessions, and a time at which they end.

use std::time::Instant;

use lenswire_api::{Code, Problem, Scope, StreamName, UnixTime};

use crate::auth::Caller;
use crate::config::{Publish, Viewers};
use crate::http::state::{App, moment};
use crate::hub;
use crate::session::{Identity, Purpose, Session};

/// By whose leave something is done, and until when that holds.
#[derive(Clone, Debug)]
pub(crate) struct Leave {
    /// Who it is.
    pub(crate) identity: Identity,
    /// When it ends by itself.
    pub(crate) expires: Option<Instant>,
}

/// Whether `caller` may watch `stream`, and as whom. An unknown stream is 404 for everybody, as
/// WHEP clients expect; that a name exists is no secret, what it shows is.
pub(crate) fn to_watch(
    app: &App,
    caller: &Caller,
    stream: &StreamName,
    now: Instant,
) -> Result<Leave, Problem> {
    let entry = app
        .hub
        .stream(stream)
        .ok_or_else(|| hub::not_found(stream))?;
    let viewers = entry.config().viewers;
    caller.may(Scope::Watch, stream, viewers)?;
    Ok(as_whom(caller, viewers == Viewers::Anyone, now))
}

/// Whether `caller` may publish to `stream`, and as whom.
pub(crate) fn to_publish(
    app: &App,
    caller: &Caller,
    stream: &StreamName,
    now: Instant,
) -> Result<Leave, Problem> {
    let entry = app
        .hub
        .stream(stream)
        .ok_or_else(|| hub::not_found(stream))?;
    let is_open = entry.config().publish == Publish::Anyone;
    if !is_open {
        caller.may(Scope::Publish, stream, Viewers::Grant)?;
    }
    Ok(as_whom(caller, is_open, now))
}

/// The identity behind a caller that may use a stream. What `is_open` to anyone takes no grant to go
/// on with.
fn as_whom(caller: &Caller, is_open: bool, now: Instant) -> Leave {
    match caller {
        Caller::Anonymous => Leave {
            identity: Identity::Anyone,
            expires: None,
        },
        Caller::Administrator(how) => Leave {
            identity: Identity::Administrator(how.clone()),
            expires: None,
        },
        Caller::Grant(grant) => {
            let claims = grant.claims();
            let identity = Identity::Grant {
                issuer: claims.iss.clone(),
                subject: claims.sub.clone(),
                number: claims.jti.clone(),
            };
            Leave {
                identity,
                expires: (!is_open).then(|| now + grant.remaining(UnixTime::from(moment().wall))),
            }
        }
    }
}

/// Who brings this token in a message.
pub(crate) async fn by_token(app: &App, token: &str) -> Result<Caller, Problem> {
    app.authority
        .by_token(token, UnixTime::from(moment().wall))
        .await
}

/// Whether `caller` owns the session.
pub(crate) fn to_change(
    app: &App,
    caller: &Caller,
    session: &Session,
    now: Instant,
) -> Result<Leave, Problem> {
    let leave = match session.purpose() {
        Purpose::Watch => to_watch(app, caller, session.stream(), now),
        Purpose::Publish => to_publish(app, caller, session.stream(), now),
    }?;
    if session.belongs_to(&leave.identity) {
        Ok(leave)
    } else {
        Err(Problem::new(
            Code::Forbidden,
            "This session belongs to somebody else.",
        ))
    }
}

/// Lets the session go on for as long as its owner's newer leave holds.
pub(crate) fn renew(
    app: &App,
    caller: &Caller,
    session: &Session,
    now: Instant,
) -> Result<(), Problem> {
    let leave = to_change(app, caller, session, now)?;
    session.renew(leave.expires);
    Ok(())
}

/// Whether two callers are the same somebody.
pub(crate) fn is_same(one: &Caller, other: &Caller) -> bool {
    match (one, other) {
        (Caller::Anonymous, Caller::Anonymous)
        | (Caller::Administrator(_), Caller::Administrator(_)) => true,
        (Caller::Grant(one), Caller::Grant(other)) => {
            (&one.claims().iss, &one.claims().sub) == (&other.claims().iss, &other.claims().sub)
        }
        _ => false,
    }
}
