//! A file's text with its passwords hidden, for diffs. Hides by what stands in front, so that a text
//! that cannot be parsed is hidden, too; what it does not know as a password it leaves.

use super::source_url::scrub;

/// Keys whose value is nobody's business.
const SECRET: [&str; 2] = ["credential", "password"];

/// Stands for what is hidden.
const STARS: &str = "***";

/// The text, line by line.
pub(super) fn masked(text: &str) -> String {
    let mut below = None;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if below.is_some_and(|parent| indent > parent || line.trim().is_empty()) {
            // A text over several lines, of which the first was `credential: |`.
            out.push_str(if line.trim().is_empty() {
                line
            } else {
                "  ***\n"
            });
            continue;
        }
        let (line, goes_on) = mask_line(&scrub(line));
        below = goes_on.then_some(indent);
        out.push_str(&line);
    }
    out
}

/// One line, and whether its value may go on below.
fn mask_line(line: &str) -> (String, bool) {
    let mut out = String::new();
    let (mut rest, mut goes_on) = (line, false);
    while let Some((at, word)) = next(rest) {
        let (front, behind) = rest.split_at(at + word.len());
        out.push_str(front);
        rest = behind;
        let quoted = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let Some(value) = quoted.trim_start().strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start_matches(' ');
        let end = end_of(value);
        goes_on = matches!(
            value[..end].trim(),
            "" | "|" | ">" | "|-" | ">-" | "|+" | ">+"
        );
        out.push_str(": ");
        if !value[..end].trim().is_empty() {
            out.push_str(STARS);
        }
        rest = &value[end..];
    }
    out.push_str(rest);
    (out, goes_on)
}

fn next(text: &str) -> Option<(usize, &'static str)> {
    let found = SECRET
        .iter()
        .filter_map(|word| Some((text.find(word)?, *word)));
    found.min()
}

/// Where a value ends: behind its closing quote, else at the end of the flow entry or the line.
fn end_of(value: &str) -> usize {
    let mut characters = value.char_indices();
    match characters.next() {
        Some((_, quote @ ('"' | '\''))) => {
            let mut escaped = false;
            for (at, character) in characters {
                if character == quote && !escaped {
                    return at + 1;
                }
                escaped = quote == '"' && character == '\\' && !escaped;
            }
            value.trim_end().len()
        }
        _ => value.find([',', '}', '\n']).unwrap_or(value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E12.
    #[test]
    fn passwords_are_hidden_however_they_are_written() {
        for line in [
            "    credential: hunter2\n",
            "    credential: 'hun, hunter2'\n",
            "    credential: \"a\\\"hunter2\" # note\n",
            "ice_servers: [{urls: 'turn:x', credential: hunter2, username: a}]\n",
            "ice_servers: [{\"credential\":\"hunter2\",\"urls\":\"turn:x\"}]\n",
            "  credential: |\n    hunter2\n    hunter2\n  urls: x\n",
            "  credential:\n    hunter2\n",
            "  gate: rtsp://admin:hunter2@cam/s\n",
            "  gate: \"rtsp://cam/s?password=hunter2\"\n",
        ] {
            let shown = masked(line);
            assert!(!shown.contains("hunter2"), "{line}: {shown}");
            assert_eq!(shown.lines().count(), line.lines().count());
        }
        for line in [
            "media: { port: 8189 }\n",
            "# the password is in the environment\n",
            "\n",
            "",
        ] {
            assert_eq!(masked(line), line);
        }
    }
}
