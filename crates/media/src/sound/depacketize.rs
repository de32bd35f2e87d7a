//! From RTP payloads to whole units of sound.

use std::time::Instant;

use super::bits::Bits;
use super::{AAC_FRAME, AuHeaders, Coding, Format};
use crate::assemble::Malformed;
use crate::clock::{Order, TrackClock, Unwrap16};
use crate::ingest::Rtp;
use crate::{Codec, WallTime};

/// Largest unit in bytes: an AAC access unit of two channels has at most 6,144 bits a channel
/// (ISO/IEC 14496-3, 4.5.3.1); a datagram of samples is shorter than 64 KiB.
const UNIT_BYTES: usize = 64 * 1_024;

/// Units in one packet; more are none that a camera sends: it would be three seconds of sound.
const UNITS: usize = 64;

/// What decodes to some samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// As the decoder takes it.
    pub data: Vec<u8>,
    /// Of its first sample: ticks of 48 kHz since the first one of all.
    pub time: i64,
    /// When it was recorded, by the camera's clock.
    pub captured: Option<WallTime>,
    /// When it was whole here.
    pub arrived: Instant,
}

/// Takes one track apart. Give it packets in order.
#[derive(Debug)]
pub struct Depacketizer {
    format: Format,
    clock: TrackClock,
    numbers: Unwrap16,
    expected: Option<i64>,
    part: Part,
}

/// A unit whose packets are still coming.
#[derive(Debug, Default)]
enum Part {
    #[default]
    None,
    Begun {
        timestamp: u32,
        /// Bytes it will have, where its header says so.
        size: Option<usize>,
        data: Vec<u8>,
    },
}

impl Depacketizer {
    /// For one track.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            clock: TrackClock::new(format.clock_rate),
            numbers: Unwrap16::default(),
            expected: None,
            part: Part::None,
        }
    }

    /// What it takes apart.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Takes one packet; gives the units that are whole with it.
    ///
    /// # Errors
    /// A malformed packet costs the unit that it belongs to.
    pub fn push(&mut self, rtp: &Rtp<'_>) -> Result<Vec<Unit>, Malformed> {
        let seq = self.numbers.unwrap(rtp.seq);
        if self.expected.replace(seq + 1) != Some(seq) {
            self.part = Part::None;
        }
        if rtp.payload.is_empty() {
            // Some cameras keep NATs open with these.
            return Ok(Vec::new());
        }
        let units = match self.format.coding {
            Coding::Aac(headers) => self.access_units(rtp, headers),
            Coding::AacLatm => self.mux_element(rtp),
            Coding::L16 => Ok(vec![self.samples(rtp.payload)]),
        };
        let units = units.inspect_err(|_| self.part = Part::None)?;
        Ok(self.timed(rtp, units))
    }

    /// Takes an RTCP sender report: NTP time and the RTP time that belongs to it.
    pub fn on_sender_report(&mut self, ntp: u64, rtp: u32) {
        self.clock.on_sender_report(ntp, rtp);
    }

    /// Each follows the one before in time.
    fn timed(&mut self, rtp: &Rtp<'_>, units: Vec<Vec<u8>>) -> Vec<Unit> {
        if units.is_empty() {
            return Vec::new();
        }
        let first = self.clock.frame(rtp.timestamp, rtp.arrived, Order::Shown);
        let captured = self.clock.captured(rtp.timestamp);
        let target = i64::from(Codec::Opus.clock_rate());
        let begin = first * target / i64::from(self.format.clock_rate.max(1));
        let each = i64::from(AAC_FRAME) * target / i64::from(self.format.rate.max(1));
        let place = |(n, data): (i64, Vec<u8>)| {
            let later = n * each;
            let captured =
                captured.map(|at| WallTime(at.0.saturating_add_signed(later * 1_000_000 / target)));
            Unit {
                data,
                time: begin + later,
                captured,
                arrived: rtp.arrived,
            }
        };
        (0..).zip(units).map(place).collect()
    }

    /// RFC 3640, 3.2: the length of all headers in bits, the headers, then the units.
    fn access_units(
        &mut self,
        rtp: &Rtp<'_>,
        headers: AuHeaders,
    ) -> Result<Vec<Vec<u8>>, Malformed> {
        let (length, rest) = rtp
            .payload
            .split_first_chunk::<2>()
            .ok_or(Malformed::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (section, mut data) = rest
            .split_at_checked(length.div_ceil(8))
            .ok_or(Malformed::Truncated)?;
        let sizes = sizes(section, length, headers)?;
        if let ([size], true) = (
            sizes.as_slice(),
            self.is_within(rtp) || sizes[0] > data.len(),
        ) {
            return self.fragment(rtp, Some(*size), data);
        }
        self.part = Part::None;
        let mut units = Vec::with_capacity(sizes.len());
        for size in sizes {
            let (unit, behind) = data.split_at_checked(size).ok_or(Malformed::Truncated)?;
            units.push(unit.to_vec());
            data = behind;
        }
        Ok(units)
    }

    /// RFC 6416, 6.3: an audioMuxElement, whose last packet has the marker.
    fn mux_element(&mut self, rtp: &Rtp<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
        if rtp.marker && !self.is_within(rtp) {
            return Ok(vec![mux_payload(rtp.payload)?.to_vec()]);
        }
        let whole = self.fragment(rtp, None, rtp.payload)?;
        let payloads = whole
            .iter()
            .map(|element| mux_payload(element).map(<[u8]>::to_vec));
        payloads.collect()
    }

    /// Whether this packet continues a unit that was begun.
    fn is_within(&self, rtp: &Rtp<'_>) -> bool {
        matches!(&self.part, Part::Begun { timestamp, .. } if *timestamp == rtp.timestamp)
    }

    /// A unit in several packets: it is whole when it has its size, or with the marker.
    fn fragment(
        &mut self,
        rtp: &Rtp<'_>,
        size: Option<usize>,
        part: &[u8],
    ) -> Result<Vec<Vec<u8>>, Malformed> {
        if !self.is_within(rtp) {
            self.part = Part::Begun {
                timestamp: rtp.timestamp,
                size,
                data: Vec::new(),
            };
        }
        let Part::Begun { size, data, .. } = &mut self.part else {
            return Ok(Vec::new());
        };
        data.extend_from_slice(part);
        if data.len() > UNIT_BYTES {
            return Err(Malformed::TooLarge);
        }
        let is_whole = size.map_or(rtp.marker, |size| data.len() >= size);
        if !is_whole {
            return Ok(Vec::new());
        }
        let length = size.unwrap_or(data.len());
        let mut data = std::mem::take(data);
        data.truncate(length);
        self.part = Part::None;
        Ok(vec![data])
    }

    /// To the byte order of the machine that plays them: the low byte first.
    fn samples(&self, payload: &[u8]) -> Vec<u8> {
        let frame = 2 * usize::from(self.format.channels.max(1));
        let whole = payload.len() - payload.len() % frame;
        let pairs = payload[..whole].chunks_exact(2);
        pairs.flat_map(|pair| [pair[1], pair[0]]).collect()
    }
}

/// The sizes of a packet's units.
fn sizes(section: &[u8], length: usize, headers: AuHeaders) -> Result<Vec<usize>, Malformed> {
    let mut bits = Bits::new(section);
    let mut left = length;
    let mut sizes = Vec::new();
    while left > 0 {
        let index = if sizes.is_empty() {
            headers.index
        } else {
            headers.index_delta
        };
        let header = usize::from(headers.size) + usize::from(index);
        if header == 0 || header > left || sizes.len() == UNITS {
            return Err(Malformed::Truncated);
        }
        let size = bits.take(headers.size).ok_or(Malformed::Truncated)?;
        bits.skip(index).ok_or(Malformed::Truncated)?;
        sizes.push(size as usize);
        left -= header;
    }
    if sizes.is_empty() {
        Err(Malformed::Empty)
    } else {
        Ok(sizes)
    }
}

/// PayloadLengthInfo (ISO/IEC 14496-3, 1.7.3.1): bytes of 255, the first other one ends it.
fn mux_payload(element: &[u8]) -> Result<&[u8], Malformed> {
    let mut size = 0;
    let mut rest = element;
    loop {
        let (byte, behind) = rest.split_first().ok_or(Malformed::Truncated)?;
        size += usize::from(*byte);
        rest = behind;
        if *byte != 255 {
            return rest.get(..size).ok_or(Malformed::Truncated);
        }
    }
}
