//! Words: values, durations, moments, thresholds and outcomes as a person would write them.
//!
//! Must not escape anything: templates do. Called by the parts of the view.

use crate::emit::diagram::Note;
use crate::emit::runbook::times::minute;
use crate::emit::runbook::words::{Told, Words, words};
use crate::model::{
    ApprovalId, Atom, Cond, Dur, GateTest, MetricExpr, MetricId, Outcome, ParamType, Question, Quorum,
    RoleId, RoleOrPerson, StageId, Subject, Text, TextPart, Value,
};
use crate::plan::show;
use crate::source::Rational;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A text as people read it; what only the run knows stands as `‹name›`.
pub(super) fn text(release: Told<'_>, text: &Text) -> String {
    let part = |p: &TextPart| match p {
        TextPart::Lit(t) => t.clone(),
        // As commands call it.
        TextPart::Sym(crate::model::Sym::Prior(p)) => {
            words!(release, "text.prior", name = release.prior(*p).name)
        }
        TextPart::Sym(s) => format!("‹{}›", show::value(&release, &Value::Sym(s.clone()))),
    };
    text.parts.iter().map(part).collect()
}

/// An optional text; empty when it is not said.
pub(super) fn maybe(release: Told<'_>, t: Option<&Text>) -> String {
    t.map(|t| text(release, t)).unwrap_or_default()
}

/// A condition to follow "when"; empty when it always holds.
pub(super) fn when(release: Told<'_>, condition: &Cond) -> String {
    match condition {
        Cond::True => String::new(),
        c => cond(release, c),
    }
}

/// What is noted in a shape of the picture.
pub(super) fn note(r: Told<'_>, note: Note<'_>) -> String {
    match note {
        Note::Place(environment, None) => words!(r, "text.in", console = environment),
        Note::Place(environment, Some(at)) => words!(r, "note.place_at", environment = environment, at = at),
        Note::When(c) => words!(r, "text.when", when = cond(r, c)),
        Note::Verified(gates) => words!(r, "note.verified", gates = gates),
        Note::NoWayBack => words!(r, "safe.no_way_back"),
        Note::Asked(Quorum::Count(n), who) => words!(r, "quorum.some", n = n, who = who),
        Note::Asked(Quorum::All, who) => words!(r, "quorum.all", who = who),
        Note::IfFails("") => words!(r, "note.after_a_failure"),
        Note::IfFails(stages) => words!(r, "note.if_fails", stages = stages),
    }
}

/// A duration: `1 h 30 min`, `5 working days`.
pub(super) fn dur(r: Told<'_>, d: Dur) -> String {
    let mut parts = Vec::new();
    match d.working_days {
        0 => {}
        1 => parts.push(words!(r, "time.working_day")),
        n => parts.push(words!(r, "time.working_days", n = n)),
    }
    let mut rest = d.ms.unsigned_abs();
    for (size, unit) in [
        (86_400_000, "days"),
        (3_600_000, "hours"),
        (60_000, "minutes"),
        (1_000, "seconds"),
        (1, "milliseconds"),
    ] {
        if rest >= size {
            parts.push(match (unit, rest / size) {
                ("days", 1) => words!(r, "time.day"),
                (_, n) => r.words.fill(&format!("time.{unit}"), &[("n", n.to_string())]),
            });
            rest %= size;
        }
    }
    if parts.is_empty() {
        words!(r, "time.minutes", n = 0)
    } else {
        parts.join(" ")
    }
}

/// Shortest and longest: `1 min to 5 min`, or one when they are the same.
pub(super) fn range(r: Told<'_>, short: Dur, long: Dur) -> String {
    if short == long {
        dur(r, long)
    } else {
        words!(r, "time.range", short = dur(r, short), long = dur(r, long))
    }
}

/// How long something takes; empty when nobody says, or when it is over at once.
pub(super) fn takes(r: Told<'_>, short: Dur, long: Dur) -> String {
    match (short.as_ms() <= 0, long.as_ms() <= 0) {
        (_, true) => String::new(),
        (true, false) => words!(r, "time.up_to", time = dur(r, long)),
        _ => range(r, short, long),
    }
}

/// An offset from the start, in milliseconds: `T`, `T+1h30m`, `T-30m`.
pub(super) fn offset(ms: i64) -> String {
    // People plan by the minute.
    let minutes = minute(ms) / 60_000;
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
pub(super) fn moment(words: &Words, at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let values = [
        ("weekday", weekday(words, at.weekday(), true)),
        ("date", date(words, at.date())),
        ("time", at.strftime("%H:%M %Z").to_string()),
    ];
    words.fill("time.moment", &values)
}

/// With a stop at its end: what the author wrote may end as a sentence, or not.
pub(super) fn ended(said: String) -> String {
    if said.ends_with(['.', '!', '?', '…']) {
        said
    } else {
        format!("{said}.")
    }
}

/// A moment in a zone and in UTC, with the day there when it is another: `Tue 2 June 2026, 22:00 EDT (Wed 3 Jun 02:00 UTC)`.
pub(super) fn in_two_zones(words: &Words, at: Timestamp, zone: &TimeZone) -> String {
    let (here, utc) = (at.to_zoned(zone.clone()), at.to_zoned(TimeZone::UTC));
    let clock = utc.strftime("%H:%M UTC").to_string();
    let clock = if here.date() == utc.date() {
        clock
    } else {
        dated(words, &utc, clock)
    };
    format!("{} ({clock})", moment(words, at, zone))
}

/// A clock with its day: `Tue 2 Jun 02:30`.
fn dated(words: &Words, at: &Zoned, time: String) -> String {
    let month = MONTHS[usize::from(at.month().unsigned_abs().clamp(1, 12)) - 1];
    let values = [
        ("weekday", weekday(words, at.weekday(), true)),
        ("day", at.day().to_string()),
        ("month", words.fill(&format!("month_short.{month}"), &[])),
        ("time", time),
    ];
    words.fill("time.clock", &values)
}

/// The clock of a moment in a zone, with the day when it is not the first: `02:30`, `Tue 2 Jun 02:30`. Where clocks go back an
/// hour comes twice, and it is said which of the two is meant: `02:30 CEST`.
pub(super) fn clock(words: &Words, at: Timestamp, first: Timestamp, zone: &TimeZone) -> String {
    let (at, first) = (at.to_zoned(zone.clone()), first.to_zoned(zone.clone()));
    let twice = matches!(
        zone.to_ambiguous_timestamp(at.datetime()).offset(),
        AmbiguousOffset::Fold { .. }
    );
    let time = at.strftime(if twice { "%H:%M %Z" } else { "%H:%M" }).to_string();
    if at.date() == first.date() {
        return time;
    }
    dated(words, &at, time)
}

/// A day of the year: `1 June 2026`.
pub(super) fn date(words: &Words, at: jiff::civil::Date) -> String {
    let month = MONTHS[usize::from(at.month().unsigned_abs().clamp(1, 12)) - 1];
    let values = [
        ("day", at.day().to_string()),
        ("month", words.fill(&format!("month.{month}"), &[])),
        ("year", at.year().to_string()),
    ];
    words.fill("time.date", &values)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn weekday(words: &Words, day: jiff::civil::Weekday, short: bool) -> String {
    let name = DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs()).min(6)];
    let kind = if short { "day_short" } else { "day" };
    words.fill(&format!("{kind}.{name}"), &[])
}

/// A day of the week.
pub(super) fn day(r: Told<'_>, d: crate::model::Weekday) -> String {
    r.words.fill(&format!("day.{}", DAYS[d as usize]), &[])
}

/// A word of the language that documents tell in words of their own: a kind, a level, a moment.
pub(super) fn word(r: Told<'_>, kind: &str, word: &str) -> String {
    r.words.fill(&format!("{kind}.{word}"), &[])
}

/// The title of a role.
pub(super) fn role(release: Told<'_>, role: RoleId) -> String {
    text(release, &release.role(role).title)
}

/// A role or a person.
/// An approval among other words.
pub(super) fn approval(r: Told<'_>, a: ApprovalId) -> String {
    words!(r, "decide.option", option = text(r, &r.approval(a).title))
}

pub(super) fn who(release: Told<'_>, who: RoleOrPerson) -> String {
    match who {
        RoleOrPerson::Role(r) => role(release, r),
        RoleOrPerson::Person(p) => text(release, &release.person(p).full_name),
    }
}

/// Several, joined as a sentence joins them.
pub(super) fn list(r: Told<'_>, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => words!(r, "list.and", list = init.join(", "), last = last),
    }
}

/// So many stages are named in the cell of a table; each says of itself what the cell says of all.
const NAMED: usize = 12;

/// Stages by name: all of them, or the first of many, as soon as nobody would read so many names.
pub(super) fn stages(r: Told<'_>, list: &[StageId]) -> String {
    if list.len() > NAMED && list.len() == r.stages.len() {
        return words!(r, "list.every_stage", n = list.len());
    }
    let names = list.iter().map(|s| r.stage(*s).name.to_string()).collect();
    self::list(r, &shown(r, names))
}

/// Of many names the first, and how many more there are.
pub(super) fn shown(r: Told<'_>, mut names: Vec<String>) -> Vec<String> {
    if names.len() > NAMED {
        let more = names.len() - NAMED;
        names.truncate(NAMED);
        names.push(words!(r, "list.more", n = more));
    }
    names
}

/// A phrase that comes from elsewhere in English, in the words of the language where it has any.
pub(super) fn phrase(words: &Words, kind: &str, english: &str) -> String {
    let key = format!("{kind}.{}", english.replace(' ', "_"));
    words.get(&key).unwrap_or(english).to_string()
}

/// What follows, one or the other.
pub(super) fn alternatives(r: Told<'_>, items: Vec<String>) -> String {
    let either = |a: String, b: String| words!(r, "list.alternatively", a = a, b = b);
    items.into_iter().reduce(either).unwrap_or_default()
}

/// Who answers a question.
pub(super) fn answerers(release: Told<'_>, q: &Question, owner: Option<RoleId>) -> String {
    let mut names: Vec<String> = q.by.iter().map(|r| role(release, *r)).collect();
    names.extend(q.by_people.iter().map(|p| match p {
        crate::model::PersonRef::Person(p) => text(release, &release.person(*p).full_name),
        crate::model::PersonRef::Param(p) => format!("‹{}›", release.param(*p).name),
    }));
    if names.is_empty() {
        owner.map(|o| role(release, o)).unwrap_or_default()
    } else {
        list(release, &names)
    }
}

/// A question, what the answer has to be, and what it counts as when nobody gives one in time.
pub(super) fn asked(release: Told<'_>, q: &Question, within: Option<Dur>) -> String {
    let ask = text(release, &q.ask);
    let asked = match &q.expect {
        Some(e) => words!(release, "gate.asks_for", ask = ask, expect = text(release, e)),
        None => ask,
    };
    let Some(within) = within.or(q.within) else {
        return asked;
    };
    let answer = match &q.default {
        Some(d) => phrase(release.words, "answer", &text(release, d)),
        None => words!(release, "answer.failed"),
    };
    let time = dur(release, within);
    let asked = ended(asked);
    words!(
        release,
        "gate.unanswered",
        asked = asked,
        time = time,
        answer = answer
    )
}

/// A condition over metrics: `API 5xx < 1% and p95 <= 2.5s`.
pub(super) fn metrics(release: Told<'_>, expr: &MetricExpr) -> String {
    let join = |list: &[MetricExpr], both: &dyn Fn(String, String) -> String| {
        let parts = list.iter().map(|e| match e {
            MetricExpr::And(_) | MetricExpr::Or(_) => format!("({})", metrics(release, e)),
            _ => metrics(release, e),
        });
        parts.reduce(both).unwrap_or_default()
    };
    match expr {
        MetricExpr::Const(b) => b.to_string(),
        MetricExpr::And(l) => join(l, &|a, b| words!(release, "list.both", a = a, b = b)),
        MetricExpr::Or(l) => join(l, &|a, b| words!(release, "list.either", a = a, b = b)),
        MetricExpr::Not(e) => words!(release, "cond.not", what = metrics(release, e)),
        MetricExpr::Compare {
            metric,
            op,
            bound,
            of_baseline,
            shown,
            ..
        } => {
            let bound = match of_baseline {
                None => spaced(shown),
                Some(of) => baseline(release, *metric, *bound, *of),
            };
            let title = text(release, &release.metric(*metric).title);
            format!("{title} {} {bound}", relation(*op))
        }
    }
}

/// A bound that is a multiple of what a metric was over the same span before the start.
fn baseline(release: Told<'_>, metric: MetricId, times: Rational, of: MetricId) -> String {
    let before = if of == metric {
        words!(release, "metric.before")
    } else {
        let title = text(release, &release.metric(of).title);
        words!(release, "metric.other_before", metric = title)
    };
    match times.checked_mul(Rational::int(100)) {
        _ if times == Rational::ONE => before,
        Some(share) => words!(release, "metric.of", share = format!("{share}%"), what = before),
        None => words!(release, "metric.of", share = times, what = before),
    }
}

/// A bound as people write it: `2.5 s` for `2.5s`. Shares stay as they are.
fn spaced(bound: &str) -> String {
    let number = bound.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &bound[number.len()..];
    let plain = number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'.' || b == b'_');
    match unit {
        "ms" | "s" | "h" | "d" if plain => format!("{number} {unit}"),
        "m" if plain => format!("{number} min"),
        _ => bound.to_string(),
    }
}

/// How a gate is judged: the tool or query, and the threshold.
pub(super) fn gate(release: Told<'_>, test: &GateTest, owner: Option<RoleId>) -> (String, String) {
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
            (tools.join("; "), metrics(release, expr))
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
                .map(|(p, _)| words!(release, "gate.ends_and_prints", pattern = p));
            (
                tool,
                expected.unwrap_or_else(|| words!(release, "gate.ends_without_an_error")),
            )
        }
        GateTest::Ask(q) => {
            let by = answerers(release, q, owner);
            let place = maybe(release, q.console.as_ref());
            let tool = if place.is_empty() {
                words!(release, "gate.asked_of", who = by)
            } else {
                words!(release, "gate.asked_of_in", who = by, place = place)
            };
            (tool, asked(release, q, None))
        }
    }
}

/// A command for a table: in its cell when it is one line, else below the table.
pub(super) fn cell(command: String) -> (String, String) {
    if command.contains('\n') {
        (String::new(), command)
    } else {
        (command, String::new())
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

/// A condition in words, to follow "when".
fn cond(r: Told<'_>, c: &Cond) -> String {
    let join = |list: &[Cond], both: &dyn Fn(String, String) -> String| {
        let parts = list.iter().map(|c| match c {
            Cond::And(_) | Cond::Or(_) => format!("({})", cond(r, c)),
            _ => cond(r, c),
        });
        parts.reduce(both).unwrap_or_default()
    };
    match c {
        Cond::True => words!(r, "cond.always"),
        Cond::False => words!(r, "cond.never"),
        Cond::And(list) => join(list, &|a, b| words!(r, "list.both", a = a, b = b)),
        Cond::Or(list) => join(list, &|a, b| words!(r, "list.either", a = a, b = b)),
        Cond::Not(inner) => match inner.as_ref() {
            Cond::Atom(a) => atom(r, a, true),
            other => words!(r, "cond.not", what = cond(r, other)),
        },
        Cond::Atom(a) => atom(r, a, false),
    }
}

fn atom(r: Told<'_>, a: &Atom, negated: bool) -> String {
    let is = |what: &str, value: &str| match negated {
        true => words!(r, "cond.is_not", what = what, value = value),
        false => words!(r, "cond.is", what = what, value = value),
    };
    let value = |v: &Value| show::value(&r, v);
    match a {
        Atom::Param { param, choice } => {
            let p = r.param(*param);
            match &p.ty {
                ParamType::OneOf(words) => is(&p.name, words.get(*choice).map_or("…", |w| w.as_str())),
                ParamType::Environment => is(
                    &p.name,
                    r.environments.get(*choice).map_or("…", |e| e.name.as_str()),
                ),
                // A switch: choice 1 is on.
                _ if (*choice == 1) != negated => p.name.to_string(),
                _ => words!(r, "cond.off", what = p.name),
            }
        }
        Atom::Decision { decision, option } => {
            let d = r.decision(*decision);
            let name = words!(r, "cond.decision", decision = d.name);
            is(&name, d.options.get(*option).map_or("…", |o| o.name.as_str()))
        }
        Atom::Outcome { subject, outcome } => {
            let name = match subject {
                Subject::Gate(g) => &r.gate(*g).name,
                Subject::Stage(s) => &r.stage(*s).name,
            };
            let outcome = match outcome {
                Outcome::Passed => words!(r, "cond.passed"),
                Outcome::Failed => words!(r, "cond.failed"),
                Outcome::NotApplicable => words!(r, "cond.not_applicable"),
            };
            is(name, &outcome)
        }
        Atom::Equal(a, b) => {
            let sign = if negated { "!=" } else { "==" };
            format!("{} {sign} {}", value(a), value(b))
        }
        Atom::Compare(op, a, b) => {
            let text = format!("{} {} {}", value(a), op.sign(), value(b));
            if negated {
                words!(r, "cond.not", what = text)
            } else {
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::say::{clock, date, in_two_zones, offset, spaced};
    use crate::emit::runbook::words::Words;

    #[test]
    fn a_moment_whose_day_is_another_in_utc_says_which() {
        let zone = jiff::tz::TimeZone::get("America/New_York").expect("a zone");
        let said = ["2026-06-02T23:36Z", "2026-06-03T02:00Z"].map(|at| {
            let at: jiff::Timestamp = at.parse().expect("a moment");
            in_two_zones(&Words::default(), at, &zone)
        });
        assert_eq!(
            said,
            [
                "Tue 2 June 2026, 19:36 EDT (23:36 UTC)",
                "Tue 2 June 2026, 22:00 EDT (Wed 3 Jun 02:00 UTC)"
            ]
        );
    }

    /// Clocks in Berlin go back from three to two on 25 October 2026, at 01:00 UTC.
    #[test]
    fn an_hour_that_comes_twice_says_which_is_meant() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
        let at = |time: &str| {
            let at: jiff::Timestamp = time.parse().expect("a moment");
            clock(&Words::default(), at, at, &zone)
        };
        let times = ["23:59", "00:30", "01:30", "02:30"].map(|t| match t {
            "23:59" => at("2026-10-24T23:59Z"),
            t => at(&format!("2026-10-25T{t}Z")),
        });
        assert_eq!(times, ["01:59", "02:30 CEST", "02:30 CET", "03:30"]);
    }

    #[test]
    fn times_read_as_people_write_them() {
        let words = Words::default();
        assert_eq!(date(&words, jiff::civil::date(2026, 6, 1)), "1 June 2026");
        assert_eq!(offset(0), "T");
        assert_eq!(offset(5_400_000), "T+1h30m");
        assert_eq!(offset(-1_800_000), "T-30m");
        assert_eq!(
            offset(1),
            "T+1m",
            "what comes at the latest then has not come before"
        );
        assert_eq!(offset(60_000), "T+1m");
        assert_eq!(
            offset(-1),
            "T-1m",
            "what must have been done by then is done before"
        );
        let bounds = ["2.5s", "10m", "1h30m", "1%", "110% * baseline(errors)", "3"].map(spaced);
        assert_eq!(
            bounds,
            ["2.5 s", "10 min", "1h30m", "1%", "110% * baseline(errors)", "3"]
        );
    }
}
