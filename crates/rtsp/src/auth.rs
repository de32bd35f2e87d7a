//! Answers to `WWW-Authenticate`: Basic (RFC 7617) and Digest with MD5 and SHA-256 (RFC 7616,
//! and RFC 2069 for old cameras), computed anew for each request.
//!
//! A second refusal is final only when it answers a proof made for that very request: cameras
//! change their nonce without saying `stale`, and a wrong password must be told after two
//! refusals, because they lock the account after a few more.

use http_auth::digest::DigestClient;
use http_auth::parser::ChallengeParser;
use http_auth::{ChallengeRef, ParamValue, PasswordParams};

use crate::Credentials;
use crate::text::quote;

/// How often a camera may say `stale` to one request. Each is a round trip; a camera that never
/// takes a fresh nonce must not keep us at it.
const MAX_STALE: u8 = 3;

/// Why the camera cannot be convinced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It wants a password and there is none in the URL.
    NoPassword {
        /// What it calls the thing it guards.
        realm: String,
    },
    /// It refused these credentials.
    WrongPassword {
        /// The user's name, as sent.
        user: String,
    },
    /// It wants something that we do not know.
    Unsupported {
        /// What it asked for, in its words.
        offered: String,
    },
}

/// How a request that was refused had been authorised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    #[default]
    None,
    /// With a challenge that an earlier request brought.
    Reused,
    /// With the challenge that this request brought; so many times.
    Fresh(u8),
}

enum Scheme {
    Basic,
    Digest(Box<DigestClient>),
}

/// One side's memory of the challenge that it answers.
pub struct Authenticator {
    credentials: Option<Credentials>,
    scheme: Option<Scheme>,
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator")
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Nothing has been asked for yet.
    #[must_use]
    pub fn new(credentials: Option<Credentials>) -> Self {
        Self {
            credentials,
            scheme: None,
        }
    }

    /// The password, for blotting it out of texts.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.credentials.as_ref().map(Credentials::expose_password)
    }

    /// Whether the next request will carry an `Authorization`.
    #[must_use]
    pub fn armed(&self) -> bool {
        self.scheme.is_some()
    }

    /// The value of `Authorization` for a request, if the camera asked for one.
    pub fn authorize(&mut self, method: &str, uri: &str) -> Option<String> {
        let credentials = self.credentials.as_ref()?;
        let (username, password) = (credentials.user(), credentials.expose_password());
        match self.scheme.as_mut()? {
            Scheme::Basic => Some(http_auth::basic::encode_credentials(username, password)),
            Scheme::Digest(digest) => digest
                .respond(&PasswordParams {
                    username,
                    password,
                    uri,
                    method,
                    body: Some(b""),
                })
                .ok(),
        }
    }

    /// Takes a 401. `Ok` says that the request is worth sending again, with this proof.
    ///
    /// # Errors
    /// [`Refused`] when it is not.
    pub fn refused(&mut self, header: Option<&str>, sent: Proof) -> Result<Proof, Refused> {
        let header = header.unwrap_or_default();
        let secret = self.secret();
        let Some(credentials) = &self.credentials else {
            return Err(Refused::NoPassword {
                realm: quote(realm(header).as_deref().unwrap_or_default(), secret),
            });
        };
        let wrong = Refused::WrongPassword {
            user: credentials.user().to_owned(),
        };
        let Some(scheme) = choose(header) else {
            return Err(Refused::Unsupported {
                offered: quote(&schemes(header), secret),
            });
        };
        let stale = matches!(&scheme, Scheme::Digest(digest) if digest.stale());
        let proof = match sent {
            Proof::None | Proof::Reused => Proof::Fresh(1),
            Proof::Fresh(times) if stale && times < MAX_STALE => Proof::Fresh(times + 1),
            Proof::Fresh(_) => return Err(wrong),
        };
        self.scheme = Some(scheme);
        Ok(proof)
    }
}

/// The scheme to use: the first Digest that we can compute (RFC 7616 section 3.7), else Basic.
fn choose(header: &str) -> Option<Scheme> {
    let mut basic = false;
    for piece in pieces(header) {
        basic |= scheme_of(piece).eq_ignore_ascii_case("basic");
        // One challenge each: a fault in one must not hide the others.
        if let Some(Ok(challenge)) = ChallengeParser::new(piece).next()
            && let Ok(digest) = DigestClient::try_from(&repaired(challenge))
        {
            return Some(Scheme::Digest(Box::new(digest)));
        }
    }
    // A Basic challenge needs no parameter to be answered, so a malformed one will do
    // (cameras that send `Basic realm=IP Camera` without quotation marks).
    basic.then_some(Scheme::Basic)
}

/// Cameras write `algorithm=md5`; `http-auth` knows the names in capitals only.
fn repaired(mut challenge: ChallengeRef<'_>) -> ChallengeRef<'_> {
    const KNOWN: [&str; 4] = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"];
    for (name, value) in &mut challenge.params {
        if name.eq_ignore_ascii_case("algorithm") {
            let said = value.to_unescaped();
            let known = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(&said));
            if let Some(Ok(canonical)) = known.map(|known| ParamValue::try_from_escaped(known)) {
                *value = canonical;
            }
        }
    }
    challenge
}

/// Cuts a header (several are joined by commas) where a scheme's name begins.
fn pieces(header: &str) -> impl Iterator<Item = &str> {
    let lower = header.to_ascii_lowercase();
    let mut starts: Vec<usize> = ["digest", "basic"]
        .iter()
        .flat_map(|scheme| lower.match_indices(scheme))
        .map(|(at, _)| at)
        .filter(|at| {
            header
                .get(..*at)
                .is_some_and(|before| matches!(before.trim_end().chars().last(), None | Some(',')))
        })
        .collect();
    starts.sort_unstable();
    let ends: Vec<usize> = starts
        .iter()
        .skip(1)
        .copied()
        .chain([header.len()])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .filter_map(|(from, to)| header.get(from..to))
        .map(|piece| piece.trim_end_matches([',', ' ']))
}

fn scheme_of(piece: &str) -> &str {
    piece.split([' ', '\t']).next().unwrap_or_default()
}

/// What is asked for, without nonces: `Digest SHA-512, Basic`.
fn schemes(header: &str) -> String {
    let named: Vec<String> = pieces(header)
        .map(|piece| {
            let algorithm = param(piece, "algorithm");
            [Some(scheme_of(piece).to_owned()), algorithm]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    if named.is_empty() {
        scheme_of(header).to_owned()
    } else {
        named.join(", ")
    }
}

fn realm(header: &str) -> Option<String> {
    pieces(header).find_map(|piece| param(piece, "realm"))
}

/// A parameter's value as it stands there, quotation marks taken off; lenient, for texts only.
fn param(piece: &str, name: &str) -> Option<String> {
    let at = piece.to_ascii_lowercase().find(&format!("{name}="))? + name.len() + 1;
    let value = piece.get(at..)?;
    let (value, end) = value
        .strip_prefix('"')
        .map_or((value, ','), |quoted| (quoted, '"'));
    value.split(end).next().map(str::to_owned)
}

#[cfg(test)]
mod tests;
