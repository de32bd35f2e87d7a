//! Text that came from a camera, made fit to show: short, one line, without the password.

/// Longest piece of a camera's own words that is kept, in characters: enough for any reason
/// phrase, too short to carry a page of HTML into a log.
const MAX_QUOTE: usize = 120;

/// Shortest password that is searched for: below, hiding it would hide ordinary letters.
const MIN_SECRET: usize = 3;

/// One line of at most [`MAX_QUOTE`] characters with `secret` blotted out.
pub(crate) fn quote(text: &str, secret: Option<&str>) -> String {
    let hidden = match secret {
        Some(secret) if secret.len() >= MIN_SECRET => text.replace(secret, "***"),
        _ => text.to_owned(),
    };
    let line = hidden
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    line.take(MAX_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cameras_words_are_one_short_line_without_the_password() {
        let said = format!("denied\r\nfor hunter2 {}", "x".repeat(500));
        let shown = quote(&said, Some("hunter2"));
        assert!(shown.starts_with("denied  for *** xxx"), "{shown}");
        assert_eq!(shown.chars().count(), MAX_QUOTE);
        assert_eq!(
            quote("a cat", Some("a")),
            "a cat",
            "one letter is no secret"
        );
    }
}
