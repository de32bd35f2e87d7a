//! Against the vectors of the RFCs, and both ways against itself.

use super::cipher::Cipher;
use super::keys::{Label, Usage, split};
use super::{Profile, contexts};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| Some(c.to_digit(16)? as u8))
        .collect();
    digits.chunks(2).map(|two| two[0] << 4 | two[1]).collect()
}

#[test]
fn keys_are_derived_as_rfc_3711_has_it() {
    // appendix B.3
    let key = "E1F97A0D3E018BE0D64FA32C06DE4139";
    let salt = "0EC675AD498AFEEBB6960B3AABE6";
    let material = hex(&[key, key, salt, salt].concat());
    let master = split(Profile::Aes128CmSha1, &material).unwrap().client;
    let derived: [u8; 16] = master.derive(Usage::Rtp, Label::Encryption).unwrap();
    assert_eq!(derived.to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    let derived: [u8; 14] = master.derive(Usage::Rtp, Label::Salt).unwrap();
    assert_eq!(derived.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
    let derived: [u8; 20] = master.derive(Usage::Rtp, Label::Authentication).unwrap();
    let expected = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4";
    assert_eq!(derived.to_vec(), hex(expected));
}

#[test]
fn a_packet_is_sealed_as_rfc_7714_has_it() {
    // section 16.1.1: the keys given there are the session's, not the master's
    let key: Vec<u8> = (0..16).collect();
    let cipher = Cipher::Gcm {
        key: aws_lc_rs::aead::LessSafeKey::new(
            aws_lc_rs::aead::UnboundKey::new(&aws_lc_rs::aead::AES_128_GCM, &key).unwrap(),
        ),
        salt: hex("517569642070726f2071756f").try_into().unwrap(),
    };
    let mut packet = hex(
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
    );
    cipher
        .seal_rtp(&mut packet, 0, 12, 0x5501_a0b2, 0xf17b)
        .unwrap();
    let sealed = hex(
        "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    );
    assert_eq!(packet, sealed);
}

const PROFILES: [Profile; 3] = [
    Profile::Aes128CmSha1,
    Profile::Aes128Gcm,
    Profile::Aes256Gcm,
];

#[test]
fn what_one_side_seals_the_other_opens_once() {
    for profile in PROFILES {
        let material: Vec<u8> = (0..=255).cycle().take(2 * (32 + 14)).collect();
        let (mut sealer, _) = contexts(profile, &material, true).unwrap();
        let (_, mut opener) = contexts(profile, &material, false).unwrap();
        let report = hex("81c90007 01020304 0a0b0c0d 00000000 00000001 00000002 00000003 00000004");
        let mut opened = Vec::new();
        let mut all = Vec::new();
        for round in 0..3 {
            let mut out = b"before".to_vec();
            out.extend_from_slice(&report);
            sealer.rtcp(&mut out, 6).unwrap();
            let sealed = out.split_off(6);
            assert_ne!(sealed[8..32], report[8..]);
            assert!(opener.rtcp(&sealed, &mut opened), "{profile:?} {round}");
            assert_eq!(opened, report, "{profile:?}");
            all.push(sealed);
        }
        // E6: repeated, cut and forged ones are refused
        for sealed in &all {
            assert!(!opener.rtcp(sealed, &mut opened), "a repetition");
            for cut in 0..sealed.len() {
                assert!(!opener.rtcp(&sealed[..cut], &mut opened), "{cut} bytes");
            }
            for at in 0..sealed.len() {
                let mut forged = sealed.clone();
                forged[at] ^= 1;
                assert!(!opener.rtcp(&forged, &mut opened), "byte {at}");
            }
        }
    }
}

#[test]
fn a_short_export_gives_no_keys() {
    for profile in PROFILES {
        assert!(contexts(profile, &[1; 40], true).is_none());
    }
}

#[test]
fn media_is_opened_once_over_the_wrap_and_late() {
    let packet = |seq: u16| {
        let mut packet = hex("9060 0000 00000001 01020304 bede0001 10350000");
        packet[2..4].copy_from_slice(&seq.to_be_bytes());
        packet.extend_from_slice(&[7; 100]);
        packet
    };
    const HEADER: usize = 20;
    for profile in PROFILES {
        let material: Vec<u8> = (0..=255).cycle().take(2 * (32 + 14)).collect();
        let (sealer, _) = contexts(profile, &material, true).unwrap();
        let (_, mut opener) = contexts(profile, &material, false).unwrap();
        let seal = |index: u64| {
            let mut out = packet(index as u16);
            sealer.rtp(&mut out, 0, HEADER, 0x0102_0304, index).unwrap();
            out
        };
        let mut opened = Vec::new();
        for index in [65_534, 65_537, 65_535, 65_536] {
            let sealed = seal(index);
            assert_ne!(sealed[HEADER..120], packet(0)[HEADER..]);
            for at in 0..sealed.len() {
                let mut forged = sealed.clone();
                forged[at] ^= 1;
                assert!(!opener.rtp(&forged, HEADER, &mut opened), "byte {at}");
            }
            assert!(
                opener.rtp(&sealed, HEADER, &mut opened),
                "{profile:?} {index}"
            );
            assert_eq!(opened, packet(index as u16), "{profile:?}");
            assert!(!opener.rtp(&sealed, HEADER, &mut opened), "a repetition");
            for cut in 0..sealed.len() {
                assert!(
                    !opener.rtp(&sealed[..cut], HEADER, &mut opened),
                    "{cut} bytes"
                );
            }
        }
        assert!(opener.rtp(&seal(67_000), HEADER, &mut opened));
        assert!(!opener.rtp(&seal(65_900), HEADER, &mut opened), "too old");
    }
}
