//! What strangers try, against the built binary: requirement 88; E1, E7 to E10; SEC-2, 7 to 12.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod hub;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use hub::{Answer, Hub};

const CONFIG: &str = "streams: {gate: {source: 'rtsp://127.0.0.1:1/x', on_demand: true}, demo: {source: demo, on_demand: true, viewers: anyone}}\n";

/// Everything that is for somebody, as a stranger asks for it.
const CLOSED: [(&str, &str, &str); 12] = [
    ("GET", "/api/v1/sessions", ""),
    ("DELETE", "/api/v1/sessions/abc", ""),
    ("POST", "/api/v1/streams", r#"{"name":"x","source":"demo"}"#),
    ("GET", "/api/v1/streams/gate", ""),
    ("PATCH", "/api/v1/streams/gate", r#"{"viewers":"anyone"}"#),
    ("DELETE", "/api/v1/streams/gate", ""),
    ("POST", "/api/v1/streams/gate/retry", ""),
    (
        "POST",
        "/api/v1/grants",
        r#"{"streams":["gate"],"scope":["watch"]}"#,
    ),
    (
        "POST",
        "/api/v1/grants",
        r#"{"streams":["*"],"scope":["watch"]}"#,
    ),
    ("POST", "/gate/whep", "v=0"),
    ("HEAD", "/gate/whep", ""),
    ("POST", "/api/v1/login", r#"{"token":"lwa_guess"}"#),
];

fn content_type(path: &str) -> (&'static str, &'static str) {
    (
        "content-type",
        if path.ends_with("whep") {
            "application/sdp"
        } else {
            "application/json"
        },
    )
}

/// A reverse proxy on this machine that passes on what it gets: to the hub everybody is loopback.
fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(to).expect("connects");
            let (mut up, mut down) = (
                client.try_clone().expect("clones"),
                server.try_clone().expect("clones"),
            );
            std::thread::spawn(move || drop(std::io::copy(&mut up, &mut { server })));
            std::thread::spawn(move || {
                let _ended = std::io::copy(&mut down, &mut { &client });
                let _ended = client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    address
}

// E10: being on loopback, or saying so, opens nothing. With proxies trusted and not.
#[test]
fn a_proxy_on_loopback_opens_nothing() {
    for trusted in [
        "",
        "trusted_proxies: [127.0.0.1]\nlimits: {logins_per_account: 1000, logins_per_ip: 1000}\n",
    ] {
        let hub = Hub::start(Some(&format!("{trusted}{CONFIG}")));
        let through = proxy(hub.address);
        hub.claim();
        let disguises: [&[(&str, &str)]; 6] = [
            &[],
            &[("x-forwarded-for", "127.0.0.1")],
            &[
                ("x-forwarded-for", "8.8.8.8"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "localhost"),
            ],
            &[("x-real-ip", "127.0.0.1"), ("forwarded", "for=127.0.0.1")],
            &[("cookie", "lenswire=guess; __Host-lenswire=guess")],
            &[("authorization", "Bearer guess")],
        ];
        for disguise in disguises {
            for (method, path, body) in CLOSED {
                let headers = [disguise, &[content_type(path)]].concat();
                let answer = hub::ask(through, method, path, &headers, body);
                let limited = trusted.is_empty() && path.ends_with("login") && answer.status == 429;
                assert!(
                    answer.status == 401 || limited,
                    "{method} {path} {disguise:?}: {} {}",
                    answer.status,
                    answer.body
                );
            }
        }
        let shown = hub::ask(through, "GET", "/api/v1/streams", &[], "").json();
        let names: Vec<_> = shown["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|stream| stream["name"].clone())
            .collect();
        assert_eq!(names, ["demo"], "a stranger sees what anyone may watch");
    }
}

// E8, SEC-12: other hubs' grants, and things that look like grants.
#[test]
fn foreign_and_forged_grants_are_refused() {
    let (hub, other) = (Hub::start(Some(CONFIG)), Hub::start(Some(CONFIG)));
    let (ours, theirs) = (hub.claim(), other.claim());
    let grant = |of: &Hub, token: &str| {
        let bearer = format!("Bearer {token}");
        let answer = of.post(
            "/api/v1/grants",
            &[("authorization", &bearer)],
            r#"{"streams":["gate"],"scope":["watch"]}"#,
        );
        answer.json()["token"].as_str().expect("a grant").to_owned()
    };
    let (good, foreign) = (grant(&hub, &ours), grant(&other, &theirs));
    let get = |token: &str| {
        hub.get(
            "/api/v1/streams/gate",
            &[("authorization", &format!("Bearer {token}"))],
        )
        .status
    };
    assert_eq!(get(&good), 200);
    let (head, rest) = good.split_once('.').expect("parts");
    let (claims, signature) = rest.split_once('.').expect("parts");
    let none = "eyJhbGciOiJub25lIn0"; // {"alg":"none"}
    let forged = [
        foreign.clone(),
        theirs,
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{head}.{claims}."),
        format!(
            "{head}.{}.{signature}",
            foreign.split('.').nth(1).expect("claims")
        ),
        format!("{good}x"),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(10_000),
    ];
    for token in &forged {
        assert_eq!(get(token), 401, "{token}");
    }
    // A grant watches and does nothing else.
    let bearer = format!("Bearer {good}");
    let ask = |method: &str, path: &str| {
        hub.ask(
            method,
            path,
            &[("authorization", &bearer), content_type(path)],
            "{}",
        )
        .status
    };
    assert_eq!(ask("GET", "/api/v1/sessions"), 403);
    assert_eq!(ask("DELETE", "/api/v1/streams/gate"), 403);
    assert_eq!(ask("GET", "/api/v1/streams/demo"), 200, "anyone may");
    // `?token=` is for WHEP alone: in other places addresses are kept by histories and logs.
    assert_eq!(
        hub.get(&format!("/api/v1/streams/gate?token={good}"), &[])
            .status,
        401
    );
    let whep = hub.ask(
        "POST",
        &format!("/gate/whep?token={good}"),
        &[("content-type", "application/sdp")],
        "not SDP",
    );
    assert!(
        whep.status != 401 && !hub.log().contains(&good),
        "{} {}",
        whep.status,
        whep.body
    );
}

fn cookie(answer: &Answer) -> String {
    answer
        .header("set-cookie")
        .and_then(|text| text.split(';').next())
        .expect("a cookie")
        .to_owned()
}

// E9, SEC-2, SEC-9: a page elsewhere can use nobody's cookie, and change nothing.
#[test]
fn foreign_pages_get_nothing_from_a_cookie() {
    let hub = Hub::start(Some(CONFIG));
    let body = serde_json::json!({ "secret": hub.secret() }).to_string();
    let foreign = hub.post(
        "/api/v1/claim",
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        &body,
    );
    assert_eq!(
        (foreign.status, foreign.code().as_str()),
        (403, "origin_not_allowed")
    );
    let claimed = hub.post("/api/v1/claim", &[("sec-fetch-site", "same-origin")], &body);
    let cookie = cookie(&claimed);
    let attributes = claimed.header("set-cookie").expect("a cookie");
    assert!(
        attributes.contains("HttpOnly")
            && attributes.contains("SameSite=Lax")
            && attributes.contains("Path=/")
    );

    let own = format!("http://localhost:{}", hub.address.port());
    let with = |method: &str, path: &str, extra: &[(&str, &str)]| {
        hub.ask(
            method,
            path,
            &[&[("cookie", cookie.as_str()), content_type(path)], extra].concat(),
            r#"{"viewers":"anyone"}"#,
        )
    };
    assert_eq!(
        with(
            "GET",
            "/api/v1/sessions",
            &[("sec-fetch-site", "same-origin")]
        )
        .status,
        200,
        "our own page"
    );
    assert_eq!(
        with("POST", "/gate/whep", &[("sec-fetch-site", "same-origin")]).status,
        401,
        "WHEP knows no cookie, not even our own page's"
    );
    for site in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:1")],
        &[("sec-fetch-site", "same-site"), ("origin", own.as_str())],
        &[("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(
            with("GET", "/api/v1/sessions", site).status,
            401,
            "{site:?}"
        );
        let change = with("PATCH", "/api/v1/streams/gate", site);
        assert_eq!(
            (change.status, change.code().as_str()),
            (403, "origin_not_allowed"),
            "{site:?}"
        );
        assert!(change.header("access-control-allow-origin").is_none());
        assert_eq!(
            with("POST", "/gate/whep", site).status,
            401,
            "WHEP knows no cookie"
        );
    }
    assert_eq!(
        with("PATCH", "/api/v1/streams/gate", &[]).status,
        403,
        "a cookie without any word of its page"
    );
    assert_eq!(
        with("PATCH", "/api/v1/streams/gate", &[("origin", own.as_str())]).status,
        200
    );
}

#[test]
fn signing_out_ends_the_cookie() {
    let hub = Hub::start(Some(CONFIG));
    let body = serde_json::json!({ "secret": hub.secret() }).to_string();
    let cookie = cookie(&hub.post("/api/v1/claim", &[], &body));
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(hub.get("/api/v1/sessions", &own).status, 200);
    assert_eq!(hub.post("/api/v1/logout", &own, "").status, 204);
    assert_eq!(hub.get("/api/v1/sessions", &own).status, 401);
}

// E9: a name that an attacker lets point here is not ours.
#[test]
fn foreign_names_are_refused() {
    let hub = Hub::start(Some(CONFIG));
    for path in ["/", "/api/v1/me", "/api/v1/streams", "/demo"] {
        let answer = hub.get(path, &[("host", "evil.example")]);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (421, "host_not_allowed"),
            "{path}"
        );
    }
    assert_eq!(hub.get("/api/v1/me", &[("host", "127.0.0.1")]).status, 200);
}

// E7.
#[test]
fn guessing_tokens_is_slow() {
    let hub = Hub::start(Some(CONFIG));
    let tries: Vec<_> = (0..10)
        .map(|n| hub.post("/api/v1/login", &[], &format!(r#"{{"token":"lwa_{n}"}}"#)))
        .collect();
    assert!(tries[..5].iter().all(|answer| answer.status == 401));
    let last = tries.last().expect("ten");
    assert_eq!(
        (last.status, last.code().as_str()),
        (429, "too_many_requests")
    );
    assert!(
        last.header("retry-after")
            .is_some_and(|wait| wait.parse::<u32>().is_ok())
    );
    // The claim link is another account: its owner is not locked out.
    hub.claim();
}

// E1: bombs cost an answer each, and nobody else anything.
#[test]
fn bombs_are_answered_and_over() {
    let hub = Hub::start(Some(CONFIG));
    let bearer = format!("Bearer {}", hub.claim());
    let post = |path: &str, body: &str| {
        hub.ask(
            "POST",
            path,
            &[("authorization", &bearer), content_type(path)],
            body,
        )
    };
    let cases = [
        ("/api/v1/streams", "[".repeat(60_000), 400, "bad_request"),
        (
            "/api/v1/streams",
            format!("[{}1]", "1,".repeat(20_000)),
            400,
            "bad_request",
        ),
        ("/api/v1/streams", " ".repeat(70_000), 413, "body_too_large"),
        (
            "/api/v1/streams",
            r#"{"name":"x","source":"demo","sauce":1}"#.to_owned(),
            400,
            "bad_request",
        ),
        (
            "/api/v1/streams",
            r#"{"name":"../x","source":"demo"}"#.to_owned(),
            422,
            "name_invalid",
        ),
        (
            "/demo/whep",
            "a=x\r\n".repeat(20_000),
            413,
            "body_too_large",
        ),
        (
            "/demo/whep",
            "v=0\r\nthis is no SDP".to_owned(),
            422,
            "sdp_invalid",
        ),
    ];
    for (path, body, status, code) in cases {
        let answer = post(path, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path} {body:.40}"
        );
    }
    let plain = hub.ask(
        "POST",
        "/demo/whep",
        &[("content-type", "text/plain")],
        "v=0",
    );
    assert_eq!(
        (plain.status, plain.code().as_str()),
        (415, "unsupported_media_type")
    );
    assert_eq!(hub.get("/healthz", &[]).status, 200);
}

/// Paths that name nothing, however they are dressed.
const TRICKS: [&str; 18] = [
    "/..%2f..%2fetc/passwd",
    "/../etc/passwd",
    "/assets/../../Cargo.toml",
    "/assets/%2e%2e/x",
    "/assets//etc/passwd",
    "/gate%00",
    "/gate/",
    "//gate",
    "/Gate",
    "/%67ate",
    "/gate/whep/../x",
    "/api/v1/streams/..%2f..",
    "/api/v1/streams/a%2f%2fb",
    "/api/v2/streams",
    "/api/v1/",
    "/.git/config",
    "/lenswire.yaml",
    "/lenswire.db",
];

// E1, SEC-19: paths are found, never joined; what is no HTTP is 400.
#[test]
fn path_tricks_and_broken_requests_are_refused() {
    let hub = Hub::start(Some(CONFIG));
    let bearer = format!("Bearer {}", hub.claim());
    for path in TRICKS {
        let answer = hub.get(path, &[("authorization", &bearer)]);
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    let both =
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n";
    for request in [
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\0\0\0\0".to_owned(),
        "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        format!("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n{both}"),
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\rc\r\n\r\n".to_owned(),
    ] {
        let answer = hub.raw(request.as_bytes());
        let refused = answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4");
        assert!(answer.is_empty() || refused, "{request:?}: {answer}");
    }
    assert_eq!(hub.get("/healthz", &[]).status, 200);
}

// E2: a header in drops is cut off after its 5 s; others notice nothing.
#[test]
fn slow_headers_are_cut() {
    let hub = Hub::start_with(Some(CONFIG), &[("LENSWIRE__LIMITS__HEADER_TIME", "300ms")]);
    let mut slow: Vec<_> = (0..200)
        .map(|_| TcpStream::connect(hub.address).expect("connects"))
        .collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").expect("sends");
    }
    assert_eq!(hub.get("/healthz", &[]).status, 200);
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"));
    }
}

// SEC-1, SEC-8: what every page carries.
#[test]
fn pages_run_nothing_but_their_own() {
    let hub = Hub::start(Some(CONFIG));
    for (path, framed) in [
        ("/", false),
        ("/demo", false),
        ("/demo?embed", true),
        ("/claim", false),
        ("/login", false),
    ] {
        let page = hub.get(path, &[]);
        let policy = page
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{path}: {}", page.head))
            .to_owned();
        assert!(
            policy.contains("default-src 'self'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(policy.contains("frame-ancestors *"), framed, "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let preflight = [
        ("origin", "https://x.example"),
        ("access-control-request-method", "POST"),
    ];
    let open = hub.ask("OPTIONS", "/demo/whep", &preflight, "");
    assert_eq!(open.header("access-control-allow-origin"), Some("*"));
    assert!(open.header("access-control-allow-credentials").is_none());
    let closed = hub.ask("OPTIONS", "/api/v1/streams", &preflight, "");
    assert!(closed.header("access-control-allow-origin").is_none());
}
