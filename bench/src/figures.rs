//! Medians and percentiles, and how figures go into JSON.

use serde_json::Value;

/// Sorts, without what is no number.
pub(crate) fn sorted(numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().filter(|n| n.is_finite()).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// Of sorted numbers, to three decimals; none of none.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get(last * percent / 100).copied().map(rounded)
}

/// The middle one; none of none.
pub(crate) fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    percentile(&sorted(numbers), 50)
}

/// To three decimals: raw results are read by people too.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// The median of what `key` is in each of `rows`.
pub(crate) fn median_of(rows: &[Value], key: &str) -> Option<f64> {
    median(rows.iter().filter_map(|row| row[key].as_f64()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_numbers() {
        let numbers = sorted([9.0, 1.0, f64::NAN, 5.0, 3.0, 7.0]);
        assert_eq!(
            (percentile(&numbers, 50), percentile(&numbers, 100)),
            (Some(5.0), Some(9.0))
        );
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(
            median_of(&[json!({"a": 1}), json!({"a": 3}), json!({})], "a"),
            Some(1.0)
        );
    }
}
