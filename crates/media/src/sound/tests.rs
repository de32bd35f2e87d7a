use std::time::Duration;

use super::*;
use crate::Rtp;
use crate::assemble::Malformed;
use crate::testing::start;

const AAC: Coding = Coding::Aac(AuHeaders {
    size: 13,
    index: 3,
    index_delta: 3,
});

fn format(coding: Coding) -> Format {
    Format {
        coding,
        rate: 44_100,
        clock_rate: 44_100,
        channels: 2,
    }
}

/// Time and data of the units that a packet completed.
type Got = Result<Vec<(i64, Vec<u8>)>, Malformed>;

/// Packets: number, timestamp, marker, payload. What came of them: time and data.
fn units(coding: Coding, packets: &[(u16, u32, bool, &[u8])]) -> Vec<Got> {
    let (mut depacketizer, begin) = (Depacketizer::new(format(coding)), start());
    let push = |(n, (seq, timestamp, marker, payload)): (u32, &(u16, u32, bool, &[u8]))| -> Got {
        let units = depacketizer.push(&Rtp {
            seq: *seq,
            timestamp: *timestamp,
            marker: *marker,
            payload,
            arrived: begin + Duration::from_millis(23) * n,
        })?;
        Ok(units
            .into_iter()
            .map(|unit| (unit.time, unit.data))
            .collect())
    };
    (0..).zip(packets).map(push).collect()
}

// Requirement 80: the description decides, before anything is played.
#[test]
fn aac_lc_is_told_from_other_aac() {
    assert_eq!(aac_lc(&[0x11, 0x90]), Ok((48_000, 2)));
    assert_eq!(aac_lc(&[0x12, 0x10]), Ok((44_100, 2)));
    assert_eq!(aac_lc(&[0x14, 0x08]), Ok((16_000, 1)));
    // A rate that is written out: index 15 and 24 bits.
    assert_eq!(
        aac_lc(&[0x17, 0x80, 0x3e, 0x80, 0x10, 0x00]),
        Ok((32_000, 2))
    );
    assert_eq!(
        aac_lc(&[0x2b, 0x92, 0x08, 0x00]),
        Err(Unsupported::HighEfficiency)
    );
    assert_eq!(
        aac_lc(&[0xeb, 0x8a, 0x08, 0x00]),
        Err(Unsupported::HighEfficiency)
    );
    assert_eq!(aac_lc(&[0x09, 0x90]), Err(Unsupported::ObjectType(1)));
    assert_eq!(aac_lc(&[0x11, 0xb0]), Err(Unsupported::Channels));
    assert_eq!(aac_lc(&[0x11, 0x94]), Err(Unsupported::Unusual));
    assert_eq!(aac_lc(&[0x16, 0xf0]), Err(Unsupported::Unusual));
    assert_eq!(aac_lc(&[0x11]), Err(Unsupported::Unreadable));
    assert_eq!(aac_lc(&[]), Err(Unsupported::Unreadable));
}

#[test]
fn a_mux_config_holds_the_same_description_15_bits_in() {
    // 0 1 000000 0000 000, then 00010 0100 0010 000...: 44,100 Hz, two channels.
    assert_eq!(latm(&[0x40, 0x00, 0x24, 0x20, 0x3f, 0xc0]), Ok((44_100, 2)));
    assert_eq!(latm(&[0xc0, 0x00, 0x24, 0x20]), Err(Unsupported::Unusual));
    assert_eq!(latm(&[0x40]), Err(Unsupported::Unreadable));
}

#[test]
fn units_of_a_packet_follow_each_other_in_time() {
    // Two headers of 16 bits: sizes 3 and 2.
    let two: &[u8] = &[0, 32, 0, 3 << 3, 0, 2 << 3, 1, 2, 3, 4, 5];
    let got = units(
        AAC,
        &[
            (7, 1_000, true, two),
            (8, 3_048, true, &[0, 16, 0, 1 << 3, 9]),
        ],
    );
    assert_eq!(got[0], Ok(vec![(0, vec![1, 2, 3]), (1_114, vec![4, 5])]));
    assert_eq!(got[1], Ok(vec![(2_048 * 48_000 / 44_100, vec![9])]));
}

#[test]
fn a_unit_in_several_packets_is_put_together() {
    let got = units(
        AAC,
        &[
            (1, 0, false, &[0, 16, 0, 5 << 3, 1, 2, 3]),
            (2, 0, true, &[0, 16, 0, 5 << 3, 4, 5]),
        ],
    );
    assert_eq!(got, [Ok(vec![]), Ok(vec![(0, vec![1, 2, 3, 4, 5])])]);
    // Its second packet is lost: it never comes, and the next one is whole.
    let got = units(
        AAC,
        &[
            (1, 0, false, &[0, 16, 0, 5 << 3, 1, 2, 3]),
            (3, 1_024, true, &[0, 16, 0, 1 << 3, 8]),
        ],
    );
    assert_eq!(got[1].as_ref().map(Vec::len), Ok(1));
}

#[test]
fn mux_elements_have_their_length_in_front() {
    let long = [&[255, 1][..], &[7; 256]].concat();
    let got = units(
        Coding::AacLatm,
        &[
            (1, 0, true, &[2, 5, 6]),
            (2, 1_024, false, &long[..100]),
            (3, 1_024, true, &long[100..]),
            (4, 2_048, true, &[9, 1]),
        ],
    );
    assert_eq!(got[0], Ok(vec![(0, vec![5, 6])]));
    assert_eq!(got[1], Ok(vec![]));
    assert_eq!(got[2].as_ref().map(|units| units[0].1.len()), Ok(256));
    assert_eq!(got[3], Err(Malformed::Truncated));
}

#[test]
fn samples_are_turned_round_and_half_a_frame_is_left_out() {
    let got = units(Coding::L16, &[(1, 0, false, &[1, 2, 3, 4, 5, 6])]);
    assert_eq!(got, [Ok(vec![(0, vec![2, 1, 4, 3])])]);
}

// A9: what lies about its lengths costs itself.
#[test]
fn nonsense_is_named_and_bounded() {
    let errors = |payload: &[u8]| units(AAC, &[(1, 0, true, payload)]).remove(0);
    assert_eq!(errors(&[0]), Err(Malformed::Truncated));
    assert_eq!(errors(&[0, 0, 1]), Err(Malformed::Empty));
    assert_eq!(errors(&[0xff, 0xff, 1]), Err(Malformed::Truncated));
    assert_eq!(errors(&[0, 9, 0, 0, 1]), Err(Malformed::Truncated));
    assert_eq!(
        errors(&[0, 32, 0, 3 << 3, 0, 9 << 3, 1, 2, 3]),
        Err(Malformed::Truncated)
    );
    let endless: Vec<(u16, u32, bool, &[u8])> =
        (0..100).map(|n| (n, 0, false, &[7; 1_000][..])).collect();
    assert!(units(Coding::AacLatm, &endless).contains(&Err(Malformed::TooLarge)));
}
