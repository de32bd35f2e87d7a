//! The first thing that somebody sees: where to go, and the link that makes the hub theirs.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use lenswire_hub::config::Config;

use crate::say;

/// Where the claim link stands when there is no terminal to print it on.
const CLAIM_FILE: &str = "claim";

/// The address to open, without a `/` at its end.
pub(crate) fn address(config: &Config, bound: SocketAddr, machine: &[IpAddr]) -> String {
    if let Some(url) = &config.public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let host = match bound.ip() {
        ip if ip.is_loopback() => "localhost".to_owned(),
        ip if ip.is_unspecified() => machine
            .first()
            .map_or_else(|| "localhost".to_owned(), |own| bracketed(*own)),
        ip => bracketed(ip),
    };
    format!("{scheme}://{host}:{}", bound.port())
}

fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// The claim link: the secret stands behind `#`, which browsers keep to themselves.
pub(crate) fn claim_link(address: &str, secret: &str) -> String {
    format!("{address}/claim#{secret}")
}

/// Tells where the hub is and, while nobody owns it, how to. The link is printed on a terminal;
/// elsewhere output is kept by somebody, so it goes to a file that only its owner reads.
pub(crate) fn greet(
    address: &str,
    media_port: u16,
    secret: Option<&str>,
    folder: &Path,
) -> anyhow::Result<()> {
    let file = folder.join(CLAIM_FILE);
    let link = secret.map(|secret| claim_link(address, secret));
    let _stale = std::fs::remove_file(&file);
    if std::io::stdout().is_terminal() {
        let claim = link.map_or_else(String::new, |link| {
            format!(
                "\n  Make it yours   {link}\n                  (works once; keep it to yourself)\n"
            )
        });
        let version = env!("CARGO_PKG_VERSION");
        return say(&format!(
            "\nLenswire {version}\n\n  Open            {address}\n{claim}\n  Media           UDP and TCP port {media_port}\n  Stop            Ctrl-C\n"
        ));
    }
    tracing::info!(address, media_port, "Lenswire is ready");
    if let Some(link) = link {
        write_for_owner(&file, &link)?;
        tracing::info!(file = %file.display(), "nobody owns this hub yet: the claim link is in this file");
    }
    Ok(())
}

fn write_for_owner(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{text}")
}

/// Takes the claim file away: its link has ended.
pub(crate) fn forget(folder: &Path) {
    let _there_was_none = std::fs::remove_file(folder.join(CLAIM_FILE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_that_can_be_opened() {
        let at = |listen: &str, config: &Config| {
            address(
                config,
                listen.parse().expect("an address"),
                &["192.168.1.5".parse().expect("an address")],
            )
        };
        let plain = Config::default();
        assert_eq!(at("127.0.0.1:8080", &plain), "http://localhost:8080");
        assert_eq!(at("0.0.0.0:8080", &plain), "http://192.168.1.5:8080");
        assert_eq!(at("[fd00::1]:8080", &plain), "http://[fd00::1]:8080");
        let public = Config {
            public_url: "https://cams.example.org/".parse().ok(),
            ..Config::default()
        };
        assert_eq!(
            claim_link(&at("0.0.0.0:8080", &public), "x"),
            "https://cams.example.org/claim#x"
        );
    }
}
