//! The faults of the endurance part, each of which has an end.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::World;
use crate::api::Api;
use crate::camera::{FRAIL, Fault};
use crate::impair::Impairment;
use crate::process;

/// Browsers and programs that ask at the same time.
const HAMMERS: usize = 4;

/// What goes wrong; one each minute, in this order, again and again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mishap {
    /// A camera loses its power for 5 s.
    CameraKilled,
    /// One makes no pictures for 8 s.
    CameraSilent,
    /// One's network holds everything back for 5 s and lets it go at once.
    CameraHeld,
    /// One's clock jumps ahead by an hour.
    ClockJump,
    /// One of fifty of a camera's packets is lost for 15 s.
    CameraLossy,
    /// The far viewers lose 10 % in 30 ms of jitter for 15 s.
    NetworkLossy,
    /// The far viewers get nothing for 10 s.
    NetworkGone,
    /// A viewer of each stream vanishes without a goodbye; others come.
    ViewersKilled,
    /// A stream's source is changed in the configuration.
    ConfigEdited,
    /// The API is asked as fast as it answers for 10 s, for what there is and what there is not.
    ApiHammered,
    /// The hub's process stands still for 3 s, as on a machine that swaps.
    HubPaused,
}

impl Mishap {
    pub(super) const ALL: [Self; 11] = [
        Self::CameraKilled,
        Self::NetworkLossy,
        Self::CameraSilent,
        Self::ViewersKilled,
        Self::ClockJump,
        Self::ConfigEdited,
        Self::CameraHeld,
        Self::NetworkGone,
        Self::ApiHammered,
        Self::CameraLossy,
        Self::HubPaused,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CameraKilled => "camera killed",
            Self::CameraSilent => "camera silent",
            Self::CameraHeld => "camera held back",
            Self::ClockJump => "clock jump",
            Self::CameraLossy => "camera lossy",
            Self::NetworkLossy => "network lossy",
            Self::NetworkGone => "network gone",
            Self::ViewersKilled => "viewers killed",
            Self::ConfigEdited => "config edited",
            Self::ApiHammered => "API hammered",
            Self::HubPaused => "hub paused",
        }
    }

    /// Lets it happen, the `n`th, and ends it.
    pub(super) fn happen(self, n: usize, world: &World<'_>) -> Result<()> {
        let stream = FRAIL[n % FRAIL.len()].trim_start_matches('/');
        let camera = |fault, seconds| {
            world.camera.set(stream, fault)?;
            std::thread::sleep(Duration::from_secs(seconds));
            world.camera.set(stream, Fault::None)
        };
        let network = |how, seconds| {
            world.relay.set(how);
            std::thread::sleep(Duration::from_secs(seconds));
            world.relay.set(Impairment::none());
            Ok(())
        };
        let none = Impairment::none();
        match self {
            Self::CameraKilled => camera(Fault::Down, 5),
            Self::CameraSilent => camera(Fault::Silent, 8),
            Self::CameraHeld => camera(Fault::Held, 5),
            Self::CameraLossy => camera(Fault::Lossy(50), 15),
            Self::ClockJump => world.camera.jump(stream, Duration::from_secs(3_600)),
            Self::NetworkLossy => network(
                Impairment {
                    loss: 10.0,
                    jitter: 30,
                    ..none
                },
                15,
            ),
            Self::NetworkGone => network(
                Impairment {
                    loss: 100.0,
                    ..none
                },
                10,
            ),
            Self::ViewersKilled => world.replace_near(),
            Self::ConfigEdited => edit(world, stream, n),
            Self::ApiHammered => hammer(&world.api, Duration::from_secs(10)),
            Self::HubPaused => process::pause(world.pid, Duration::from_secs(3)),
        }
    }
}

/// The same camera by another spelling: its source starts anew beneath its viewers.
fn edit(world: &World<'_>, stream: &str, n: usize) -> Result<()> {
    let slash = if (n / Mishap::ALL.len()).is_multiple_of(2) {
        "/"
    } else {
        ""
    };
    let source = format!("rtsp://{}/{stream}{slash}", world.camera.address());
    world.api.change(stream, &json!({ "source": source }))
}

/// Asks for everything, and for what isn't there; only a fault of the hub's own is one.
fn hammer(api: &Api, time: Duration) -> Result<()> {
    let deadline = crate::clock::now() + time;
    let ask = || {
        let mut failed = 0;
        while crate::clock::now() < deadline {
            for path in [
                "/api/v1/streams",
                "/api/v1/sessions",
                "/metrics",
                "/api/v1/streams/nobody",
                "/cam0/whep/0123",
                "/%00%ff",
            ] {
                failed += u32::from(api.status("GET", path, None).is_none_or(|s| s >= 500));
            }
            let nonsense = Some("v=0\r\nnonsense");
            let answer = api.status("POST", "/cam0/whep", nonsense);
            failed += u32::from(answer.is_none_or(|status| status >= 500));
        }
        failed
    };
    let failed = std::thread::scope(|scope| {
        let hammers: Vec<_> = (0..HAMMERS).map(|_| scope.spawn(ask)).collect();
        let failed = hammers.into_iter().map(|hammer| hammer.join().unwrap_or(1));
        failed.sum::<u32>()
    });
    ensure!(failed == 0, "{failed} requests failed");
    Ok(())
}
