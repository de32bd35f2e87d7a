//! Targets for `lenswire-rtc`: all that a viewer, or whoever pretends to be one, can send.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use bolero::check;
use lenswire_fuzz::{BRIEF, Bytes, start};
use lenswire_media::{Codec, ParameterSets, Track, Tracks};
use lenswire_rtc::demux::{Datagram, MAX_DATAGRAM, classify};
use lenswire_rtc::framing::{Deframer, HEADER};
use lenswire_rtc::peer::{Flight, Local, Pair, Peer, Protocol, Received};
use lenswire_rtc::sdp::{Fragment, MAX_CANDIDATES, MAX_SDP, MAX_SECTIONS, Offer, RemoteCandidate};
use lenswire_rtc::{Ice, Limits};

const CHROMIUM: &str = include_str!("../../crates/rtc/testdata/chromium-156.sdp");

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

#[test]
fn rtc_demux() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let seen = classify(input);
        assert!(seen.is_none() || input.len() <= MAX_DATAGRAM);
        if let Some(Datagram::StunRequest { ufrag }) = seen {
            assert!(ufrag.len() < input.len());
        }
    });
}

#[test]
fn rtc_framing() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        // However the stream is cut, the same datagrams come out.
        let whole = deframed(&[input]);
        let (first, rest) = input.split_at(
            input
                .first()
                .map_or(0, |cut| usize::from(*cut).min(input.len())),
        );
        assert_eq!(deframed(&[first, rest]), whole);
        let pieces: Vec<&[u8]> = input.chunks(3).collect();
        assert_eq!(deframed(&pieces), whole);
        assert!(
            whole
                .iter()
                .map(|datagram| datagram.len() + HEADER)
                .sum::<usize>()
                <= input.len()
        );
    });
}

fn deframed(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut deframer = Deframer::default();
    let mut out = Vec::new();
    for piece in pieces {
        if deframer
            .push(piece, |datagram| out.push(datagram.to_vec()))
            .is_err()
        {
            break;
        }
    }
    assert!(
        out.iter()
            .all(|datagram| !datagram.is_empty() && datagram.len() <= MAX_DATAGRAM)
    );
    out
}

#[test]
fn rtc_candidate() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let _ = RemoteCandidate::read(&text(input));
        let near = format!("candidate:1 1 udp 1 {} typ host", text(input));
        if let Ok(Some(candidate)) = RemoteCandidate::read(&near) {
            // Nobody makes us knock inside from a public address.
            assert!(!candidate.is_checkable_from(&[]) || is_public(&candidate));
        }
    });
}

fn is_public(candidate: &RemoteCandidate) -> bool {
    match candidate.reach {
        lenswire_rtc::sdp::Reach::Udp(std::net::IpAddr::V4(ip), _) => {
            !ip.is_private() && !ip.is_loopback() && !ip.is_link_local()
        }
        lenswire_rtc::sdp::Reach::Udp(std::net::IpAddr::V6(ip), _) => {
            !ip.is_loopback() && !ip.is_unique_local()
        }
        _ => false,
    }
}

#[test]
fn rtc_fragment() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        if let Ok(fragment) = Fragment::read(&text(input)) {
            assert!(fragment.candidates.len() <= MAX_CANDIDATES);
        }
        let _ = Fragment::read(&format!(
            "a=candidate:{}\r\na=ice-ufrag:abcd\r\n",
            text(input)
        ));
    });
}

/// Random text, and a real offer with a line or two changed.
fn offers(input: &[u8]) -> [String; 2] {
    let mut bytes = Bytes(input);
    let mut lines: Vec<String> = CHROMIUM.lines().map(str::to_owned).collect();
    while !bytes.is_empty() {
        let at = usize::from(bytes.u16()) % lines.len();
        let how = bytes.u8();
        let new = text(bytes.piece());
        match how % 4 {
            0 => lines[at] = new,
            1 => lines[at] = format!("{}{new}", lines[at]),
            2 => lines.insert(at, new),
            _ => {
                let line = lines[at].clone();
                lines.push(line);
            }
        }
    }
    [text(input), lines.join("\r\n")]
}

#[test]
fn rtc_offer() {
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        for offer in offers(input) {
            if let Ok(offer) = Offer::read(&offer) {
                assert!(
                    offer.sections.len() <= MAX_SECTIONS
                        && offer.candidates.len() <= MAX_CANDIDATES
                );
            }
            assert!(offer.len() <= MAX_SDP || Offer::read(&offer).is_err());
        }
    });
}

fn tracks() -> Tracks {
    let track = |codec, channels| Track {
        codec,
        channels,
        parameters: ParameterSets::None,
    };
    Tracks(vec![track(Codec::H264, 0), track(Codec::Opus, 2)])
}

fn local() -> Arc<Local> {
    let announced = ["192.0.2.1:8189", "[2001:db8::1]:8189"]
        .map(|address| address.parse().expect("an address"));
    Arc::new(Local::new(announced.to_vec(), true, Ice::Full).expect("randomness"))
}

/// What passes the door must not panic the library behind it, and its answer must be SDP.
#[test]
fn rtc_negotiation() {
    let (local, limits, tracks, now) = (local(), Limits::default(), tracks(), start());
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        for offer in offers(input) {
            let Ok(offer) = Offer::read(&offer) else {
                continue;
            };
            let sections = offer.sections.len();
            if let Ok(mut peer) =
                Peer::accept(&local, &limits, offer, &tracks, Duration::from_secs(1), now)
            {
                let answer = peer.answer();
                assert_eq!(answer.matches("\r\nm=").count(), sections);
                assert!(
                    answer
                        .lines()
                        .all(|line| line.as_bytes().get(1) == Some(&b'='))
                );
            }
        }
    });
}

/// Datagrams that are none, or nearly some, into a peer that waits for its viewer.
#[test]
fn rtc_datagrams() {
    let (local, limits, tracks, now) = (local(), Limits::default(), tracks(), start());
    let pair = Pair {
        protocol: Protocol::Udp,
        local: "192.0.2.1:8189".parse().expect("an address"),
        remote: "198.51.100.1:5000".parse().expect("an address"),
    };
    check!().with_test_time(BRIEF).for_each(|input: &[u8]| {
        let offer = Offer::read(CHROMIUM).expect("a real offer");
        let mut peer = Peer::accept(&local, &limits, offer, &tracks, Duration::from_secs(1), now)
            .expect("an answer");
        let mut bytes = Bytes(input);
        let (mut at, mut flight) = (now, Flight::default());
        while !bytes.is_empty() {
            at += Duration::from_millis(u64::from(bytes.u8()));
            flight.clear();
            let kind = bytes.u8();
            let mut datagram = bytes.piece().to_vec();
            if let Some(first) = datagram.first_mut() {
                *first = [0, 22, 0x80, *first][usize::from(kind % 4)];
            }
            peer.receive(
                Received {
                    pair,
                    bytes: &datagram,
                },
                at,
                &mut flight,
            );
            peer.advance(at, &mut flight);
            // It may end, but never without end; and a stranger gets no more than it gave (E5).
            let events = std::iter::from_fn(|| peer.poll_event()).take(1_000).count();
            assert!(events < 1_000);
            assert!(flight.datagrams().all(|(to, _)| to.remote != pair.remote));
            assert!(
                peer.wake(at) > at,
                "it wants to be woken at once, again and again"
            );
            assert!(peer.heard().is_none(), "nobody knew the password");
        }
    });
}
