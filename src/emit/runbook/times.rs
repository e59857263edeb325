//! When things happen: offsets, clocks in two zones, and the strip of stages over time.

use crate::emit::runbook::escape;
use crate::emit::runbook::say;
use crate::emit::runbook::work::StageCard;
use crate::model::StageId;
use crate::plan::{Clock, Node, Pace, Plan};
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// The clock of a plan.
pub(super) struct Times {
    pub clock: Clock,
    /// Whether the plan's own zone is another than UTC.
    pub local: bool,
}

impl Times {
    pub(super) fn of(plan: &Plan) -> Self {
        let clock = plan.clock();
        let local = plan.zone().is_some_and(|z| z != TimeZone::UTC);
        Times { clock, local }
    }

    /// An offset in UTC and in the plan's zone; empty when T is not known.
    pub(super) fn at(&self, ms: i64) -> (String, String) {
        let (Some(at), Some(t)) = (self.clock.moment(ms), self.clock.t) else {
            return (String::new(), String::new());
        };
        let utc = say::clock(at, t, &TimeZone::UTC);
        let local = if self.local {
            say::clock(at, t, &self.clock.zone)
        } else {
            String::new()
        };
        (utc, local)
    }

    /// A whole moment in the plan's zone and in UTC.
    pub(super) fn whole(&self, ms: i64) -> Option<String> {
        let at = self.clock.moment(ms)?;
        let utc = say::moment(at, &TimeZone::UTC);
        if !self.local {
            return Some(utc);
        }
        let clock = at.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
        Some(format!("{} ({clock})", say::moment(at, &self.clock.zone)))
    }
}

/// When a stage starts and ends on its longest times, in milliseconds from T.
pub(super) fn span(plan: &Plan, stage: StageId) -> (i64, i64) {
    let t = plan.schedule(Pace::Longest).of(plan, Node::Stage(stage));
    (t.start, t.finish)
}

/// The stages over time as a picture: bars on their longest times, those on the critical path hatched.
pub(super) fn strip(plan: &Plan, stages: &[StageCard]) -> String {
    const ROW: i64 = 26;
    const LEFT: i64 = 230;
    const WIDTH: i64 = 620;
    let schedule = plan.schedule(Pace::Longest);
    let spans: Vec<(StageId, i64, i64)> = plan
        .stage_order()
        .into_iter()
        .map(|s| {
            let (from, to) = span(plan, s);
            (s, from, to)
        })
        .collect();
    let first = spans.iter().map(|s| s.1).min().unwrap_or(0).min(0);
    let last = spans.iter().map(|s| s.2).max().unwrap_or(0).max(first + 1);
    let scale = |ms: i64| {
        let share = (ms - first) as i128 * i128::from(WIDTH) / i128::from(last - first);
        LEFT + i64::try_from(share).unwrap_or(0)
    };
    let end = spans.iter().max_by_key(|s| s.2).map(|s| s.0);
    let critical: Vec<Node> = end
        .map(|s| plan.path(schedule, Node::Stage(s)))
        .unwrap_or_default();
    let height = ROW * (i64::try_from(spans.len()).unwrap_or(0) + 2);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"Stages over time, on their longest times\" class=\"strip\">",
        LEFT + WIDTH + 130
    );
    out.push_str(
        "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect \
         width=\"6\" height=\"6\" class=\"bar\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"line\"/></pattern></defs>\n",
    );
    for (i, (stage, from, to)) in spans.iter().enumerate() {
        let y = ROW * (i64::try_from(i).unwrap_or(0) + 1);
        let card = stages.iter().find(|c| c.id == stage.index());
        let name = card.map_or("", |c| c.name.as_str());
        let shown: String = if name.chars().count() > 32 {
            name.chars().take(31).chain(['…']).collect()
        } else {
            name.to_string()
        };
        let (x1, x2) = (scale(*from), scale(*to));
        let fill = if critical.contains(&Node::Stage(*stage)) {
            "url(#hatch)"
        } else {
            ""
        };
        let style = if fill.is_empty() {
            "class=\"bar\"".to_string()
        } else {
            format!("fill=\"{fill}\" class=\"edge\"")
        };
        let _ = writeln!(
            out,
            "<g><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{x1}\" y=\"{}\" width=\"{}\" height=\"14\" {style}/><text x=\"{}\" y=\"{}\">{} – {}</text></g>",
            LEFT - 8,
            y + 12,
            escape::html(&shown),
            y + 1,
            (x2 - x1).max(3),
            x2.max(x1 + 3) + 6,
            y + 12,
            escape::html(&say::offset(*from)),
            escape::html(&say::offset(*to)),
        );
    }
    out.push_str("</svg>");
    out
}
