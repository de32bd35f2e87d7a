//! Datagrams on a TCP connection: a 16-bit length in front of each (RFC 4571 section 2), as ICE-TCP
//! has it (RFC 6544 section 3).

use crate::demux::MAX_DATAGRAM;

/// Bytes in front of each datagram.
pub const HEADER: usize = 2;

/// Takes a stream apart. Holds at most one datagram that has not come whole yet.
#[derive(Debug, Default)]
pub struct Deframer {
    held: Vec<u8>,
}

/// What came can't be framed datagrams: it says it is longer than any we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes; at most {MAX_DATAGRAM} are taken")]
pub struct Oversized(pub usize);

impl Deframer {
    /// Takes what was read and gives each whole datagram to `each`. An empty one is passed over.
    ///
    /// # Errors
    /// [`Oversized`]: close the connection, there is no way back into step.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Oversized> {
        while !bytes.is_empty() {
            if self.held.is_empty() {
                // The usual case copies nothing: whole datagrams are taken from where they are.
                match split(bytes)? {
                    Some((datagram, rest)) => {
                        give(datagram, &mut each);
                        bytes = rest;
                    }
                    None => {
                        self.held.extend_from_slice(bytes);
                        return Ok(());
                    }
                }
            } else {
                bytes = self.complete(bytes, &mut each)?;
            }
        }
        Ok(())
    }

    /// Adds to the held datagram what it lacks; gives back the rest.
    fn complete<'a>(
        &mut self,
        bytes: &'a [u8],
        each: &mut impl FnMut(&[u8]),
    ) -> Result<&'a [u8], Oversized> {
        let whole = match length(&self.held)? {
            Some(length) => HEADER + length,
            None => HEADER,
        };
        let lacking = whole.saturating_sub(self.held.len()).min(bytes.len());
        let (now, rest) = bytes.split_at(lacking);
        self.held.extend_from_slice(now);
        if let Some((datagram, _)) = split(&self.held)? {
            give(datagram, each);
            self.held.clear();
        }
        Ok(rest)
    }
}

fn give(datagram: &[u8], each: &mut impl FnMut(&[u8])) {
    if !datagram.is_empty() {
        each(datagram);
    }
}

/// The length that stands in front, when it has come.
fn length(bytes: &[u8]) -> Result<Option<usize>, Oversized> {
    let Some(header) = bytes.first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes(*header));
    if length > MAX_DATAGRAM {
        Err(Oversized(length))
    } else {
        Ok(Some(length))
    }
}

/// A datagram and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// The first datagram and what follows it, when it has come whole.
fn split(bytes: &[u8]) -> Result<Option<Split<'_>>, Oversized> {
    let Some(length) = length(bytes)? else {
        return Ok(None);
    };
    Ok(bytes
        .get(HEADER..)
        .and_then(|rest| rest.split_at_checked(length)))
}

/// Appends a datagram with its length; false when it is longer than the length can say.
pub fn frame(datagram: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(datagram.len()) else {
        return false;
    };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(datagram);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, Oversized> {
        let mut deframer = Deframer::default();
        let mut out = Vec::new();
        for piece in pieces {
            deframer.push(piece, |datagram| out.push(datagram.to_vec()))?;
        }
        Ok(out)
    }

    #[test]
    fn datagrams_come_out_however_the_stream_was_cut() {
        let datagrams = [vec![1_u8], vec![2; 300], vec![], vec![3; 1_500], vec![4; 2]];
        let mut stream = Vec::new();
        for datagram in &datagrams {
            assert!(frame(datagram, &mut stream));
        }
        let whole: Vec<Vec<u8>> = datagrams
            .into_iter()
            .filter(|datagram| !datagram.is_empty())
            .collect();
        assert_eq!(read(&[&stream]), Ok(whole.clone()));
        for size in [1, 2, 3, 7, 299, 1_499] {
            let pieces: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(read(&pieces), Ok(whole.clone()), "pieces of {size}");
        }
    }

    #[test]
    fn a_lie_about_the_length_ends_it() {
        // SEC-19, E2: nothing beyond a datagram is held
        assert_eq!(read(&[&[0xff, 0xff]]), Err(Oversized(65_535)));
        assert_eq!(read(&[&[0x05], &[0xdd]]), Err(Oversized(1_501)));
    }
}
