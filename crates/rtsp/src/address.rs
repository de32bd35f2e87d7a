//! Where a camera is and who we are to it. The URL is split at once: what is left of it can be
//! sent and shown, the password cannot.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

/// Port of `rtsp` URLs that name none (RFC 2326 section 3.2).
const RTSP_PORT: u16 = 554;

/// Port of `rtsps` URLs that name none (IANA).
const RTSPS_PORT: u16 = 322;

/// User and password, decoded. Neither `Debug` nor `Display` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// Credentials as a person would type them (not percent-encoded).
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }
    }

    /// The user's name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password itself. Call it only where bytes for the camera are made.
    #[must_use]
    pub fn expose_password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"***")
            .finish()
    }
}

/// Why a text is not the address of a camera. Says nothing of the text itself: it may hold a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL at all.
    #[error(
        "not a URL; a camera's URL looks like rtsp://user:password@192.168.1.20/stream1 (encode # / ? in the password as %23 %2F %3F)"
    )]
    NotAUrl,
    /// Another scheme than `rtsp` and `rtsps`.
    #[error("the URL must begin with rtsp:// or rtsps://")]
    Scheme,
    /// No host in it.
    #[error("the URL names no host")]
    NoHost,
}

/// A camera's URL without user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
}

impl Address {
    /// Splits a URL into the address and the credentials in it, percent-decoded (requirement 59).
    ///
    /// # Errors
    /// [`AddressError`] when it is not the URL of a camera.
    pub fn parse(text: &str) -> Result<(Self, Option<Credentials>), AddressError> {
        let mut url = Url::parse(text.trim()).map_err(|_| AddressError::NotAUrl)?;
        if !matches!(url.scheme(), "rtsp" | "rtsps") {
            return Err(AddressError::Scheme);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoHost);
        }
        let credentials = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
            Credentials::new(
                &decode(url.username()),
                &decode(url.password().unwrap_or_default()),
            )
        });
        // These fail only for URLs without a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok((Self { url }, credentials))
    }

    /// The host, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url
            .port()
            .unwrap_or(if self.tls() { RTSPS_PORT } else { RTSP_PORT })
    }

    /// Whether the control connection is encrypted (`rtsps`).
    #[must_use]
    pub fn tls(&self) -> bool {
        self.url.scheme() == "rtsps"
    }

    /// The URL as a request names it. May hold secrets in path or query (some cameras take
    /// the password there), so it is for the camera and never for a log; show `self` instead.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where a redirect leads: `location` may be relative to here.
    ///
    /// # Errors
    /// [`AddressError`] when it is not the URL of a camera.
    pub(crate) fn redirected(
        &self,
        location: &str,
    ) -> Result<(Self, Option<Credentials>), AddressError> {
        let joined = self
            .url
            .join(location.trim())
            .map_err(|_| AddressError::NotAUrl)?;
        Self::parse(joined.as_str())
    }

    /// Whether credentials given for `self` may be sent to `other`: same host, and not from an
    /// encrypted connection to a plain one.
    pub(crate) fn trusts(&self, other: &Self) -> bool {
        self.host().eq_ignore_ascii_case(other.host()) && (!self.tls() || other.tls())
    }
}

impl fmt::Display for Address {
    /// Scheme, host, port and path; parts that may hold a password are `***`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        write!(
            f,
            "{}://{}",
            url.scheme(),
            url.host_str().unwrap_or_default()
        )?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        for segment in url.path().split('/').skip(1) {
            // XMEye cameras: /user=admin&password=secret&channel=1&stream=0.sdp
            f.write_str(if segment.contains('=') { "/***" } else { "/" })?;
            f.write_str(if segment.contains('=') { "" } else { segment })?;
        }
        f.write_str(if url.query().is_some() { "?***" } else { "" })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_and_decoded() {
        // requirement 59
        let (address, credentials) =
            Address::parse("rtsp://admin:p%40ss%2F%C3%A9@192.168.1.20:8554/s?a=1").unwrap();
        assert_eq!(credentials, Some(Credentials::new("admin", "p@ss/é")));
        assert_eq!(address.url().as_str(), "rtsp://192.168.1.20:8554/s?a=1");
        assert_eq!(
            (address.host(), address.port(), address.tls()),
            ("192.168.1.20", 8554, false)
        );
    }

    #[test]
    fn an_unencoded_at_sign_in_the_password_is_understood() {
        let (address, credentials) = Address::parse("rtsp://admin:p@ss@cam/s").unwrap();
        assert_eq!(
            (
                address.host(),
                credentials.unwrap().expose_password().to_owned()
            ),
            ("cam", "p@ss".to_owned())
        );
    }

    #[test]
    fn nothing_shows_the_password() {
        // E12: user info, query and the path of XMEye cameras
        let (address, credentials) = Address::parse(
            "rtsp://admin:canary@cam/user=a&password=canary&channel=1.sdp?pwd=canary",
        )
        .unwrap();
        let shown = format!("{address} {address:?} {credentials:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("rtsp://cam/***?***"), "{shown}");
        for bad in ["rtsp://:canary@", "http://a:canary@cam/", "canary"] {
            let error = Address::parse(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn ports_follow_the_scheme_and_ipv6_loses_its_brackets() {
        let (plain, _) = Address::parse("rtsp://[fd00::1]/x").unwrap();
        let (tls, _) = Address::parse("rtsps://cam/x").unwrap();
        assert_eq!(
            (plain.host(), plain.port(), tls.port()),
            ("fd00::1", 554, 322)
        );
    }

    #[test]
    fn a_redirect_to_another_host_or_out_of_tls_gets_no_credentials() {
        let (from, _) = Address::parse("rtsps://cam/x").unwrap();
        let trusts = |to: &str| from.trusts(&from.redirected(to).unwrap().0);
        assert!(trusts("rtsps://CAM:7441/y") && trusts("/y"));
        assert!(!trusts("rtsps://other/y") && !trusts("rtsp://cam/y"));
    }
}
