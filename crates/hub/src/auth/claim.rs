//! How somebody becomes this hub's owner, and how an owner signs in again.

use std::sync::PoisonError;
use std::time::Duration;

use lenswire_api::{Code, Problem, UnixTime};

use super::Authority;
use super::authority::{LOGIN_TIME, failed, new_administrator};
use super::secret::secret;
use crate::store::{Claim, Login, hash};

/// How long a claim link made by `lenswire token claim` holds: long enough to walk to another
/// machine with it.
pub const CLI_CLAIM_TIME: Duration = Duration::from_secs(3_600);

/// Somebody signed in.
pub struct SignedIn {
    /// The cookie's value.
    pub cookie: String,
    /// An administrator's token, when one was asked for; never shown again.
    pub administrator_token: Option<String>,
}

impl Authority {
    /// Makes the claim link's secret for this run of the hub; nothing when somebody owns it. The
    /// secret lives in memory alone: it ends with its use or with the process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_claim(&self) -> Result<Option<String>, Problem> {
        if self.is_claimed().await? {
            return Ok(None);
        }
        let secret = secret();
        *self.printed() = Some(hash(&secret));
        Ok(Some(secret))
    }

    /// Makes a claim link's secret that holds for [`CLI_CLAIM_TIME`] and for any process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn lasting_claim(&self, now: UnixTime) -> Result<String, Problem> {
        let secret = secret();
        self.store
            .add_claim(hash(&secret), now.plus(CLI_CLAIM_TIME))
            .await
            .map_err(failed)?;
        Ok(secret)
    }

    /// Uses a claim link.
    ///
    /// # Errors
    /// 410 when the secret is none, was used or has ended: one answer for all three.
    pub async fn claim(
        &self,
        claim: &str,
        show_token: bool,
        now: UnixTime,
    ) -> Result<SignedIn, Problem> {
        let (hash, cookie) = (hash(claim), secret());
        // Taken out before the store is asked, so that of two that come at once one is late.
        let printed = self.printed().take_if(|printed| *printed == hash).is_some();
        let made = show_token.then(|| new_administrator("claimed", None));
        let (administrator_token, token) = made.unzip();
        let claim = Claim {
            hash,
            printed,
            login: login(&cookie, None, now),
            token,
        };
        match self.store.claim(&claim, now).await {
            Ok(true) => {}
            Ok(false) => return Err(Code::ClaimUsed.into()),
            Err(error) => {
                if printed {
                    self.printed().get_or_insert(hash);
                }
                return Err(failed(error));
            }
        }
        tracing::info!("this hub has an owner now");
        Ok(SignedIn {
            cookie,
            administrator_token,
        })
    }

    /// Signs a browser in by an administrator's token.
    ///
    /// # Errors
    /// 401 when it is none that holds.
    pub async fn login(&self, token: &str, now: UnixTime) -> Result<SignedIn, Problem> {
        let token = self
            .store
            .administrator(hash(token), now)
            .await
            .map_err(failed)?;
        let token = token.ok_or_else(|| {
            Problem::new(Code::Unauthorized, "That is not an administrator's token.")
        })?;
        let cookie = secret();
        self.store
            .add_login(&login(&cookie, Some(token), now))
            .await
            .map_err(failed)?;
        Ok(SignedIn {
            cookie,
            administrator_token: None,
        })
    }

    /// Forgets a browser's cookie.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout(&self, cookie: &str) -> Result<(), Problem> {
        self.store.remove_login(hash(cookie)).await.map_err(failed)
    }

    fn printed(&self) -> std::sync::MutexGuard<'_, Option<[u8; 32]>> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn login(cookie: &str, token: Option<String>, now: UnixTime) -> Login {
    Login {
        hash: hash(cookie),
        token,
        expires_at: now.plus(LOGIN_TIME),
    }
}
