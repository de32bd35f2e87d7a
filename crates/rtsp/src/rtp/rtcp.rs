//! RTCP, as much of it as a receiver needs: sender reports and BYE in, receiver reports out.

use rtcp_types::{
    Compound, Packet, ReceiverReport, ReportBlock, RtcpPacketWriter, RtcpPacketWriterExt, Sdes,
    SdesChunk, SdesItem,
};

use crate::text::quote;

/// One thing that a camera reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A sender report: this timestamp is that wall-clock time.
    Sender {
        /// Whose.
        ssrc: u32,
        /// NTP time: seconds since 1900 in the upper 32 bits, fractions below.
        ntp: u64,
        /// The same moment on the track's clock.
        time: u32,
    },
    /// The sender leaves.
    Bye {
        /// Who leaves; may be empty.
        ssrcs: Vec<u32>,
        /// Its reason, fit to show; may be empty.
        reason: String,
    },
}

/// Reads a compound packet; `None` when it is none. Kinds that say nothing to us are left out.
#[must_use]
pub fn read(data: &[u8]) -> Option<Vec<Report>> {
    let compound = Compound::parse(data).ok()?;
    let mut reports = Vec::new();
    // A fault in one part (SDES, most often) must not cost the sender report beside it.
    for packet in compound.flatten() {
        match packet {
            Packet::Sr(report) => reports.push(Report::Sender {
                ssrc: report.ssrc(),
                ntp: report.ntp_timestamp(),
                time: report.rtp_timestamp(),
            }),
            Packet::Bye(bye) => reports.push(Report::Bye {
                ssrcs: bye.ssrcs().collect(),
                reason: quote(
                    &String::from_utf8_lossy(bye.reason().unwrap_or_default()),
                    None,
                ),
            }),
            _ => {}
        }
    }
    Some(reports)
}

/// A receiver report on one track with our name in it (RFC 3550 section 6.1 wants both), or an
/// empty one before anything came, which still opens the way through a NAT.
#[must_use]
pub fn receiver_report(ours: u32, block: Option<&Block>) -> Vec<u8> {
    let mut report = ReceiverReport::builder(ours);
    if let Some(block) = block {
        report = report.add_report_block(
            ReportBlock::builder(block.ssrc)
                .fraction_lost(block.fraction_lost)
                .cumulative_lost(block.lost.min(MAX_LOST))
                .extended_sequence_number(block.highest)
                .interarrival_jitter(block.jitter)
                .last_sender_report_timestamp(block.last_report)
                .delay_since_last_sender_report_timestamp(block.since_report),
        );
    }
    let name = SdesChunk::builder(ours).add_item(SdesItem::builder(SdesItem::CNAME, "lenswire"));
    let compound = Compound::builder()
        .add_packet(report)
        .add_packet(Sdes::builder().add_chunk(name));
    let mut bytes = vec![0; compound.calculate_size().unwrap_or_default()];
    let written = compound.write_into(&mut bytes).unwrap_or_default();
    bytes.truncate(written);
    bytes
}

/// The field has 24 bits, of which the top one is a sign.
const MAX_LOST: u32 = 0x7f_ffff;

/// What a report says of one source (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The source.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost in all.
    pub lost: u32,
    /// Highest sequence number, with its wraps in the upper half.
    pub highest: u32,
    /// Jitter in ticks of the track's clock.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_report: u32,
    /// How long ago that was, in 1/65536 s.
    pub since_report: u32,
}
