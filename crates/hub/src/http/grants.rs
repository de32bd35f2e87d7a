//! `POST /api/v1/grants`: a grant of a minute for a page, which renews it while it is open.

use axum::response::Response;
use lenswire_api::body::{GrantAnswer, GrantRequest};
use lenswire_api::{Code, Pattern, Problem, Scope, UnixTime};

use super::authority::answer;
use super::limits::json;
use crate::auth::{Authority, Caller};
use crate::config::{Config, Viewers};

/// Most streams in one grant: a wall's page.
const STREAMS: usize = 64;

/// Signs a grant for what the caller may do anyway: an administrator everything, anybody else
/// watching what anyone may watch. A grant gives no further grants.
pub(crate) fn grant(
    authority: &Authority,
    caller: &Caller,
    config: &Config,
    body: &[u8],
    now: UnixTime,
) -> Result<Response, Problem> {
    let GrantRequest { streams, scope } = json(body, &config.limits)?;
    if streams.is_empty() || streams.len() > STREAMS || scope.is_empty() {
        return Err(Problem::new(
            Code::BadRequest,
            format!("A grant names 1 to {STREAMS} streams and at least one scope."),
        ));
    }
    match caller {
        Caller::Administrator(_) => {}
        Caller::Grant(_) => {
            return Err(Problem::new(
                Code::Forbidden,
                "A grant gives no further grants.",
            ));
        }
        Caller::Anonymous => only_open(&streams, &scope, config)?,
    }
    let (token, expires_at) = authority.page_grant(streams, scope, now)?;
    Ok(answer(&GrantAnswer { token, expires_at }))
}

fn only_open(streams: &[Pattern], scope: &[Scope], config: &Config) -> Result<(), Problem> {
    let open = |pattern: &Pattern| match pattern {
        Pattern::One(name) => config
            .streams
            .get(name)
            .is_some_and(|stream| stream.viewers == Viewers::Anyone),
        Pattern::All | Pattern::Below(_) => false,
    };
    let watching = scope.iter().all(|scope| *scope == Scope::Watch);
    if watching && streams.iter().all(open) {
        Ok(())
    } else {
        Err(Code::Unauthorized.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::How;
    use crate::store::Store;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    // requirement 88: nobody grants more than they have.
    #[tokio::test]
    async fn a_grant_gives_no_more_than_the_caller_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).await.expect("opens");
        let authority = Authority::open(store, NOW).await.expect("opens");
        let config = Config::demo();
        let status = |caller: &Caller, body: &str| {
            grant(&authority, caller, &config, body.as_bytes(), NOW)
                .map_or_else(|problem| problem.code.status(), |_| 200)
        };
        let (open, gate, all) = (
            r#"{"streams":["demo"],"scope":["watch"]}"#,
            r#"{"streams":["demo","gate"],"scope":["watch"]}"#,
            r#"{"streams":["*"],"scope":["watch"]}"#,
        );
        let admin = Caller::Administrator(How::Token("1".into()));
        assert_eq!(
            [open, gate, all].map(|body| status(&admin, body)),
            [200, 200, 200]
        );
        assert_eq!(
            [open, gate, all].map(|body| status(&Caller::Anonymous, body)),
            [200, 401, 401]
        );
        assert_eq!(
            status(
                &Caller::Anonymous,
                r#"{"streams":["demo"],"scope":["watch","publish"]}"#
            ),
            401
        );
        let (token, _) = authority
            .page_grant(vec![Pattern::All], vec![Scope::Watch], NOW)
            .expect("signs");
        let bearer = authority.by_token(&token, NOW).await.expect("verifies");
        assert_eq!(status(&bearer, open), 403);
        for wrong in [
            r#"{"streams":[],"scope":["watch"]}"#,
            r#"{"streams":["demo"],"scope":[]}"#,
            r#"{"streams":["../x"],"scope":["watch"]}"#,
            "{}",
            "",
        ] {
            assert_eq!(status(&admin, wrong), 400, "{wrong}");
        }
    }
}
