//! Words: values, durations, moments, thresholds and outcomes as a person would write them.
//!
//! Must not escape anything: templates do. Called by the parts of the view.

use crate::model::{
    Dur, Failure, FailureOutcome, GateOutcome, GateTest, MetricExpr, Question, Release, RoleId, RoleOrPerson,
    Text, TextPart, Value,
};
use crate::plan::{Plan, show};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A text as people read it; what only the run knows stands as `‹name›`.
pub(super) fn text(release: &Release, text: &Text) -> String {
    let part = |p: &TextPart| match p {
        TextPart::Lit(t) => t.clone(),
        // As commands call it.
        TextPart::Sym(crate::model::Sym::Prior(p)) => format!("‹prior {}›", release.prior(*p).name),
        TextPart::Sym(s) => format!("‹{}›", show::value(release, &Value::Sym(s.clone()))),
    };
    text.parts.iter().map(part).collect()
}

/// An optional text; empty when it is not said.
pub(super) fn maybe(release: &Release, t: Option<&Text>) -> String {
    t.map(|t| text(release, t)).unwrap_or_default()
}

/// A condition to follow "when"; empty when it always holds.
pub(super) fn when(release: &Release, cond: &crate::model::Cond) -> String {
    match cond {
        crate::model::Cond::True => String::new(),
        c => crate::emit::diagram::words::cond(release, c),
    }
}

/// A duration: `1 h 30 min`, `5 working days`.
pub(super) fn dur(d: Dur) -> String {
    let mut parts = Vec::new();
    if d.working_days != 0 {
        parts.push(format!(
            "{} working day{}",
            d.working_days,
            if d.working_days == 1 { "" } else { "s" }
        ));
    }
    let mut rest = d.ms.unsigned_abs();
    for (size, unit) in [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
        (1, "ms"),
    ] {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() {
        "0 min".to_string()
    } else {
        parts.join(" ")
    }
}

/// Shortest and longest: `1 min to 5 min`, or one when they are the same.
pub(super) fn range(short: Dur, long: Dur) -> String {
    if short == long {
        dur(long)
    } else {
        format!("{} to {}", dur(short), dur(long))
    }
}

/// How long something takes; empty when nobody says, or when it is over at once.
pub(super) fn takes(short: Dur, long: Dur) -> String {
    match (short.as_ms() <= 0, long.as_ms() <= 0) {
        (_, true) => String::new(),
        (true, false) => format!("up to {}", dur(long)),
        _ => range(short, long),
    }
}

/// An offset from the start, in milliseconds: `T`, `T+1h30m`, `T-30m`.
pub(super) fn offset(ms: i64) -> String {
    // People plan by the minute.
    let minutes = ms.div_euclid(60_000);
    match minutes {
        0 => "T".to_string(),
        m => {
            let sign = if m < 0 { '-' } else { '+' };
            let d = Dur::minutes(m.abs());
            format!("T{sign}{d}")
        }
    }
}

/// A moment in a zone: `Mon 1 June 2026, 02:30 EDT`.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%a %-d %B %Y, %H:%M %Z")
        .to_string()
}

/// The clock of a moment in a zone, with the day when it is not the first: `02:30`.
pub(super) fn clock(at: Timestamp, first: Timestamp, zone: &TimeZone) -> String {
    let (at, first) = (at.to_zoned(zone.clone()), first.to_zoned(zone.clone()));
    if at.date() == first.date() {
        at.strftime("%H:%M").to_string()
    } else {
        at.strftime("%a %-d %b %H:%M").to_string()
    }
}

/// A day of the week.
pub(super) fn day(d: crate::model::Weekday) -> &'static str {
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ][d as usize]
}

/// The title of a role.
pub(super) fn role(release: &Release, role: RoleId) -> String {
    text(release, &release.role(role).title)
}

/// A role or a person.
pub(super) fn who(release: &Release, who: RoleOrPerson) -> String {
    match who {
        RoleOrPerson::Role(r) => role(release, r),
        RoleOrPerson::Person(p) => text(release, &release.person(p).full_name),
    }
}

/// Several, joined as a sentence joins them.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

/// Who answers a question.
pub(super) fn answerers(release: &Release, q: &Question, owner: Option<RoleId>) -> String {
    let mut names: Vec<String> = q.by.iter().map(|r| role(release, *r)).collect();
    names.extend(q.by_people.iter().map(|p| match p {
        crate::model::PersonRef::Person(p) => text(release, &release.person(*p).full_name),
        crate::model::PersonRef::Param(p) => format!("‹{}›", release.param(*p).name),
    }));
    if names.is_empty() {
        owner.map(|o| role(release, o)).unwrap_or_default()
    } else {
        list(&names)
    }
}

/// A condition over metrics: `API 5xx < 1% and p95 <= 2.5s`.
pub(super) fn metrics(release: &Release, expr: &MetricExpr) -> String {
    let join = |list: &[MetricExpr], word: &str| {
        let parts: Vec<String> = list
            .iter()
            .map(|e| match e {
                MetricExpr::And(_) | MetricExpr::Or(_) => format!("({})", metrics(release, e)),
                _ => metrics(release, e),
            })
            .collect();
        parts.join(word)
    };
    match expr {
        MetricExpr::Const(b) => b.to_string(),
        MetricExpr::And(l) => join(l, " and "),
        MetricExpr::Or(l) => join(l, " or "),
        MetricExpr::Not(e) => format!("not ({})", metrics(release, e)),
        MetricExpr::Compare {
            metric, op, shown, ..
        } => {
            format!(
                "{} {} {shown}",
                text(release, &release.metric(*metric).title),
                relation(*op)
            )
        }
    }
}

/// How a gate is judged: the tool or query, and the threshold.
pub(super) fn gate(release: &Release, test: &GateTest, owner: Option<RoleId>) -> (String, String) {
    match test {
        GateTest::Metrics(expr) => {
            let tools: Vec<String> = expr
                .metrics()
                .into_iter()
                .map(|m| {
                    let m = release.metric(m);
                    match &m.console {
                        Some(c) => text(release, c),
                        None => m.run.as_ref().map_or_else(
                            || text(release, &m.title),
                            |r| r.display.trim().replace('\n', "; "),
                        ),
                    }
                })
                .collect();
            (list(&tools), metrics(release, expr))
        }
        GateTest::Run(act) | GateTest::Job(act) => {
            let tool = act.run.as_ref().map_or_else(
                || text(release, &act.title),
                |r| r.display.trim().replace('\n', "; "),
            );
            let expected = act
                .run
                .as_ref()
                .and_then(|r| r.prints.as_ref())
                .map(|(p, _)| format!(" and prints /{p}/"));
            (
                tool,
                format!("ends without an error{}", expected.unwrap_or_default()),
            )
        }
        GateTest::Ask(q) => {
            let by = answerers(release, q, owner);
            let place = maybe(release, q.console.as_ref());
            let tool = if place.is_empty() {
                by
            } else {
                format!("{by}, in {place}")
            };
            let criterion = q.expect.as_ref().unwrap_or(&q.ask);
            (tool, text(release, criterion))
        }
    }
}

/// A command for a table: in its cell when it is one line, else below the table.
pub(super) fn cell(command: Option<&crate::model::Command>) -> (String, String) {
    match command {
        None => Default::default(),
        Some(c) if c.paste.contains('\n') => (String::new(), c.paste.clone()),
        Some(c) => (c.paste.clone(), String::new()),
    }
}

/// A relation as people write it.
fn relation(op: crate::model::Comparison) -> &'static str {
    use crate::model::Comparison;
    match op {
        Comparison::Le => "≤",
        Comparison::Ge => "≥",
        Comparison::Ne => "≠",
        Comparison::Eq => "=",
        other => other.sign(),
    }
}

/// What follows, to stand after "then": `roll back everything that began`.
pub(super) fn outcome(release: &Release, o: &FailureOutcome) -> String {
    match o {
        FailureOutcome::Rollback => "roll back everything that began".into(),
        FailureOutcome::RollbackStage(s) => {
            format!(
                "roll back {} and what depends on it, then stop",
                release.stage(*s).name
            )
        }
        FailureOutcome::Pause => "pause and ask the owner: try again, go on, roll back or stop".into(),
        FailureOutcome::Stop => "stop; what was changed stays changed".into(),
        FailureOutcome::Continue { because } => {
            let why = maybe(release, because.as_ref());
            if why.is_empty() {
                "go on".into()
            } else {
                format!("go on: {why}")
            }
        }
        FailureOutcome::Restart(s, n) => {
            format!("start again from {}, {n} times at most", release.stage(*s).name)
        }
        FailureOutcome::Escalate(c) => format!("call {}", text(release, &release.channel(*c).title)),
    }
}

/// What follows a failing gate that says so itself.
pub(super) fn gate_outcome(release: &Release, o: &GateOutcome) -> String {
    match o {
        GateOutcome::Then(o) => outcome(release, o),
        GateOutcome::Decision(d) => format!("decide: {}", text(release, &release.decision(*d).question.ask)),
    }
}

/// What follows the failure of a stage.
pub(super) fn on_failure(plan: &Plan, stage: crate::model::StageId) -> String {
    let release = plan.release();
    let s = release.stage(stage);
    match &s.on_failure {
        None => outcome(release, &FailureOutcome::Rollback),
        Some(f) => match &f.then {
            Failure::Then(FailureOutcome::Pause) => {
                format!(
                    "pause and ask {}: try again, go on, roll back or stop",
                    role(release, s.owner)
                )
            }
            Failure::Then(o) => outcome(release, o),
            Failure::Decision(d) => format!("decide: {}", text(release, &release.decision(*d).question.ask)),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::say::{dur, list, offset};
    use crate::model::Dur;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(dur(Dur::minutes(90)), "1 h 30 min");
        assert_eq!(
            dur(Dur {
                ms: 0,
                working_days: 5
            }),
            "5 working days"
        );
        assert_eq!(offset(0), "T");
        assert_eq!(offset(5_400_000), "T+1h30m");
        assert_eq!(offset(-1_800_000), "T-30m");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
