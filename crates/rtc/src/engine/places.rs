//! How many of what are taken: places that are given back by being dropped.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Limits, Refusal};

/// The counts, shared by the callers and the media threads.
#[derive(Debug, Default)]
pub(super) struct Places {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    pending: usize,
    pending_of: HashMap<IpAddr, usize>,
    tcp: usize,
    tcp_of: HashMap<IpAddr, usize>,
}

/// A session's place.
#[derive(Debug)]
pub(super) struct SessionPlace(Arc<Places>);

/// The place of a session that is still connecting.
#[derive(Debug)]
pub(super) struct PendingPlace(Arc<Places>, Option<IpAddr>);

/// The place of an ICE-TCP connection.
#[derive(Debug)]
pub(super) struct TcpPlace(Arc<Places>, IpAddr);

impl Places {
    fn with<T>(&self, act: impl FnOnce(&mut Counts) -> T) -> T {
        // Counting can't panic halfway, so a poisoned count is still right.
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Places for a session that begins.
    pub(super) fn take(
        self: &Arc<Self>,
        client: Option<IpAddr>,
        limits: &Limits,
    ) -> Result<(SessionPlace, PendingPlace), Refusal> {
        let client = client.map(|ip| ip.to_canonical());
        self.with(|counts| {
            if limits.sessions > 0 && counts.sessions >= limits.sessions {
                return Err(Refusal::TooManySessions {
                    limit: limits.sessions,
                });
            }
            if counts.pending >= limits.pending {
                return Err(Refusal::TooManyPending {
                    limit: limits.pending,
                });
            }
            if let Some(ip) = client {
                let of = counts.pending_of.entry(ip).or_default();
                if *of >= limits.pending_per_client {
                    return Err(Refusal::TooManyPending {
                        limit: limits.pending_per_client,
                    });
                }
                *of += 1;
            }
            counts.sessions += 1;
            counts.pending += 1;
            Ok(())
        })?;
        Ok((
            SessionPlace(Arc::clone(self)),
            PendingPlace(Arc::clone(self), client),
        ))
    }

    /// A place for a connection that came in; `None` = there are too many.
    pub(super) fn take_tcp(self: &Arc<Self>, from: IpAddr, limits: &Limits) -> Option<TcpPlace> {
        let from = from.to_canonical();
        let taken = self.with(|counts| {
            let of = counts.tcp_of.get(&from).copied().unwrap_or(0);
            let fits =
                counts.tcp < limits.tcp_connections && of < limits.tcp_connections_per_address;
            if fits {
                counts.tcp += 1;
                counts.tcp_of.insert(from, of + 1);
            }
            fits
        });
        taken.then(|| TcpPlace(Arc::clone(self), from))
    }
}

/// Takes one from an address's count; none is not kept.
fn give_back(counts: &mut HashMap<IpAddr, usize>, ip: IpAddr) {
    if let Some(count) = counts.get_mut(&ip) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&ip);
        }
    }
}

impl Drop for SessionPlace {
    fn drop(&mut self) {
        self.0.with(|counts| counts.sessions -= 1);
    }
}

impl Drop for PendingPlace {
    fn drop(&mut self) {
        self.0.with(|counts| {
            counts.pending -= 1;
            if let Some(ip) = self.1 {
                give_back(&mut counts.pending_of, ip);
            }
        });
    }
}

impl Drop for TcpPlace {
    fn drop(&mut self) {
        self.0.with(|counts| {
            counts.tcp -= 1;
            give_back(&mut counts.tcp_of, self.1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        // E3
        let limits = Limits {
            sessions: 3,
            pending: 2,
            pending_per_client: 1,
            ..Limits::default()
        };
        let places = Arc::new(Places::default());
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let first = places.take(Some(one), &limits).unwrap();
        assert_eq!(
            places.take(Some(one), &limits).unwrap_err(),
            Refusal::TooManyPending { limit: 1 }
        );
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert!(
            places.take(Some(mapped), &limits).is_err(),
            "the same address in other clothes"
        );
        let second = places.take(None, &limits).unwrap();
        assert_eq!(
            places.take(None, &limits).unwrap_err(),
            Refusal::TooManyPending { limit: 2 }
        );
        drop((first.1, second.1));
        let third = places.take(Some(one), &limits).unwrap();
        assert_eq!(
            places.take(None, &limits).unwrap_err(),
            Refusal::TooManySessions { limit: 3 }
        );
        drop((first.0, second.0, third));
        assert!(places.with(|counts| counts.pending_of.is_empty()
            && counts.sessions == 0
            && counts.pending == 0));
    }

    #[test]
    fn connections_are_bounded_per_address_and_in_all() {
        // E2
        let limits = Limits {
            tcp_connections: 3,
            tcp_connections_per_address: 2,
            ..Limits::default()
        };
        let places = Arc::new(Places::default());
        let take = |ip: &str| places.take_tcp(ip.parse().unwrap(), &limits);
        let held = [
            take("192.0.2.1"),
            take("192.0.2.1"),
            take("192.0.2.1"),
            take("192.0.2.2"),
            take("192.0.2.3"),
        ];
        assert_eq!(
            held.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, true, false, true, false]
        );
        drop(held);
        assert!(places.with(|counts| counts.tcp == 0 && counts.tcp_of.is_empty()));
    }
}
