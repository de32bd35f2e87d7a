//! `lenswire serve`: everything is put together, runs until it is told to stop, and ends in order.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lenswire_hub::Hub;
use lenswire_hub::auth::Authority;
use lenswire_hub::config::{self, Config, File, LogFormat, LogLevel, Overrides, Watch};
use lenswire_hub::http::{self, App, Serving};
use lenswire_hub::store::Store;
use tokio_util::sync::CancellationToken;

use crate::cli::Serve;
use crate::{hello, log, now};

/// How long the store may take to close; another program may hold it locked.
const STORE: Duration = Duration::from_secs(1);

/// How long work that nobody can stop, like asking for a camera's address, may hold up the end.
const REST: Duration = Duration::from_millis(500);

pub(crate) fn run(options: Serve) -> anyhow::Result<()> {
    let Serve {
        places,
        listen,
        log_format,
        log_level,
    } = options;
    let overrides = Overrides::default()
        .with("--listen", "listen", listen)
        .with("--log-format", "log.format", log_format)
        .with("--log-level", "log.level", log_level);
    let folder = places.folder()?;
    let file = places.file(overrides)?;
    let config = file.load()?;
    start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let served = runtime.block_on(serve(config, file, &folder));
    runtime.shutdown_timeout(REST);
    served
}

async fn serve(config: Config, file: File, folder: &Path) -> anyhow::Result<()> {
    let listener = listen(&config)?;
    let store = Store::open(folder).await?;
    let authority = Arc::new(Authority::open(store.clone(), now()).await?);
    let file = Arc::new(file);
    let hub = Hub::start(config.clone(), instant())?;
    let _watch = follow(&file, &hub);

    let secret = authority
        .open_claim()
        .await
        .map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let address = hello::address(&config, listener.local_addr()?, &hub.engine().addresses());
    hello::greet(&address, hub.engine().port(), secret.as_deref(), folder)?;

    let stopping = CancellationToken::new();
    tokio::spawn(stop_on_signal(stopping.clone()));
    let Config {
        tls,
        limits,
        trusted_proxies,
        ..
    } = config;
    let serving = Serving {
        listener,
        tls,
        limits,
        proxies: trusted_proxies,
    };
    let app = App::new(hub, authority, file, stopping);
    let served = http::serve(serving, http::router(app.clone()), app.clone().stopped()).await;
    app.finish().await;
    hello::forget(folder);
    if tokio::time::timeout(STORE, store.close()).await.is_err() {
        tracing::warn!("the store did not close in time; it loses nothing by it");
    }
    tracing::info!("stopped");
    served.map_err(Into::into)
}

fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen).map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                ": another program, or another Lenswire, has that port. Stop it, or use --listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                ": ports below 1024 are for root. Use another with --listen"
            }
            _ => "",
        };
        anyhow::anyhow!("cannot listen on {} ({error}){help}", config.listen)
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
/// what that session was about.
fn start_log(config: &Config) {
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
    log::start(
        look,
        &std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned()),
    );
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
}

#[expect(clippy::disallowed_methods, reason = "the process is a door")]
fn instant() -> Instant {
    Instant::now()
}
