//! The first thing that somebody sees: where to go, and the link that makes the hub theirs.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use fast_qr::qr::QRBuilder;
use lenswire_hub::config::Config;
use lenswire_hub::https::LocalCa;

use crate::say;

/// Where the claim link stands when there is no terminal to print it on.
const CLAIM_FILE: &str = "claim";

/// What somebody who starts the hub is told.
pub(crate) struct Welcome<'a> {
    /// The address to open.
    pub(crate) address: String,
    pub(crate) media_port: u16,
    /// Of the claim link, while nobody owns the hub.
    pub(crate) secret: Option<&'a str>,
    pub(crate) folder: &'a Path,
    pub(crate) install: Option<Install>,
}

/// Where devices come to trust the hub's own certificate authority.
pub(crate) struct Install {
    /// Of the page.
    pub(crate) address: String,
    /// To compare with what the page says.
    pub(crate) fingerprint: String,
}

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
    format!("{scheme}://{}:{}", host(bound.ip(), machine), bound.port())
}

/// Where the certificate authority is installed: over plain HTTP where there is some, because a
/// device that asks trusts nothing yet.
pub(crate) fn install(
    config: &Config,
    bound: SocketAddr,
    machine: &[IpAddr],
    ca: Option<&LocalCa>,
) -> Option<Install> {
    let (ca, tls) = (ca?, config.tls.as_ref()?);
    let origin = match tls.http {
        Some(plain) => {
            let public = config.public_url.as_ref().and_then(|url| url.host_str());
            let host = public.map_or_else(|| host(plain.ip(), machine), str::to_owned);
            format!("http://{host}:{}", plain.port())
        }
        None => address(config, bound, machine),
    };
    Some(Install {
        address: format!("{origin}/install"),
        fingerprint: ca.fingerprint(),
    })
}

/// How others write the address that is listened on.
fn host(bound: IpAddr, machine: &[IpAddr]) -> String {
    match bound {
        ip if ip.is_loopback() => "localhost".to_owned(),
        ip if ip.is_unspecified() => machine
            .first()
            .map_or_else(|| "localhost".to_owned(), |own| bracketed(*own)),
        ip => bracketed(ip),
    }
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
pub(crate) fn greet(welcome: &Welcome<'_>) -> anyhow::Result<()> {
    let Welcome {
        address,
        media_port,
        secret,
        folder,
        install,
    } = welcome;
    let file = folder.join(CLAIM_FILE);
    let link = secret.map(|secret| claim_link(address, secret));
    let _stale = std::fs::remove_file(&file);
    if std::io::stdout().is_terminal() {
        return say(&words(welcome, link.as_deref()));
    }
    tracing::info!(address, media_port, "Lenswire is ready");
    if let Some(Install {
        address,
        fingerprint,
    }) = install
    {
        tracing::info!(
            install = address,
            fingerprint,
            "each device installs the hub's certificate once, from here"
        );
    }
    if let Some(link) = link {
        write_for_owner(&file, &link)?;
        tracing::info!(file = %file.display(), "nobody owns this hub yet: the claim link is in this file");
    }
    Ok(())
}

fn words(welcome: &Welcome<'_>, link: Option<&str>) -> String {
    let (address, media_port) = (&welcome.address, welcome.media_port);
    let claim = link.map_or_else(String::new, |link| {
        format!("\n  Make it yours   {link}\n                  (works once; keep it to yourself)\n")
    });
    let install = welcome.install.as_ref().map_or_else(String::new, shown);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "\nLenswire {version}\n\n  Open            {address}\n{claim}{install}\n  Media           UDP and TCP port {media_port}\n  Stop            Ctrl-C\n"
    )
}

/// What a phone's owner needs: the address, as a picture, too, and what to compare.
fn shown(install: &Install) -> String {
    let Install {
        address,
        fingerprint,
    } = install;
    let picture = QRBuilder::new(address.as_str())
        .build()
        .map_or_else(|_| String::new(), |code| code.to_str());
    let picture: String = picture
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    format!(
        "\n  Each device     {address}\n                  (once: it installs this hub's certificate, so that browsers trust it)\n{picture}  Its SHA-256     {fingerprint}\n"
    )
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

    // requirement 88: what a phone scans is what the page's address is.
    #[test]
    fn a_local_authority_is_offered_with_a_picture() {
        let install = Install {
            address: "http://192.168.1.5:8080/install".to_owned(),
            fingerprint: "AB:CD".to_owned(),
        };
        let shown = shown(&install);
        assert!(shown.contains(&install.address) && shown.contains("AB:CD"));
        let picture: Vec<&str> = shown
            .lines()
            .filter(|line| line.contains('\u{2588}'))
            .collect();
        assert!(picture.len() > 10, "{shown}");
        assert!(
            shown.lines().all(|line| line.chars().count() < 112),
            "fits a terminal: {shown}"
        );
    }
}
