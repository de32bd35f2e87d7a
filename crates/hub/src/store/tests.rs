//! The store on a real file: requirement 88, D4.

use lenswire_api::StreamName;

use super::*;

const NOW: UnixTime = UnixTime(1_800_000_000);

async fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path()).await.expect("opens")
}

fn login(secret: &str, token: Option<&str>) -> Login {
    Login {
        hash: hash(secret),
        token: token.map(str::to_owned),
        expires_at: NOW.plus(Duration::from_secs(60)),
    }
}

#[tokio::test]
async fn identity_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = store(&folder)
        .await
        .identity("one", NOW)
        .await
        .expect("made");
    let second = store(&folder)
        .await
        .identity("two", NOW)
        .await
        .expect("found");
    assert_eq!(
        (first.id.as_str(), first.key.kid()),
        (second.id.as_str(), second.key.kid())
    );
    assert_eq!(first.id, "one");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("state/lenswire");
    let store = Store::open(&data).await.expect("opens");
    store.add_claim(hash("x"), NOW).await.expect("writes");
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&data), 0o700);
    for file in std::fs::read_dir(&data).expect("readable") {
        assert_eq!(mode(&file.expect("an entry").path()), 0o600);
    }
}

// SEC-4: of a secret only its hash is stored.
#[tokio::test]
async fn claims_are_used_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder).await;
    store.identity("one", NOW).await.expect("made");
    assert!(!store.is_claimed().await.expect("reads"));
    let claim = |secret: &str, printed, cookie: &str| {
        let claim = Claim {
            hash: hash(secret),
            printed,
            login: login(cookie, None),
            token: None,
        };
        let store = store.clone();
        async move { store.claim(&claim, NOW).await.expect("works") }
    };
    assert!(!claim("stranger", false, "c0").await && !store.is_claimed().await.expect("reads"));
    store
        .add_claim(hash("printed"), NOW.plus(Duration::from_secs(60)))
        .await
        .expect("writes");
    store.add_claim(hash("late"), NOW).await.expect("writes");
    assert!(!claim("late", false, "c1").await, "ended");
    assert!(claim("printed", false, "c2").await && store.is_claimed().await.expect("reads"));
    assert!(!claim("printed", false, "c3").await, "second use");
    assert!(store.is_signed_in(hash("c2"), NOW).await.expect("reads"));
    assert!(!store.is_signed_in(hash("c3"), NOW).await.expect("reads"));
    assert!(
        !store
            .is_signed_in(hash("c2"), NOW.plus(Duration::from_secs(60)))
            .await
            .expect("reads"),
        "ends"
    );
}

#[tokio::test]
async fn revoking_a_token_ends_its_browsers() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder).await;
    let token = |id: &str, hash| NewToken {
        id: id.into(),
        hash,
        name: "ann".into(),
        streams: String::new(),
        scope: String::new(),
        guest: false,
        expires_at: None,
    };
    store
        .add_token(&token("t1", Some(hash("secret"))), NOW)
        .await
        .expect("writes");
    store
        .add_token(&token("t2", None), NOW)
        .await
        .expect("writes");
    store
        .add_login(&login("cookie", Some("t1")))
        .await
        .expect("writes");
    assert_eq!(
        store
            .administrator(hash("secret"), NOW)
            .await
            .expect("reads")
            .as_deref(),
        Some("t1")
    );
    assert_eq!(
        store
            .administrator(hash("other"), NOW)
            .await
            .expect("reads"),
        None
    );
    assert!(
        store.revoke_token("t1", NOW).await.expect("works")
            && store.revoke_token("t2", NOW).await.expect("works")
    );
    assert!(!store.revoke_token("t1", NOW).await.expect("works"), "once");
    assert_eq!(
        store
            .administrator(hash("secret"), NOW)
            .await
            .expect("reads"),
        None
    );
    assert!(
        !store
            .is_signed_in(hash("cookie"), NOW)
            .await
            .expect("reads")
    );
    assert!(
        store.is_revoked("t2").await.expect("reads")
            && !store.is_revoked("t3").await.expect("reads")
    );
    assert_eq!(store.tokens().await.expect("reads").len(), 2);
    store
        .tidy(NOW.plus(Duration::from_secs(40 * 86_400)))
        .await
        .expect("works");
    assert!(store.tokens().await.expect("reads").is_empty());
}

#[tokio::test]
async fn what_is_no_store_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(FILE), "a".repeat(4_096)).expect("writes");
    let error = Store::open(folder.path())
        .await
        .expect_err("is no database");
    assert!(matches!(error, Error::Damaged(_)), "{error:?}");

    let folder = tempfile::tempdir().expect("a folder");
    let newer = store(&folder).await;
    sqlx::raw_sql("PRAGMA user_version = 99")
        .execute(&newer.pool)
        .await
        .expect("works");
    newer.close().await;
    let error = Store::open(folder.path()).await.expect_err("is newer");
    assert!(matches!(error, Error::Newer(_)), "{error:?}");

    let file = tempfile::NamedTempFile::new().expect("a file");
    assert!(matches!(
        Store::open(&file.path().join("data")).await,
        Err(Error::Folder { .. })
    ));
}

// `lenswire token` works on the store of a running hub.
#[tokio::test]
async fn two_processes_open_one_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (store(&folder).await, store(&folder).await);
    a.identity("one", NOW).await.expect("writes");
    assert_eq!(b.identity("two", NOW).await.expect("reads").id, "one");
}

fn stood(stream: &str, at: u64) -> Stood {
    Stood {
        stream: StreamName::parse(stream).expect("a name"),
        at: UnixTime(at),
        state: "retrying".into(),
        problem: Some(r#"{"code":"camera_refused"}"#.into()),
    }
}

// Requirement 74: a stream's history outlives the process, is in bounds, and has pages.
#[tokio::test]
async fn history_survives_and_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let gate = StreamName::parse("gate").expect("a name");
    let store = Store::open(folder.path()).await.expect("opens");
    let many: Vec<_> = (0..700).map(|at| stood("gate", NOW.0 + at)).collect();
    store.add_history(&many).await.expect("writes");
    store
        .add_history(&[stood("yard", 1)])
        .await
        .expect("writes");
    store.close().await;
    let store = Store::open(folder.path()).await.expect("opens again");
    let all = store.history(&gate, None, 10_000).await.expect("reads");
    assert_eq!(
        (all.len(), all[0].at, all[499].at),
        (500, UnixTime(NOW.0 + 699), UnixTime(NOW.0 + 200))
    );
    assert_eq!(
        all[0].problem.as_deref(),
        Some(r#"{"code":"camera_refused"}"#)
    );
    let page = store
        .history(&gate, Some(all[1].id), 2)
        .await
        .expect("reads");
    assert_eq!(page, all[2..4]);
    store.tidy(NOW).await.expect("tidies");
    let yard = StreamName::parse("yard").expect("a name");
    assert_eq!(store.history(&yard, None, 10).await.expect("reads"), []);
}
