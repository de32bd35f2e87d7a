//! RTCP out: reports and goodbyes (RFC 3550 section 6), and what is asked of a sender (RFC 4585), by
//! rtcp-types.

use lenswire_media::WallTime;
use rtcp_types::prelude::*;
use rtcp_types::{
    Bye, Compound, Nack, PayloadFeedback, Pli, ReceiverReport, ReportBlockBuilder, Sdes, SdesChunk,
    SdesItem, SenderReport, TransportFeedback, TwccBuilder,
};

/// SDES item CNAME (RFC 3550 section 6.5.1).
const CNAME: u8 = 1;

/// From 1900, where NTP begins, to 1970.
const SECONDS_TO_1970: u64 = 2_208_988_800;

/// What a report says of one track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) ssrc: u32,
    /// The wall-clock time for which `time` stands.
    pub(super) wall: WallTime,
    pub(super) time: u32,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

/// Appends one compound packet with the reports of all tracks. Tracks with one `name` are played in
/// step.
pub(super) fn push_reports(out: &mut Vec<u8>, reports: &[Report], name: &str) -> bool {
    let mut compound = Compound::builder();
    let mut sources = Sdes::builder();
    for report in reports {
        compound = compound.add_packet(
            SenderReport::builder(report.ssrc)
                .ntp_timestamp(ntp(report.wall))
                .rtp_timestamp(report.time)
                .packet_count(report.packets)
                .octet_count(report.octets),
        );
        let item = SdesItem::builder(CNAME, name);
        sources = sources.add_chunk(SdesChunk::builder(report.ssrc).add_item(item));
    }
    push(out, &compound.add_packet(sources))
}

/// Appends a goodbye. A compound packet begins with a report, be it an empty one.
pub(super) fn push_goodbye(out: &mut Vec<u8>, ssrcs: &[u32]) -> bool {
    let Some(first) = ssrcs.first() else {
        return false;
    };
    let bye = ssrcs
        .iter()
        .fold(Bye::builder(), |bye, ssrc| bye.add_source(*ssrc));
    let compound = Compound::builder()
        .add_packet(ReceiverReport::builder(*first))
        .add_packet(bye);
    push(out, &compound)
}

/// Appends what came of each source.
pub(super) fn push_receiver_report(
    out: &mut Vec<u8>,
    from: u32,
    blocks: Vec<ReportBlockBuilder>,
    name: &str,
) -> bool {
    let report = blocks
        .into_iter()
        .fold(ReceiverReport::builder(from), |report, block| {
            report.add_report_block(block)
        });
    let item = SdesItem::builder(CNAME, name);
    let sources = Sdes::builder().add_chunk(SdesChunk::builder(from).add_item(item));
    push(
        out,
        &Compound::builder().add_packet(report).add_packet(sources),
    )
}

/// Appends a request for packets once more.
pub(super) fn push_nack(out: &mut Vec<u8>, from: u32, of: u32, numbers: &[u16]) -> bool {
    let nack = numbers.iter().fold(Nack::builder(), |nack, number| {
        nack.add_rtp_sequence(*number)
    });
    push(
        out,
        &TransportFeedback::builder_owned(nack)
            .sender_ssrc(from)
            .media_ssrc(of),
    )
}

/// Appends a request for a keyframe.
pub(super) fn push_keyframe_request(out: &mut Vec<u8>, from: u32, of: u32) -> bool {
    let request = PayloadFeedback::builder_owned(Pli::builder());
    push(out, &request.sender_ssrc(from).media_ssrc(of))
}

/// Appends when the packets of the transport came.
pub(super) fn push_arrivals(out: &mut Vec<u8>, from: u32, of: u32, report: TwccBuilder) -> bool {
    push(
        out,
        &TransportFeedback::builder_owned(report)
            .sender_ssrc(from)
            .media_ssrc(of),
    )
}

fn push(out: &mut Vec<u8>, compound: &impl RtcpPacketWriter) -> bool {
    let start = out.len();
    let Ok(length) = compound.calculate_size() else {
        return false;
    };
    out.resize(start + length, 0);
    match out.get_mut(start..) {
        Some(room) => compound.write_into_unchecked(room) == length,
        None => false,
    }
}

/// 32 bits of seconds since 1900, 32 bits of parts of one.
pub(super) fn ntp(wall: WallTime) -> u64 {
    let seconds = wall.0 / 1_000_000 + SECONDS_TO_1970;
    let part = ((wall.0 % 1_000_000) << 32) / 1_000_000;
    seconds << 32 | part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_goodbyes_read_as_they_were_written() {
        let report = |ssrc| Report {
            ssrc,
            wall: WallTime(1_500_000),
            time: 90_000,
            packets: 3,
            octets: 3_000,
        };
        let mut out = vec![9];
        assert!(push_reports(&mut out, &[report(1), report(2)], "lenswire"));
        let packets: Vec<_> = Compound::parse(&out[1..]).unwrap().collect();
        assert_eq!(packets.len(), 3);
        let Ok(rtcp_types::Packet::Sr(first)) = &packets[0] else {
            panic!("{packets:?}");
        };
        assert_eq!((first.ssrc(), first.packet_count()), (1, 3));
        assert_eq!(first.ntp_timestamp(), (SECONDS_TO_1970 + 1) << 32 | 1 << 31);
        out.clear();
        assert!(push_goodbye(&mut out, &[1, 2]));
        assert_eq!(Compound::parse(&out).unwrap().count(), 2);
        assert!(!push_goodbye(&mut out, &[]));
    }
}
