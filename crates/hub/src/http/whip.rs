//! WHIP (RFC 9725): somebody posts an offer and sends a stream. Its session is a resource like a
//! viewer's ([`whep`]).

use lenswire_api::Code;

use super::asked::{Answer, Asked, Found};
use super::leave::Leave;
use super::whep::{self, SDP};
use crate::hub::PublishRequest;

/// `POST /{stream}/whip`: an offer, answered.
pub(crate) async fn create(mut asked: Asked) -> Answer {
    asked.must_be(&[SDP])?;
    let (stream, offer) = (asked.stream()?, asked.sdp().await?);
    let Found::Stream(Leave { identity, expires }) = asked.found else {
        return Err(Code::Forbidden.into());
    };
    let session = asked.app.hub.publish(PublishRequest {
        stream,
        offer,
        identity,
        expires,
        client: Some(asked.client.address),
        now: asked.moment.now,
    })?;
    Ok(whep::created(&asked.app, &asked.caller, &session, "whip"))
}
