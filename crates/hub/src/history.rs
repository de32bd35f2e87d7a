//! Keeps how streams' sources stood, so that a restart does not forget why last night's picture is
//! missing.

use std::time::Duration;

use lenswire_api::UnixTime;
use tokio_util::sync::CancellationToken;

use crate::events::{Event, Read, Reader};
use crate::store::{Stood, Store};

/// Entries written at once. While a write takes its time, what happens waits in the events' ring,
/// and is lost to the history when more happens than that keeps.
const BATCH: usize = 256;

/// How long entries are gathered, so that a hub whose cameras all come back writes a few times.
const GATHERED: Duration = Duration::from_millis(100);

/// Writes until the process stops.
pub(crate) async fn keep(mut events: Reader, store: Store, stopping: CancellationToken) {
    loop {
        let Some(first) = stopping.run_until_cancelled(next(&mut events)).await else {
            return;
        };
        let mut entries = vec![first];
        let gathering = async {
            while entries.len() < BATCH {
                entries.push(next(&mut events).await);
            }
        };
        // Over when the time is: whatever has been gathered then is written.
        let _full = tokio::time::timeout(GATHERED, gathering).await;
        if let Err(error) = store.add_history(&entries).await {
            tracing::error!(%error, entries = entries.len(), "the streams' history was not kept");
        }
    }
}

/// The next entry.
async fn next(events: &mut Reader) -> Stood {
    loop {
        match events.next().await {
            Read::Event(event) => {
                if let Some(entry) = entry(&event) {
                    return entry;
                }
            }
            Read::Lost => {
                tracing::warn!("so much happened at once that the streams' history has a gap");
            }
        }
    }
}

fn entry(event: &Event) -> Option<Stood> {
    let Event::Stood {
        name,
        at,
        state,
        problem,
    } = event
    else {
        return None;
    };
    let problem = problem.as_ref();
    Some(Stood {
        stream: name.clone(),
        at: UnixTime::from(*at),
        state: (*state).to_owned(),
        problem: problem.and_then(|problem| serde_json::to_string(problem).ok()),
    })
}
