//! What a datagram is, by its first bytes (RFC 7983), and whom a first STUN request is for. Reads
//! what anybody on the internet may send, before anything is known of them.

/// Largest datagram looked at, in bytes: an Ethernet frame's worth. Larger ones are attacks on
/// reassembly or mistakes.
pub const MAX_DATAGRAM: usize = 1_500;

/// The protocol of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// A STUN Binding request, with our part of its USERNAME (RFC 8445 section 7.2.2). Whether the
    /// sender knows the password is not checked here.
    StunRequest {
        /// Which session it wants.
        ufrag: &'a str,
    },
    /// Another STUN message: the response to a check of ours.
    Stun,
    /// A DTLS record.
    Dtls,
    /// RTP, protected or not.
    Rtp,
    /// RTCP, protected or not (RFC 5761 section 4).
    Rtcp,
}

const STUN_HEADER: usize = 20;
const STUN_MAGIC: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const STUN_BINDING_REQUEST: u16 = 0x0001;
const STUN_BINDING_SUCCESS: u16 = 0x0101;
const STUN_USERNAME: u16 = 0x0006;

/// Looks at a datagram; `None` = none of the family, too large, or malformed.
#[must_use]
pub fn classify(bytes: &[u8]) -> Option<Datagram<'_>> {
    if bytes.len() > MAX_DATAGRAM {
        return None;
    }
    match bytes {
        [0..=3, ..] => stun(bytes),
        // A record header is 13 bytes.
        [20..=63, ..] if bytes.len() >= 13 => Some(Datagram::Dtls),
        [128..=191, second, ..] if bytes.len() >= 8 => {
            Some(if (64..96).contains(&(second & 0x7f)) {
                Datagram::Rtcp
            } else {
                Datagram::Rtp
            })
        }
        _ => None,
    }
}

/// Whether these bytes, ours, answer a STUN request: it then had the right password.
#[must_use]
pub fn is_stun_success(bytes: &[u8]) -> bool {
    bytes.first_chunk() == Some(&STUN_BINDING_SUCCESS.to_be_bytes())
}

/// The synchronisation source of an RTP packet; it travels in the clear (RFC 3711 section 3.1).
#[must_use]
pub fn rtp_ssrc(bytes: &[u8]) -> Option<u32> {
    bytes.get(8..12)?.try_into().ok().map(u32::from_be_bytes)
}

/// RFC 8489 section 5: type, length, magic cookie, transaction; then attributes padded to four bytes.
fn stun(bytes: &[u8]) -> Option<Datagram<'_>> {
    let (header, attributes) = bytes.split_at_checked(STUN_HEADER)?;
    let [kind_high, kind_low, length_high, length_low, magic @ ..] = header else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
    if !magic.starts_with(&STUN_MAGIC) || length != attributes.len() || !length.is_multiple_of(4) {
        return None;
    }
    if u16::from_be_bytes([*kind_high, *kind_low]) != STUN_BINDING_REQUEST {
        return Some(Datagram::Stun);
    }
    let username = std::str::from_utf8(attribute(attributes, STUN_USERNAME)?).ok()?;
    let (ufrag, _) = username.split_once(':')?;
    Some(Datagram::StunRequest { ufrag })
}

fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some(([kind_high, kind_low, length_high, length_low], rest)) =
        attributes.split_first_chunk()
    {
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([*kind_high, *kind_low]) == wanted {
            return Some(value);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 section 2.1: a sample request, USERNAME "evtj:h6vY".
    const REQUEST: &[u8] = &[
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6,
        0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74,
        0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e,
        0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,
        0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20,
        0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
        0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5,
        0x7a, 0x3b, 0xcf,
    ];

    #[test]
    fn a_request_names_its_session() {
        assert_eq!(
            classify(REQUEST),
            Some(Datagram::StunRequest { ufrag: "evtj" })
        );
    }

    #[test]
    fn what_is_cut_or_lies_about_its_length_is_nothing() {
        // E4, E5
        for cut in 0..REQUEST.len() {
            assert_eq!(classify(&REQUEST[..cut]), None, "{cut} bytes");
        }
        let mut lying = REQUEST.to_vec();
        lying[63] = 0xff;
        assert_eq!(classify(&lying), None);
        assert_eq!(classify(&[0x80; MAX_DATAGRAM + 1]), None);
        assert_eq!(classify(&[0x47; 100]), None);
        assert_eq!(classify(&[]), None);
    }

    #[test]
    fn the_family_is_told_apart() {
        assert_eq!(classify(&[22; 13]), Some(Datagram::Dtls));
        assert_eq!(classify(&[0x80, 96, 0, 0, 0, 0, 0, 0]), Some(Datagram::Rtp));
        assert_eq!(
            classify(&[0x80, 0x80 | 96, 0, 0, 0, 0, 0, 0]),
            Some(Datagram::Rtp)
        );
        assert_eq!(
            classify(&[0x80, 200, 0, 0, 0, 0, 0, 0]),
            Some(Datagram::Rtcp)
        );
        assert_eq!(
            rtp_ssrc(&[0x80, 96, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
            Some(0x0102_0304)
        );
    }
}
