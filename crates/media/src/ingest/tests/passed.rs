//! Codecs that are passed through, and sound.

use super::*;

fn plain(codec: Codec) -> Camera {
    Camera::new(track(codec, ParameterSets::None))
}

fn assembled(codec: Codec, packets: &[Packet]) -> Vec<Vec<u8>> {
    let mut assembler = Assembler::new(codec);
    packets
        .iter()
        .filter_map(|p| assembler.push(p))
        .map(|frame| frame.data)
        .collect()
}

// requirement 79: VP8.
#[test]
fn vp8_passes_and_its_keyframes_are_known() {
    let mut camera = plain(Codec::Vp8);
    camera.send(&[0x90, 0x80, 0x81, 0x02, 0x10, 1, 2], false);
    camera.send(&[0x80, 0x80, 0x81, 0x02, 3, 4], true);
    camera.frame += 1;
    camera.send(&[0x10, 0x11, 5], true);
    let packets = camera.take();
    assert_eq!(shape(&packets), "[KK][.]");
    assert_eq!(packets[0].payload.len(), 7);
    assert_eq!(
        assembled(Codec::Vp8, &packets),
        [vec![0x10, 1, 2, 3, 4], vec![0x11, 5]]
    );
}

#[test]
fn vp8_in_large_packets_is_cut_anew() {
    let mut camera = plain(Codec::Vp8);
    let frame: Vec<u8> = (0..6_000)
        .map(|n| if n == 0 { 0x10 } else { n as u8 })
        .collect();
    let parts: Vec<&[u8]> = frame.chunks(1_390).collect();
    for (n, part) in parts.iter().enumerate() {
        let start = if n == 0 { 0x10 } else { 0 };
        camera.send(&[&[start], *part].concat(), n + 1 == parts.len());
    }
    camera.frame += 1;
    camera.send(&[&[0x10, 0x11][..], &[9; 1_300]].concat(), true);
    let packets = camera.take();
    assert_eq!(shape(&packets), "[KKKKKK][..]");
    assert!(packets.iter().all(|p| p.payload.len() <= MAX_PAYLOAD));
    let second = [&[0x11][..], &[9; 1_300]].concat();
    assert_eq!(assembled(Codec::Vp8, &packets), [frame, second]);
}

#[test]
fn vp9_passes_is_cut_and_its_keyframes_are_known() {
    let mut camera = plain(Codec::Vp9);
    // Flexible mode off, picture id, begins and ends the frame, with a scalability structure.
    let header = [
        0x80 | 0x08 | 0x04 | 0x02,
        0x81,
        0x23,
        0x18,
        2,
        0x80,
        1,
        0x68,
        0x00,
    ];
    let frame: Vec<u8> = (0..3_000)
        .map(|n| if n == 0 { 0x82 } else { n as u8 })
        .collect();
    camera.send(&[&header[..], &frame].concat(), true);
    camera.frame += 1;
    camera.send(&[0x80 | 0x40 | 0x08 | 0x04, 0x81, 0x24, 0x86, 1, 2], true);
    let packets = camera.take();
    assert_eq!(shape(&packets), "[KKK][.]");
    assert_eq!(
        packets
            .iter()
            .map(|p| p.payload[0] & 0x0e)
            .collect::<Vec<_>>(),
        [0x0a, 0, 0x04, 0x0c]
    );
    assert!(packets.iter().all(|p| p.payload.len() <= MAX_PAYLOAD));
    assert_eq!(assembled(Codec::Vp9, &packets), [frame, vec![0x86, 1, 2]]);
}

#[test]
fn av1_passes_is_cut_and_its_keyframes_are_known() {
    let mut camera = plain(Codec::Av1);
    let sequence_header = [0x08, 1, 2, 3];
    let frame: Vec<u8> = (0..3_000)
        .map(|n| if n == 0 { 0x30 } else { n as u8 })
        .collect();
    // Two elements, the first behind its length; a new coded video sequence.
    camera.send(&[&[0x28, 4], &sequence_header[..], &frame].concat(), true);
    camera.frame += 1;
    camera.send(&[0x10, 0x30, 9, 9], true);
    let packets = camera.take();
    assert_eq!(shape(&packets), "[KKK][.]");
    // A browser takes each packet that does not continue an element for the begin of a frame.
    let continues = packets.iter().map(|p| p.payload[0] & 0x80 != 0);
    assert_eq!(continues.collect::<Vec<_>>(), [false, true, true, false]);
    assert!(packets.iter().all(|p| p.payload.len() <= MAX_PAYLOAD));
    let mut expected = vec![0x0a, 3, 1, 2, 3, 0x32, 0xb7, 0x17];
    expected.extend_from_slice(&frame[1..]);
    assert_eq!(
        assembled(Codec::Av1, &packets),
        [expected, vec![0x32, 2, 9, 9]]
    );
}

// requirements 65, 80: Opus and G.711 pass.
#[test]
fn sound_passes_packet_by_packet() {
    for codec in [Codec::Opus, Codec::Pcmu, Codec::Pcma] {
        let mut camera = Camera::new(Track {
            codec,
            channels: 1,
            parameters: ParameterSets::None,
        });
        camera.lose = vec![1];
        for _ in 0..3 {
            camera.send(&[1; 160], false);
            camera.frame += 1;
        }
        let packets = camera.take();
        assert_eq!(shape(&packets), "[K]x[K]");
        assert_eq!(packets[1].time, 2 * 3_600);
    }
}

#[test]
fn large_g711_packets_are_cut_with_their_times_and_large_opus_ones_refused() {
    let mut camera = Camera::new(Track {
        codec: Codec::Pcma,
        channels: 1,
        parameters: ParameterSets::None,
    });
    camera.send(&[7; 3_000], false);
    let packets = camera.take();
    assert_eq!(
        packets
            .iter()
            .map(|p| (p.time, p.payload.len()))
            .collect::<Vec<_>>(),
        [(0, 1_000), (1_000, 1_000), (2_000, 1_000)]
    );
    let mut camera = plain(Codec::Opus);
    camera.send(&[7; 1_300], false);
    assert_eq!(camera.errors, [Malformed::TooLarge]);
}
