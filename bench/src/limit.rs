//! The limit beside the servers: what sealing and sending alone cost on this machine, with nothing
//! around it. AES-256-GCM as SRTP uses it (RFC 7714), frames of nine packets by one `sendmsg` (GSO).

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use serde_json::{Value, json};

use crate::figures::median;
use crate::{clock, process};

const PAYLOAD: usize = 1_180;
const HEADER: usize = 12;
const TAG: usize = 16;
const DATAGRAM: usize = HEADER + PAYLOAD + TAG;
/// A picture of 2 Mbit/s at 30 a second has about so many packets.
const FRAME: usize = 9;
/// Receivers, as many as viewers in the point that it is compared with.
const RECEIVERS: usize = 100;
/// Frames a second to each.
const RATE: u32 = 30;
const RUNS: usize = 3;

/// How the frames come.
#[derive(Clone, Copy, Debug)]
enum Rhythm {
    /// 30 times a second one to everybody, as a server gets them: caches are cold.
    Paced,
    /// One after the other.
    FlatOut,
}

/// Processor seconds for a gigabit of payload, median of three, each of `length`.
pub(crate) fn measure(address: IpAddr, length: Duration) -> Result<Value> {
    let mut all =
        json!({ "payload_bytes": PAYLOAD, "packets_per_send": FRAME, "receivers": RECEIVERS });
    let sealing = (0..RUNS)
        .map(|_| seal(length))
        .collect::<Result<Vec<f64>>>()?;
    all["sealing_alone"] =
        json!({ "cpu_seconds_per_gigabit": median(sealing.iter().copied()), "runs": sealing });
    let ways = [
        ("paced", Rhythm::Paced, false),
        ("paced_with_gro", Rhythm::Paced, true),
        ("flat_out", Rhythm::FlatOut, false),
        ("flat_out_with_gro", Rhythm::FlatOut, true),
    ];
    for (name, rhythm, gro) in ways {
        let runs = (0..RUNS).map(|_| run(address, rhythm, gro, length));
        let runs = runs.collect::<Result<Vec<f64>>>()?;
        all[name] =
            json!({ "cpu_seconds_per_gigabit": median(runs.iter().copied()), "runs": runs });
    }
    Ok(all)
}

fn run(address: IpAddr, rhythm: Rhythm, gro: bool, length: Duration) -> Result<f64> {
    let sockets = (0..RECEIVERS)
        .map(|_| receiver(address, gro))
        .collect::<Result<Vec<_>>>()?;
    let to = sockets
        .iter()
        .map(|(socket, _)| Ok(socket.local_addr()?))
        .collect::<Result<Vec<_>>>()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let reader = std::thread::spawn(move || read(sockets, &stopped));
    let sender = std::thread::spawn(move || send(address, &to, rhythm, length));
    let spent = sender.join().map_err(|_| anyhow!("the sender panicked"))?;
    stop.store(true, Ordering::Relaxed);
    reader
        .join()
        .map_err(|_| anyhow!("the reader panicked"))??;
    spent
}

/// Without sending, to tell the two apart.
fn seal(length: Duration) -> Result<f64> {
    let mut sealer = Sealer::new()?;
    let (begin, used) = (clock::now(), process::thread_cpu()?);
    let mut sealed = 0;
    while clock::now() - begin < length {
        std::hint::black_box(sealer.frame()?);
        sealed += FRAME as u64;
    }
    Ok(cost(process::thread_cpu()? - used, sealed))
}

/// Processor seconds for a gigabit of payload.
fn cost(cpu: Duration, packets: u64) -> f64 {
    let gigabits = packets as f64 * PAYLOAD as f64 * 8.0 / 1e9;
    (cpu.as_secs_f64() / gigabits * 1e4).round() / 1e4
}

fn receiver(address: IpAddr, gro: bool) -> Result<(UdpSocket, UdpSocketState)> {
    let socket = UdpSocket::bind(SocketAddr::new(address, 0))?;
    let state = UdpSocketState::new((&socket).into())?;
    setsockopt(&socket, sockopt::UdpGroSegment, &gro)?;
    Ok((socket, state))
}

/// Reads and throws away, so that buffers never fill.
fn read(sockets: Vec<(UdpSocket, UdpSocketState)>, stop: &AtomicBool) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(RECEIVERS);
    let mut sockets: Vec<_> = sockets
        .into_iter()
        .map(|(socket, state)| (mio::net::UdpSocket::from_std(socket), state))
        .collect();
    for (n, (socket, _)) in sockets.iter_mut().enumerate() {
        poll.registry()
            .register(socket, Token(n), Interest::READABLE)?;
    }
    let mut room = vec![[0; 1 << 14]; BATCH_SIZE];
    let mut meta = [RecvMeta::default(); BATCH_SIZE];
    while !stop.load(Ordering::Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(50)))?;
        for event in &events {
            let Some((socket, state)) = sockets.get(event.token().0) else {
                continue;
            };
            let mut slices: Vec<_> = room
                .iter_mut()
                .map(|bytes| IoSliceMut::new(bytes))
                .collect();
            while socket
                .try_io(|| state.recv(socket.into(), &mut slices, &mut meta))
                .is_ok()
            {}
        }
    }
    Ok(())
}

fn send(address: IpAddr, to: &[SocketAddr], rhythm: Rhythm, length: Duration) -> Result<f64> {
    let socket = UdpSocket::bind(SocketAddr::new(address, 0))?;
    let state = UdpSocketState::new((&socket).into())?;
    let mut sealer = Sealer::new()?;
    let (begin, used) = (clock::now(), process::thread_cpu()?);
    let (mut rounds, mut sent) = (0, 0_u64);
    while clock::now() - begin < length {
        for destination in to {
            let contents = sealer.frame()?;
            let transmit = Transmit {
                destination: *destination,
                ecn: None,
                contents,
                segment_size: Some(DATAGRAM),
                src_ip: None,
            };
            // A full buffer would be no measurement; here it only waits.
            while state.try_send((&socket).into(), &transmit).is_err() {
                std::thread::yield_now();
            }
            sent += FRAME as u64;
        }
        rounds += 1;
        if matches!(rhythm, Rhythm::Paced) {
            let next = begin + Duration::from_secs(1) * rounds / RATE;
            std::thread::sleep(next.saturating_duration_since(clock::now()));
        }
    }
    Ok(cost(process::thread_cpu()? - used, sent))
}

/// Makes frames as an SRTP sender does: header, a copy of the payload that all share, seal, tag.
struct Sealer {
    key: LessSafeKey,
    payload: Vec<u8>,
    out: Vec<u8>,
    seq: u64,
}

impl Sealer {
    fn new() -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32])
            .ok()
            .context("an AES key")?;
        Ok(Self {
            key: LessSafeKey::new(key),
            payload: vec![0x5a; PAYLOAD],
            out: vec![0; FRAME * DATAGRAM],
            seq: 0,
        })
    }

    fn frame(&mut self) -> Result<&[u8]> {
        for datagram in self.out.chunks_exact_mut(DATAGRAM) {
            self.seq += 1;
            let (header, rest) = datagram.split_at_mut(HEADER);
            let (body, tag) = rest.split_at_mut(PAYLOAD);
            header[..2].copy_from_slice(&[0x80, 96]);
            header[2..4].copy_from_slice(&(self.seq as u16).to_be_bytes());
            body.copy_from_slice(&self.payload);
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&self.seq.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            let sealed = self
                .key
                .seal_in_place_separate_tag(nonce, Aad::from(&*header), body);
            tag.copy_from_slice(sealed.ok().context("sealing")?.as_ref());
        }
        Ok(&self.out)
    }
}
