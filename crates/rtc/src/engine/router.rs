//! Who owns what comes in: every media thread has a socket on the same port, and the kernel deals
//! datagrams out by address, not by session. A thread looks into its own table first and here only
//! for what it doesn't know: first requests, and datagrams of sessions that another thread has.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

/// A session's number, never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SessionId(pub(super) u64);

/// Where a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) thread: usize,
    pub(super) session: SessionId,
}

/// The shared tables.
#[derive(Debug, Default)]
pub(super) struct Router {
    by_ufrag: RwLock<HashMap<String, Owner>>,
    by_address: RwLock<HashMap<SocketAddr, Owner>>,
}

impl Router {
    /// The session whose ICE user fragment this is.
    pub(super) fn of_ufrag(&self, ufrag: &str) -> Option<Owner> {
        self.by_ufrag
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(ufrag)
            .copied()
    }

    /// The session that has proven to be at this UDP address.
    pub(super) fn of_address(&self, address: SocketAddr) -> Option<Owner> {
        self.by_address
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&address)
            .copied()
    }

    /// Sends checks for `ufrag` to `owner` while the guard lives.
    pub(super) fn claim_ufrag(self: &Arc<Self>, ufrag: &str, owner: Owner) -> UfragClaim {
        put(&self.by_ufrag, ufrag.to_owned(), owner);
        UfragClaim {
            router: Arc::clone(self),
            ufrag: ufrag.to_owned(),
            owner,
        }
    }

    /// Sends what comes from `address` to `owner` while the guard lives. Only after a check with the
    /// right password came from there; the newest owner of an address has it.
    pub(super) fn claim_address(
        self: &Arc<Self>,
        address: SocketAddr,
        owner: Owner,
    ) -> AddressClaim {
        put(&self.by_address, address, owner);
        AddressClaim {
            router: Arc::clone(self),
            address,
            owner,
        }
    }
}

fn put<K: Hash + Eq>(map: &RwLock<HashMap<K, Owner>>, key: K, owner: Owner) {
    map.write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, owner);
}

/// Takes the entry away, unless it has become another's.
fn take<K: Hash + Eq>(map: &RwLock<HashMap<K, Owner>>, key: &K, owner: Owner) {
    let mut map = map.write().unwrap_or_else(PoisonError::into_inner);
    if map.get(key) == Some(&owner) {
        map.remove(key);
    }
}

/// Checks for a user fragment find their session while this lives.
#[derive(Debug)]
pub(super) struct UfragClaim {
    router: Arc<Router>,
    ufrag: String,
    owner: Owner,
}

impl Drop for UfragClaim {
    fn drop(&mut self) {
        take(&self.router.by_ufrag, &self.ufrag, self.owner);
    }
}

/// Datagrams from an address find their session while this lives.
#[derive(Debug)]
pub(super) struct AddressClaim {
    router: Arc<Router>,
    pub(super) address: SocketAddr,
    owner: Owner,
}

impl Drop for AddressClaim {
    fn drop(&mut self) {
        take(&self.router.by_address, &self.address, self.owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_end_with_their_guards_and_a_lost_one_takes_nothing_away() {
        let router = Arc::new(Router::default());
        let address: SocketAddr = "192.0.2.1:5".parse().unwrap();
        let one = Owner {
            thread: 0,
            session: SessionId(1),
        };
        let two = Owner {
            thread: 1,
            session: SessionId(2),
        };
        let ufrag = router.claim_ufrag("abcd", one);
        let first = router.claim_address(address, one);
        let second = router.claim_address(address, two);
        drop(first);
        assert_eq!(router.of_address(address), Some(two));
        assert_eq!(router.of_ufrag("abcd"), Some(one));
        drop((second, ufrag));
        assert_eq!(
            (router.of_address(address), router.of_ufrag("abcd")),
            (None, None)
        );
    }
}
