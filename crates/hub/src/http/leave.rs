//! From a caller to what a session needs to know of it: the one place where authority and sessions
//! meet. [`auth`](crate::auth) says who somebody is and what they may; here that becomes an
//! identity that owns sessions, and a time at which they end.

use std::time::Instant;

use lenswire_api::{Code, Problem, Scope, StreamName, UnixTime};

use crate::auth::Caller;
use crate::config::Viewers;
use crate::http::state::{App, moment};
use crate::hub;
use crate::session::{Identity, Session};

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
    Ok(as_whom(caller, viewers, now))
}

/// The identity behind a caller that may watch a stream with these viewers.
fn as_whom(caller: &Caller, viewers: Viewers, now: Instant) -> Leave {
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
            // A stream that is open to anyone takes no grant to go on with.
            let ends = viewers == Viewers::Grant;
            Leave {
                identity,
                expires: ends.then(|| now + grant.remaining(UnixTime::from(moment().wall))),
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
    let leave = to_watch(app, caller, session.stream(), now)?;
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
