//! Descriptions in the style of real cameras; the lines at fault are theirs, the rest is ours.

use super::*;

fn summary(sdp: &str) -> (Vec<String>, Vec<String>) {
    let d = Description::parse(sdp.as_bytes());
    let tracks = d.tracks.iter().map(|t| {
        let sets = match t.track.parameters {
            ParameterSets::None => "",
            ParameterSets::Converted(_) => " converted",
            _ => "+sets",
        };
        format!(
            "{}{} pt{} {}",
            t.track.codec.name(),
            sets,
            t.payload_type,
            t.control.as_deref().unwrap_or("-")
        )
    });
    let skipped = d
        .skipped
        .iter()
        .map(|s| format!("{} {} {:?}", s.media, s.codec, s.why));
    (tracks.collect(), skipped.collect())
}

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=x\r\nt=0 0\r\n";

#[test]
fn video_comes_first_and_what_cannot_be_carried_is_named() {
    // requirement 63; Ubiquiti: AAC and Opus beside each other, an fmtp with nothing in it
    let sdp = format!(
        "{HEAD}m=audio 0 RTP/AVP 96\r\na=rtpmap:96 mpeg4-generic/48000/1\r\na=control:trackID=0\r\n\
         m=audio 0 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96\r\na=control:trackID=1\r\n\
         m=video 0 RTP/AVP 97\r\na=control:trackID=2\r\na=rtpmap:97 H264/90000\r\n\
         a=fmtp:97 packetization-mode=1; sprop-parameter-sets=Z0LAHtoCgPaEAAADAAQAAAMAyjxYuoA=,aM4G4g==\r\n\
         m=video 0 RTP/AVP 26\r\na=control:trackID=3\r\n\
         m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n\
         m=audio 0 RTP/AVP 0\r\na=sendonly\r\n"
    );
    let (tracks, skipped) = summary(&sdp);
    assert_eq!(tracks, ["H264+sets pt97 trackID=2", "opus pt96 trackID=1"]);
    assert_eq!(
        skipped,
        [
            "audio AAC without a readable description Codec",
            "video MJPEG Codec",
            "application vnd.onvif.metadata NotMedia",
            "audio PCMU BackChannel"
        ]
    );
}

// requirement 80: AAC is converted, but not where the camera has a sound that needs none.
#[test]
fn aac_is_taken_where_there_is_nothing_better() {
    let aac = "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 mpeg4-generic/44100/2\r\na=fmtp:96 mode=AAC-hbr;config=1210\r\n";
    let opus = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n";
    let tracks = |sections: &[&str]| summary(&format!("{HEAD}{}", sections.concat())).0;
    assert_eq!(tracks(&[aac]), ["opus converted pt96 -"]);
    assert_eq!(tracks(&[aac, opus]), ["opus pt97 -"]);
    assert_eq!(tracks(&[opus, aac]), ["opus pt97 -"]);
    let he = aac.replace("1210", "2b920800");
    assert_eq!(
        summary(&format!("{HEAD}{he}")),
        (vec![], vec!["audio HE-AAC Codec".to_owned()])
    );
}

#[test]
fn one_bad_section_or_line_costs_only_itself() {
    // TP-Link: a field too many in o=, a media type with a slash; VStarcam: a tab at the end;
    // Macro-video: no o= at all; text and zero bytes behind the last line
    let sdp = "o=- 14665860 31787219 1 IN IP4 192.168.2.29\ns=x\n\
        m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000 \na=control:track1\n\
        m=audio 0 RTP/AVP 8\t \na=control:track2\n\
        m=application/TP-LINK 0 RTP/AVP smart/1/90000\na=rtpmap:95 TP-LINK/90000\n\0\0\0appversion 1.0 <html>";
    let (tracks, skipped) = summary(sdp);
    assert_eq!(tracks, ["H265 pt96 track1", "PCMA pt8 track2"]);
    assert_eq!(skipped.len(), 1, "{skipped:?}");
}

#[test]
fn clock_rates_are_believed_for_sound_only() {
    let sdp = format!(
        "{HEAD}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/9000\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 PCMA/16000\r\n"
    );
    assert_eq!(
        summary(&sdp),
        (
            vec!["H264 pt96 -".to_owned()],
            vec!["audio PCMA Codec".to_owned()]
        )
    );
}

#[test]
fn parameter_sets_are_found_among_start_codes() {
    let sets = |fmtp: &str| parameters::h264(fmtp);
    let sps: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xda];
    let pps: &[u8] = &[0x68, 0xce, 0x06, 0xe2];
    let expected = ParameterSets::H264 {
        sps: sps.into(),
        pps: pps.into(),
    };
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    use base64::Engine as _;
    let plain = format!("x; sprop-parameter-sets={},{}", encode(sps), encode(pps));
    assert_eq!(sets(&plain), expected);
    // V380: both in one, with start codes; GW Security: a start code left at the end
    let annex_b = [&[0, 0, 0, 1], sps, &[0, 0, 1], pps, &[0, 0, 0, 1]].concat();
    assert_eq!(
        sets(&format!("SPROP-Parameter-Sets=\"{}\"", encode(&annex_b))),
        expected
    );
    // no padding, more sets than one, nonsense
    let loose = format!(
        "sprop-parameter-sets={},{},!!,",
        encode(sps).trim_end_matches('='),
        encode(pps)
    );
    assert_eq!(sets(&loose), expected);
    assert_eq!(
        sets("sprop-parameter-sets=Z0LAHg==; profile-level-id=1"),
        ParameterSets::None
    );
}

#[test]
fn h265_sets_come_from_three_parameters() {
    let fmtp = "sprop-vps=QAEMAf//;sprop-sps=QgEBAWAA;sprop-pps=RAHA8g==";
    assert!(matches!(parameters::h265(fmtp), ParameterSets::H265 { .. }));
}

#[test]
fn ten_thousand_sections_are_not_looked_at() {
    // A8
    let sdp = format!("{HEAD}{}", "m=video 0 RTP/AVP 26\r\n".repeat(2000));
    assert_eq!(
        Description::parse(sdp.as_bytes()).skipped.len(),
        MAX_SECTIONS
    );
    assert_eq!(
        Description::parse(b"\xff\xfe not sdp"),
        Description::default()
    );
}
