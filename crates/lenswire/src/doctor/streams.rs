//! Whether the cameras can be reached, each looked at once; only with `--streams`, because each costs
//! the camera a connection.

use std::sync::Arc;

use lenswire_hub::config::Source;
use lenswire_hub::probe::{self, Camera};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Finding, Ground};

/// Cameras that are looked at at once.
const AT_ONCE: usize = 8;

/// The sources of all streams.
pub(super) fn sources(ground: &Ground) -> Vec<Finding> {
    if !ground.with_streams {
        return Vec::new();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(look(ground)),
        Err(error) => vec![Finding::fail(
            format!("The cameras could not be looked at: {error}."),
            "Try again.",
        )],
    }
}

async fn look(ground: &Ground) -> Vec<Finding> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut looks = JoinSet::new();
    for (name, stream) in &ground.config.streams {
        let main = (name.to_string(), stream.source.as_ref());
        let sub = (format!("{name} (substream)"), stream.substream.as_ref());
        for (name, source) in [main, sub] {
            if let Some(Source::Rtsp(url)) = source {
                let camera = Camera::trusted(url.clone(), stream.transport);
                looks.spawn(judge(name, camera, Arc::clone(&turns)));
            }
        }
    }
    let mut findings = looks.join_all().await;
    findings.sort_by(|one, other| one.detail.cmp(&other.detail));
    findings
}

async fn judge(name: String, camera: Camera, turns: Arc<Semaphore>) -> Finding {
    let _turn = turns.acquire().await;
    let found = probe::run(&camera, &mut |_| {}).await;
    match (found.problem, found.warnings.into_iter().next()) {
        (Some(problem), _) => Finding::fail(format!("{name}: {problem}"), problem.fix()),
        (None, Some(warning)) => Finding::warn(format!("{name}: {warning}"), warning.fix()),
        (None, None) => Finding::ok(format!("{name} plays.")),
    }
}
