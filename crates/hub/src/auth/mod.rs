//! Who may: callers, grants, claims, cookies.
//!
//! [`Authority`] turns what a request brought (a token, a cookie, a claim's secret) into a
//! [`Caller`]; a caller answers whether it [`may`](Caller::may). Default deny: [`Caller::Anonymous`]
//! may watch what anyone may watch, and nothing else. An address is never a reason (E10).

mod authority;
mod caller;
mod claim;
mod secret;
#[cfg(test)]
mod tests;

pub use authority::{Authority, LOGIN_TIME, NewGrant, PAGE_GRANT_TIME};
pub use caller::{Caller, Credential, How};
pub use claim::{CLI_CLAIM_TIME, SignedIn};
