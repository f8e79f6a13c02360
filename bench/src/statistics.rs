//! Medians, spreads and percentiles.

/// One figure of one contender in every round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(pub(crate) Vec<f64>);

impl Series {
    /// The middle value; NaN without values.
    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        match (sorted.len(), sorted.len() / 2) {
            (0, _) => f64::NAN,
            (length, middle) if length % 2 == 1 => sorted[middle],
            (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// How far apart the smallest and the largest value are, as a part of the median.
    pub(crate) fn spread(&self) -> f64 {
        let sorted = self.sorted();
        match (sorted.first(), sorted.last()) {
            (Some(first), Some(last)) if sorted.len() > 1 => (last - first) / self.median(),
            _ => 0.0,
        }
    }

    /// Ours over theirs, round by round: what changes for both cancels out.
    pub(crate) fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// The smallest value that `percent` of all are not above; NaN without values.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let sorted = Series(values.to_vec()).sorted();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        let series = Series(vec![3.0, 1.0, 2.0, 10.0]);
        assert!((series.median() - 2.5).abs() < 1e-9);
        assert!((series.spread() - 3.6).abs() < 1e-9);
        assert!((Series(vec![5.0]).spread()).abs() < 1e-9);
        assert!(Series::default().median().is_nan());
        assert_eq!(Series(vec![4.0, 9.0]).over(&Series(vec![2.0, 3.0])).0, [2.0, 3.0]);
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        for (percent, expected) in [(50, 50.0), (99, 99.0), (100, 100.0), (0, 1.0)] {
            assert!((percentile(&hundred, percent) - expected).abs() < 1e-9, "{percent}");
        }
        assert!(percentile(&[], 50).is_nan());
    }
}
