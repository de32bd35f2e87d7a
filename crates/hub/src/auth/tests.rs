//! Claims, log-ins, tokens and grants on a real store: requirement 88, SEC-7, SEC-12, E8.

use std::sync::Arc;

use lenswire_api::{Code, Pattern, Problem, Scope, StreamName, UnixTime};

use super::*;
use crate::config::Viewers;
use crate::store::{Store, hash};

const NOW: UnixTime = UnixTime(1_800_000_000);

struct Hub {
    authority: Authority,
    folder: tempfile::TempDir,
}

async fn hub() -> Hub {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("opens");
    Hub {
        authority: Authority::open(store, NOW).await.expect("opens"),
        folder,
    }
}

impl Hub {
    async fn restarted(self) -> Self {
        self.authority.store().close().await;
        let store = Store::open(self.folder.path()).await.expect("opens");
        Self {
            authority: Authority::open(store, NOW).await.expect("opens"),
            folder: self.folder,
        }
    }
}

fn later(seconds: u64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

fn code<T>(result: Result<T, Problem>) -> Option<Code> {
    result.err().map(|problem| problem.code)
}

#[tokio::test]
async fn a_claim_link_works_once() {
    let world = hub().await;
    let hub = &world.authority;
    let secret = hub
        .open_claim()
        .await
        .expect("works")
        .expect("nobody owns it");
    assert_eq!(
        code(hub.claim("wrong", false, NOW).await),
        Some(Code::ClaimUsed)
    );
    let signed_in = hub.claim(&secret, true, NOW).await.expect("claims");
    assert_eq!(
        code(hub.claim(&secret, false, NOW).await),
        Some(Code::ClaimUsed)
    );
    assert_eq!(
        hub.by_cookie(&signed_in.cookie, NOW).await,
        Ok(Caller::Administrator(How::Cookie(hash(&signed_in.cookie))))
    );
    let token = signed_in.administrator_token.expect("was asked for");
    assert!(matches!(
        hub.by_token(&token, NOW).await,
        Ok(Caller::Administrator(How::Token(_)))
    ));
    assert_eq!(hub.open_claim().await, Ok(None), "it has an owner");
    assert_eq!(hub.is_claimed().await, Ok(true));
}

#[tokio::test]
async fn of_two_claims_at_once_one_is_late() {
    let Hub {
        authority,
        folder: _folder,
    } = hub().await;
    let hub = Arc::new(authority);
    let secret = hub
        .open_claim()
        .await
        .expect("works")
        .expect("nobody owns it");
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (hub, secret) = (Arc::clone(&hub), secret.clone());
            tokio::spawn(async move { hub.claim(&secret, false, NOW).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        won += usize::from(attempt.await.expect("runs"));
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_printed_link_ends_with_the_process_and_a_made_one_in_an_hour() {
    let hub = hub().await;
    let printed = hub
        .authority
        .open_claim()
        .await
        .expect("works")
        .expect("nobody owns it");
    let made = hub.authority.lasting_claim(NOW).await.expect("works");
    let late = hub.authority.lasting_claim(NOW).await.expect("works");
    let hub = hub.restarted().await;
    assert_eq!(
        code(hub.authority.claim(&printed, false, NOW).await),
        Some(Code::ClaimUsed)
    );
    assert!(
        hub.authority
            .claim(&made, false, later(3_599))
            .await
            .is_ok()
    );
    assert_eq!(
        code(hub.authority.claim(&late, false, later(3_600)).await),
        Some(Code::ClaimUsed)
    );
}

#[tokio::test]
async fn signing_in_lasts_seven_days_or_until_sign_out() {
    let world = hub().await;
    let hub = &world.authority;
    let token = hub
        .new_administrator("ann", None, NOW)
        .await
        .expect("works");
    assert_eq!(
        code(hub.login("lwa_wrong", NOW).await),
        Some(Code::Unauthorized)
    );
    let cookie = hub.login(&token, NOW).await.expect("signs in").cookie;
    assert_eq!(
        hub.by_cookie(&cookie, later(7 * 86_400 - 1)).await,
        Ok(Caller::Administrator(How::Cookie(hash(&cookie))))
    );
    assert_eq!(
        hub.by_cookie(&cookie, later(7 * 86_400)).await,
        Ok(Caller::Anonymous)
    );
    hub.logout(&cookie).await.expect("works");
    assert_eq!(hub.by_cookie(&cookie, NOW).await, Ok(Caller::Anonymous));
    assert_eq!(
        hub.by_cookie(&token, NOW).await,
        Ok(Caller::Anonymous),
        "a token is no cookie"
    );
    assert_eq!(
        code(hub.by_token(&cookie, NOW).await),
        Some(Code::Unauthorized),
        "a cookie is no token"
    );
}

#[tokio::test]
async fn page_grants_live_a_minute_and_only_here() {
    let (world, foreign) = (hub().await, hub().await);
    let (hub, other) = (&world.authority, &foreign.authority);
    let streams = vec![Pattern::One(name("gate"))];
    let (token, until) = hub
        .page_grant(streams, vec![Scope::Watch], NOW)
        .expect("signs");
    assert_eq!(until, later(60));
    let caller = hub.by_token(&token, NOW).await.expect("verifies");
    assert_eq!(
        caller.may(Scope::Watch, &name("gate"), Viewers::Grant),
        Ok(())
    );
    assert_eq!(
        code(caller.may(Scope::Watch, &name("yard"), Viewers::Grant)),
        Some(Code::Forbidden)
    );
    assert_eq!(
        caller.may(Scope::Watch, &name("yard"), Viewers::Anyone),
        Ok(())
    );
    assert_eq!(
        code(caller.may(Scope::Publish, &name("gate"), Viewers::Anyone)),
        Some(Code::Forbidden)
    );
    assert_eq!(code(caller.must_administrate()), Some(Code::Forbidden));
    assert_eq!(
        code(hub.by_token(&token, later(121)).await),
        Some(Code::GrantExpired)
    );
    assert_eq!(
        code(other.by_token(&token, NOW).await),
        Some(Code::Unauthorized)
    );
}

#[tokio::test]
async fn a_programs_grant_is_revocable_at_once() {
    let hub = hub().await;
    let year = later(365 * 86_400);
    let token = hub
        .authority
        .new_grant("nvr", vec![Pattern::All], vec![Scope::Watch], year, NOW)
        .await
        .expect("works");
    let hub = hub.restarted().await;
    let hub = &hub.authority;
    let caller = hub
        .by_token(&token, NOW)
        .await
        .expect("the key outlives a restart");
    assert!(matches!(caller, Caller::Grant(_)));
    let listed = hub.store().tokens().await.expect("reads");
    assert_eq!(
        (listed[0].name.as_str(), listed[0].streams.as_str()),
        ("nvr", "*")
    );
    assert!(
        hub.store()
            .revoke_token(&listed[0].id, NOW)
            .await
            .expect("works")
    );
    assert_eq!(
        code(hub.by_token(&token, NOW).await),
        Some(Code::Unauthorized)
    );
}

// SEC-7: nothing is open by default.
#[test]
fn the_anonymous_may_watch_what_anyone_may() {
    let nobody = Caller::Anonymous;
    assert_eq!(
        nobody.may(Scope::Watch, &name("gate"), Viewers::Anyone),
        Ok(())
    );
    assert_eq!(
        code(nobody.may(Scope::Watch, &name("gate"), Viewers::Grant)),
        Some(Code::Unauthorized)
    );
    assert_eq!(
        code(nobody.may(Scope::Publish, &name("gate"), Viewers::Anyone)),
        Some(Code::Unauthorized)
    );
    assert_eq!(code(nobody.must_administrate()), Some(Code::Unauthorized));
}

// E12: what is stored and what is printed does not open the door.
#[tokio::test]
async fn secrets_are_neither_stored_nor_printed() {
    let hub = hub().await;
    let secret = hub
        .authority
        .open_claim()
        .await
        .expect("works")
        .expect("nobody owns it");
    let signed_in = hub
        .authority
        .claim(&secret, true, NOW)
        .await
        .expect("claims");
    let secrets = [
        secret,
        signed_in.cookie,
        signed_in.administrator_token.expect("was asked for"),
    ];
    let printed = format!("{:?}", hub.authority);
    hub.authority.store().close().await;
    for file in std::fs::read_dir(hub.folder.path()).expect("readable") {
        let bytes = std::fs::read(file.expect("an entry").path()).expect("readable");
        for secret in &secrets {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            );
            assert!(!printed.contains(secret.as_str()));
        }
    }
}
