//! `lenswire health`: whether the hub runs, for health checks where there is no curl.

use anyhow::Context as _;
use lenswire_hub::http;

use crate::cli::Health;
use crate::say;

pub(crate) fn run(options: Health) -> anyhow::Result<()> {
    let config = options.places.file(options.listening.overrides())?.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let asked = runtime.block_on(http::alive(config.listen, config.tls.is_some()));
    asked.with_context(|| format!("the hub at {} is not well", config.listen))?;
    say("ok")
}
