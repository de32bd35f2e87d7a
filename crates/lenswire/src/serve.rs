//! `lenswire serve`: everything is put together, runs until it is told to stop, and ends in order.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use lenswire_hub::Hub;
use lenswire_hub::auth::Authority;
use lenswire_hub::config::{self, Config, File, LogFormat, LogLevel, Watch};
use lenswire_hub::http::{self, App, Serving};
use lenswire_hub::https::Https;
use lenswire_hub::journal::Journal;
use lenswire_hub::store::Store;
use tokio_util::sync::CancellationToken;

use crate::cli::Serve;
use crate::hello::{self, Welcome};
use crate::{log, now};

/// How long the store may take to close; another program may hold it locked.
const STORE: Duration = Duration::from_secs(1);

/// How long work that nobody can stop, like asking for a camera's address, may hold up the end.
const REST: Duration = Duration::from_millis(500);

pub(crate) fn run(options: Serve) -> anyhow::Result<()> {
    let Serve {
        places,
        listening,
        log_format,
        log_level,
    } = options;
    let overrides = listening
        .overrides()
        .with("--log-format", "log.format", log_format)
        .with("--log-level", "log.level", log_level);
    let folder = places.folder()?;
    let file = places.file(overrides)?;
    let config = file.load()?;
    let journal = start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let served = runtime.block_on(serve(config, file, &folder, journal));
    runtime.shutdown_timeout(REST);
    served
}

async fn serve(
    config: Config,
    file: File,
    folder: &Path,
    journal: Arc<Journal>,
) -> anyhow::Result<()> {
    let listener = listen("listen", config.listen)?;
    let plain = config.tls.as_ref().and_then(|tls| tls.http);
    let plain = plain
        .map(|address| listen("tls.http", address))
        .transpose()?;
    let store = Store::open(folder).await?;
    let authority = Arc::new(Authority::open(store.clone(), now()).await?);
    let file = Arc::new(file);
    let https = open_https(&config, folder)?;
    let hub = Hub::start(config.clone(), instant())?;
    let _watch = follow(&file, &hub);

    let secret = authority
        .open_claim()
        .await
        .map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let ca = https.as_ref().and_then(Https::ca);
    let addresses = hub.engine().addresses();
    let bound = listener.local_addr()?;
    hello::greet(&Welcome {
        address: hello::address(&config, bound, &addresses),
        media_port: hub.engine().port(),
        secret: secret.as_deref(),
        folder,
        install: hello::install(&config, bound, &addresses, ca.as_deref()),
    })?;

    let stopping = CancellationToken::new();
    tokio::spawn(stop_on_signal(stopping.clone()));
    let app = App::new(hub, authority, file, stopping)
        .with_install(ca.as_deref())
        .with_journal(journal);
    let serving = |listener, tls| Serving {
        listener,
        tls,
        limits: config.limits.clone(),
        proxies: config.trusted_proxies.clone(),
    };
    let tls = https.as_ref().map(Https::acceptor);
    let main = http::serve(
        serving(listener, tls),
        http::router(app.clone()),
        app.clone().stopped(),
    );
    let beside = async {
        let Some(plain) = plain else { return Ok(()) };
        let router = http::plain(app.clone(), bound.port());
        http::serve(serving(plain, None), router, app.clone().stopped()).await
    };
    let served = tokio::try_join!(main, beside);
    app.finish().await;
    hello::forget(folder);
    if tokio::time::timeout(STORE, store.close()).await.is_err() {
        tracing::warn!("the store did not close in time; it loses nothing by it");
    }
    tracing::info!("stopped");
    served?;
    Ok(())
}

fn open_https(config: &Config, folder: &Path) -> anyhow::Result<Option<Https>> {
    let Some(tls) = &config.tls else {
        return Ok(None);
    };
    let public = config.public_url.as_ref();
    let public = public.and_then(|url| url.host().map(|host| host.to_owned()));
    Ok(Some(Https::open(tls, public, folder, wall())?))
}

fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                ": another program, or another Lenswire, has that port. Stop it, or use another port"
            }
            std::io::ErrorKind::PermissionDenied => {
                ": ports below 1024 are for root. Use another port, or let the service manager grant CAP_NET_BIND_SERVICE"
            }
            _ => "",
        };
        anyhow::anyhow!("{key}: cannot listen on {address} ({error}){help}")
    })
}

/// Applies the file whenever somebody changes it. Without inotify handles the hub runs all the same.
fn follow(file: &Arc<File>, hub: &Hub) -> Option<Watch> {
    let (hub, path) = (hub.clone(), file.path().display().to_string());
    let applied = move |changed: Result<Config, config::Error>| match changed {
        Ok(config) => {
            hub.apply(config, instant());
            tracing::info!(file = path, "applied the changed configuration");
        }
        Err(error) => {
            tracing::error!(%error, "the changed configuration is wrong; the old one stays");
        }
    };
    Watch::start(Arc::clone(file), applied)
        .inspect_err(|error| tracing::warn!(%error, "changes of the configuration are seen at the next start only"))
        .ok()
}

/// The first signal stops in order, the second at once.
async fn stop_on_signal(stopping: CancellationToken) {
    signal().await;
    tracing::info!("stopping");
    stopping.cancel();
    signal().await;
    std::process::exit(1);
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}

/// Starts logging, and puts panics into the log: a panic costs one session, and its text may quote
/// what that session was about. Gives where the last lines are kept.
fn start_log(config: &Config) -> Arc<Journal> {
    let look = match config.log.format {
        LogFormat::Text => log::Look::Text,
        LogFormat::Json => log::Look::Json,
    };
    let level = match config.log.level {
        LogLevel::Off => "off",
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned());
    let journal = Arc::new(Journal::default());
    log::start(look, &filter, Arc::clone(&journal));
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(
            place,
            why = config::scrub(text.unwrap_or_default()),
            "panicked at a place that must not"
        );
    }));
    journal
}

#[expect(clippy::disallowed_methods, reason = "the process is a door")]
fn wall() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "the process is a door")]
fn instant() -> Instant {
    Instant::now()
}
