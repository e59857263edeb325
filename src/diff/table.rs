//! Two conditions over metrics, decided over every value that can tell them apart: which values the one lets through and the other
//! does not.
//!
//! The bounds that both conditions set to a metric cut its values into pieces in which no comparison changes; one value of each piece
//! stands for all of it. Knows nothing of gates, nor of how a difference is told. Called by `threshold`.

use super::canon::Side;
use super::threshold::{Form, Leaf, quantity, title};
use crate::model::Comparison;
use crate::source::Rational;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Beyond so many combinations of values nothing is decided.
const MOST: usize = 1 << 14;

/// What the table says of two conditions.
pub(super) struct Verdict {
    /// Values that the new condition lets through and the old one does not.
    pub(super) wider: Option<String>,
    /// Whether the old condition lets values through that the new one does not.
    pub(super) narrower: bool,
}

/// The metric of a comparison, and that of its baseline.
type Of = (String, Option<String>);

/// A piece of the values of a metric.
#[derive(Debug, Clone, Copy)]
enum Piece {
    At(Rational),
    Below(Rational),
    Between(Rational, Rational),
    Above(Rational),
}

impl Piece {
    /// How every value of the piece stands to one of the bounds.
    fn against(self, bound: Rational) -> Ordering {
        match self {
            Piece::At(v) => v.cmp(&bound),
            Piece::Below(_) => Ordering::Less,
            Piece::Above(_) => Ordering::Greater,
            Piece::Between(_, high) if high <= bound => Ordering::Less,
            Piece::Between(..) => Ordering::Greater,
        }
    }

    /// A value of the piece; `share` is not more than the whole where that can be.
    fn value(self, share: bool) -> Option<Rational> {
        let half = Rational::new(1, 2)?;
        let one = Rational::int(1);
        match self {
            Piece::At(v) => Some(v),
            Piece::Between(low, high) => low.checked_add(high)?.checked_mul(half),
            Piece::Below(v) if v > Rational::int(0) => v.checked_mul(half),
            Piece::Below(v) => v.checked_sub(one),
            Piece::Above(v) if share && v < one => v.checked_add(one)?.checked_mul(half),
            Piece::Above(v) if v > Rational::int(0) => v.checked_mul(Rational::int(2)),
            Piece::Above(v) => v.checked_add(one),
        }
    }
}

/// A metric that the conditions compare, with its pieces.
struct Variable<'a> {
    of: &'a Of,
    side: &'a Side<'a>,
    leaf: &'a Leaf,
    pieces: Vec<Piece>,
}

/// Which values each of two conditions lets through that the other does not; nothing when there are too many to try.
pub(super) fn verdict(old: (&Side<'_>, &Form), new: (&Side<'_>, &Form)) -> Option<Verdict> {
    let variables = variables(old, new)?;
    let mut at = vec![0usize; variables.len()];
    let mut found = Verdict {
        wider: None,
        narrower: false,
    };
    let place: BTreeMap<&Of, usize> = variables.iter().enumerate().map(|(i, v)| (v.of, i)).collect();
    let holds =
        |f: &Form, at: &[usize]| holds(f, &|of: &Of| place.get(of).map(|i| variables[*i].pieces[at[*i]]));
    loop {
        match (holds(old.1, &at), holds(new.1, &at)) {
            (false, true) if found.wider.is_none() => {
                let differs = |at: &[usize]| !holds(old.1, at) && holds(new.1, at);
                found.wider = Some(told(&variables, &at, &differs));
            }
            (true, false) => found.narrower = true,
            _ => {}
        }
        if (found.wider.is_some() && found.narrower) || !next(&mut at, &variables) {
            return Some(found);
        }
    }
}

/// The next combination of pieces; whether there is one.
fn next(at: &mut [usize], variables: &[Variable<'_>]) -> bool {
    for (k, v) in at.iter_mut().zip(variables) {
        *k += 1;
        if *k < v.pieces.len() {
            return true;
        }
        *k = 0;
    }
    false
}

fn variables<'a>(old: (&'a Side<'a>, &'a Form), new: (&'a Side<'a>, &'a Form)) -> Option<Vec<Variable<'a>>> {
    let mut leaves: Vec<(&Side<'_>, &Leaf)> = Vec::new();
    collect(new, &mut leaves);
    collect(old, &mut leaves);
    let mut bounds: BTreeMap<&Of, BTreeSet<Rational>> = BTreeMap::new();
    for (_, leaf) in &leaves {
        bounds.entry(&leaf.of).or_default().insert(leaf.bound);
    }
    let mut combinations = 1usize;
    let mut list: Vec<Variable<'a>> = Vec::new();
    for (side, leaf) in leaves {
        let Some(bounds) = bounds.remove(&leaf.of) else {
            continue;
        };
        let pieces = pieces(&bounds.into_iter().collect::<Vec<_>>());
        combinations = combinations.checked_mul(pieces.len()).filter(|n| *n <= MOST)?;
        list.push(Variable {
            of: &leaf.of,
            side,
            leaf,
            pieces,
        });
    }
    Some(list)
}

/// The bounds themselves first: where they tell two conditions apart, nothing does so more plainly.
fn pieces(bounds: &[Rational]) -> Vec<Piece> {
    let mut list: Vec<Piece> = bounds.iter().map(|b| Piece::At(*b)).collect();
    list.extend(bounds.windows(2).map(|w| Piece::Between(w[0], w[1])));
    list.extend(bounds.last().map(|b| Piece::Above(*b)));
    list.extend(bounds.first().map(|b| Piece::Below(*b)));
    list
}

fn collect<'a>((side, f): (&'a Side<'a>, &'a Form), out: &mut Vec<(&'a Side<'a>, &'a Leaf)>) {
    match f {
        Form::Const(_) => {}
        Form::All(list) | Form::Any(list) => {
            for f in list {
                collect((side, f), out);
            }
        }
        Form::Leaf(l) => out.push((side, l)),
    }
}

fn holds(f: &Form, value: &impl Fn(&Of) -> Option<Piece>) -> bool {
    match f {
        Form::Const(b) => *b,
        Form::All(list) => list.iter().all(|f| holds(f, value)),
        Form::Any(list) => list.iter().any(|f| holds(f, value)),
        Form::Leaf(l) => value(&l.of).is_some_and(|piece| {
            let order = piece.against(l.bound);
            match l.op {
                Comparison::Lt => order.is_lt(),
                Comparison::Le => order.is_le(),
                Comparison::Gt => order.is_gt(),
                Comparison::Ge => order.is_ge(),
                Comparison::Eq => order.is_eq(),
                Comparison::Ne => order.is_ne(),
            }
        }),
    }
}

/// The values in words, without the metrics whose value is all one.
fn told(variables: &[Variable<'_>], at: &[usize], differs: &impl Fn(&[usize]) -> bool) -> String {
    let mut fixed = vec![true; at.len()];
    for i in 0..at.len() {
        fixed[i] = false;
        fixed[i] = !every(variables, at, &fixed, differs);
    }
    let words = variables.iter().zip(at).zip(&fixed).filter(|(_, fixed)| **fixed);
    let words = words.filter_map(|((v, k), _)| {
        let metric = &v.side.r.metrics[v.leaf.metric];
        let baseline = v.leaf.of.1.is_some();
        let share = !baseline && matches!(metric.unit.as_str(), "percent" | "ratio");
        let value = v.pieces[*k].value(share)?;
        Some(format!(
            "`{}` is at {}",
            title(v.side, v.leaf),
            quantity(metric, value, baseline)
        ))
    });
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [] => "whatever is measured".to_string(),
        [init @ .., last] if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        [one, ..] => one.clone(),
    }
}

/// Whether the conditions differ in this way for every value of what is not fixed.
fn every(
    variables: &[Variable<'_>],
    from: &[usize],
    fixed: &[bool],
    differs: &impl Fn(&[usize]) -> bool,
) -> bool {
    let mut at: Vec<usize> = from
        .iter()
        .zip(fixed)
        .map(|(k, fixed)| if *fixed { *k } else { 0 })
        .collect();
    loop {
        if !differs(&at) {
            return false;
        }
        let mut more = false;
        for ((k, v), _) in at
            .iter_mut()
            .zip(variables)
            .zip(fixed)
            .filter(|(_, fixed)| !**fixed)
        {
            *k += 1;
            if *k < v.pieces.len() {
                more = true;
                break;
            }
            *k = 0;
        }
        if !more {
            return true;
        }
    }
}
