//! Which URL a request names.
//!
//! RFC 2326 C.1.1 says to resolve `a=control` against `Content-Base` as RFC 1808 does, which drops
//! the base's last segment and query. Cameras (and live555, FFmpeg, and thereby every server that
//! was tested with them) mean: append. Dahua's `…?channel=1&subtype=1/` + `trackID=0` works only so.

use rtsp_types::Url;

/// The URL that controls are relative to: `Content-Base`, else `Content-Location`, else the
/// request's own.
pub(super) fn base(
    request: &Url,
    content_base: Option<&str>,
    content_location: Option<&str>,
) -> Url {
    [content_base, content_location]
        .into_iter()
        .flatten()
        .map(str::trim)
        .filter(|said| !said.is_empty())
        .find_map(|said| {
            absolute(said)
                .or_else(|| {
                    said.starts_with('/')
                        .then(|| request.join(said).ok())
                        .flatten()
                })
                // Anjvision: `192.168.1.10:554/stream0/`, without a scheme
                .or_else(|| absolute(&format!("{}://{said}", request.scheme())))
        })
        .unwrap_or_else(|| request.clone())
}

/// The URL of a control, or of the whole for `*` and for none.
pub(super) fn resolve(base: &Url, control: Option<&str>) -> Url {
    let control = control.map(str::trim).unwrap_or_default();
    if control.is_empty() || control == "*" {
        return base.clone();
    }
    if let Some(url) = absolute(control) {
        return url;
    }
    let base_text = base.as_str();
    let slash = if base_text.ends_with('/') { "" } else { "/" };
    let joined = format!("{base_text}{slash}{}", control.trim_start_matches('/'));
    Url::parse(&joined).unwrap_or_else(|_| base.clone())
}

/// An absolute RTSP URL without user info (some cameras echo the password there).
fn absolute(text: &str) -> Option<Url> {
    let mut url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "rtsp" | "rtsps") && url.has_host())?;
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(request: &str, content_base: &str, control: &str) -> String {
        let request = Url::parse(request).unwrap();
        resolve(&base(&request, Some(content_base), None), Some(control)).into()
    }

    #[test]
    fn controls_are_appended_as_cameras_mean_it() {
        for (request, content_base, control, expected) in [
            // Dahua, Reolink, Anjvision, GW Security, Hikvision, a camera without Content-Base
            (
                "rtsp://c/cam?channel=1",
                "rtsp://c/cam?channel=1&proto=Onvif/",
                "trackID=0",
                "rtsp://c/cam?channel=1&proto=Onvif/trackID=0",
            ),
            (
                "rtsp://c/h264",
                "rtsp://c/h264/",
                "trackID=1",
                "rtsp://c/h264/trackID=1",
            ),
            (
                "rtsp://c/s",
                "10.0.0.1:554/stream0/",
                "trackID=1",
                "rtsp://10.0.0.1:554/stream0/trackID=1",
            ),
            (
                "rtsp://c/H264",
                "rtsp://c/H264?channel=1",
                "video",
                "rtsp://c/H264?channel=1/video",
            ),
            (
                "rtsp://c/x",
                "rtsp://c/x/",
                "rtsp://c/x/trackID=1?mode=u",
                "rtsp://c/x/trackID=1?mode=u",
            ),
            ("rtsp://c/x", "", "/track1", "rtsp://c/x/track1"),
            ("rtsp://c/x", "rtsp://c/x/", "*", "rtsp://c/x/"),
            ("rtsp://c/x", "/y/", "t", "rtsp://c/y/t"),
        ] {
            assert_eq!(resolved(request, content_base, control), expected);
        }
    }

    #[test]
    fn user_info_and_other_schemes_are_not_taken_over() {
        assert_eq!(
            resolved("rtsp://c/x", "rtsp://a:canary@c/x/", "t"),
            "rtsp://c/x/t"
        );
        assert_eq!(
            resolved("rtsp://c/x", "", "rtsp://a:canary@c/x/t"),
            "rtsp://c/x/t"
        );
        assert_eq!(
            resolve(&Url::parse("rtsp://c/x").unwrap(), None).as_str(),
            "rtsp://c/x"
        );
    }

    #[test]
    fn content_location_counts_when_there_is_no_base() {
        let request = Url::parse("rtsp://c/x").unwrap();
        assert_eq!(
            base(&request, None, Some("rtsp://c/y")).as_str(),
            "rtsp://c/y"
        );
        assert_eq!(base(&request, None, None), request);
    }
}
