//! The values metrics can have, as far as conditions tell them apart, exactly.
//!
//! Between two neighbouring bounds all values are alike, so one sample of each span and each bound itself decide a
//! condition for every value there is. Shares lie in 0 to 100 %, counts and durations from 0; counts are whole. A bound
//! that is a multiple of a baseline is judged by the ratio to it, apart from the metric's own bounds. Called by the checks
//! of this group.

use crate::model::{Comparison, Dur, Metric, MetricExpr, MetricId, Release};
use crate::source::Rational;
use std::collections::BTreeMap;

/// The most combinations of values looked at for one question.
const COMBINATIONS: usize = 200_000;

/// What is measured: a metric, or its ratio to a baseline.
type Axis = (MetricId, Option<MetricId>);

/// One value for each axis.
pub(super) struct Point {
    axes: Vec<Axis>,
    values: Vec<Rational>,
}

/// The answer to whether some values make a condition true.
pub(super) enum Found {
    /// These do.
    Some(Point),
    /// None do.
    None,
    /// There are too many combinations to tell.
    TooMany,
}

/// The first values that satisfy a question about some conditions.
pub(super) fn find(
    release: &Release,
    conditions: &[&MetricExpr],
    question: impl Fn(&Point) -> bool,
) -> Found {
    let mut bounds: BTreeMap<Axis, Vec<Rational>> = BTreeMap::new();
    for c in conditions {
        collect(c, &mut bounds);
    }
    let mut combinations = 1usize;
    let mut samples = Vec::new();
    for ((metric, baseline), list) in &mut bounds {
        list.sort();
        list.dedup();
        let values = sample(&domain(release.metric(*metric), baseline.is_some()), list);
        combinations = combinations.saturating_mul(values.len());
        samples.push(values);
    }
    if combinations > COMBINATIONS {
        return Found::TooMany;
    }
    let axes: Vec<Axis> = bounds.keys().copied().collect();
    for i in 0..combinations {
        let mut rest = i;
        let values = samples
            .iter()
            .map(|s| {
                let value = s[rest % s.len()];
                rest /= s.len();
                value
            })
            .collect();
        let point = Point {
            axes: axes.clone(),
            values,
        };
        if question(&point) {
            return Found::Some(point);
        }
    }
    Found::None
}

/// Whether a metric is judged both by itself and against a baseline: then values of the two cannot be put together.
pub(super) fn mixed(conditions: &[&MetricExpr]) -> bool {
    let mut bounds = BTreeMap::new();
    conditions.iter().for_each(|c| collect(c, &mut bounds));
    bounds.keys().any(|(m, b)| {
        b.is_some() && (bounds.contains_key(&(*m, None)) || bounds.keys().any(|(n, c)| m == n && c > b))
    })
}

/// Whether a metric is judged against the baseline of another, and by itself or against a further one.
pub(super) fn foreign(conditions: &[&MetricExpr]) -> bool {
    let mut bounds = BTreeMap::new();
    conditions.iter().for_each(|c| collect(c, &mut bounds));
    let of_another = |(m, b): &&Axis| b.is_some_and(|b| b != *m);
    bounds.keys().filter(of_another).any(|(m, b)| {
        bounds
            .keys()
            .any(|(n, c)| (n == m && c != b) || (Some(*n) == *b && c.is_none()))
    })
}

impl Point {
    /// Whether a metric's value and its ratio to its own baseline can stand together: the baseline lies in its range too.
    pub(super) fn fits_together(&self, release: &Release) -> bool {
        let each = || self.axes.iter().zip(&self.values);
        each().all(|((metric, baseline), ratio)| {
            let absolute = each().find(|((m, b), _)| m == metric && b.is_none());
            match (baseline, absolute) {
                (Some(b), Some((_, value))) if b == metric => {
                    if *ratio == Rational::ZERO || *value == Rational::ZERO {
                        return *ratio == *value;
                    }
                    let most = domain(release.metric(*metric), false).most;
                    most.is_none_or(|m| ratio.checked_mul(m).is_some_and(|m| *value <= m))
                }
                _ => true,
            }
        })
    }

    /// Whether a condition over these axes holds.
    pub(super) fn satisfies(&self, condition: &MetricExpr) -> bool {
        match condition {
            MetricExpr::Const(b) => *b,
            MetricExpr::And(list) => list.iter().all(|c| self.satisfies(c)),
            MetricExpr::Or(list) => list.iter().any(|c| self.satisfies(c)),
            MetricExpr::Not(c) => !self.satisfies(c),
            MetricExpr::Compare {
                metric,
                op,
                bound,
                of_baseline,
                ..
            } => {
                let axis = (*metric, *of_baseline);
                let Some(i) = self.axes.iter().position(|a| *a == axis) else {
                    return false;
                };
                let value = self.values[i];
                match op {
                    Comparison::Lt => value < *bound,
                    Comparison::Le => value <= *bound,
                    Comparison::Gt => value > *bound,
                    Comparison::Ge => value >= *bound,
                    Comparison::Eq => value == *bound,
                    Comparison::Ne => value != *bound,
                }
            }
        }
    }

    /// The values of some metrics in words: "`errors` at 0.55%".
    pub(super) fn words(&self, release: &Release, metrics: &[MetricId]) -> String {
        let mut each: Vec<(MetricId, String)> = Vec::new();
        for ((metric, baseline), value) in self.axes.iter().zip(&self.values) {
            if !metrics.contains(metric) {
                continue;
            }
            let data = release.metric(*metric);
            let at = match baseline {
                None => show(data, *value).to_string(),
                Some(_) => format!("{}% of its baseline", hundredfold(*value)),
            };
            match each.last_mut() {
                Some((last, text)) if last == metric => *text = format!("{text}, {at},"),
                _ => each.push((*metric, format!("`{}` at {at}", name(data)))),
            }
        }
        let each: Vec<String> = each.into_iter().map(|(_, text)| text).collect();
        each.join(" and ")
    }
}

/// What the plan calls a metric.
pub(super) fn name(metric: &Metric) -> &str {
    metric.bound.as_ref().unwrap_or(&metric.name)
}

/// The values a metric can have.
struct Domain {
    least: Option<Rational>,
    most: Option<Rational>,
    whole: bool,
}

fn domain(metric: &Metric, ratio: bool) -> Domain {
    let unit = if ratio { "rate" } else { metric.unit.as_str() };
    Domain {
        least: (unit != "money").then_some(Rational::ZERO),
        most: matches!(unit, "percent" | "ratio").then_some(Rational::ONE),
        whole: matches!(unit, "count" | "bytes"),
    }
}

/// What the values of a metric are, for prose.
pub(super) fn range(metric: &Metric) -> &'static str {
    match metric.unit.as_str() {
        "percent" => "a percent lies in 0 to 100 %",
        "ratio" => "a ratio lies in 0 to 100 %",
        "count" => "a count is a whole number from 0",
        "bytes" => "a size is a whole number of bytes from 0",
        "duration" => "a duration is not below 0",
        _ => "it is not below 0",
    }
}

fn collect(condition: &MetricExpr, bounds: &mut BTreeMap<Axis, Vec<Rational>>) {
    match condition {
        MetricExpr::Const(_) => {}
        MetricExpr::And(list) | MetricExpr::Or(list) => list.iter().for_each(|c| collect(c, bounds)),
        MetricExpr::Not(c) => collect(c, bounds),
        MetricExpr::Compare {
            metric,
            bound,
            of_baseline,
            ..
        } => bounds.entry((*metric, *of_baseline)).or_default().push(*bound),
    }
}

/// A value of every span between bounds, then the bounds themselves: a value in the middle convinces more.
fn sample(domain: &Domain, bounds: &[Rational]) -> Vec<Rational> {
    let inside = |v: &Rational| {
        domain.least.is_none_or(|l| *v >= l)
            && domain.most.is_none_or(|m| *v <= m)
            && (!domain.whole || v.as_int().is_some())
    };
    let mut edges: Vec<Rational> = bounds.to_vec();
    edges.extend(domain.least);
    edges.extend(domain.most);
    edges.sort();
    edges.dedup();
    let mut values: Vec<Rational> = edges
        .windows(2)
        .filter_map(|w| between(w[0], w[1], domain.whole))
        .collect();
    if let Some(last) = edges.last() {
        values.extend(beyond(*last, false));
    }
    if let Some(first) = edges.first() {
        values.extend(beyond(*first, true));
    }
    values.extend(edges.iter().copied());
    values.retain(inside);
    values
}

/// A value strictly between two others.
fn between(a: Rational, b: Rational, whole: bool) -> Option<Rational> {
    let middle = a.checked_add(b)?.checked_div(Rational::int(2))?;
    if !whole {
        return Some(middle);
    }
    let up = Rational::int(middle.ceil());
    let down = up.checked_sub(Rational::ONE)?;
    [up, down].into_iter().find(|v| a < *v && *v < b)
}

/// A value past the last bound, whole when the bound is.
fn beyond(edge: Rational, below: bool) -> Option<Rational> {
    let step = Rational::int(edge.ceil().unsigned_abs().try_into().unwrap_or(i64::MAX));
    let step = if step == Rational::ZERO {
        Rational::ONE
    } else {
        step
    };
    let past = if below {
        edge.checked_sub(step)
    } else {
        edge.checked_add(step)
    };
    // A whole number past the edge, for metrics that are counted.
    past.map(|p| Rational::int(p.ceil()))
        .filter(|p| if below { *p < edge } else { *p > edge })
}

fn hundredfold(value: Rational) -> String {
    value
        .checked_mul(Rational::int(100))
        .map_or_else(|| value.decimal(), |v| v.decimal())
}

/// A value in the metric's unit.
fn show(metric: &Metric, value: Rational) -> String {
    match metric.unit.as_str() {
        "percent" | "ratio" => format!("{}%", hundredfold(value)),
        "duration" => match value.as_int() {
            Some(ms) => Dur { ms, working_days: 0 }.to_string(),
            None => format!("{}ms", value.decimal()),
        },
        _ => value.decimal(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Domain, between, beyond, sample};
    use crate::source::Rational;

    fn r(text: &str) -> Rational {
        Rational::parse(text).expect("a number")
    }

    #[test]
    fn samples_hold_a_value_of_every_span_and_stay_in_the_domain() {
        let share = Domain {
            least: Some(Rational::ZERO),
            most: Some(Rational::ONE),
            whole: false,
        };
        let values = sample(&share, &[r("0.01"), r("2")]);
        assert!(values.contains(&r("0.505")) && values.contains(&r("0.005")) && values.contains(&r("0.01")));
        assert!(
            values.iter().all(|v| *v >= Rational::ZERO && *v <= Rational::ONE),
            "{values:?}"
        );
        let count = Domain {
            least: Some(Rational::ZERO),
            most: None,
            whole: true,
        };
        let values = sample(&count, &[r("1"), r("2.5")]);
        assert!(values.iter().all(|v| v.as_int().is_some()), "{values:?}");
        assert!(
            values.contains(&r("2")) && values.iter().any(|v| *v > r("2.5")),
            "{values:?}"
        );
        assert!(values.contains(&Rational::ZERO));
    }

    #[test]
    fn nothing_whole_lies_between_neighbours() {
        assert_eq!(between(r("0"), r("1"), true), None);
        assert_eq!(between(r("0"), r("1"), false), Some(r("0.5")));
        assert_eq!(between(r("0"), r("3"), true), Some(r("2")));
        assert!(beyond(r("2.5"), false) > Some(r("2.5")));
        assert!(beyond(r("-2.5"), true) < Some(r("-2.5")));
        assert!(beyond(r("0"), true) < Some(r("0")));
    }
}
