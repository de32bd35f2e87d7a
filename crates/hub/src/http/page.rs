//! Lists in parts: `limit` says how many, `after` where the part before ended, and the answer's
//! `next` where this one did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most items of one answer, and as many as come when nobody says.
const MOST: usize = 1_000;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Part {
    /// How many items at most: 1 to 1,000, and 1,000 when absent.
    limit: Option<usize>,
    /// What `next` of the part before said.
    after: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What `after` must say to get the next part; absent in the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl Part {
    /// How many.
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(MOST).clamp(1, MOST)
    }

    /// The last item of the part before, as a number.
    pub(crate) fn after_number<T: std::str::FromStr>(&self) -> Option<T> {
        self.after.as_deref()?.parse().ok()
    }

    /// This part of all items, which are in the order of `key`, and where the next part begins.
    pub(crate) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> List<T> {
        let known = |item: &T| self.after.as_ref().is_some_and(|after| key(item) <= *after);
        let mut rest = items.into_iter().skip_while(known);
        let items: Vec<T> = rest.by_ref().take(self.limit()).collect();
        let next = rest.next().and(items.last()).map(key);
        List { items, next }
    }
}

impl<T> List<T> {
    /// The same part with each item as it is shown.
    pub(crate) fn map<U>(self, show: impl FnMut(T) -> U) -> List<U> {
        List {
            items: self.items.into_iter().map(show).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Requirement 82: the parts are the whole, whatever comes and goes between them.
    #[test]
    fn parts_make_up_the_whole() {
        let mut all: Vec<String> = (0..10).map(|n| format!("{n:02}")).collect();
        let (mut got, mut after) = (Vec::new(), None);
        loop {
            let part = Part {
                limit: Some(3),
                after,
            };
            let List { items, next } = part.cut(all.clone(), Clone::clone);
            got.extend(items);
            all.retain(|item| item != "02");
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(got.len(), 10);
        let part = |limit| Part { limit, after: None };
        assert_eq!(part(Some(0)).cut(all.clone(), Clone::clone).items.len(), 1);
        let everything = part(Some(usize::MAX)).cut(all.clone(), Clone::clone);
        assert_eq!((everything.items.len(), everything.next), (9, None));
        let behind = Part {
            limit: None,
            after: Some("zz".into()),
        };
        assert!(behind.cut(all, Clone::clone).items.is_empty());
    }
}
