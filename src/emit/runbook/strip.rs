//! The stages over time as pictures: a bar for each on its longest times, what decides the end hatched.
//!
//! In parts of so many rows that a part fits a printed page. Knows the coordinates of SVG and nothing of its page. Called by
//! `mod`.

use crate::emit::diagram::measure::{fit, width};
use crate::emit::runbook::bars::{Bar, bars, ties};
use crate::emit::runbook::escape::html;
use crate::emit::runbook::say;
use crate::emit::runbook::shade::{Shade, shades};
use crate::emit::runbook::times::Times;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::work::StageCard;
use serde::Serialize;
use std::fmt::Write as _;

/// The most rows in one picture: with what stands above it, it fits a sheet of A4 or Letter.
const ROWS: usize = 40;
const ROW: i64 = 24;
const HEAD: i64 = 40;
/// The most room for names.
const NAMES: i32 = 210;
const WIDE: i64 = 560;
const LETTER: i32 = 12;
/// The least distance between two marks on the axis.
const APART: i64 = 118;
/// How many times longer than the others an interval may be before the axis is stretched.
const UNEVEN: i64 = 12;

/// Where moments stand on the axis.
struct Scale {
    /// Moments at which something starts or ends, with their places.
    points: Vec<(i64, i64)>,
    /// The room for names left of it.
    names: i32,
}

impl Scale {
    /// As far apart as they are in time; stretched when one interval would leave the others no room.
    fn of(bars: &[Bar]) -> (Scale, bool) {
        let mut moments: Vec<i64> = bars.iter().flat_map(|b| [b.from, b.to]).chain([0]).collect();
        moments.sort_unstable();
        moments.dedup();
        let lengths: Vec<i64> = moments.windows(2).map(|w| w[1] - w[0]).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let rest: i64 = lengths.iter().sum::<i64>() - longest;
        let stretched = lengths.len() > 2 && longest > rest.saturating_mul(UNEVEN) / 4;
        let weights: Vec<i64> = lengths
            .iter()
            .map(|ms| {
                if stretched {
                    i64::from((ms / 1_000).max(1).ilog2()) + 1
                } else {
                    *ms
                }
            })
            .collect();
        let whole: i128 = weights.iter().map(|w| i128::from(*w)).sum::<i128>().max(1);
        let widest = bars.iter().map(|b| width(&b.name, LETTER, false)).max();
        let names = widest.unwrap_or(0).saturating_add(16).min(NAMES);
        let mut points = Vec::new();
        let mut sum = 0i128;
        for (i, at) in moments.iter().enumerate() {
            let share = i64::try_from(sum * i128::from(WIDE) / whole).unwrap_or(WIDE);
            points.push((*at, i64::from(names) + share));
            sum += weights.get(i).map_or(0, |w| i128::from(*w));
        }
        (Scale { points, names }, stretched)
    }

    /// Where any moment stands, between the marks beside it.
    fn between(&self, at: i64) -> i64 {
        let next = self.points.partition_point(|(t, _)| *t < at);
        let after = self.points[next.min(self.points.len() - 1)];
        let before = self.points[next.saturating_sub(1)];
        let (span, wide) = (after.0 - before.0, after.1 - before.1);
        if span <= 0 {
            return after.1;
        }
        let share = i128::from(at - before.0) * i128::from(wide) / i128::from(span);
        before.1 + i64::try_from(share).unwrap_or(0).clamp(0, wide)
    }

    fn x(&self, at: i64) -> i64 {
        let place = self.points.binary_search_by_key(&at, |(t, _)| *t);
        self.points[place.unwrap_or_else(|i| i.min(self.points.len() - 1))].1
    }
}

/// The stages over time.
pub(super) struct Strips {
    /// The pictures, one below the other.
    pub pictures: Vec<String>,
    /// The same for a small screen: each bar by itself.
    pub rows: Vec<Small>,
    /// Whether their axis is stretched.
    pub stretched: bool,
    /// What is shaded behind the bars: a sentence for each kind.
    pub shaded: Vec<String>,
}

/// A bar for a small screen, below its words.
#[derive(Debug, Serialize)]
pub(super) struct Small {
    pub name: String,
    pub when: String,
    /// What a hatched bar and a bar with round ends say in the picture.
    pub says: String,
    pub drawn: String,
}

/// Where a bar stands among the others, as wide as the screen.
fn small(plan: Spoken<'_>, times: &Times, bar: &Bar, first: bool, scale: &Scale) -> Small {
    let place = |ms: i64| scale.x(ms) - i64::from(scale.names);
    let (from, to) = (place(bar.from), place(bar.to));
    // What takes no time is seen all the same.
    let wide = (to - from).max(4);
    let from = from.min(WIDE - wide);
    let range = |short: String, long: String| words!(plan, "time.range", short = short, long = long);
    let mut when = range(say::offset(bar.from), say::offset(bar.to));
    if let Some((from, to)) = label(times, bar.from).zip(label(times, bar.to)) {
        when = words!(plan, "text.title_and_name", title = when, name = range(from, to));
    }
    let mut says = Vec::new();
    if bar.asked {
        says.push(words!(plan, "text.people_are_waited_for"));
    }
    if bar.critical {
        says.push(words!(plan, "text.decides_when_the_release_ends"));
    }
    // All of them refer to the hatching in the first.
    let hatching = if first { hatching("s") } else { String::new() };
    let fill = filled(bar, "s");
    Small {
        name: bar.name.clone(),
        when,
        says: says.join("; "),
        drawn: format!(
            "<svg class=\"strip alone\" viewBox=\"0 0 {WIDE} 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{hatching}\
             <rect width=\"{WIDE}\" height=\"12\" class=\"open\"/>\
             <rect x=\"{from}\" width=\"{wide}\" height=\"12\" {fill}/></svg>"
        ),
    }
}

/// The pattern of what decides the end.
fn hatching(part: &str) -> String {
    format!(
        "<pattern id=\"hatch{part}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"6\" height=\"6\" class=\"bar\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"line\"/></pattern>"
    )
}

/// How a bar is filled: hatched where it decides the end, with round ends where people are waited for.
fn filled(bar: &Bar, part: &str) -> String {
    match (bar.critical, bar.asked) {
        (true, false) => format!("fill=\"url(#hatch{part})\" class=\"edge\""),
        (true, true) => format!("rx=\"7\" fill=\"url(#hatch{part})\" class=\"edge\""),
        (false, false) => "class=\"bar\"".to_string(),
        (false, true) => "rx=\"7\" class=\"bar\"".to_string(),
    }
}

/// The clock below a mark; nothing where no day is known.
fn label(times: &Times, ms: i64) -> Option<String> {
    match times.at(ms) {
        (utc, local) if utc.is_empty() && local.is_empty() => None,
        (utc, local) if local.is_empty() => Some(format!("{utc} UTC")),
        (_, local) => Some(local),
    }
}

/// The stages over time, with what is shaded behind them.
pub(super) fn strips(plan: Spoken<'_>, times: &Times, cards: &[StageCard]) -> Strips {
    let bars = bars(plan, cards);
    let (scale, stretched) = Scale::of(&bars);
    let ends = |(at, _): &(i64, i64)| *at;
    let (first, last) = (
        scale.points.first().map_or(0, ends),
        scale.points.last().map_or(0, ends),
    );
    let (shades, mut shaded) = shades(plan, times, first, last);
    if ties(plan) {
        shaded.insert(0, words!(plan, "shade.ties"));
    }
    if bars.iter().any(|b| b.asked) {
        shaded.insert(0, words!(plan, "shade.asked"));
    }
    // Parts of one height: none is left with a row or two.
    let parts = bars.len().div_ceil(ROWS).max(1);
    let rows = bars.len().div_ceil(parts).max(1);
    let pictures = bars
        .chunks(rows)
        .enumerate()
        .map(|(i, part)| {
            let of = if parts > 1 {
                format!(", {}", words!(plan, "text.part_of", k = i + 1, n = parts))
            } else {
                String::new()
            };
            picture(plan, times, part, i, &of, &scale, &shades)
        })
        .collect();
    let rows = bars
        .iter()
        .enumerate()
        .map(|(i, b)| small(plan, times, b, i == 0, &scale))
        .collect();
    Strips {
        pictures,
        rows,
        stretched,
        shaded,
    }
}

#[allow(clippy::too_many_arguments)] // what is drawn, and what it is drawn with
fn picture(
    plan: Spoken<'_>,
    times: &Times,
    bars: &[Bar],
    part: usize,
    of: &str,
    scale: &Scale,
    shades: &[Shade],
) -> String {
    let x = |ms: i64| scale.x(ms);
    let words: Vec<String> = bars
        .iter()
        .map(|b| {
            let (from, to) = (say::offset(b.from), say::offset(b.to));
            words!(plan, "time.range", short = from, long = to)
        })
        .collect();
    let marks = marks(times, scale);
    let beyond = |(place, above, below): &(i64, String, String)| {
        let mark = width(above, LETTER, false).max(width(below, LETTER, false));
        place + i64::from(mark) - i64::from(scale.names) - WIDE
    };
    let room = words.iter().map(|w| i64::from(width(w, LETTER, false)));
    let room = room.chain(marks.iter().map(beyond)).max().unwrap_or(0);
    let label = html(&words!(plan, "text.stages_over_time_longest"));
    let wide = i64::from(scale.names) + WIDE + room + 20;
    let high = HEAD + ROW * i64::try_from(bars.len()).unwrap_or(0) + 10;
    let mut out = format!(
        "<svg class=\"strip\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{label}{of}\">\n\
         <defs>{}\
         <pattern id=\"frozen{part}\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\">\
         <path d=\"M0 0L9 9M9 0L0 9\" class=\"cross\"/></pattern></defs>\n",
        hatching(&part.to_string())
    );
    for s in shades {
        let (from, to) = (scale.between(s.from), scale.between(s.to));
        // What goes on has no edge where the stages end.
        let to = if s.beyond { wide } else { to };
        let (class, wide) = (s.class, (to - from).max(2));
        let fill = match class {
            "frozen" => format!(" fill=\"url(#frozen{part})\""),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "<rect x=\"{from}\" y=\"{}\" width=\"{wide}\" height=\"{}\" class=\"{class}\"{fill}/>",
            HEAD - 8,
            high - HEAD + 8
        );
    }
    axis(&mut out, &marks, high);
    for (i, (bar, words)) in bars.iter().zip(&words).enumerate() {
        let y = HEAD + ROW * i64::try_from(i).unwrap_or(0);
        let name = fit(&bar.name, LETTER, false, scale.names - 16);
        let (from, to) = (x(bar.from), x(bar.to).max(x(bar.from) + 3));
        let fill = filled(bar, &part.to_string());
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{from}\" y=\"{}\" width=\"{}\" height=\"14\" {fill}/><text x=\"{}\" y=\"{}\">{}</text>",
            scale.names - 8,
            y + 12,
            html(&name),
            y + 1,
            to - from,
            to + 6,
            y + 12,
            html(words),
        );
    }
    out.push_str("</svg>");
    out
}

/// Where something starts or ends, as far apart as the words need, the end among them: the place, the offset and the clock.
fn marks(times: &Times, scale: &Scale) -> Vec<(i64, String, String)> {
    let label = |ms: i64| label(times, ms).unwrap_or_default();
    let end = scale.points.last().map_or(0, |(_, place)| *place);
    let mut marks: Vec<(i64, String, String)> = Vec::new();
    for (k, (at, place)) in scale.points.iter().enumerate() {
        let last = k + 1 == scale.points.len();
        let free = marks.last().map_or(i64::MIN, |(before, ..)| before + APART);
        // The start and the end are always marked; what is too near to the end gives way to it.
        if *place >= free && (last || k == 0 || place + APART <= end) {
            marks.push((*place, say::offset(*at), label(*at)));
        }
    }
    marks
}

fn axis(out: &mut String, marks: &[(i64, String, String)], high: i64) {
    for (place, above, below) in marks {
        let _ = writeln!(
            out,
            "<line x1=\"{place}\" y1=\"{}\" x2=\"{place}\" y2=\"{high}\" class=\"mark\"/><text x=\"{place}\" y=\"12\">{}</text><text x=\"{place}\" y=\"27\" class=\"soft\">{}</text>",
            HEAD - 8,
            html(above),
            html(below),
        );
    }
}
