//! The hub's own certificate authority: made once, kept in the data folder, installed by people on
//! their devices. It can sign for local names, private addresses and this machine's own names and
//! for nothing else (name constraints, RFC 5280 section 4.2.1.10), so that whoever steals its key
//! cannot play somebody's bank.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::names::{LOCAL, Names, PRIVATE, is_below};
use super::{Current, Error, LOOK, provider};
use crate::config::{Network, replace};

/// Its file in the data folder, for the owner's eyes alone.
const FILE: &str = "local-ca.json";

const DAY: Duration = Duration::from_secs(86_400);

/// People install it by hand on each device, so seldom.
const CA_TIME: Duration = DAY.saturating_mul(3_650);

/// Apple takes at most 825 days (HT210176). Renewing costs nothing, so much less.
const SERVER_TIME: Duration = DAY.saturating_mul(30);

/// Renewed when a third is left.
const RENEW: Duration = DAY.saturating_mul(20);

/// Before now, because clocks of phones that were off are behind.
const EARLIER: Duration = DAY;

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What the machine was called; part of the authority's name.
    host: String,
    /// Names that it may sign for, with everything below them.
    names: Vec<String>,
    /// When it ends, in seconds since 1970.
    ends: u64,
    certificate: String,
    key: String,
}

/// The authority.
pub struct LocalCa {
    kept: Kept,
    key: KeyPair,
    certificate: CertificateDer<'static>,
}

impl LocalCa {
    /// The one in that folder; a new one when there is none or it has ended.
    ///
    /// # Errors
    /// When the file cannot be written or understood.
    pub fn open(folder: &Path, names: &Names, now: SystemTime) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let ca = match std::fs::read_to_string(&path) {
            Ok(text) => {
                Self::parse(&Zeroizing::new(text)).ok_or(Error::Damaged { path: path.clone() })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path, names, now)?,
            Err(source) => return Err(Error::Keep { path, source }),
        };
        if unix(now) < ca.kept.ends {
            return Ok(ca);
        }
        tracing::warn!(
            "the local certificate authority has ended: install the new one on every device"
        );
        make(&path, names, now)
    }

    fn parse(text: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text).ok()?;
        let key = KeyPair::from_pem(&kept.key).ok()?;
        let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes()).ok()?;
        Some(Self {
            kept,
            key,
            certificate,
        })
    }

    /// The public half, which devices install.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The same as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.kept.certificate
    }

    /// The certificate's SHA-256 as devices show it, for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(":")
    }

    /// What it is called in a device's list.
    #[must_use]
    pub fn name(&self) -> String {
        name(&self.kept.host)
    }

    /// A certificate of the server's for those of the names that it may sign for.
    pub(super) fn issue(&self, names: &Names, now: SystemTime) -> Result<CertifiedKey, Error> {
        let key = KeyPair::generate()?;
        let mut params = lasting(now, SERVER_TIME);
        params
            .distinguished_name
            .push(DnType::CommonName, names.host.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        for host in names.hosts().iter().filter(|host| self.covers(host)) {
            params
                .subject_alt_names
                .push(SanType::DnsName(host.as_str().try_into()?));
        }
        let addresses = names
            .addresses
            .iter()
            .filter(|address| is_private(**address));
        params
            .subject_alt_names
            .extend(addresses.map(|address| SanType::IpAddress(*address)));
        let issuer = Issuer::new(authority(&self.kept.host), &self.key);
        let certificate = params.signed_by(&key, &issuer)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(CertifiedKey::from_der(
            vec![certificate.der().clone()],
            secret,
            &provider(),
        )?)
    }

    fn covers(&self, host: &str) -> bool {
        self.kept.names.iter().any(|name| is_below(host, name))
    }

    /// Says of names that came after the authority was made that it cannot sign for them.
    fn tell_uncovered(&self, names: &Names) {
        for host in names.hosts().iter().filter(|host| !self.covers(host)) {
            tracing::warn!(
                host,
                "the local certificate authority is older than this name and may not sign for it: remove {FILE} from the data folder and install the new one on every device, or use tls.cert and tls.key"
            );
        }
    }
}

/// Keeps a fresh certificate in force: before it ends, and when the machine's addresses change.
pub(super) struct Renewal {
    ca: Arc<LocalCa>,
    names: Names,
    current: Arc<Current>,
    due: SystemTime,
}

impl Renewal {
    /// Of a certificate that was made `now`.
    pub(super) fn new(
        ca: Arc<LocalCa>,
        names: Names,
        current: Arc<Current>,
        now: SystemTime,
    ) -> Self {
        ca.tell_uncovered(&names);
        Self {
            ca,
            names,
            current,
            due: now + RENEW,
        }
    }

    /// Looks for ever.
    pub(super) async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look(self.names.again(), wall());
        }
    }

    /// Renews if that is due or the machine is reached by other names; whether it was.
    pub(super) fn look(&mut self, names: Names, now: SystemTime) -> bool {
        if now < self.due && names == self.names {
            return false;
        }
        match self.ca.issue(&names, now) {
            Ok(renewed) => {
                self.current.replace(renewed);
                tracing::info!("the local certificate is renewed");
            }
            Err(error) => tracing::error!(%error, "cannot renew the local certificate"),
        }
        (self.names, self.due) = (names, now + RENEW);
        true
    }
}

fn make(path: &Path, names: &Names, now: SystemTime) -> Result<LocalCa, Error> {
    let key = KeyPair::generate()?;
    let mut permitted: Vec<String> = LOCAL.map(str::to_owned).into();
    permitted.extend(
        names
            .hosts()
            .into_iter()
            .filter(|host| !LOCAL.iter().any(|local| is_below(host, local))),
    );
    let mut params = lasting(now, CA_TIME);
    params.name_constraints = Some(constraints(&permitted));
    let CertificateParams {
        distinguished_name,
        key_usages,
        is_ca,
        ..
    } = authority(&names.host);
    (params.distinguished_name, params.key_usages, params.is_ca) =
        (distinguished_name, key_usages, is_ca);
    let certificate = params.self_signed(&key)?;
    let kept = Kept {
        host: names.host.clone(),
        names: permitted,
        ends: unix(now + CA_TIME),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    };
    let failed = |source| Error::Keep {
        path: PathBuf::from(path),
        source,
    };
    let text =
        Zeroizing::new(serde_json::to_string_pretty(&kept).map_err(|error| failed(error.into()))?);
    replace(path, &text, None).map_err(failed)?;
    tracing::info!(file = %path.display(), "made a local certificate authority");
    Ok(LocalCa {
        certificate: certificate.der().clone(),
        kept,
        key,
    })
}

/// What an issuer needs to know of itself.
fn authority(host: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, name(host));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params
}

fn name(host: &str) -> String {
    format!("Lenswire on {host}")
}

fn lasting(now: SystemTime, time: Duration) -> CertificateParams {
    let at = |time: SystemTime| {
        let seconds = i64::try_from(unix(time)).unwrap_or(i64::MAX);
        time::OffsetDateTime::from_unix_timestamp(seconds)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    (params.not_before, params.not_after) = (at(now - EARLIER), at(now + time));
    params
}

fn constraints(names: &[String]) -> NameConstraints {
    let hosts = names.iter().cloned().map(GeneralSubtree::DnsName);
    let ranges = PRIVATE.map(|(address, bits)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
    });
    NameConstraints {
        permitted_subtrees: hosts.chain(ranges).collect(),
        excluded_subtrees: Vec::new(),
    }
}

fn is_private(address: IpAddr) -> bool {
    PRIVATE
        .iter()
        .any(|(range, bits)| Network::new(*range, *bits).contains(address))
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[expect(
    clippy::disallowed_methods,
    reason = "certificates end by the wall clock, whoever asks"
)]
fn wall() -> SystemTime {
    SystemTime::now()
}
