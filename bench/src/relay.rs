//! A UDP relay that is a bad network: what comes to its port goes on to a server, what the server
//! answers comes back late, or not at all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use serde_json::{Value, json};

use crate::clock;
use crate::impair::{Impairment, Path};

/// The side that viewers see.
const FRONT: Token = Token(usize::MAX);

/// Longest sleep, so that a change is heard.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);

/// Datagrams that may be under way; more are lost, as in any network.
const UNDER_WAY: usize = 20_000;

/// Addresses of viewers; more would be a flood.
const CLIENTS: usize = 1_000;

const DATAGRAM: usize = 2_048;

/// One that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<()>>>,
    pub(crate) address: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    how: Mutex<Impairment>,
    stop: AtomicBool,
    carried: AtomicU64,
    lost: AtomicU64,
}

impl Relay {
    /// Listens at `listen`, asks the server at `to` from `from`.
    pub(crate) fn start(
        listen: SocketAddr,
        from: IpAddr,
        to: SocketAddr,
        how: Impairment,
    ) -> Result<Self> {
        let front = UdpSocket::bind(listen)?;
        let address = front.local_addr()?;
        let shared = Arc::new(Shared {
            how: Mutex::new(how),
            stop: AtomicBool::new(false),
            carried: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let network = Network::new(front, from, to, Arc::clone(&shared))?;
        let thread = Some(std::thread::spawn(move || network.run()));
        Ok(Self {
            shared,
            thread,
            address,
        })
    }

    /// Changes what it does from now on.
    pub(crate) fn set(&self, how: Impairment) {
        *self
            .shared
            .how
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = how;
    }

    /// What went to viewers so far.
    pub(crate) fn counters(&self) -> Value {
        json!({
            "to_viewer": self.shared.carried.load(Ordering::Relaxed),
            "lost": self.shared.lost.load(Ordering::Relaxed),
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(Err(_) | Ok(Err(_))) = self.thread.take().map(JoinHandle::join) {
            println!("the relay had failed");
        }
    }
}

/// A datagram on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    at: Instant,
    /// Equal times keep their order.
    number: u64,
    client: usize,
    /// To the viewer, or to the server.
    down: bool,
    bytes: Vec<u8>,
}

struct Client {
    address: SocketAddr,
    /// By what the server knows it.
    back: UdpSocket,
}

struct Network {
    shared: Arc<Shared>,
    poll: Poll,
    front: UdpSocket,
    from: IpAddr,
    to: SocketAddr,
    clients: Vec<Client>,
    by_address: HashMap<SocketAddr, usize>,
    up: Path,
    down: Path,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    number: u64,
}

impl Network {
    fn new(
        mut front: UdpSocket,
        from: IpAddr,
        to: SocketAddr,
        shared: Arc<Shared>,
    ) -> Result<Self> {
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut front, FRONT, Interest::READABLE)?;
        Ok(Self {
            shared,
            poll,
            front,
            from,
            to,
            clients: Vec::new(),
            by_address: HashMap::new(),
            up: Path::new(1),
            down: Path::new(2),
            under_way: BinaryHeap::new(),
            number: 0,
        })
    }

    fn run(mut self) -> Result<()> {
        let mut events = Events::with_capacity(64);
        while !self.shared.stop.load(Ordering::Relaxed) {
            let next = self.under_way.peek().map(|Reverse(next)| next.at);
            let sleep = next.map_or(LONGEST_SLEEP, |at| {
                at.saturating_duration_since(clock::now())
            });
            self.poll
                .poll(&mut events, Some(sleep.min(LONGEST_SLEEP)))?;
            let how = *self
                .shared
                .how
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for event in &events {
                match event.token() {
                    FRONT => self.read_front(&how)?,
                    Token(client) => self.read_back(client, &how),
                }
            }
            self.deliver();
        }
        Ok(())
    }

    fn read_front(&mut self, how: &Impairment) -> Result<()> {
        let mut bytes = [0; DATAGRAM];
        // Upwards only the delay: what is measured is the picture's way.
        let plain = Impairment {
            delay: how.delay,
            ..Impairment::none()
        };
        while let Some((length, address)) = read(&self.front, &mut bytes) {
            let Some(client) = self.client(address)? else {
                continue;
            };
            let at = self.up.carry(&plain, clock::now(), length);
            self.send_off(at, client, false, &bytes[..length]);
        }
        Ok(())
    }

    fn read_back(&mut self, client: usize, how: &Impairment) {
        let mut bytes = [0; DATAGRAM];
        while let Some((length, _)) = self
            .clients
            .get(client)
            .and_then(|c| read(&c.back, &mut bytes))
        {
            let at = self.down.carry(how, clock::now(), length);
            let counter = if at.is_some() {
                &self.shared.carried
            } else {
                &self.shared.lost
            };
            counter.fetch_add(1, Ordering::Relaxed);
            self.send_off(at, client, true, &bytes[..length]);
        }
    }

    fn client(&mut self, address: SocketAddr) -> Result<Option<usize>> {
        if let Some(client) = self.by_address.get(&address) {
            return Ok(Some(*client));
        }
        let client = self.clients.len();
        if client == CLIENTS {
            return Ok(None);
        }
        let mut back = UdpSocket::bind(SocketAddr::new(self.from, 0))?;
        self.poll
            .registry()
            .register(&mut back, Token(client), Interest::READABLE)?;
        self.clients.push(Client { address, back });
        self.by_address.insert(address, client);
        Ok(Some(client))
    }

    fn send_off(&mut self, at: Option<Instant>, client: usize, down: bool, bytes: &[u8]) {
        let Some(at) = at.filter(|_| self.under_way.len() < UNDER_WAY) else {
            return;
        };
        self.number += 1;
        let (number, bytes) = (self.number, bytes.to_vec());
        self.under_way.push(Reverse(UnderWay {
            at,
            number,
            client,
            down,
            bytes,
        }));
    }

    fn deliver(&mut self) {
        let now = clock::now();
        while self
            .under_way
            .peek()
            .is_some_and(|Reverse(next)| next.at <= now)
        {
            let Some(Reverse(datagram)) = self.under_way.pop() else {
                return;
            };
            let Some(client) = self.clients.get(datagram.client) else {
                continue;
            };
            // What a socket refuses a network may lose.
            let _ = if datagram.down {
                self.front.send_to(&datagram.bytes, client.address)
            } else {
                client.back.send_to(&datagram.bytes, self.to)
            };
        }
    }
}

/// The next datagram, if one is there.
fn read(socket: &UdpSocket, bytes: &mut [u8]) -> Option<(usize, SocketAddr)> {
    loop {
        match socket.recv_from(bytes) {
            Ok(read) => return Some(read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            // An ICMP error of a side that is gone.
            Err(_) => {}
        }
    }
}
