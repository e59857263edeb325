//! Two conditions over metrics: which of them is easier to meet, and a value that shows it.
//!
//! `table` decides which values are let through; told leaf by leaf where that says the same, else as a whole. Knows nothing of gates and
//! triggers: a trigger is a gate whose condition is turned around. Called by `gates`.

use super::canon::Side;
use super::out::Direction;
use super::say;
use super::table::{Verdict, verdict};
use crate::model::{Comparison, Dur, Metric, MetricExpr};
use crate::plan::show;
use crate::source::Rational;

/// A difference between two conditions.
pub(super) struct Shift {
    /// Loosened: it is met where it was not.
    pub(super) direction: Direction,
    /// What is different, to follow what the gate does: `passes` and `with error rate < 2% instead of < 1%`.
    pub(super) words: String,
    /// A value that meets the one and not the other: `the error rate is 1.5%`.
    pub(super) witness: Option<String>,
}

/// A condition in which `not` stands nowhere.
pub(super) enum Form {
    All(Vec<Form>),
    Any(Vec<Form>),
    Leaf(Leaf),
    Const(bool),
}

/// A metric against a bound.
pub(super) struct Leaf {
    /// The metric, by its number on its own side.
    pub(super) metric: usize,
    /// The metric, and that of the baseline, on both sides.
    pub(super) of: (String, Option<String>),
    pub(super) op: Comparison,
    pub(super) bound: Rational,
    shown: String,
}

/// The differences, from the condition of the old plan to that of the new; both turned around when `negated`.
pub(super) fn shifts(
    old: (&Side<'_>, &MetricExpr),
    new: (&Side<'_>, &MetricExpr),
    negated: bool,
) -> Vec<Shift> {
    let (a, b) = (form(old.0, old.1, negated), form(new.0, new.1, negated));
    let (a, b) = ((old.0, &a), (new.0, &b));
    let mut list = Vec::new();
    walk(a, b, &mut list);
    match verdict(a, b) {
        Some(v) if !agree(&list, &v) => whole(a, b, v),
        _ => list,
    }
}

/// Whether what is told leaf by leaf goes the ways that the values go, and no other.
fn agree(list: &[Shift], v: &Verdict) -> bool {
    let told = |d: Direction| list.iter().any(|s| s.direction == d);
    told(Direction::Loosened) == v.wider.is_some()
        && told(Direction::Tightened) == v.narrower
        && !told(Direction::Changed)
}

/// One condition instead of the other: a loosening, a tightening, or one of each.
fn whole(old: (&Side<'_>, &Form), new: (&Side<'_>, &Form), v: Verdict) -> Vec<Shift> {
    let both = format!(
        "with `{}` instead of `{}`",
        words(new.0, new.1),
        words(old.0, old.1)
    );
    let of = |direction, words, witness| Shift {
        direction,
        words,
        witness,
    };
    match (v.wider, v.narrower) {
        (None, false) => Vec::new(),
        (None, true) => vec![of(Direction::Tightened, both, None)],
        (wider, false) => vec![of(Direction::Loosened, both, wider)],
        (wider, true) => vec![
            of(
                Direction::Loosened,
                format!("{both}, where it did not before"),
                wider,
            ),
            of(
                Direction::Tightened,
                format!("{both}, and no longer wherever it did"),
                None,
            ),
        ],
    }
}

fn form(side: &Side<'_>, e: &MetricExpr, negated: bool) -> Form {
    let parts = |l: &[MetricExpr]| l.iter().map(|e| form(side, e, negated)).collect::<Vec<_>>();
    match e {
        MetricExpr::Const(b) => Form::Const(*b != negated),
        MetricExpr::Not(e) => form(side, e, !negated),
        MetricExpr::And(l) if !negated => flat(parts(l), true),
        MetricExpr::Or(l) if negated => flat(parts(l), true),
        MetricExpr::And(l) | MetricExpr::Or(l) => flat(parts(l), false),
        MetricExpr::Compare {
            metric,
            op,
            bound,
            of_baseline,
            shown,
            ..
        } => {
            let name = |m: &crate::model::MetricId| side.names.metrics[m.index()].clone();
            Form::Leaf(Leaf {
                metric: metric.index(),
                of: (name(metric), of_baseline.as_ref().map(name)),
                op: if negated { opposite(*op) } else { *op },
                bound: *bound,
                shown: shown.clone(),
            })
        }
    }
}

fn flat(parts: Vec<Form>, all: bool) -> Form {
    let mut list = Vec::new();
    for part in parts {
        match part {
            Form::All(inner) if all => list.extend(inner),
            Form::Any(inner) if !all => list.extend(inner),
            other => list.push(other),
        }
    }
    if list.len() == 1
        && let Some(one) = list.pop()
    {
        return one;
    }
    if all { Form::All(list) } else { Form::Any(list) }
}

fn opposite(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Ge,
        Comparison::Le => Comparison::Gt,
        Comparison::Gt => Comparison::Le,
        Comparison::Ge => Comparison::Lt,
        Comparison::Eq => Comparison::Ne,
        Comparison::Ne => Comparison::Eq,
    }
}

/// One spelling of a condition.
fn key(f: &Form) -> String {
    let list = |l: &[Form], word: &str| {
        let mut parts: Vec<String> = l.iter().map(key).collect();
        parts.sort();
        parts.dedup();
        format!("{word}\u{2}{}\u{3}", parts.join("\u{1}"))
    };
    match f {
        Form::Const(b) => b.to_string(),
        Form::All(l) => list(l, "all"),
        Form::Any(l) => list(l, "any"),
        Form::Leaf(l) => format!("{:?} {} {}", l.of, l.op.sign(), l.bound.decimal()),
    }
}

/// A condition over metrics in words, without quotes.
pub(super) fn condition(side: &Side<'_>, e: &MetricExpr) -> String {
    words(side, &form(side, e, false))
}

fn words(side: &Side<'_>, f: &Form) -> String {
    let list = |l: &[Form], word: &str| {
        let parts = l.iter().map(|f| match f {
            Form::All(_) | Form::Any(_) => format!("({})", words(side, f)),
            _ => words(side, f),
        });
        parts.collect::<Vec<_>>().join(word)
    };
    match f {
        Form::Const(b) => b.to_string(),
        Form::All(l) => list(l, " and "),
        Form::Any(l) => list(l, " or "),
        Form::Leaf(l) => format!("{} {} {}", title(side, l), l.op.sign(), l.shown),
    }
}

/// What a metric is called.
pub(super) fn title(side: &Side<'_>, l: &Leaf) -> String {
    let m = &side.r.metrics[l.metric];
    // A title may have quotes of its own, and stands in some here.
    m.bound.as_ref().map_or_else(
        || show::prose(side.r, &m.title).replace('`', ""),
        ToString::to_string,
    )
}

fn walk(old: (&Side<'_>, &Form), new: (&Side<'_>, &Form), out: &mut Vec<Shift>) {
    if key(old.1) == key(new.1) {
        return;
    }
    let one = |f: &Form| std::slice::from_ref(f).iter().map(key).collect::<Vec<_>>();
    match (old.1, new.1) {
        (Form::Leaf(a), Form::Leaf(b)) if same(a, b) => out.push(leaf(old.0, a, new.0, b)),
        (Form::All(a), Form::All(b)) => parts((old.0, a), (new.0, b), true, out),
        (Form::Any(a), Form::Any(b)) => parts((old.0, a), (new.0, b), false, out),
        // One condition beside several that must all hold.
        (Form::All(a), f @ Form::Leaf(_)) if !one(f).is_empty() => {
            parts((old.0, a), (new.0, std::slice::from_ref(f)), true, out);
        }
        (f @ Form::Leaf(_), Form::All(b)) => {
            parts((old.0, std::slice::from_ref(f)), (new.0, b), true, out);
        }
        (Form::Any(a), f @ Form::Leaf(_)) => {
            parts((old.0, a), (new.0, std::slice::from_ref(f)), false, out);
        }
        (f @ Form::Leaf(_), Form::Any(b)) => {
            parts((old.0, std::slice::from_ref(f)), (new.0, b), false, out);
        }
        (a, b) => out.push(Shift {
            direction: match (a, b) {
                (Form::Const(false), _) | (_, Form::Const(true)) => Direction::Loosened,
                (Form::Const(true), _) | (_, Form::Const(false)) => Direction::Tightened,
                _ => Direction::Changed,
            },
            words: format!("with `{}` instead of `{}`", words(new.0, b), words(old.0, a)),
            witness: None,
        }),
    }
}

/// Whether two leaves set a bound to the same metric from the same side.
fn same(a: &Leaf, b: &Leaf) -> bool {
    let upper = |op| matches!(op, Comparison::Lt | Comparison::Le);
    let lower = |op| matches!(op, Comparison::Gt | Comparison::Ge);
    a.of == b.of && ((upper(a.op) && upper(b.op)) || (lower(a.op) && lower(b.op)))
}

fn leaf(old: &Side<'_>, a: &Leaf, new: &Side<'_>, b: &Leaf) -> Shift {
    let upper = matches!(a.op, Comparison::Lt | Comparison::Le);
    let inclusive = |op| matches!(op, Comparison::Le | Comparison::Ge);
    let reach = |l: &Leaf| (l.bound, inclusive(l.op));
    let (x, y) = (reach(a), reach(b));
    let direction = if upper {
        say::more_is_looser(&x, &y)
    } else {
        // A lower bound lets more through the smaller it is, and more when the bound itself counts.
        say::more_is_looser(&(y.0, x.1), &(x.0, y.1))
    };
    // A value that the new bound lets through and the old does not.
    let between = if !x.1 {
        Some(a.bound)
    } else if y.1 {
        Some(b.bound)
    } else {
        let half = Rational::new(1, 2).unwrap_or(Rational::ONE);
        a.bound.checked_add(b.bound).and_then(|sum| sum.checked_mul(half))
    };
    let metric = &new.r.metrics[b.metric];
    let value = between.map(|v| quantity(metric, v, a.of.1.is_some()));
    Shift {
        direction,
        words: format!(
            "with `{} {} {}` instead of `{} {}`",
            title(new, b),
            b.op.sign(),
            b.shown,
            a.op.sign(),
            a.shown,
        ),
        witness: value.map(|v| format!("`{}` is at {v}", title(old, a))),
    }
}

/// A value in the unit of its metric, or as a share of its baseline.
pub(super) fn quantity(m: &Metric, v: Rational, baseline: bool) -> String {
    if baseline {
        return format!("{} of its baseline", say::percent(v));
    }
    match m.unit.as_str() {
        "percent" | "ratio" => say::percent(v),
        "duration" => Dur {
            ms: v.ceil(),
            working_days: 0,
        }
        .to_string(),
        _ => v.decimal(),
    }
}

fn parts(old: (&Side<'_>, &[Form]), new: (&Side<'_>, &[Form]), all: bool, out: &mut Vec<Shift>) {
    let has = |list: &[Form], f: &Form| list.iter().any(|g| key(g) == key(f));
    let mut gone: Vec<&Form> = old.1.iter().filter(|f| !has(new.1, f)).collect();
    let mut come: Vec<&Form> = new.1.iter().filter(|f| !has(old.1, f)).collect();
    // What sets a bound to the same metric on both sides is one that moved.
    let mut i = 0;
    while i < gone.len() {
        let twin = come.iter().position(|c| match (gone[i], c) {
            (Form::Leaf(a), Form::Leaf(b)) => same(a, b),
            _ => false,
        });
        match twin {
            Some(j) => {
                let (a, b) = (gone.remove(i), come.remove(j));
                walk((old.0, a), (new.0, b), out);
            }
            None => i += 1,
        }
    }
    for f in gone {
        let text = words(old.0, f);
        out.push(Shift {
            direction: if all {
                Direction::Loosened
            } else {
                Direction::Tightened
            },
            words: if all {
                format!("without `{text}`")
            } else {
                format!("no longer on `{text}` alone")
            },
            witness: all.then(|| format!("`{text}` does not hold")),
        });
    }
    for f in come {
        let text = words(new.0, f);
        out.push(Shift {
            direction: if all {
                Direction::Tightened
            } else {
                Direction::Loosened
            },
            words: if all {
                format!("only with `{text}` as well")
            } else {
                format!("on `{text}` alone, too")
            },
            witness: (!all).then(|| format!("only `{text}` holds")),
        });
    }
}
