//! A configuration taken over as a difference: who stays, who goes.

use lenswire_media::Kind;
use lenswire_rtc::peer::client::Client;

use super::*;
use crate::auth::How;
use crate::config::{self, SourceUrl, Transport};
use crate::source::scripted::picture;

#[expect(clippy::disallowed_methods, reason = "a test is where time enters")]
fn now() -> Instant {
    Instant::now()
}

fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect("a name")
}

fn rtsp(url: &str) -> Option<config::Source> {
    // Port 1 refuses at once; nothing here waits for a camera.
    Some(config::Source::Rtsp(
        SourceUrl::parse(url).expect("an address"),
    ))
}

/// Two streams without sources of their own, open to anyone.
fn two() -> Config {
    let open = StreamConfig {
        viewers: Viewers::Anyone,
        ..StreamConfig::default()
    };
    let streams = [(name("gate"), open.clone()), (name("yard"), open)].into();
    let media = config::Media {
        port: 0,
        addresses: vec![[127, 0, 0, 1].into()],
        ..config::Media::default()
    };
    Config {
        media,
        streams,
        ..Config::default()
    }
}

fn changed(config: &Config, stream: &str, change: impl FnOnce(&mut StreamConfig)) -> Config {
    let mut config = config.clone();
    change(config.streams.get_mut(&name(stream)).expect("is there"));
    config
}

async fn watch(hub: &Hub, stream: &str, identity: Identity) -> Arc<Session> {
    let client = Client::offer(&[Kind::Video], &[], now()).expect("offers");
    let offer = client.sdp().to_owned();
    let request = WatchRequest {
        stream: name(stream),
        offer,
        identity,
        expires: None,
        client: None,
        now: now(),
    };
    hub.watch(request, &mut |_| {})
        .await
        .unwrap_or_else(|problem| panic!("{problem}"))
}

// Requirements 68, 81; peers.md 31: a change drops no viewer.
#[tokio::test(flavor = "multi_thread")]
async fn viewers_stay_whatever_changes_about_their_stream() {
    let hub = Hub::start(two(), now()).expect("starts");
    let (gate, yard) = (
        hub.stream(&name("gate")).expect("runs"),
        hub.stream(&name("yard")).expect("runs"),
    );
    let _pictures = (picture(gate.media()), picture(yard.media()));
    let sessions = [
        watch(&hub, "gate", Identity::Anyone).await,
        watch(&hub, "yard", Identity::Anyone).await,
    ];
    let mut config = two();
    let changes: [fn(&mut StreamConfig); 9] = [
        |stream| stream.on_demand = true,
        |stream| stream.delay_limit = Some(Duration::from_millis(500)),
        |stream| stream.source = rtsp("rtsp://user:secret@127.0.0.1:1/a"),
        |stream| stream.source = rtsp("rtsp://user:other@127.0.0.1:1/b"),
        |stream| stream.substream = rtsp("rtsp://user:secret@127.0.0.1:1/small"),
        |stream| stream.substream = rtsp("rtsp://user:secret@127.0.0.1:1/smaller"),
        |stream| stream.substream = None,
        |stream| stream.transport = Transport::Udp,
        |stream| stream.source = None,
    ];
    for change in changes {
        config = changed(&config, "gate", change);
        hub.apply(config.clone(), now());
        assert_eq!(*hub.config(), config);
        assert!(
            sessions.iter().all(|session| !session.is_closed()),
            "{:?}",
            config.streams[&name("gate")]
        );
    }
    assert!(
        Arc::ptr_eq(&hub.stream(&name("gate")).expect("runs"), &gate),
        "the same stream all along"
    );
    assert!(Arc::ptr_eq(
        &hub.stream(&name("yard")).expect("runs"),
        &yard
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_started_again() {
    let config = changed(&two(), "gate", |stream| {
        stream.source = rtsp("rtsp://127.0.0.1:1/a");
    });
    let config = changed(&config, "yard", |stream| {
        stream.source = rtsp("rtsp://127.0.0.1:1/b");
    });
    let hub = Hub::start(config.clone(), now()).expect("starts");
    let yard = hub.stream(&name("yard")).expect("runs");
    let mut standing = yard.follow();
    standing
        .wait_for(|standing| standing.word() == "retrying")
        .await
        .expect("lives");
    let since = yard.standing().since();
    hub.apply(
        changed(&config, "gate", |stream| {
            stream.source = rtsp("rtsp://127.0.0.1:1/c");
        }),
        now(),
    );
    let gate = hub.stream(&name("gate")).expect("runs");
    assert!(matches!(gate.standing().word(), "connecting" | "retrying"));
    assert_eq!(
        (yard.standing().word(), yard.standing().since()),
        ("retrying", since),
        "its failure goes on as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_stream_takes_its_own_viewers_along() {
    let hub = Hub::start(two(), now()).expect("starts");
    let _pictures: Vec<_> = hub
        .streams()
        .iter()
        .map(|entry| picture(entry.media()))
        .collect();
    let (gone, stays) = (
        watch(&hub, "gate", Identity::Anyone).await,
        watch(&hub, "yard", Identity::Anyone).await,
    );
    let mut config = two();
    config.streams.remove(&name("gate"));
    hub.apply(config, now());
    assert!(hub.stream(&name("gate")).is_none());
    assert_eq!(
        gone.shown().reason.map(|problem| problem.code),
        Some(Code::StreamRemoved)
    );
    assert!(!stays.is_closed());
    assert_eq!(hub.sessions().len(), 1);
    let request = WatchRequest {
        stream: name("gate"),
        offer: String::new(),
        identity: Identity::Anyone,
        expires: None,
        client: None,
        now: now(),
    };
    let answer = hub.watch(request, &mut |_| {}).await;
    assert_eq!(
        answer.err().map(|problem| problem.code),
        Some(Code::StreamNotFound)
    );
}

// SEC-13: being open to anyone was the only leave that the anonymous had.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_closed_to_the_public_keeps_those_with_a_leave_of_their_own() {
    let hub = Hub::start(two(), now()).expect("starts");
    let _pictures: Vec<_> = hub
        .streams()
        .iter()
        .map(|entry| picture(entry.media()))
        .collect();
    let guest = Identity::Grant {
        issuer: "hub:1".into(),
        subject: "a".into(),
        number: "1".into(),
    };
    let anyone = watch(&hub, "gate", Identity::Anyone).await;
    let invited = [
        watch(&hub, "gate", guest).await,
        watch(
            &hub,
            "gate",
            Identity::Administrator(How::Token("1".into())),
        )
        .await,
    ];
    hub.apply(
        changed(&two(), "gate", |stream| stream.viewers = Viewers::Grant),
        now(),
    );
    assert_eq!(
        anyone.shown().reason.map(|problem| problem.code),
        Some(Code::GrantExpired)
    );
    assert!(invited.iter().all(|session| !session.is_closed()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_s_sessions_are_bounded() {
    let mut config = two();
    config.limits.sessions_per_user = 2;
    let hub = Hub::start(config, now()).expect("starts");
    let _pictures: Vec<_> = hub
        .streams()
        .iter()
        .map(|entry| picture(entry.media()))
        .collect();
    let guest = |number: &str| Identity::Grant {
        issuer: "hub:1".into(),
        subject: "page".into(),
        number: number.into(),
    };
    let _two = [
        watch(&hub, "gate", guest("1")).await,
        watch(&hub, "yard", guest("1")).await,
    ];
    let third = |number| {
        hub.0
            .sessions
            .check(&name("gate"), &guest(number), &hub.config().limits)
    };
    assert_eq!(
        third("1").err().map(|problem| problem.code),
        Some(Code::TooManySessions)
    );
    // Another grant is somebody else, although every page's grant has the same subject.
    assert!(third("2").is_ok());
}

// Nothing is left of a session that nobody holds: not its demand, not its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_leaves_nothing_behind() {
    let hub = Hub::start(two(), now()).expect("starts");
    let gate = hub.stream(&name("gate")).expect("runs");
    let _picture = picture(gate.media());
    for _ in 0..20 {
        let session = watch(&hub, "gate", Identity::Anyone).await;
        assert!(hub.close(session.secret(), None));
        assert!(!hub.close(session.secret(), None));
    }
    assert!(hub.sessions().is_empty());
    let end = now() + Duration::from_secs(20);
    while gate.media().demanded() > 0 {
        assert!(now() < end, "demand is left behind");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
