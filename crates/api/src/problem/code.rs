//! The list of everything that can go wrong: one row each with its stable name, the HTTP status it
//! has as an answer, a title and the usual fix. Programs match on the name, so a row may be added
//! and its words changed, never its name.

/// Makes the enum and its tables from one list, so that a row cannot lack a column.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $status:literal, $title:literal, $fix:literal;)*) => {
        /// A problem's stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* #[doc = concat!("`", $name, "`: ", $title, ".")] $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that programs match on.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }

            /// The HTTP status when it answers a request.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }

            /// A few words without a full stop.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),* } }

            /// What to do about it, usually; empty when there is nothing to say.
            #[must_use]
            pub const fn fix(self) -> &'static str { match self { $(Self::$variant => $fix),* } }

            /// The code of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> { match name { $($name => Some(Self::$variant),)* _ => None } }
        }
    };
}

codes! {
    // Cameras: what a source met. As an answer to a request they are a bad gateway.
    CameraDnsFailed, "camera_dns_failed", 502, "The camera's name is unknown", "Check the host name in the camera's address, or use its IP address.";
    CameraUnreachable, "camera_unreachable", 502, "The camera cannot be reached", "Check that the camera has power and is on the same network as Lenswire.";
    CameraRefused, "camera_refused", 502, "The camera refused the connection", "Check the port (RTSP is usually 554) and that RTSP is switched on in the camera's web page.";
    CameraConnectTimeout, "camera_connect_timeout", 504, "The camera does not answer", "Check the address, and that no firewall stands between Lenswire and the camera.";
    CameraWrongPassword, "camera_wrong_password", 502, "Wrong password", "Check the user and password in the camera's web page. Some cameras have a separate RTSP password.";
    CameraPasswordMissing, "camera_password_missing", 502, "The camera wants a password", "Put the user and password into the address: rtsp://user:password@host/path.";
    CameraAuthUnsupported, "camera_auth_unsupported", 502, "The camera wants a log-in that Lenswire does not know", "Set the camera's RTSP authentication to Digest or Basic.";
    CameraNotFound, "camera_not_found", 502, "The camera has no stream at that path", "Look up the RTSP path for the camera's model.";
    CameraForbidden, "camera_forbidden", 502, "The camera's user may not watch", "Give that user the right to watch live video in the camera's web page.";
    CameraBusy, "camera_busy", 502, "The camera serves no more viewers", "Close other programs that watch this camera, or raise its connection limit.";
    CameraNotRtsp, "camera_not_rtsp", 502, "What answers there does not speak RTSP", "Check the port: the web page's port is not the RTSP port (usually 554).";
    CameraTlsFailed, "camera_tls_failed", 502, "No secure connection to the camera", "Use rtsp:// if the camera has no certificate, or check that its certificate is valid.";
    CameraSilent, "camera_silent", 502, "The camera sends no picture", "Try transport: tcp, and restart the camera when it stays silent.";
    CameraStalled, "camera_stalled", 502, "The camera stopped sending", "Lenswire reconnects by itself. When it happens often, check the camera's network cable or Wi-Fi.";
    CameraClosed, "camera_closed", 502, "The camera closed the connection", "Lenswire reconnects by itself. When it happens often, another program may be taking the camera's last connection.";
    CameraRedirects, "camera_redirects", 502, "The camera redirects too often", "Use the address that the camera redirects to.";
    CameraMisbehaves, "camera_misbehaves", 502, "The camera sends garbage", "Update the camera's firmware, or try its other stream.";
    CameraNoVideo, "camera_no_video", 502, "The camera's stream has no video", "Choose a path with video; many cameras offer several.";
    CameraCodecUnsupported, "camera_codec_unsupported", 502, "Lenswire cannot forward this codec", "Set the camera's video to H.264.";
    CameraError, "camera_error", 502, "The camera answered with an error", "Restart the camera, and look up the RTSP path for its model.";
    CameraTransportRefused, "camera_transport_refused", 502, "The camera refuses this transport", "Set transport: auto for this camera.";
    CameraParametersMissing, "camera_parameters_missing", 502, "The camera leaves out what decoders need", "Update the camera's firmware, or try its other stream.";
    CameraClock, "camera_clock", 502, "The camera's clock cannot be relied on", "Set the camera's time by NTP, and update its firmware.";
    NoKeyframe, "no_keyframe", 504, "No keyframe has come yet", "Set the camera's I-frame interval to 1 or 2 seconds.";
    BFrames, "b_frames", 502, "The camera sends B-frames, which browsers cannot play live", "Set the camera's H.264 profile to Baseline or Main without B-frames (often called Smart Codec or H.264+).";
    OddProfile, "odd_profile", 502, "The camera sends a profile that browsers cannot play", "Set the camera's H.264 profile to Baseline, Main or High (8 bits, 4:2:0).";
    Interlaced, "interlaced", 502, "The camera sends interlaced video, which browsers cannot play live", "Set the camera to a progressive mode, such as 720p or 1080p instead of 1080i or D1.";
    UdpSilent, "udp_silent", 504, "Nothing arrives by UDP", "A firewall may drop it: set transport: tcp for this camera.";

    // Sessions: why one viewer has no picture.
    CodecNotOffered, "codec_not_offered", 406, "No codec in common", "Use a browser that plays this codec, or set the camera to H.264.";
    SubstreamInstead, "substream_instead", 406, "The camera's second picture is shown", "Set the camera's main stream to H.264, or use a browser that plays its codec.";
    CodecNotTaken, "codec_not_taken", 406, "This cannot be published", "Send H.264, VP8, VP9 or AV1, and Opus for the sound.";
    NotPublishable, "not_publishable", 409, "This stream has a source of its own", "Publish to a stream that has no source.";
    AlreadyPublished, "already_published", 409, "Somebody else publishes this stream", "Wait until they stop, or end their session.";
    PublisherReplaced, "publisher_replaced", 409, "Another connection of yours publishes now", "";
    IceFailed, "ice_failed", 504, "No way through the network", "Allow UDP and TCP to Lenswire's media port (8189), or set media.addresses to an address that viewers can reach.";
    MediaUnreachable, "media_unreachable", 504, "Nothing from the viewer arrives", "Let UDP and TCP to Lenswire's media port (8189) in, on its machine and on the way to it, or add a TURN server to ice_servers.";
    MediaAddressWrong, "media_address_wrong", 504, "Viewers are told an address that they cannot reach", "Set media.addresses to the address that viewers reach, and forward UDP and TCP port 8189 to Lenswire. In Docker, use the host's network.";
    MediaOverTcp, "media_over_tcp", 504, "Media goes by TCP", "Let UDP to Lenswire's media port (8189) through: over TCP a lost packet holds up those behind it.";
    ViewerVanished, "viewer_vanished", 504, "The viewer is gone", "";
    ViewerTooSlow, "viewer_too_slow", 503, "The viewer cannot keep up", "Choose a smaller picture, or a better connection.";
    ViewerDelayed, "viewer_delayed", 503, "The picture is late", "Use a better connection or a smaller picture. When it is late on every screen, look at the camera's network.";
    GrantExpired, "grant_expired", 401, "The permission has ended", "Open the page again, or ask for a new link.";
    StreamNotLive, "stream_not_live", 409, "The stream is not live yet", "Try again in a few seconds.";
    SnapshotMissing, "snapshot_missing", 503, "There is no picture yet", "Try again in a few seconds.";
    SnapshotUnsupported, "snapshot_unsupported", 501, "No snapshots of this codec", "Set the camera's video, or its substream, to H.264.";
    StreamRemoved, "stream_removed", 410, "The stream was removed", "";
    TracksChanged, "tracks_changed", 409, "The camera changed its codecs", "Connect again.";
    Internal, "internal", 500, "A fault in Lenswire", "Look into Lenswire's log, and report what it says.";

    // HTTP and configuration.
    BadRequest, "bad_request", 400, "The request cannot be read", "";
    SdpInvalid, "sdp_invalid", 422, "The SDP cannot be used", "";
    BodyTooLarge, "body_too_large", 413, "The body is too large", "";
    HeaderTooLarge, "header_too_large", 431, "The header is too large", "";
    UnsupportedMediaType, "unsupported_media_type", 415, "This content type is not taken here", "";
    NotAcceptable, "not_acceptable", 406, "No such format here", "";
    NotFound, "not_found", 404, "Nothing is here", "";
    StreamNotFound, "stream_not_found", 404, "There is no such stream", "Check the name; the streams page lists them all.";
    TokenNotFound, "token_not_found", 404, "There is no such token that holds", "";
    SessionNotFound, "session_not_found", 404, "There is no such session", "";
    MethodNotAllowed, "method_not_allowed", 405, "This method is not taken here", "";
    Unauthorized, "unauthorized", 401, "Not signed in", "Sign in with the administrator's token, or open the claim link. `lenswire token claim` makes a new one.";
    Forbidden, "forbidden", 403, "Not allowed", "";
    OriginNotAllowed, "origin_not_allowed", 403, "Another site may not do that", "Open Lenswire's own page. Behind a proxy, set public_url to the address that people use.";
    HostNotAllowed, "host_not_allowed", 421, "Lenswire does not answer to that name", "Set public_url to the address that people use.";
    ClaimUsed, "claim_used", 410, "This claim link was used or has ended", "Make another one on the machine: lenswire token claim.";
    PreconditionRequired, "precondition_required", 428, "If-Match is missing", "Send If-Match with the session's ETag, or * to restart ICE.";
    PreconditionFailed, "precondition_failed", 412, "It has changed since", "Load it again, and send the ETag of that answer.";
    NameInvalid, "name_invalid", 422, "This cannot be a stream's name", "Use 1 to 4 parts of a to z, 0 to 9, - and _, joined by /.";
    NameTaken, "name_taken", 409, "That name is taken", "Choose another name, or change the stream that has it.";
    SourceDenied, "source_denied", 422, "That address is not allowed as a source", "Use the camera's own address. Sources on this machine need allow_loopback_sources: true.";
    ConfigInvalid, "config_invalid", 422, "The configuration is wrong", "";
    ConfigChanged, "config_changed", 409, "The configuration file changed meanwhile", "Load it again and repeat the change.";
    ConfigReadOnly, "config_read_only", 409, "The configuration file cannot be written", "Make the file and its folder writable for Lenswire, or edit it by hand.";
    StorageFull, "storage_full", 507, "The disk is full", "Free some space on the disk of Lenswire's data folder.";
    StorageBusy, "storage_busy", 503, "The store is locked", "Another program holds Lenswire's database; close it.";
    TooManyRequests, "too_many_requests", 429, "Too many requests", "Wait a moment.";
    TooManySessions, "too_many_sessions", 429, "Too many sessions", "Close some of them.";
    Overloaded, "overloaded", 503, "Lenswire has no room left", "Try again later.";
    RequestTimeout, "request_timeout", 408, "The request took too long to arrive", "";
    ProtocolError, "protocol_error", 400, "That message does not belong here", "";
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "A problem's stable name.",
            "enum": names,
        })
    }
}
