//! Closing a connection so that the camera notices: cameras with few slots, and live555 ones that
//! go on sending to a connection that is gone, need the TEARDOWN to arrive.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::dial::Connection;

/// How long a camera may take over it. A connection that is closed while its bytes lie unread is
/// reset, and the reset overtakes the TEARDOWN; so they are read until the camera closes too.
const FAREWELL: Duration = Duration::from_secs(1);

/// Sends `last`, if there is something to say, and closes, in a task of its own.
pub(super) fn close(mut connection: Connection, last: Option<Vec<u8>>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    runtime.spawn(async move {
        let _ = timeout(FAREWELL, async {
            if let Some(last) = last {
                let _ = connection.write_all(&last).await;
            }
            let _ = connection.shutdown().await;
            let mut rest = vec![0; 4096];
            while let Ok(1..) = connection.read(&mut rest).await {}
        })
        .await;
    });
}
