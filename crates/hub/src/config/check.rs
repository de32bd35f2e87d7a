//! What only shows when two values are seen together: contradictions, and the one combination that
//! is refused for safety.

use super::error::{Fault, Place};
use super::shape::{Config, IceServer, Source, StreamConfig, Transport};
use super::tree::Node;

/// The first contradiction, at the place of the value that is to be changed.
pub(super) fn check(config: &Config, tree: &Node) -> Result<(), Fault> {
    let at = |path: &[&str]| {
        tree.find(path)
            .map_or(Place::File { line: 1, column: 1 }, |entry| {
                entry.node.place.clone()
            })
    };
    plain_http(config).map_err(|fault| fault.at(&at(&["listen"])))?;
    ports(config).map_err(|fault| fault.at(&at(&["media", "port"])))?;
    plain_port(config).map_err(|fault| fault.at(&at(&["tls", "http"])))?;
    public_url(config).map_err(|fault| fault.at(&at(&["public_url"])))?;
    config
        .ice_servers
        .iter()
        .try_for_each(ice_server)
        .map_err(|fault| fault.at(&at(&["ice_servers"])))?;
    limits(config).map_err(|(key, fault)| fault.at(&at(&["limits", key])))?;
    for (name, stream) in &config.streams {
        contradiction(stream).map_err(|(key, fault)| {
            let entry = tree
                .find(&["streams", name.as_str(), key])
                .or_else(|| tree.find(&["streams", name.as_str()]));
            entry.map_or(fault.clone(), |entry| fault.at(&entry.place))
        })?;
    }
    Ok(())
}

/// Tokens and pictures in the clear are only for this machine, for whoever ends TLS in front of
/// us, or for those who say so (requirement 88).
fn plain_http(config: &Config) -> Result<(), Fault> {
    let safe = config.listen.ip().is_loopback()
        || config.tls.is_some()
        || config.insecure_http
        || !config.trusted_proxies.is_empty();
    if safe {
        return Ok(());
    }
    Err(Fault::new(format!("plain HTTP on {} would send tokens in the clear", config.listen.ip())).with_help(
        "set tls: { cert, key } or tls: { local: true }; or trusted_proxies when a proxy in front does HTTPS; or insecure_http: true when the network is yours alone",
    ))
}

fn ports(config: &Config) -> Result<(), Fault> {
    if config.media.port != 0 && config.media.port == config.listen.port() {
        return Err(
            Fault::new("the media port is the same as the port of listen")
                .with_help("media needs a UDP and TCP port of its own, such as 8189"),
        );
    }
    Ok(())
}

fn plain_port(config: &Config) -> Result<(), Fault> {
    let plain = config.tls.as_ref().and_then(|tls| tls.http);
    match plain.map(|address| address.port()) {
        Some(port) if port != 0 && port == config.listen.port() => {
            Err(Fault::new("plain HTTP and HTTPS cannot share a port")
                .with_help("set tls.http to another port than listen, such as 80 beside 443"))
        }
        _ => Ok(()),
    }
}

fn public_url(config: &Config) -> Result<(), Fault> {
    match &config.public_url {
        Some(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => Err(
            Fault::new("expected an address such as https://cameras.example.org"),
        ),
        Some(url)
            if url.path() != "/"
                || url.query().is_some()
                || url.fragment().is_some()
                || !url.username().is_empty() =>
        {
            Err(Fault::new(
                "public_url has no path: Lenswire needs a host name of its own",
            ))
        }
        _ => Ok(()),
    }
}

fn ice_server(server: &IceServer) -> Result<(), Fault> {
    for url in &server.urls {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "stun" | "stuns" => {}
            "turn" | "turns" if server.username.is_some() && server.credential.is_some() => {}
            "turn" | "turns" => {
                return Err(Fault::new(
                    "a TURN server needs `username` and `credential`",
                ));
            }
            _ => {
                return Err(Fault::new(
                    "expected an address such as stun:stun.example.org:3478 or turn:turn.example.org:3478",
                ));
            }
        }
    }
    Ok(())
}

fn limits(config: &Config) -> Result<(), (&'static str, Fault)> {
    let limits = &config.limits;
    let positive = [
        ("connections", limits.connections),
        ("connections_per_ip", limits.connections_per_ip),
        ("ws_queue", limits.ws_queue),
        ("sessions_per_socket", limits.sessions_per_socket),
        ("streams", limits.streams),
    ];
    if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
        return Err((key, Fault::new("0 would let nobody in")));
    }
    if limits.header.0 < 1_024 {
        return Err(("header", Fault::new("browsers need at least 1 KiB")));
    }
    if limits.sdp > limits.body {
        return Err((
            "sdp",
            Fault::new("an SDP is a body: limits.body must be at least as large"),
        ));
    }
    let times = [
        ("header_time", limits.header_time),
        ("body_time", limits.body_time),
        ("idle_time", limits.idle_time),
    ];
    if let Some((key, _)) = times.iter().find(|(_, time)| time.is_zero()) {
        return Err((key, Fault::new("no time at all lets nobody in")));
    }
    if config.streams.len() > limits.streams {
        return Err((
            "streams",
            Fault::new(format!("the file has {} streams", config.streams.len())),
        ));
    }
    Ok(())
}

fn contradiction(stream: &StreamConfig) -> Result<(), (&'static str, Fault)> {
    let fault = |key, text| Err((key, Fault::new(text)));
    let StreamConfig {
        source,
        substream,
        transport,
        on_demand,
        ..
    } = stream;
    if source.is_none() && substream.is_some() {
        return fault("substream", "a substream needs a source");
    }
    if source.is_none() && *on_demand {
        return fault(
            "on_demand",
            "on_demand needs a source: a publisher comes by itself",
        );
    }
    if source.is_some() && stream.publish == super::Publish::Anyone {
        return fault("publish", "a stream with a source cannot be published");
    }
    let tls = |source: &Option<Source>| matches!(source, Some(Source::Rtsp(url)) if url.is_tls());
    if *transport == Transport::Udp && (tls(source) || tls(substream)) {
        return fault(
            "transport",
            "rtsps:// carries media inside its TLS connection: use transport: auto or tcp",
        );
    }
    Ok(())
}
