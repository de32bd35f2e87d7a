//! Cameras' dialogues, replayed on a clock of the test's own (requirements 57, 90).
//!
//! A transcript (`testdata/cameras/*.txt`) is what one camera says to one client, and what the
//! client is to make of it. Lines:
//!
//! | line | meaning |
//! |---|---|
//! | `# …` | comment |
//! | `use URL [auto\|tcp\|udp]` | the client begins; user and password in the URL |
//! | `> WORDS` | the next request must begin with these words |
//! | `>+ WORDS` | … and have this text in its head; `>- WORDS` must not have it |
//! | `< LINE` | a line of the camera's; all of one block are sent together, CRLF at each end |
//! | `<lf` | … with LF only; `{cseq}` and `{length}` stand for the right numbers |
//! | `$ CHANNEL rtp PT SEQ SSRC` | an interleaved packet; also `sr SSRC`, `bye SSRC`, `raw HEX` |
//! | `~ TRACK PORT FROM rtp …` | a datagram |
//! | `@ SECONDS` | time passes, in steps, as the client's own deadlines fall |
//! | `! closed` | the camera closes the connection |
//! | `= WORDS` | the next event, as `describe` words it |
//! | `dial URL` | the client must ask for this connection |
//! | `bind TRACK` | the client must ask for UDP ports; it gets 5000 and up |
//! | `sends N` | so many datagrams were to be sent so far |

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::*;

mod cameras;
mod stage;

use stage::Stage;
