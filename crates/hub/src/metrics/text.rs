//! Figures as OpenMetrics text. Pure.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::figures::SourceFigures;
use super::{Counts, Figures, Totals};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stream {
    stream: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    stream: String,
    picture: &'static str,
}

/// All of it. The help texts have no full stop: the registry sets it.
pub(crate) fn text(figures: &Figures, counts: &Counts) -> String {
    let mut page = Page(Registry::with_prefix("lenswire"));
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    page.0.register("build", "The running program", version);
    page.load(figures);
    page.streams(figures);
    page.sources(&figures.sources);
    page.totals(&figures.totals);
    page.counts(counts);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _written = encode(&mut text, &page.0);
    text
}

struct Page(Registry);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: usize) {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.0.register(name, help, gauge);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn load(&mut self, figures: &Figures) {
        self.gauge(
            "tasks",
            "Tasks: sources, connections, whatever runs beside the media threads",
            figures.tasks,
        );
        let sum = |of: fn(&lenswire_rtc::Load) -> usize| figures.load.iter().map(of).sum();
        let count = |of: fn(&lenswire_rtc::Load) -> u64| figures.load.iter().map(of).sum();
        self.gauge(
            "sessions",
            "Sessions, connected or not",
            sum(|load| load.sessions),
        );
        self.gauge(
            "sessions_pending",
            "Sessions that still connect",
            sum(|load| load.pending),
        );
        self.gauge(
            "ice_tcp_connections",
            "Connections that carry media over TCP",
            sum(|load| load.tcp_connections),
        );
        self.gauge(
            "media_threads",
            "Threads that send media",
            figures.load.len(),
        );
        self.counter(
            "media_thread_panics",
            "Sessions lost to a fault in Lenswire",
            count(|load| load.panics),
        );
        self.counter(
            "dropped_datagrams",
            "Datagrams that the system had no room to send",
            count(|load| load.dropped_datagrams),
        );
    }

    fn streams(&mut self, figures: &Figures) {
        let states = Family::<State, Gauge>::default();
        // All states, also those that no stream is in: a gauge that vanishes is no zero.
        for state in [
            "idle",
            "connecting",
            "live",
            "stalled",
            "retrying",
            "parked",
        ] {
            let count = figures.states.get(state).copied().unwrap_or_default();
            let gauge = states.get_or_create(&State { state });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.0
            .register("streams", "Streams by the state of their source", states);
        let watching = Family::<Stream, Gauge>::default();
        for (stream, count) in &figures.watching {
            let stream = stream.clone();
            let gauge = watching.get_or_create(&Stream { stream });
            gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        self.0
            .register("stream_viewers", "Sessions that show a stream", watching);
    }

    fn sources(&mut self, sources: &[SourceFigures]) {
        let family = |of: fn(&SourceFigures) -> u64| {
            let family = Family::<Source, Counter>::default();
            for source in sources {
                let label = Source {
                    stream: source.stream.clone(),
                    picture: source.picture,
                };
                family.get_or_create(&label).inc_by(of(source));
            }
            family
        };
        let bytes = family(|source| source.bytes);
        self.0.register_with_unit(
            "source",
            "Media that came from a source",
            Unit::Bytes,
            bytes,
        );
        let mut put = |name: &str, help: &str, of| self.0.register(name, help, family(of));
        put(
            "source_packets",
            "Packets that came from a source",
            |source| source.packets,
        );
        put(
            "source_lost_packets",
            "Packets of a source that never came",
            |source| source.lost,
        );
        put(
            "source_reconnects",
            "How often a source came back after having been live",
            |source| source.reconnects,
        );
        put(
            "source_panics",
            "How often a source was lost to a fault in Lenswire",
            |source| source.panics,
        );
    }

    fn totals(&mut self, totals: &Totals) {
        let bytes: Counter = Counter::default();
        bytes.inc_by(totals.bytes);
        let help = "Sent to viewers, headers and retransmissions included";
        self.0.register_with_unit("sent", help, Unit::Bytes, bytes);
        let rows = [
            (
                "sent_packets",
                "Packets sent to viewers, retransmissions not counted",
                totals.packets,
            ),
            (
                "retransmitted_packets",
                "Packets sent again on request",
                totals.retransmitted,
            ),
            (
                "refused_retransmissions",
                "Packets asked for beyond a viewer's budget and not sent again",
                totals.refused,
            ),
            (
                "nacks",
                "Messages of viewers that ask for lost packets",
                totals.nacks,
            ),
            (
                "keyframe_requests",
                "Messages of viewers that ask for a keyframe",
                totals.keyframe_requests,
            ),
            (
                "dropped_frames",
                "Frames not sent because a viewer or a thread was behind",
                totals.dropped_frames,
            ),
            (
                "dropped_packets",
                "Packets not sent for the same reason",
                totals.dropped_packets,
            ),
        ];
        for (name, help, value) in rows {
            self.counter(name, help, value);
        }
    }

    fn counts(&mut self, counts: &Counts) {
        let help = "How late viewers' pictures are, by their players or as far as the hub knows; each viewer once a second";
        let delay = counts.delay.clone();
        self.0
            .register_with_unit("viewer_delay", help, Unit::Seconds, delay);
        let help = "Problems of sources and viewers as they began";
        self.0.register("problems", help, counts.problems.clone());
        let help = "Requests answered with 500 because their handler panicked";
        self.0
            .register("request_panics", help, counts.request_panics.clone());
    }
}
