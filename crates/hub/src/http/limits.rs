//! How much and how often one client may ask: bodies, JSON and rates. Rates are kept per address
//! (an IPv6 client owns its /64, so that is what counts) and in a bounded number of places.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::{Body, Bytes};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http_body_util::{BodyExt, Limited};
use lenswire_api::{Code, Problem};

use crate::config::Limits;

/// Most clients that one limit remembers, about 4 MiB. When more come at once, those that asked
/// long enough ago are forgotten, and strangers share one place until there is room again.
const REMEMBERED: usize = 65_536;

/// The rates of one hub.
#[derive(Debug)]
pub(crate) struct Rates {
    login: Rate<Place>,
    login_account: Rate<(Place, &'static str)>,
    api: Rate<String>,
    whep: Rate<Place>,
}

impl Rates {
    /// Rates as configured; changed limits hold from the next start.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            login: Rate::new(Quota::per_minute(positive(limits.logins_per_ip))),
            login_account: Rate::new(Quota::per_minute(positive(limits.logins_per_account))),
            api: Rate::new(Quota::per_second(positive(limits.api_per_user))),
            whep: Rate::new(
                Quota::per_second(positive(limits.whep_per_ip))
                    .allow_burst(positive(limits.whep_burst)),
            ),
        }
    }

    /// Somebody tries to sign in or to claim (E7).
    pub(crate) fn login(&self, address: IpAddr, account: &'static str) -> Result<(), Problem> {
        self.login.take(Place::of(address))?;
        self.login_account.take((Place::of(address), account))
    }

    /// A user asks the API for something; nobody in particular counts by address.
    pub(crate) fn api(&self, user: Option<&str>, address: IpAddr) -> Result<(), Problem> {
        self.api.take(user.map_or_else(
            || format!("{:?}", Place::of(address)),
            |user| format!("user {user}"),
        ))
    }

    /// Somebody asks WHEP for something.
    pub(crate) fn whep(&self, address: IpAddr) -> Result<(), Problem> {
        self.whep.take(Place::of(address))
    }
}

/// Who counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    V4([u8; 4]),
    V6([u16; 4]),
}

impl Place {
    fn of(address: IpAddr) -> Self {
        match crate::config::policy::canonical(address) {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => Self::V6(prefix(v6)),
        }
    }
}

const fn prefix(address: Ipv6Addr) -> [u16; 4] {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d]
}

/// One rate for many keys, bounded.
struct Rate<K: Clone + Hash + Eq> {
    keyed: DefaultKeyedRateLimiter<Option<K>>,
    clock: DefaultClock,
}

impl<K: Clone + Hash + Eq> Rate<K> {
    fn new(quota: Quota) -> Self {
        Self {
            keyed: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    fn take(&self, key: K) -> Result<(), Problem> {
        if self.keyed.len() >= REMEMBERED {
            self.keyed.retain_recent();
        }
        // The shared place of strangers is no key at all.
        let key = (self.keyed.len() < REMEMBERED).then_some(key);
        self.keyed.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Problem::from(Code::TooManyRequests).retry_after(wait)
        })
    }
}

impl<K: Clone + Hash + Eq> std::fmt::Debug for Rate<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rate({} keys)", self.keyed.len())
    }
}

/// 0 in the file means as few as possible.
fn positive(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// Reads a whole body of at most `most` bytes that arrives within `time`.
///
/// # Errors
/// 413, 408, or 400 when the connection broke.
pub(crate) async fn body(body: Body, most: usize, time: Duration) -> Result<Bytes, Problem> {
    let read = Limited::new(body, most).collect();
    match tokio::time::timeout(time, read).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Problem::new(
            Code::BodyTooLarge,
            format!("At most {most} bytes are taken here."),
        )),
        Ok(Err(_)) => Err(Problem::new(Code::BadRequest, "The body broke off.")),
        Err(_) => Err(Code::RequestTimeout.into()),
    }
}

/// Reads JSON whose nesting and arrays are bounded before anything is built from it (E1).
///
/// # Errors
/// 400 with where and what, never with the text: it may hold a password.
pub(crate) fn json<'a, T: serde::Deserialize<'a>>(
    text: &'a [u8],
    limits: &Limits,
) -> Result<T, Problem> {
    if !fits(text, limits.json_depth, limits.json_items) {
        return Err(Problem::new(
            Code::BadRequest,
            "The JSON is nested too deeply or lists too much.",
        ));
    }
    serde_json::from_slice(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => data_error(&error),
            _ => "the JSON is malformed".to_owned(),
        };
        Problem::new(
            Code::BadRequest,
            format!("Line {}, column {}: {what}.", error.line(), error.column()),
        )
    })
}

/// serde's words up to the place, which we say ourselves. What it quotes of a value is cut off.
fn data_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text.split_once(": string ") {
        Some((what, rest)) => match rest.rsplit_once(", expected ") {
            Some((_, expected)) => format!("{what}, expected {expected}"),
            None => what.to_owned(),
        },
        None => crate::config::scrub(text),
    }
}

/// Whether brackets nest at most `depth` deep and no array or object has more than `items` parts.
fn fits(text: &[u8], depth: usize, items: usize) -> bool {
    let mut open: Vec<usize> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' if open.len() >= depth => return false,
            b'[' | b'{' => open.push(1),
            b']' | b'}' => drop(open.pop()),
            b',' => match open.last_mut() {
                Some(count) if *count >= items => return false,
                Some(count) => *count += 1,
                None => {}
            },
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        Rates::new(&Limits {
            logins_per_account: 5,
            logins_per_ip: 7,
            whep_per_ip: 1,
            whep_burst: 3,
            ..Limits::default()
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    // E7: five a minute for one account, others are not locked out.
    #[test]
    fn signing_in_is_tried_five_times() {
        let rates = rates();
        let tries = |address: &str, account| {
            (0..20)
                .filter(|_| rates.login(ip(address), account).is_ok())
                .count()
        };
        assert_eq!(tries("192.0.2.1", "administrator"), 5);
        assert_eq!(tries("192.0.2.2", "administrator"), 5, "somebody else");
        let refused = rates
            .login(ip("192.0.2.1"), "administrator")
            .expect_err("is over");
        assert!(
            refused.code == Code::TooManyRequests
                && refused
                    .retry_after
                    .is_some_and(|wait| wait <= Duration::from_secs(60))
        );
    }

    #[test]
    fn an_address_is_counted_over_all_accounts_and_a_v6_host_by_its_network() {
        let rates = rates();
        let took = |address: &str, account| rates.login(ip(address), account).is_ok();
        assert_eq!((0..5).filter(|_| took("2001:db8::1", "a")).count(), 5);
        assert_eq!((0..5).filter(|_| took("2001:db8::2", "b")).count(), 2);
        assert!(took("2001:db8:0:1::1", "a"));
        assert_eq!(
            Place::of(ip("::ffff:192.0.2.1")),
            Place::of(ip("192.0.2.1"))
        );
    }

    #[test]
    fn whep_may_burst() {
        let rates = rates();
        assert!((0..3).all(|_| rates.whep(ip("192.0.2.1")).is_ok()));
        assert!(rates.whep(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let rate: Rate<u32> = Rate::new(Quota::per_hour(positive(1)));
        for key in 0..(u32::try_from(REMEMBERED).expect("small") + 10) {
            let _any = rate.take(key);
        }
        assert!(rate.keyed.len() <= REMEMBERED + 1);
    }

    // E1: JSON bombs.
    #[test]
    fn deep_and_long_json_is_refused_before_it_is_built() {
        let limits = Limits {
            json_depth: 4,
            json_items: 3,
            ..Limits::default()
        };
        let ok = |text: &str| json::<serde_json::Value>(text.as_bytes(), &limits).is_ok();
        assert!(ok("[[[[1]]]]") && !ok("[[[[[1]]]]]") && ok("[1,2,3]") && !ok("[1,2,3,4]"));
        assert!(ok(r#"{"a":"[[[[[[,,,,,\"["}"#) && ok(r#"[1,[1,2,3],3]"#));
        assert!(!ok(&"[".repeat(100_000)) && !ok(&"{\"a\":".repeat(100_000)));
    }

    // E12: a complaint does not repeat a value.
    #[test]
    fn complaints_about_json_keep_values_to_themselves() {
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            #[serde(rename = "count")]
            _count: u32,
        }
        for text in [r#"{"count":"rtsp://u:hunter2@h"}"#, r#"{"count":hunter2"#] {
            let problem = json::<Body>(text.as_bytes(), &Limits::default()).expect_err("is wrong");
            assert!(
                !problem.detail.contains("hunter2") && problem.detail.contains("Line 1"),
                "{}",
                problem.detail
            );
        }
    }

    #[tokio::test]
    async fn bodies_are_bounded() {
        let read = |bytes: usize| body(Body::from(vec![0; bytes]), 100, Duration::from_secs(1));
        assert_eq!(read(100).await.map(|whole| whole.len()), Ok(100));
        assert_eq!(
            read(101).await.map_err(|problem| problem.code),
            Err(Code::BodyTooLarge)
        );
    }
}
