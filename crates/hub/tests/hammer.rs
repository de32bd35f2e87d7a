//! Every operation of `/openapi.json` with values that nobody means well with. Whatever comes, the
//! answer is a problem in words, never a fault of ours, and the hub goes on: E1, E11, SEC-19.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is where time comes from"
)]

mod world;

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use world::{Answered, World};

// Limits out of the way: what is tried here is what lies behind them.
const CONFIG: &str = "
limits: { api_per_user: 1000000, whep_per_ip: 1000000, whep_burst: 1000000, logins_per_ip: 1000000, logins_per_account: 1000000 }
streams:
  gate: { publish: grant }
";

/// Texts that break what takes them for more than texts.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        ".",
        "..",
        "../../etc/passwd",
        "a/b/c/d/e",
        "a//b",
        "gate\0",
        "\u{1}\u{7f}",
        "\r\nSet-Cookie: a=b",
        "<script>alert(1)</script>",
        "'; DROP TABLE tokens; --",
        "%2e%2e%2f",
        "${HOME}",
        "{{7*7}}",
        "\u{202e}etag",
        "\u{1f4a9}",
        "null",
        "-1",
        "1e309",
        "18446744073709551616",
        "NaN",
        "rtsp://user:canary@169.254.169.254/",
        "rtsp://[::1]:99999/",
        "file:///etc/passwd",
        "exec:rm -rf /",
        "*",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("a".repeat(10_000));
    texts.push("\u{e9}".repeat(5_000));
    texts
}

/// Values of every type, of which most are the wrong one.
fn values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!({}),
        json!([[[[[[]]]]]]),
        json!({"a": {"b": {"c": null}}}),
        json!(vec![0; 500]),
    ];
    values.extend(texts().into_iter().map(Value::from));
    values
}

/// Bodies that are no JSON, or more of it than anybody needs.
fn raw() -> Vec<String> {
    vec![
        String::new(),
        "{".into(),
        "{\"name\":\"a\",\"name\":\"b\"}".into(),
        "\u{feff}{}".into(),
        "\0\0\0".into(),
        "[".repeat(10_000),
        "{\"a\":".repeat(10_000),
        format!("[{}]", "1,".repeat(5_000)),
        format!("{{\"name\":\"{}\"}}", "a".repeat(70_000)),
        "v=0\r\n".into(),
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
            .repeat(100),
    ]
}

/// One who tries everything.
struct Hammer {
    world: World,
    token: String,
    document: Value,
    blows: usize,
}

impl Hammer {
    async fn start() -> Self {
        let world = World::start(CONFIG).await;
        let token = world.administrator().await;
        let document = world
            .call(Method::GET, "/openapi.json", None, &[], "")
            .await
            .json();
        Self {
            world,
            token,
            document,
            blows: 0,
        }
    }

    async fn blow(&mut self, method: &str, path: &str, kind: &str, body: &str) {
        // An address that is no address never gets as far as us.
        if path.parse::<axum::http::Uri>().is_err() {
            return;
        }
        let method: Method = method.to_uppercase().parse().expect("a method");
        let headers = [("content-type", kind)];
        let name = format!("{method} {path:.200} {kind} {body:.200}");
        // An event stream has no end: its head is the answer.
        if path.starts_with("/api/v1/events") {
            return;
        }
        let answer = self
            .world
            .call(method, path, Some(&self.token), &headers, body)
            .await;
        self.blows += 1;
        check(&answer, &name);
        // What stands in the address itself is the caller's own, and so is what was taken as a name.
        let is_own = path.contains("canary") || answer.status.is_success();
        let tells = answer.body.contains("canary") && !is_own;
        assert!(!tells, "{name}: {}", answer.body);
    }

    /// The body that an operation takes, by its description: each key valid.
    fn schema(&self, operation: &Value) -> Option<(String, Map<String, Value>)> {
        let content = operation["requestBody"]["content"].as_object()?;
        let (kind, content) = content.iter().next()?;
        let schema = &content["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(pointer) => self.document.pointer(pointer.trim_start_matches('#'))?,
            None => schema,
        };
        let keys = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        Some((kind.clone(), keys))
    }
}

fn check(answer: &Answered, name: &str) {
    let status = answer.status.as_u16();
    // 501 and 503 are said on purpose: no snapshot of VP8, no picture.
    assert!(
        status < 500 || [501, 503].contains(&status),
        "{name}: {status} {}",
        answer.body
    );
    if status >= 400 && !answer.body.is_empty() {
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{name}"
        );
        assert!(!answer.code().is_empty(), "{name}: {}", answer.body);
        assert_ne!(answer.code(), "internal", "{name}");
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The address with `value` in the place of each name in braces; names of others stay valid.
fn filled(template: &str, value: &str) -> String {
    let mut path = String::new();
    for segment in template.split('/').skip(1) {
        path.push('/');
        if segment.starts_with('{') {
            path.push_str(value);
        } else {
            path.push_str(segment);
        }
    }
    path
}

// Requirement 73: hostile values for every operation.
#[tokio::test(flavor = "multi_thread")]
async fn no_operation_fails_whatever_it_is_given() {
    let mut hammer = Hammer::start().await;
    let _playing = hammer.world.play("gate");
    let paths = hammer.document["paths"].as_object().expect("paths").clone();
    for (template, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            addresses(&mut hammer, &template, method, operation).await;
            bodies(&mut hammer, &template, method, operation).await;
        }
    }
    assert!(hammer.blows > 2_000, "{}", hammer.blows);
    let world = &hammer.world;
    assert_eq!(world.hub.request_panics(), 0);
    let alive = world.call(Method::GET, "/healthz", None, &[], "").await;
    assert_eq!(alive.body, "ok");
    let file = std::fs::read_to_string(&world.file).expect("is there");
    assert!(!file.contains("169.254"), "{file}");
}

/// Names, ids and what stands behind `?`.
async fn addresses(hammer: &mut Hammer, template: &str, method: &str, operation: &Value) {
    let (kind, body) = ("application/json", "{}");
    if template.contains('{') {
        for text in texts() {
            hammer
                .blow(method, &filled(template, &encoded(&text)), kind, body)
                .await;
            hammer
                .blow(method, &filled(template, &text), kind, body)
                .await;
        }
    }
    let valid = filled(template, "gate");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] != "query" {
            continue;
        }
        let key = parameter["name"].as_str().unwrap_or_default();
        for text in texts() {
            let path = format!("{valid}?{key}={}", encoded(&text));
            hammer.blow(method, &path, kind, body).await;
        }
        hammer
            .blow(method, &format!("{valid}?{key}=1&{key}=2"), kind, body)
            .await;
    }
}

/// Each key with each value, beside keys that are right; and what is no body at all.
async fn bodies(hammer: &mut Hammer, template: &str, method: &str, operation: &Value) {
    let Some((kind, keys)) = hammer.schema(operation) else {
        return;
    };
    // The stream that all of this is tried on stays.
    let path = filled(template, "gate");
    let right = json!({ "name": "new", "streams": ["gate"], "scope": ["watch"], "type": "offer" });
    for key in keys.keys() {
        for value in values() {
            let valid = right.as_object().into_iter().flatten();
            let mut body: Map<_, _> = valid
                .filter(|(known, _)| keys.contains_key(*known))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            body.insert(key.clone(), value);
            let body = Value::from(body).to_string();
            hammer.blow(method, &path, &kind, &body).await;
        }
    }
    for body in raw() {
        for kind in [kind.as_str(), "text/html", ""] {
            hammer.blow(method, &path, kind, &body).await;
        }
    }
}
