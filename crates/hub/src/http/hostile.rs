//! What strangers send as text, opened to the fuzz targets and to nobody else.

use lenswire_api::StreamName;

use super::condition::IfMatch;
use super::path::Place;
use super::ws::ClientMessage;
use crate::config::Limits;

/// What a path names: its stream and its id.
#[must_use]
pub fn path(text: &str) -> Option<(Option<StreamName>, Option<String>)> {
    Place::parse(text).map(|place| (place.stream, place.id))
}

/// Whether a text is a message, or the words that say why not.
///
/// # Errors
/// Those words.
pub fn message(text: &str) -> Result<(), String> {
    ClientMessage::parse(text, &Limits::default())
        .map(drop)
        .map_err(|unread| unread.why)
}

/// Whether an `If-Match` header allows this tag.
#[must_use]
pub fn if_match(header: &str, tag: &str) -> bool {
    IfMatch::parse(Some(header)).allows(tag)
}
