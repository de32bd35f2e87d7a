//! JSON bodies of authority: who one is, how one becomes somebody. Bodies of streams and sessions
//! live with the hub's views.

use serde::{Deserialize, Serialize};

use crate::{Pattern, Scope, UnixTime};

/// Who a caller is, as told to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Administrator,
    /// May watch what anyone may watch.
    Anonymous,
}

/// Answer of `GET /api/v1/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// What the caller's cookie or token makes it.
    pub role: Role,
    /// Whether somebody owns this hub already.
    pub claimed: bool,
    /// The running program's version.
    pub version: String,
}

/// Body of `POST /api/v1/claim`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    /// What stands behind `#` in the claim link.
    pub secret: String,
    /// Whether to make an administrator's token and show it, this once.
    #[serde(default)]
    pub show_token: bool,
}

/// Answer of `POST /api/v1/claim` and `POST /api/v1/login`; the cookie is in its header.
#[derive(Clone, Serialize)]
pub struct SignedIn {
    /// Always the administrator for now.
    pub role: Role,
    /// Only when it was asked for; cannot be shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator_token: Option<String>,
}

/// Body of `POST /api/v1/login`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// An administrator's token.
    pub token: String,
}

/// Body of `POST /api/v1/grants`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// For which streams.
    pub streams: Vec<Pattern>,
    /// To do what.
    pub scope: Vec<Scope>,
}

/// Answer of `POST /api/v1/grants`.
#[derive(Clone, Serialize)]
pub struct GrantAnswer {
    /// The signed grant, for `Authorization: Bearer` or the first message of a socket.
    pub token: String,
    /// When it ends; to be renewed before.
    pub expires_at: UnixTime,
}
