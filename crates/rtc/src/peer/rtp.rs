//! RTP headers as we write and read them (RFC 3550 section 5.1), with header extensions of one byte
//! each (RFC 8285 section 4.2).

use std::time::Duration;

use crate::sdp::Extension;

/// Names the section of a packet until the receiver knows its source (RFC 8843 section 9.2).
pub(super) const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Bounds of the receiver's own delay.
pub(super) const PLAYOUT_DELAY_URI: &str =
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// Counts the packets of the transport, so that the receiver can say when each one came.
pub(super) const TRANSPORT_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// All that we may send.
pub(super) const URIS: [&str; 3] = [MID_URI, PLAYOUT_DELAY_URI, TRANSPORT_URI];

/// Largest number and length of the one-byte form; 15 is reserved.
const MOST: u8 = 14;
const LONGEST: usize = 16;

/// Bytes of a header without extensions.
pub(super) const PLAIN: usize = 12;

const VERSION: u8 = 2 << 6;
const HAS_EXTENSION: u8 = 1 << 4;
const HAS_PADDING: u8 = 1 << 5;
const MARKER: u8 = 1 << 7;
const ONE_BYTE_FORM: [u8; 2] = [0xbe, 0xde];

/// Whether an extension can be sent in the form that we use.
pub(super) fn fits(extension: &Extension, mid: &str) -> bool {
    (1..=MOST).contains(&extension.number)
        && (extension.uri != MID_URI || (1..=LONGEST).contains(&mid.len()))
}

/// Bytes of a sealed packet's header, which is in the clear; `None` when the packet is shorter.
pub(super) fn header_length(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let sources = PLAIN + 4 * usize::from(first & 0xf);
    let length = if first & HAS_EXTENSION == 0 {
        sources
    } else {
        let words = packet.get(sources + 2..sources + 4)?.first_chunk()?;
        sources + 4 + 4 * usize::from(u16::from_be_bytes(*words))
    };
    (length <= packet.len()).then_some(length)
}

/// The value of an extension in the one-byte form.
pub(super) fn extension((form, mut values): (u16, &[u8]), number: u8) -> Option<&[u8]> {
    if form.to_be_bytes() != ONE_BYTE_FORM {
        return None;
    }
    while let Some((head, rest)) = values.split_first() {
        let (id, length) = (head >> 4, usize::from(head & 0xf) + 1);
        match id {
            0 => values = rest,
            15 => return None,
            _ => {
                let (value, rest) = rest.split_at_checked(length)?;
                if id == number {
                    return Some(value);
                }
                values = rest;
            }
        }
    }
    None
}

/// The client's numbers of the extensions that one track's packets may carry.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    mid: Option<u8>,
    delay: Option<u8>,
    transport: Option<u8>,
}

impl Numbers {
    pub(super) fn of<'a>(extensions: impl IntoIterator<Item = &'a Extension>) -> Self {
        let mut numbers = Self::default();
        for extension in extensions {
            let place = match extension.uri.as_str() {
                MID_URI => &mut numbers.mid,
                PLAYOUT_DELAY_URI => &mut numbers.delay,
                TRANSPORT_URI => &mut numbers.transport,
                _ => continue,
            };
            *place = Some(extension.number);
        }
        numbers
    }

    /// The number of the count over the transport.
    pub(super) fn transport(&self) -> Option<u8> {
        self.transport
    }

    /// Whether packets can be counted over the transport.
    pub(super) fn counts_transport(&self) -> bool {
        self.transport.is_some()
    }
}

/// What the packets of one frame have in common in their headers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints<'a> {
    /// The section's name.
    pub(super) mid: Option<&'a str>,
    /// From nothing up to this: the receiver's own delay.
    pub(super) delay: Option<Duration>,
}

/// The fixed fields of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) marker: bool,
    pub(super) number: u8,
    pub(super) seq: u16,
    pub(super) time: u32,
    pub(super) ssrc: u32,
}

/// Appends a header; gives its length. `transport` = the packet's number of the transport.
pub(super) fn push_header(
    out: &mut Vec<u8>,
    header: Header,
    numbers: &Numbers,
    hints: Hints<'_>,
    transport: Option<u16>,
) -> usize {
    let start = out.len();
    let marker = if header.marker { MARKER } else { 0 };
    out.extend_from_slice(&[VERSION, header.number | marker]);
    out.extend_from_slice(&header.seq.to_be_bytes());
    out.extend_from_slice(&header.time.to_be_bytes());
    out.extend_from_slice(&header.ssrc.to_be_bytes());
    let extensions = out.len() + ONE_BYTE_FORM.len() + 2;
    if let Some((number, mid)) = numbers.mid.zip(hints.mid) {
        push_extension(out, extensions, number, mid.as_bytes());
    }
    if let Some((number, most)) = numbers.delay.zip(hints.delay) {
        push_extension(out, extensions, number, &delay(most));
    }
    if let Some((number, count)) = numbers.transport.zip(transport) {
        push_extension(out, extensions, number, &count.to_be_bytes());
    }
    if out.len() > extensions {
        close_extensions(out, start, extensions);
    }
    out.len() - start
}

/// Fills the packet that begins at `start` with padding alone.
pub(super) fn push_padding(out: &mut Vec<u8>, start: usize, bytes: u8) {
    out.resize(out.len() + usize::from(bytes).saturating_sub(1), 0);
    out.push(bytes);
    if let Some(first) = out.get_mut(start) {
        *first |= HAS_PADDING;
    }
}

/// The first one makes room for the form and the length in front of all.
fn push_extension(out: &mut Vec<u8>, extensions: usize, number: u8, value: &[u8]) {
    if out.len() < extensions {
        out.resize(extensions, 0);
    }
    let length = u8::try_from(value.len().saturating_sub(1)).unwrap_or(0);
    out.push(number << 4 | length);
    out.extend_from_slice(value);
}

/// Fills up to whole words and says how many.
fn close_extensions(out: &mut Vec<u8>, start: usize, extensions: usize) {
    let length = (out.len() - extensions).next_multiple_of(4);
    out.resize(extensions + length, 0);
    let words = u16::try_from(length / 4).unwrap_or(0).to_be_bytes();
    let front = ONE_BYTE_FORM.into_iter().chain(words);
    for (byte, value) in out.iter_mut().skip(start + PLAIN).zip(front) {
        *byte = value;
    }
    if let Some(first) = out.get_mut(start) {
        *first |= HAS_EXTENSION;
    }
}

/// Twelve bits of tens of milliseconds each, least and most.
fn delay(most: Duration) -> [u8; 3] {
    let most = u32::try_from(most.as_millis() / 10)
        .unwrap_or(u32::MAX)
        .min(0xfff);
    let [_, bytes @ ..] = most.to_be_bytes();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::Direction;

    fn offered(number: u8, uri: &str) -> Extension {
        Extension {
            number,
            uri: uri.to_owned(),
            direction: Direction::SendRecv,
        }
    }

    const HEADER: Header = Header {
        marker: true,
        number: 96,
        seq: 0x0102,
        time: 0x0304_0506,
        ssrc: 0x0708_090a,
    };

    #[test]
    fn a_header_without_extensions_is_twelve_bytes() {
        let mut out = vec![0xff];
        let length = push_header(
            &mut out,
            HEADER,
            &Numbers::default(),
            Hints::default(),
            Some(7),
        );
        assert_eq!(length, PLAIN);
        assert_eq!(out[1..], [0x80, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn extensions_stand_in_the_one_byte_form_and_fill_words() {
        let all = [
            offered(4, MID_URI),
            offered(6, PLAYOUT_DELAY_URI),
            offered(3, TRANSPORT_URI),
        ];
        let numbers = Numbers::of(&all);
        let hints = Hints {
            mid: Some("0"),
            delay: Some(Duration::from_secs(1)),
        };
        let mut out = vec![0xff];
        let length = push_header(&mut out, HEADER, &numbers, hints, Some(0x1234));
        assert_eq!(length, PLAIN + 4 + 12);
        assert_eq!(out[1], 0x90);
        assert_eq!(
            out[1 + PLAIN..],
            [
                0xbe, 0xde, 0, 3, 0x40, b'0', 0x62, 0, 0, 100, 0x31, 0x12, 0x34, 0, 0, 0
            ]
        );
    }

    #[test]
    fn what_is_written_is_found_again() {
        let all = [offered(4, MID_URI), offered(3, TRANSPORT_URI)];
        let numbers = Numbers::of(&all);
        let hints = Hints {
            mid: Some("0"),
            delay: None,
        };
        let mut out = Vec::new();
        let length = push_header(&mut out, HEADER, &numbers, hints, Some(0x1234));
        assert_eq!(header_length(&out), Some(length));
        for cut in 0..length {
            assert_eq!(header_length(&out[..cut]), None, "{cut} bytes");
        }
        let values = (0xbede, &out[PLAIN + 4..]);
        assert_eq!(extension(values, 3), Some(&[0x12, 0x34][..]));
        assert_eq!(extension(values, 4), Some(&b"0"[..]));
        assert_eq!(extension(values, 5), None);
        assert_eq!(extension((0x1000, values.1), 3), None, "the long form");
        assert_eq!(extension((0xbede, &[0x31, 0x12]), 3), None, "cut");
    }

    // SEC-15: who has the keys may still send anything.
    #[test]
    fn no_bytes_make_reading_go_wrong() {
        let mut seed = 1_u64;
        for length in (0..64).cycle().take(100_000) {
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed as u8
            })
            .take(length)
            .collect();
            assert!(header_length(&bytes).is_none_or(|header| header <= length));
            let value = extension((0xbede, &bytes), bytes.first().map_or(1, |byte| byte >> 4));
            assert!(value.is_none_or(|value| (1..=LONGEST).contains(&value.len())));
        }
    }

    #[test]
    fn what_needs_the_long_form_is_not_used() {
        assert!(fits(&offered(14, MID_URI), "video"));
        assert!(!fits(&offered(15, MID_URI), "video"));
        assert!(!fits(&offered(1, MID_URI), "a-name-of-17-byte"));
        assert!(fits(&offered(1, TRANSPORT_URI), "a-name-of-17-byte"));
    }
}
