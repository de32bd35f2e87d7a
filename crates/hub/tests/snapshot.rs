//! Snapshots through the whole router, of the demo camera: real H.264, decoded.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use std::time::Duration;

use axum::http::Method;
use world::{Answered, World};

const CONFIG: &str = "
streams:
  demo: { source: demo, on_demand: true }
  open: { source: demo, viewers: anyone }
  gate: { publish: grant }
";

const DEMO: &str = "/api/v1/streams/demo/snapshot.jpg";

async fn get(world: &World, path: &str, token: Option<&str>, seen: &str) -> Answered {
    let seen = [("if-none-match", seen)];
    world.call(Method::GET, path, token, &seen, "").await
}

// Requirement 73: a camera that sleeps is woken for a snapshot; who has it already gets 304.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_wakes_its_camera_and_is_sent_once() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    assert_eq!(world.entry("demo").standing().word(), "idle");
    let still = get(&world, DEMO, Some(&token), "").await;
    assert_eq!(still.status, 200, "{}", still.body);
    assert_eq!(still.header("content-type"), "image/jpeg");
    assert_eq!(still.header("cache-control"), "private, no-cache");
    let full = still.body.len();
    let small = get(&world, &format!("{DEMO}?width=160"), Some(&token), "").await;
    assert!(small.status == 200 && small.body.len() < full / 4);
    // The next keyframe comes within a second; until then there is nothing to send.
    let mut seen = String::new();
    loop {
        let answer = get(&world, DEMO, Some(&token), &seen).await;
        seen = answer.header("etag").to_owned();
        if answer.status == 304 {
            assert!(answer.body.is_empty() && seen.starts_with('"'));
            break;
        }
        assert_eq!(answer.status, 200);
    }
}

// SEC-5, SEC-11: a token in the address counts here, and nothing else opens the door.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_for_who_may_watch() {
    let world = World::start(CONFIG).await;
    let minute = Duration::from_secs(60);
    let grant = world.grant("dashboard", "demo", minute).await;
    let other = world.grant("dashboard", "gate", minute).await;
    let with = |token: &str| format!("{DEMO}?width=64&token={token}");
    assert_eq!(get(&world, &with(&grant), None, "").await.status, 200);
    assert_eq!(get(&world, &with(&other), None, "").await.status, 403);
    assert_eq!(get(&world, &with("x"), None, "").await.status, 401);
    assert_eq!(get(&world, DEMO, None, "").await.status, 401);
    let open = "/api/v1/streams/open/snapshot.jpg?width=64";
    let still = get(&world, open, None, "").await;
    assert_eq!(still.status, 200);
    // A dashboard elsewhere may show it, and no page elsewhere can read it.
    assert_eq!(still.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(still.header("access-control-allow-origin"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_said_in_words() {
    let world = World::start(CONFIG).await;
    let token = world.administrator().await;
    let _vp8 = world.play("gate");
    let refused = async |path: &str| {
        let answer = get(&world, path, Some(&token), "").await;
        (answer.status.as_u16(), answer.code())
    };
    let gate = "/api/v1/streams/gate/snapshot.jpg";
    assert_eq!(refused(gate).await, (501, "snapshot_unsupported".into()));
    let nothing = "/api/v1/streams/nothing/snapshot.jpg";
    assert_eq!(refused(nothing).await, (404, "stream_not_found".into()));
    for wrong in ["-1", "wide", "1e3", "99999999999999999999999"] {
        let path = format!("{DEMO}?width={wrong}");
        assert_eq!(refused(&path).await, (400, "bad_request".into()), "{wrong}");
    }
    // Out of reason is not wrong: the picture is never enlarged, and a pixel is a picture.
    for odd in ["0", "1", "18446744073709551615"] {
        let path = format!("{DEMO}?width={odd}");
        assert_eq!(get(&world, &path, Some(&token), "").await.status, 200);
    }
}
