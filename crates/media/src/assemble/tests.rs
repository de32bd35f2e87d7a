use super::*;
use crate::Packetizer;
use crate::testing::{PPS_720, SPS_720};

fn h264(keyframe: bool, len: usize) -> Vec<u8> {
    let header: &[u8] = if keyframe {
        &[0x65, 0x88]
    } else {
        &[0x41, 0x9a]
    };
    let code: &[u8] = &[0, 0, 0, 1];
    let sets = if keyframe {
        [code, SPS_720, code, PPS_720].concat()
    } else {
        Vec::new()
    };
    [&sets, code, header, &vec![7; len]].concat()
}

/// The packets of so many frames, a keyframe first and then each `gop`.
fn packets(frames: i64, gop: i64) -> Vec<Packet> {
    let mut packetizer = Packetizer::new(Codec::H264);
    (0..frames)
        .flat_map(|n| packetizer.frame(&h264(n % gop == 0, 3_000), n, None))
        .collect()
}

fn times(assembler: &mut Assembler, packets: &[Packet]) -> Vec<i64> {
    packets
        .iter()
        .filter_map(|p| assembler.push(p))
        .map(|frame| frame.time)
        .collect()
}

#[test]
fn frames_come_whole() {
    let mut assembler = Assembler::new(Codec::H264);
    let frames: Vec<Frame> = packets(3, 3)
        .iter()
        .filter_map(|p| assembler.push(p))
        .collect();
    assert_eq!(frames[0].data, h264(true, 3_000));
    assert_eq!(frames[2].data, h264(false, 3_000));
    assert_eq!((frames.len(), assembler.dropped()), (3, 0));
}

#[test]
fn after_a_loss_nothing_comes_until_a_keyframe() {
    let mut assembler = Assembler::new(Codec::H264);
    let mut packets = packets(12, 5);
    // The second packet of frame 2; frames 2 to 4 can't be shown.
    let lost = packets.iter().position(|p| p.time == 2).unwrap() + 1;
    packets.remove(lost);
    assert_eq!(
        times(&mut assembler, &packets),
        [0, 1, 5, 6, 7, 8, 9, 10, 11]
    );
    assert_eq!(assembler.dropped(), 1);
    // A whole frame that is missing between others.
    let mut assembler = Assembler::new(Codec::H264);
    packets.retain(|p| p.time != 6);
    assert_eq!(times(&mut assembler, &packets), [0, 1, 5, 10, 11]);
}

#[test]
fn it_begins_with_a_keyframe() {
    let mut assembler = Assembler::new(Codec::H264);
    let packets: Vec<Packet> = packets(8, 5).into_iter().filter(|p| p.time > 2).collect();
    assert_eq!(times(&mut assembler, &packets), [5, 6, 7]);
    assert_eq!(assembler.dropped(), 0);
}

// A9: frames are bounded whatever comes.
#[test]
fn a_frame_without_end_is_dropped_and_counted() {
    let mut assembler = Assembler::new(Codec::Vp8);
    let packet = |seq: u64, payload: Vec<u8>| Packet {
        payload: payload.into(),
        time: 0,
        captured: None,
        seq,
        frame_start: seq == 0,
        frame_end: false,
        keyframe: true,
    };
    assert!(assembler.push(&packet(0, vec![0x10, 0x10])).is_none());
    for seq in 1..10_000 {
        assert!(assembler.push(&packet(seq, vec![0; 1_000])).is_none());
        assert!(assembler.data.capacity() <= 2 * FRAME_BYTES);
    }
    assert_eq!(assembler.dropped(), 1);
}
