//! JSON bodies of authority: who one is, how one becomes somebody. Bodies of streams and sessions
//! live with the hub's views.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Pattern, Scope, UnixTime};

/// Who a caller is, as told to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Administrator,
    /// May watch what anyone may watch.
    Anonymous,
}

/// Answer of `GET /api/v1/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// What the caller's cookie or token makes it.
    pub role: Role,
    /// Whether somebody owns this hub already.
    pub claimed: bool,
    /// The running program's version.
    pub version: String,
}

/// Body of `POST /api/v1/claim`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    /// What stands behind `#` in the claim link.
    pub secret: String,
    /// Whether to make an administrator's token and show it, this once.
    #[serde(default)]
    pub show_token: bool,
}

/// Answer of `POST /api/v1/claim` and `POST /api/v1/login`; the cookie is in its header.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SignedIn {
    /// Always the administrator for now.
    pub role: Role,
    /// Only when it was asked for; cannot be shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator_token: Option<String>,
}

/// Body of `POST /api/v1/login`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// An administrator's token.
    pub token: String,
}

/// Body of `POST /api/v1/grants`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// For which streams.
    pub streams: Vec<Pattern>,
    /// To do what.
    pub scope: Vec<Scope>,
}

/// Answer of `POST /api/v1/grants`.
#[derive(Clone, Serialize, JsonSchema)]
pub struct GrantAnswer {
    /// The signed grant, for `Authorization: Bearer` or the first message of a socket.
    pub token: String,
    /// When it ends; to be renewed before.
    pub expires_at: UnixTime,
}

/// Body of `POST /api/v1/tokens`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What to call it: 1 to 100 bytes.
    pub name: String,
    /// For which streams.
    pub streams: Vec<Pattern>,
    /// To do what; to watch when absent.
    #[serde(default = "watch")]
    pub scope: Vec<Scope>,
    /// When it ends; a guest's after a week when absent, a program's after a year.
    #[serde(default)]
    pub expires_at: Option<UnixTime>,
    /// Whether it is for a person who gets a link.
    #[serde(default)]
    pub guest: bool,
}

fn watch() -> Vec<Scope> {
    vec![Scope::Watch]
}

/// Whom a token makes of its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// May do everything.
    Administrator,
    /// May do with its streams what its scope says.
    Grant,
}

/// A token, without what opens anything.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TokenView {
    /// Its number.
    pub id: String,
    /// What it is.
    pub kind: TokenKind,
    /// What its maker called it.
    pub name: String,
    /// For which streams; none when it is an administrator's.
    pub streams: Vec<String>,
    /// To do what with them.
    pub scope: Vec<String>,
    /// Whether it was made for a guest.
    pub guest: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it ends, if it does.
    pub expires_at: Option<UnixTime>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<UnixTime>,
}

/// Answer of `POST /api/v1/tokens`.
#[derive(Clone, Serialize, JsonSchema)]
pub struct TokenMade {
    /// What the list will show.
    #[serde(flatten)]
    pub view: TokenView,
    /// The token, which can't be shown again.
    pub token: String,
    /// A guest's link: the stream's page with the token in it. Begins with `public_url` where one is
    /// configured, else with the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
