//! What all handlers share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use lenswire_api::{Code, Problem};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::condition::IfMatch;
use super::limits::Rates;
use super::ws::Sockets;
use super::{ice, install, probe};
use crate::auth::{Authority, Caller};
use crate::config::{File, Preview, SettingsPatch, StreamEdit, Viewers};
use crate::https::LocalCa;
use crate::hub::Hub;
use crate::journal::Journal;
use crate::views::Moment;

/// How long a socket may take for its farewell: one write, which only a reader that has stopped
/// reading holds up.
const FAREWELL: Duration = Duration::from_secs(2);

/// The hub with everything that stands around it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) hub: Hub,
    pub(crate) authority: Arc<Authority>,
    pub(crate) file: Arc<File>,
    pub(crate) rates: Arc<Rates>,
    /// Cancelled when the process is to stop: sockets say goodbye then.
    pub(crate) stopping: CancellationToken,
    pub(crate) sockets: Arc<Sockets>,
    /// One permit for each camera that may be looked at now.
    pub(crate) probes: Arc<Semaphore>,
    /// What devices install to trust us, when our certificate is our own authority's.
    pub(crate) install: Option<Arc<install::Files>>,
    /// The last lines of the log.
    pub(crate) journal: Arc<Journal>,
    /// Held from an edit of the file until it runs, so that of two edits the later one wins in both.
    editing: Arc<Mutex<()>>,
}

impl App {
    /// Puts a running hub, its authority and its configuration's file behind HTTP.
    #[must_use]
    pub fn new(
        hub: Hub,
        authority: Arc<Authority>,
        file: Arc<File>,
        stopping: CancellationToken,
    ) -> Self {
        let rates = Arc::new(Rates::new(&hub.config().limits));
        Self {
            hub,
            authority,
            file,
            rates,
            stopping,
            sockets: Arc::default(),
            probes: Arc::new(Semaphore::new(probe::AT_ONCE)),
            install: None,
            journal: Arc::default(),
            editing: Arc::default(),
        }
    }

    /// The same, offering the certificate of the hub's own authority at `/install`.
    #[must_use]
    pub fn with_install(self, ca: Option<&LocalCa>) -> Self {
        let install = ca.map(|ca| Arc::new(install::Files::new(ca)));
        Self { install, ..self }
    }

    /// The same with the log's last lines to show.
    #[must_use]
    pub fn with_journal(self, journal: Arc<Journal>) -> Self {
        Self { journal, ..self }
    }

    /// Ends when the process is to stop. From then on no session begins: who asks is told to come
    /// again, and open requests have no camera left to wait for.
    pub async fn stopped(self) {
        self.stopping.cancelled().await;
        self.hub.refuse();
    }

    /// Ends what people have going on, in order (D2): no session begins any more, every socket is
    /// told to come again (1012), then viewers' peers are closed. Whoever does not take its
    /// farewell within 2 s is cut.
    pub async fn finish(&self) {
        self.stopping.cancel();
        self.hub.refuse();
        if tokio::time::timeout(FAREWELL, self.sockets.gone())
            .await
            .is_err()
        {
            tracing::warn!("some sockets did not take their farewell and were cut");
        }
        self.hub.finish();
    }

    /// The ICE servers that a caller may use. Whoever can't watch anything is told no TURN password.
    pub(crate) fn ice_servers(&self, caller: &Caller) -> Vec<ice::Server> {
        let config = self.hub.config();
        let open = || {
            config
                .streams
                .values()
                .any(|stream| stream.viewers == Viewers::Anyone)
        };
        if *caller == Caller::Anonymous && !open() {
            return Vec::new();
        }
        config.ice_servers.iter().map(ice::Server::from).collect()
    }

    /// Makes one change in the configuration's file and then in what runs; of a stream only if it is
    /// still what `wanted` names, so that of two people editing at once neither undoes the other's.
    pub(crate) async fn edit(&self, edit: StreamEdit, wanted: IfMatch) -> Result<(), Problem> {
        self.write(move |app| {
            let entry = app.hub.stream(edit.name());
            let current = entry.map(|entry| entry.revision()).unwrap_or_default();
            if wanted != IfMatch::Missing && !wanted.allows(&current) {
                let detail = "Somebody changed this stream meanwhile.";
                return Err(Problem::new(Code::PreconditionFailed, detail));
            }
            let config = app.file.edit(&edit)?;
            app.hub.apply(config, moment().now);
            Ok(())
        })
        .await
    }

    /// Changes settings in the file and in what runs, or only tells what that would do.
    pub(crate) async fn change(
        &self,
        patch: SettingsPatch,
        expected: IfMatch,
        only_show: bool,
    ) -> Result<Preview, Problem> {
        self.write(move |app| {
            let done = app
                .file
                .change(patch, |tag| expected.allows(tag), only_show)?;
            if !only_show {
                app.hub.apply(done.config.clone(), moment().now);
            }
            Ok(done)
        })
        .await
    }

    /// Does what writes the file, one after the other.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _until_it_runs = app.editing.lock().unwrap_or_else(PoisonError::into_inner);
            work(&app)
        });
        written.await.unwrap_or_else(|_| Err(Code::Internal.into()))
    }
}

/// When a request came in: both clocks, read once.
#[expect(clippy::disallowed_methods, reason = "requests enter here")]
pub(crate) fn moment() -> Moment {
    Moment {
        now: Instant::now(),
        wall: SystemTime::now(),
    }
}
