//! Certificates as clients meet them: real handshakes, real files. Requirement 88.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::names::Names;
use super::*;

const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn connector(root: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(root.to_vec()))
        .expect("is a certificate");
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Shakes hands with what `acceptor` has, as a client that trusts `root` and wants `name`; the
/// server's own certificate.
async fn shake(acceptor: TlsAcceptor, root: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let serve = async move {
        let (stream, _) = listener.accept().await.expect("accepts");
        let _refused = acceptor.accept(stream).await;
    };
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let ask = async {
        let stream = TcpStream::connect(address).await.expect("connects");
        connector(root)
            .connect(name, stream)
            .await
            .map_err(|error| error.to_string())
            .map(|stream| {
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                chain.first().map(|own| own.to_vec()).unwrap_or_default()
            })
    };
    tokio::join!(serve, ask).1
}

fn acceptor(key: CertifiedKey) -> TlsAcceptor {
    Https::new(Arc::new(Current::new(key)), None, async {})
        .expect("opens")
        .acceptor()
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts
        .iter()
        .map(|text| text.parse().expect("an address"))
        .collect()
}

fn names(host: &str, public: Option<&str>) -> Names {
    let public = public.map(|name| Host::Domain(name.to_owned()));
    Names::new(host, public, addresses(&["192.168.1.5", "2001:db8::5"]))
}

/// Handshakes go by the real clock.
#[expect(clippy::disallowed_methods, reason = "a test is where time comes from")]
fn today() -> SystemTime {
    SystemTime::now()
}

/// Some day, for what shakes no hands.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + YEAR * 56
}

/// A certificate for `localhost` and its key, written to `folder`.
fn write(folder: &Path) -> (PathBuf, PathBuf, Vec<u8>) {
    let made =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("makes a certificate");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("writes");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("writes");
    (cert, key, made.cert.der().to_vec())
}

#[tokio::test]
async fn files_are_served_and_renewed_ones_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key, first) = write(folder.path());
    let pair = Pair::read(&cert, &key).expect("reads");
    let current = Arc::new(Current::new(pair.certified().expect("fits")));
    let mut follow = Follow::new(&pair, Arc::clone(&current));
    let https = Https::new(current, None, async {}).expect("opens");
    let served = shake(https.acceptor(), &first, "localhost").await;
    assert_eq!(served.as_ref(), Ok(&first));

    // A key of another certificate, as between two writes of whoever renews: the old pair stays.
    let old = std::fs::read(&cert).expect("reads");
    let (.., second) = write(folder.path());
    let fresh = std::fs::read(&cert).expect("reads");
    std::fs::write(&cert, old).expect("writes");
    follow.look();
    assert_eq!(shake(https.acceptor(), &first, "localhost").await, served);

    std::fs::write(&cert, fresh).expect("writes");
    follow.look();
    let served = shake(https.acceptor(), &second, "localhost").await;
    assert_eq!(served, Ok(second), "without a restart");
}

#[test]
fn bad_files_are_named_and_not_quoted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key, _) = write(folder.path());
    let complaint = || {
        let pair = Pair::read(&cert, &key);
        let result = pair.and_then(|pair| pair.certified());
        result.expect_err("takes it").to_string()
    };
    std::fs::write(&key, "hunter2").expect("writes");
    assert!(complaint().contains("key.pem") && !complaint().contains("hunter2"));
    let other = rcgen::KeyPair::generate().expect("makes a key");
    std::fs::write(&key, other.serialize_pem()).expect("writes");
    assert!(
        complaint().contains("is the key of another certificate"),
        "{}",
        complaint()
    );
    std::fs::remove_file(&key).expect("removes");
    assert!(complaint().starts_with("cannot read ") && complaint().contains("key.pem"));
    std::fs::write(&cert, "").expect("writes");
    std::fs::write(&key, other.serialize_pem()).expect("writes");
    assert!(complaint().contains("no certificate"), "{}", complaint());
}

#[tokio::test]
async fn the_local_authority_signs_for_this_network_and_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = names("Pi", Some("cams.example.org"));
    let today = today();
    let ca = LocalCa::open(folder.path(), &names, today).expect("makes");
    for name in [
        "pi",
        "pi.local",
        "localhost",
        "192.168.1.5",
        "127.0.0.1",
        "cams.example.org",
    ] {
        let key = ca.issue(&names, today).expect("signs");
        let served = shake(acceptor(key), ca.certificate(), name).await;
        assert!(served.is_ok(), "{name}: {served:?}");
    }
    let again = LocalCa::open(folder.path(), &names, today).expect("opens");
    assert_eq!(
        again.fingerprint(),
        ca.fingerprint(),
        "devices installed it"
    );
    let key = again.issue(&names, today).expect("signs");
    assert!(shake(acceptor(key), ca.certificate(), "pi").await.is_ok());

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = folder.path().join("local-ca.json");
        let mode = std::fs::metadata(file)
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

// Whoever steals the key cannot be anybody else in the internet.
#[tokio::test]
async fn the_local_authority_may_sign_for_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let today = today();
    let ca = LocalCa::open(folder.path(), &names("pi", None), today).expect("makes");
    let kept = std::fs::read_to_string(folder.path().join("local-ca.json")).expect("is there");
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("is JSON");
    let key = rcgen::KeyPair::from_pem(kept["key"].as_str().expect("a key")).expect("a key");
    let mut root = rcgen::CertificateParams::default();
    root.distinguished_name = rcgen::DistinguishedName::new();
    root.distinguished_name
        .push(rcgen::DnType::CommonName, ca.name());
    let issuer = rcgen::Issuer::new(root, &key);
    for name in ["bank.example", "8.8.8.8"] {
        let own = rcgen::KeyPair::generate().expect("makes a key");
        let params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        let forged = params.signed_by(&own, &issuer).expect("signs");
        let secret = rustls_pki_types::PrivatePkcs8KeyDer::from(own.serialize_der());
        let forged = CertifiedKey::from_der(vec![forged.der().clone()], secret.into(), &provider());
        let served = shake(acceptor(forged.expect("fits")), ca.certificate(), name).await;
        let refused = served.expect_err("was believed");
        assert!(
            refused.contains("NameConstraintViolation"),
            "{name}: {refused}"
        );
    }
}

#[test]
fn names_that_came_later_are_left_out_and_a_damaged_file_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = LocalCa::open(folder.path(), &names("pi", None), now()).expect("makes");
    // It still signs for the rest.
    ca.issue(&names("pi", Some("cams.example.org")), now())
        .expect("signs");
    let later = LocalCa::open(folder.path(), &names("pi", None), now() + YEAR * 9).expect("opens");
    assert_eq!(later.fingerprint(), ca.fingerprint());
    let new = LocalCa::open(folder.path(), &names("pi", None), now() + YEAR * 11).expect("makes");
    assert_ne!(new.fingerprint(), ca.fingerprint(), "the old one has ended");

    let file = folder.path().join("local-ca.json");
    std::fs::write(&file, "{}").expect("writes");
    let error = LocalCa::open(folder.path(), &names("pi", None), now());
    let error = error.err().expect("is damaged").to_string();
    assert!(error.contains("local-ca.json is damaged"), "{error}");
}

// It is renewed in time, and when the machine gets another address.
#[tokio::test]
async fn the_local_certificate_never_grows_old() {
    let folder = tempfile::tempdir().expect("a folder");
    let (names, today) = (names("pi", None), today());
    let ca = Arc::new(LocalCa::open(folder.path(), &names, today).expect("makes"));
    // As if the hub had been asleep for a month, with a certificate of that time.
    let before = today - Duration::from_secs(40 * 86_400);
    let current = Arc::new(Current::new(ca.issue(&names, before).expect("signs")));
    let mut renewal = Renewal::new(Arc::clone(&ca), names.clone(), Arc::clone(&current), before);
    let https = Https::new(current, None, async {}).expect("opens");
    let served = shake(https.acceptor(), ca.certificate(), "pi").await;
    assert!(served.is_err_and(|why| why.contains("xpired")), "has ended");

    assert!(renewal.look(names.clone(), today));
    let served = shake(https.acceptor(), ca.certificate(), "pi").await;
    assert!(served.is_ok(), "{served:?}");
    assert!(!renewal.look(names, today), "once is enough");
    let moved = Names::new("pi", None, addresses(&["10.1.2.3"]));
    assert!(renewal.look(moved, today));
    let served = shake(https.acceptor(), ca.certificate(), "10.1.2.3").await;
    assert!(served.is_ok(), "{served:?}");
}

#[test]
fn odd_machine_names_are_replaced() {
    assert_eq!(names("my_pi", None).host, "lenswire");
    assert_eq!(names("", None).host, "lenswire");
    assert_eq!(
        names("Pi.Fritz.Box.", None).hosts(),
        ["localhost", "pi.fritz.box"]
    );
    assert_eq!(names("pi", None).hosts(), ["localhost", "pi", "pi.local"]);
}
