//! Framing: where a message or an interleaved frame begins and ends in the bytes of a control
//! connection, for both ends of it.
//!
//! Bounded whatever comes: a head of [`MAX_HEAD`], a body of [`MAX_BODY`], a frame of 64 KiB (its
//! length has 16 bits), nothing allocated before the bytes are there. Once a peer has spoken RTSP,
//! bytes that are neither are skipped up to the next plausible beginning and counted, because a
//! camera that sends ten bytes too much after its SDP must not cost the session; before that,
//! they say what else is listening on the port.

pub mod head;
mod sniff;

use rtsp_types::{Request, Response};

pub use sniff::Protocol;

/// Longest head of a message, start line included, in bytes. Real ones are below 2 KiB; the
/// limit is that of faults.md's table.
pub const MAX_HEAD: usize = 16 * 1024;

/// Longest body, in bytes: SDP with parameter sets of every codec is below 8 KiB.
pub const MAX_BODY: usize = 64 * 1024;

/// Longest method name, in bytes (`SET_PARAMETER` has 13): what tells a request from garbage
/// before its line is complete.
const MAX_METHOD: usize = 24;

/// Channels above this are not believed when looking for a frame in garbage: a client asks for
/// two per track and takes two tracks.
const MAX_PLAUSIBLE_CHANNEL: u8 = 31;

/// Why a connection cannot be framed any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No end of the head within [`MAX_HEAD`].
    #[error("a header longer than {MAX_HEAD} bytes")]
    HeadTooLarge,
    /// A body above [`MAX_BODY`] is announced.
    #[error("a body of {said} bytes, where {MAX_BODY} are the most")]
    BodyTooLarge {
        /// `Content-Length`, as announced.
        said: u64,
    },
    /// The first bytes are not RTSP.
    #[error("not RTSP but {0}")]
    NotRtsp(Protocol),
}

/// One thing found on the connection.
#[derive(Debug)]
pub enum Item {
    /// The answer to a request of ours.
    Response(Response<Vec<u8>>),
    /// A request of the peer's.
    Request(Request<Vec<u8>>),
    /// An interleaved frame (RFC 2326 section 10.12).
    Data {
        /// The channel it came on.
        channel: u8,
        /// What it holds: RTP or RTCP.
        payload: Vec<u8>,
    },
    /// Bytes that were none of these, skipped; said once for a run of them, with the number of
    /// bytes that were there at the time.
    Garbage(usize),
}

/// How the bytes at the front of the buffer go on.
enum Front {
    /// More bytes are needed to tell.
    Incomplete,
    /// An interleaved frame.
    Frame,
    /// A message.
    Message,
    /// Nothing of ours.
    Garbage,
}

/// Cuts the bytes of one connection into [`Item`]s.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that are done with.
    start: usize,
    /// Offset from `start` up to which the head has been looked through: the beginning of a line.
    scanned: usize,
    /// The head when it is complete and its body is awaited.
    awaiting: Option<head::Head>,
    /// Whether anything on this connection was RTSP.
    trusted: bool,
    /// Whether the last thing found was garbage: what follows on it is not counted again.
    lost: bool,
}

impl Framer {
    /// A framer for a new connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes as they were read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes held that are not yet an item.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The next item; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`WireError`] when the connection cannot be used any longer.
    pub fn poll(&mut self) -> Result<Option<Item>, WireError> {
        loop {
            let found = self.find()?;
            let garbage = matches!(found, Some(Item::Garbage(_)));
            let again = garbage && self.lost;
            self.lost = garbage || (self.lost && found.is_none());
            if !again {
                return Ok(found);
            }
        }
    }

    fn find(&mut self) -> Result<Option<Item>, WireError> {
        if self.awaiting.is_some() {
            return self.poll_body();
        }
        if self.scanned > 0 {
            return self.poll_head();
        }
        self.skip_line_ends();
        match self.front() {
            Front::Incomplete => Ok(None),
            Front::Frame => {
                self.trusted = true;
                Ok(self.take_frame(0))
            }
            Front::Message => self.poll_head(),
            Front::Garbage if self.trusted => Ok(Some(self.resynchronise())),
            Front::Garbage => Err(WireError::NotRtsp(Protocol::of(self.bytes()))),
        }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Line ends (and the zero bytes that some cameras append to their SDP) between messages.
    fn skip_line_ends(&mut self) {
        let blank = self
            .bytes()
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n' | 0))
            .count();
        // A zero as the very first byte is another protocol, not padding.
        if self.trusted || self.bytes().first() != Some(&0) {
            self.start += blank;
        }
    }

    fn front(&self) -> Front {
        let bytes = self.bytes();
        match bytes.first() {
            None => Front::Incomplete,
            Some(b'$') => Front::Frame,
            Some(_) if begins_message(bytes) => Front::Message,
            Some(_) => Front::Garbage,
        }
    }

    /// The interleaved frame `at` bytes from the front, cut out of the buffer.
    fn take_frame(&mut self, at: usize) -> Option<Item> {
        let frame = self.bytes().get(at..)?;
        let &[_, channel, high, low] = frame.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let payload = frame.get(4..4 + length)?.to_vec();
        if at == 0 {
            self.start += 4 + length;
        } else {
            let from = self.start + at;
            self.buffer.drain(from..from + 4 + length);
        }
        Some(Item::Data { channel, payload })
    }

    /// Reads on in a head, line by line. A line that begins with `$` is a frame that the camera's
    /// media thread wrote into the middle of the answer (seen with live555 forks).
    fn poll_head(&mut self) -> Result<Option<Item>, WireError> {
        loop {
            let rest = self.bytes().get(self.scanned..).unwrap_or_default();
            if self.scanned > 0 && rest.first() == Some(&b'$') {
                return Ok(self.take_frame(self.scanned));
            }
            let Some(end) = rest.iter().position(|b| *b == b'\n') else {
                return if self.pending() > MAX_HEAD {
                    Err(WireError::HeadTooLarge)
                } else {
                    Ok(None)
                };
            };
            let blank = matches!(rest.get(..end), Some([] | [b'\r']));
            self.scanned += end + 1;
            if self.scanned > MAX_HEAD {
                return Err(WireError::HeadTooLarge);
            }
            if blank {
                return self.finish_head();
            }
        }
    }

    fn finish_head(&mut self) -> Result<Option<Item>, WireError> {
        let end = std::mem::take(&mut self.scanned);
        let raw = self.bytes().get(..end).unwrap_or_default();
        let Some(head) = head::Head::parse(raw) else {
            if !self.trusted {
                return Err(WireError::NotRtsp(Protocol::of(raw)));
            }
            self.start += end;
            return Ok(Some(Item::Garbage(end)));
        };
        self.start += end;
        self.trusted = true;
        if head.length > MAX_BODY as u64 {
            return Err(WireError::BodyTooLarge { said: head.length });
        }
        self.awaiting = Some(head);
        self.poll_body()
    }

    /// Waits for the body. A `$` in front of it, or at the beginning of one of its lines, is again
    /// a frame that got in between: no line of an SDP begins so.
    fn poll_body(&mut self) -> Result<Option<Item>, WireError> {
        let length = self
            .awaiting
            .as_ref()
            .map_or(0, |head| usize::try_from(head.length).unwrap_or(MAX_BODY));
        let body = self
            .bytes()
            .get(..length.min(self.pending()))
            .unwrap_or_default();
        if let Some(at) = frame_in_body(body, self.scanned) {
            self.scanned = at;
            return Ok(self.take_frame(at));
        }
        if body.len() < length {
            self.scanned = body
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |end| end + 1);
            return Ok(None);
        }
        let item = self.awaiting.as_ref().and_then(|head| head.message(body));
        (self.awaiting, self.scanned) = (None, 0);
        self.start += length;
        Ok(Some(item.unwrap_or(Item::Garbage(length))))
    }

    /// Skips to what looks like the beginning of a message or of a frame that holds RTP or RTCP.
    fn resynchronise(&mut self) -> Item {
        let bytes = self.bytes();
        let found = (1..bytes.len()).find(|at| plausible(bytes.get(*at..).unwrap_or_default()));
        let skipped = found.unwrap_or(bytes.len());
        self.start += skipped;
        Item::Garbage(skipped)
    }
}

/// Where in a body a line begins with `$`, from the line at `from` on.
fn frame_in_body(body: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = body.get(at..)?;
        if rest.first() == Some(&b'$') {
            return Some(at);
        }
        at += rest.iter().position(|b| *b == b'\n')? + 1;
    }
}

/// Whether a message can begin so: `RTSP/`, or a method and a space, as far as there are bytes.
fn begins_message(bytes: &[u8]) -> bool {
    let status = bytes
        .iter()
        .zip(b"RTSP/")
        .all(|(a, b)| a.eq_ignore_ascii_case(b));
    let method = bytes
        .iter()
        .take_while(|b| b.is_ascii_uppercase() || **b == b'_')
        .count();
    status || (method > 0 && method <= MAX_METHOD && matches!(bytes.get(method), None | Some(b' ')))
}

/// Whether an item may begin here; with too few bytes to tell, it may.
fn plausible(bytes: &[u8]) -> bool {
    match bytes {
        [b'$', rest @ ..] => {
            let channel = rest.first().is_none_or(|c| *c <= MAX_PLAUSIBLE_CHANNEL);
            // RTP and RTCP are version 2: the top bits of the first byte are 10.
            channel && rest.get(3).is_none_or(|first| first >> 6 == 2)
        }
        _ => bytes.iter().zip(b"RTSP/1.").all(|(a, b)| a == b) && !bytes.is_empty(),
    }
}

#[cfg(test)]
mod tests;
