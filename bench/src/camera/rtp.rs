//! RTP as cameras send it over RTSP: packets of up to 1,400 bytes, unequal fragments, a sender
//! report now and then. Not our own packetiser: what is measured must not be made to measure.

use lenswire_media::WallTime;

/// Largest payload; what cameras and GStreamer's RTSP server use on an Ethernet.
const PAYLOAD: usize = 1_400 - 12;

/// In front of each interleaved frame: `$`, channel, length.
const HEAD: usize = 4;

/// Payload type, as the SDP says.
pub(crate) const PAYLOAD_TYPE: u8 = 96;

/// One synchronisation source will do for one track a connection.
const SSRC: u32 = 0x1e45_0001;

/// Sender reports come with each so many pictures: two seconds.
const REPORT_EVERY: u64 = 60;

/// Seconds from 1900, which NTP counts from, to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// One connection's packets.
pub(super) struct Packetizer {
    channel: u8,
    seq: u16,
    packets: u32,
    bytes: u32,
    pictures: u64,
}

impl Packetizer {
    /// RTP goes to the interleaved channel `channel`, RTCP to the next.
    pub(super) fn new(channel: u8) -> Self {
        Self {
            channel,
            seq: 0,
            packets: 0,
            bytes: 0,
            pictures: 0,
        }
    }

    /// The interleaved frames (RFC 2326, 10.12) of one picture.
    pub(super) fn picture(&mut self, units: &[Vec<u8>], time: u32, wall: WallTime) -> Vec<u8> {
        let mut out = Vec::new();
        if self.pictures.is_multiple_of(REPORT_EVERY) {
            self.report(time, wall, &mut out);
        }
        self.pictures += 1;
        for (n, unit) in units.iter().enumerate() {
            self.unit(unit, time, n + 1 == units.len(), &mut out);
        }
        out
    }

    /// RFC 6184: a single NAL unit, or FU-A (5.8).
    fn unit(&mut self, unit: &[u8], time: u32, last: bool, out: &mut Vec<u8>) {
        if unit.len() <= PAYLOAD {
            return self.packet(&[], unit, time, last, out);
        }
        let (kind, body) = (unit[0], &unit[1..]);
        let mut parts = body.chunks(PAYLOAD - 2).peekable();
        let mut start = 0x80;
        while let Some(part) = parts.next() {
            let end = if parts.peek().is_none() { 0x40 } else { 0 };
            let head = [kind & 0xe0 | 28, start | end | kind & 0x1f];
            self.packet(&head, part, time, last && end != 0, out);
            start = 0;
        }
    }

    fn packet(&mut self, head: &[u8], body: &[u8], time: u32, marker: bool, out: &mut Vec<u8>) {
        let length = 12 + head.len() + body.len();
        self.frame(0, length, out);
        out.extend_from_slice(&[0x80, PAYLOAD_TYPE | if marker { 0x80 } else { 0 }]);
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&time.to_be_bytes());
        out.extend_from_slice(&SSRC.to_be_bytes());
        out.extend_from_slice(head);
        out.extend_from_slice(body);
        self.seq = self.seq.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add((length - 12) as u32);
    }

    /// A sender report (RFC 3550, 6.4.1) without blocks.
    fn report(&mut self, time: u32, wall: WallTime, out: &mut Vec<u8>) {
        let seconds = (wall.0 / 1_000_000 + NTP_EPOCH) as u32;
        let fraction = ((wall.0 % 1_000_000) << 32) / 1_000_000;
        self.frame(1, 28, out);
        out.extend_from_slice(&[0x80, 200, 0, 6]);
        for word in [
            SSRC,
            seconds,
            fraction as u32,
            time,
            self.packets,
            self.bytes,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }

    fn frame(&self, offset: u8, length: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&[b'$', self.channel + offset]);
        out.extend_from_slice(&(length as u16).to_be_bytes());
    }
}

/// The RTP packets among interleaved frames whose media has an even channel.
pub(super) fn media(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let media = frames(bytes).filter(|frame| is_media(frame));
    media.filter_map(|frame| frame.get(HEAD..))
}

/// Each interleaved frame whole.
pub(super) fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let [b'$', _, high, low, ..] = bytes else {
            return None;
        };
        let length = HEAD + usize::from(u16::from_be_bytes([*high, *low]));
        let (frame, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        Some(frame)
    })
}

/// RTP has the even channel, RTCP the odd one behind it.
pub(super) fn is_media(frame: &[u8]) -> bool {
    frame.get(1).is_some_and(|channel| channel % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads and markers of the RTP packets among interleaved frames.
    fn packets(bytes: &[u8]) -> Vec<(bool, Vec<u8>)> {
        media(bytes)
            .map(|packet| (packet[1] & 0x80 != 0, packet[12..].to_vec()))
            .collect()
    }

    #[test]
    fn a_large_unit_is_fragmented_and_only_the_last_packet_is_marked() {
        let units = [
            vec![0x67, 1, 2],
            [0x65]
                .into_iter()
                .chain(std::iter::repeat_n(7, 3_000))
                .collect(),
        ];
        let packets = packets(&Packetizer::new(0).picture(&units, 0, WallTime(0)));
        let heads: Vec<(bool, u8, u8)> = packets
            .iter()
            .map(|(marker, p)| (*marker, p[0] & 0x1f, p[1]))
            .collect();
        assert_eq!(
            heads,
            [
                (false, 7, 1),
                (false, 28, 0x85),
                (false, 28, 0x05),
                (true, 28, 0x45)
            ]
        );
        let body: usize = packets[1..].iter().map(|(_, p)| p.len() - 2).sum();
        assert_eq!(body, 3_000);
    }
}
