//! What the configuration says, as sources and the engine take it. Pure.

use lenswire_rtc::{EngineConfig, Ice};

use crate::config::{self, Config, StreamConfig};
use crate::source::Source;
use crate::stream::Sources;

/// The sources that a stream's configuration asks for.
pub(super) fn sources(config: &StreamConfig) -> Sources {
    let source = |source: &config::Source| match source {
        config::Source::Rtsp(url) => Source::rtsp(url, config.transport),
        config::Source::Demo => Source::Demo,
    };
    Sources {
        main: config.source.as_ref().map(source),
        substream: config.substream.as_ref().map(source),
    }
}

/// What the engine is to be like.
pub(super) fn engine_config(config: &Config) -> EngineConfig {
    let limits = &config.limits;
    EngineConfig {
        port: config.media.port,
        addresses: config.media.addresses.clone(),
        ice: match config.media.ice {
            config::Ice::Full => Ice::Full,
            config::Ice::Lite => Ice::Lite,
        },
        threads: 0,
        limits: lenswire_rtc::Limits {
            pending: limits.pending,
            pending_per_client: limits.pending_per_ip,
            pending_life: limits.pending_time,
            vanished_after: limits.vanished_time,
            ..lenswire_rtc::Limits::default()
        },
    }
}
