//! Ways that requests come: E9, E10, SEC-2, SEC-8, SEC-9, SEC-10.

use super::*;

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    list.iter()
        .map(|(name, value)| {
            (
                axum::http::HeaderName::from_static(name),
                value.parse().expect("a value"),
            )
        })
        .collect()
}

fn peer(address: &str) -> Peer {
    Peer {
        address: format!("{address}:50000").parse().expect("an address"),
        tls: false,
    }
}

fn config(proxies: &[&str], public: Option<&str>) -> Config {
    Config {
        trusted_proxies: proxies
            .iter()
            .map(|text| text.parse().expect("a network"))
            .collect(),
        public_url: public.map(|text| text.parse().expect("an address")),
        ..Config::default()
    }
}

fn client(address: &str, list: &[(&'static str, &str)], config: &Config) -> Client {
    Client::of(peer(address), &headers(list), config)
}

fn address(of: &str, forwarded: &str, proxies: &[&str]) -> String {
    client(
        of,
        &[("x-forwarded-for", forwarded)],
        &config(proxies, None),
    )
    .address
    .to_string()
}

// E10: only trusted proxies are believed, and only as far as they reach.
#[test]
fn forwarded_addresses_are_believed_from_trusted_proxies_alone() {
    assert_eq!(address("127.0.0.1", "8.8.8.8", &[]), "127.0.0.1");
    assert_eq!(address("9.9.9.9", "8.8.8.8", &["127.0.0.1"]), "9.9.9.9");
    assert_eq!(address("127.0.0.1", "8.8.8.8", &["127.0.0.1"]), "8.8.8.8");
    assert_eq!(
        address("127.0.0.1", "1.1.1.1, 8.8.8.8", &["127.0.0.1"]),
        "8.8.8.8",
        "the first is the client's own claim"
    );
    assert_eq!(
        address(
            "127.0.0.1",
            "8.8.8.8, 10.0.0.2",
            &["127.0.0.1", "10.0.0.0/8"]
        ),
        "8.8.8.8"
    );
    assert_eq!(
        address(
            "127.0.0.1",
            "garbage, 10.0.0.2",
            &["127.0.0.1", "10.0.0.0/8"]
        ),
        "10.0.0.2"
    );
    assert_eq!(address("127.0.0.1", "", &["127.0.0.1"]), "127.0.0.1");
    assert_eq!(
        address("127.0.0.1", "8.8.8.8:1234", &["127.0.0.1"]),
        "8.8.8.8"
    );
}

#[test]
fn https_is_ours_or_a_trusted_proxys() {
    let proto = [("x-forwarded-proto", "https"), ("host", "127.0.0.1:8080")];
    assert!(!client("127.0.0.1", &proto, &config(&[], None)).https);
    assert!(client("127.0.0.1", &proto, &config(&["127.0.0.1"], None)).https);
    let public = config(&[], Some("https://cams.example.org"));
    assert!(client("127.0.0.1", &[("host", "cams.example.org")], &public).https);
    assert!(!client("127.0.0.1", &[("host", "localhost:8080")], &public).https);
}

// SEC-9, E9: a cookie counts from our own pages alone.
#[test]
fn pages_are_ours_or_foreign() {
    let host = ("host", "localhost:8080");
    let site =
        |list: &[(&'static str, &str)], config: &Config| client("127.0.0.1", list, config).site;
    let plain = config(&[], None);
    let public = config(&[], Some("https://cams.example.org"));
    for (list, expected) in [
        (vec![host], Site::Unstated),
        (vec![host, ("origin", "http://localhost:8080")], Site::Own),
        (
            vec![host, ("origin", "https://localhost:8080")],
            Site::Foreign,
        ),
        (
            vec![host, ("origin", "http://localhost:3000")],
            Site::Foreign,
        ),
        (vec![host, ("origin", "http://evil.example")], Site::Foreign),
        (vec![host, ("origin", "null")], Site::Foreign),
        (
            vec![host, ("origin", "http://localhost:8080.evil.example")],
            Site::Foreign,
        ),
        (vec![host, ("origin", "file://")], Site::Foreign),
        (vec![host, ("sec-fetch-site", "same-origin")], Site::Own),
        (vec![host, ("sec-fetch-site", "none")], Site::Own),
        (
            vec![
                host,
                ("sec-fetch-site", "same-site"),
                ("origin", "http://localhost:8080"),
            ],
            Site::Foreign,
        ),
        (vec![host, ("sec-fetch-site", "cross-site")], Site::Foreign),
    ] {
        assert_eq!(site(&list, &plain), expected, "{list:?}");
    }
    assert_eq!(
        site(&[host, ("origin", "https://cams.example.org")], &public),
        Site::Own
    );
    assert_eq!(
        site(&[host, ("origin", "http://cams.example.org")], &public),
        Site::Foreign
    );
    // A forwarded name counts from a trusted proxy alone.
    let forwarded = [
        host,
        ("x-forwarded-host", "evil.example"),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(site(&forwarded, &plain), Site::Foreign);
    assert_eq!(site(&forwarded, &config(&["127.0.0.1"], None)), Site::Own);
}

// SEC-2: a body-less cross-site POST is 403.
#[test]
fn foreign_pages_change_nothing() {
    let with = |site| Client {
        address: IpAddr::from([127, 0, 0, 1]),
        https: false,
        site,
        asked_by_public_name: false,
    };
    for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
        assert!(with(Site::Own).check_change(&method, true).is_ok());
        assert!(
            with(Site::Unstated).check_change(&method, false).is_ok(),
            "curl with a token"
        );
        assert!(
            with(Site::Unstated).check_change(&method, true).is_err(),
            "a cookie needs a page of ours"
        );
        assert!(with(Site::Foreign).check_change(&method, false).is_err());
    }
    assert!(
        with(Site::Foreign)
            .check_change(&Method::GET, false)
            .is_ok()
    );
}

// E9: DNS rebinding.
#[test]
fn foreign_names_are_refused() {
    let check = |host: &str, config: &Config| {
        check_host(peer("127.0.0.1"), &headers(&[("host", host)]), config).is_ok()
    };
    let public = config(&[], Some("https://cams.example.org"));
    for own in [
        "localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.5",
        "hub",
        "hub.local:8080",
        "hub.lan",
    ] {
        assert!(check(own, &public), "{own}");
    }
    assert!(check("cams.example.org", &public) && check("CAMS.example.org:443", &public));
    for foreign in [
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "cams.example.org.evil.example",
        "a b",
        "",
    ] {
        assert!(!check(foreign, &public), "{foreign}");
    }
    assert!(!check("cams.example.org", &config(&[], None)));
}

// SEC-8: `*`, never with credentials.
#[test]
fn open_routes_are_open_without_credentials() {
    let asked = headers(&[
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
    ]);
    let answer = preflight(&Method::OPTIONS, &asked).expect("is a preflight");
    assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(
        !answer
            .headers()
            .contains_key("access-control-allow-credentials")
    );
    assert!(
        preflight(
            &Method::OPTIONS,
            &headers(&[("origin", "https://x.example")])
        )
        .is_none(),
        "WHEP's own OPTIONS"
    );
    assert!(preflight(&Method::POST, &asked).is_none());
}
