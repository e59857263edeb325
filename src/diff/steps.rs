//! How work differs: lists of steps, acts that do the same and are declared otherwise, questions.
//!
//! Must not judge which way a change goes. Called by the comparisons of this folder.

use super::apart::{self, Quote};
use super::canon::{Side, sorted};
use super::conditions::applies;
use super::pair::Two;
use super::say;
use crate::model::{
    Act, Effects, KeyUse, PersonRef, Question, Release, Retry, Step, StepKind, Text, WaitTest,
};
use crate::plan::show;

/// What stands before the name of something that is waited for.
pub(super) const AWAITED: &str = "the wait for ";

/// What stands before a message.
const MESSAGE: &str = "the message ";

/// What a step does, in one spelling.
pub(super) fn bare(side: &Side<'_>, step: &Step) -> String {
    match &step.kind {
        StepKind::Act(a) => side.work(a),
        StepKind::WaitFor(w) => {
            let test = match &w.test {
                WaitTest::Run(a) | WaitTest::Job(a) => side.work(a),
                // When it is given up is told with the times.
                WaitTest::Ask(q) => side.question(&Question {
                    within: None,
                    ..(**q).clone()
                }),
            };
            format!("wait {} {test}", side.text(&w.what))
        }
        other => side.kind(other),
    }
}

/// What a step does, to be quoted.
pub(super) fn quote(r: &Release, step: &Step) -> Quote {
    match &step.kind {
        StepKind::Act(a) => say::doing(r, a),
        StepKind::Wait(d) => Quote::new(d.to_string()).after("a wait of "),
        StepKind::Bake(d) => Quote::new(d.to_string()).after("a bake of "),
        StepKind::WaitFor(w) => Quote::new(say::text(r, &w.what)).after(AWAITED),
        StepKind::VerifyGate(g) => Quote::new(r.gate(*g).name.as_str()).after("the gate "),
        StepKind::VerifyArtifact(a) => Quote::new(r.artifact(*a).name.as_str()).after("the check of "),
        StepKind::Tell(c, m) => {
            let to = say::text(r, &r.channel(*c).title);
            Quote::new(format!("{to}: {}", say::text(r, m))).after(MESSAGE)
        }
    }
}

/// How two lists of steps differ, in sentences; `when` says at which time they are done.
pub(super) fn differ<'s>(
    two: &Two<'_>,
    when: &str,
    old: impl IntoIterator<Item = &'s Step>,
    new: impl IntoIterator<Item = &'s Step>,
) -> Vec<String> {
    let (old, new): (Vec<&Step>, Vec<&Step>) = (old.into_iter().collect(), new.into_iter().collect());
    let mut rest: Vec<(String, &Step)> = new.iter().map(|s| (bare(&two.new, s), *s)).collect();
    let (mut gone, mut both) = (Vec::new(), Vec::new());
    for step in &old {
        let key = bare(&two.old, step);
        match rest.iter().position(|(k, _)| *k == key) {
            Some(at) => both.push((*step, rest.remove(at).1)),
            None => gone.push(quote(two.old.r, step)),
        }
    }
    let come: Vec<Quote> = rest.iter().map(|(_, s)| quote(two.new.r, s)).collect();
    let mut list = Vec::new();
    let (before, now) = apart::lists(&gone, &come);
    let are = |l: &[Quote]| if l.len() == 1 { "is" } else { "are" };
    let done = if gone.iter().chain(&come).all(|q| q.lead == MESSAGE) {
        "sent"
    } else {
        "done"
    };
    let (before, now) = (apart::and(&before), apart::and(&now));
    let (are_gone, are_come) = (are(&gone), are(&come));
    match (gone.is_empty(), come.is_empty()) {
        (true, true) => {}
        (false, true) => list.push(format!("{when}, {before} {are_gone} no longer {done}")),
        (true, false) => list.push(format!("{when}, {now} {are_come} now also {done}")),
        (false, false) if before == now => {
            list.push(format!("{when}, {now} {are_come} {done} in another way"))
        }
        (false, false) => list.push(format!("{when}, {now} {are_come} {done} instead of {before}")),
    }
    for (x, y) in &both {
        if two.old.step(x) == two.new.step(y) {
            continue;
        }
        let mut how = around(two, x, y);
        if let (Some(a), Some(b)) = (inside(x), inside(y)) {
            how.extend(touches(two, a, b));
            how.extend(declared(two, a, b));
        }
        how.extend(limits(two, x, y));
        list.push(format!("{when}, {} {}", quote(two.new.r, y).alone(), and(how)));
    }
    let order = |side: &Side<'_>, l: &[&Step]| l.iter().map(|s| side.step(s)).collect::<Vec<_>>();
    if list.is_empty() && order(&two.old, &old) != order(&two.new, &new) {
        list.push(format!("{when}, the same is done in another order"));
    }
    list
}

/// The act of a step, or that by which it is known that what is waited for has happened.
fn inside(step: &Step) -> Option<&Act> {
    match &step.kind {
        StepKind::Act(a) => Some(a),
        StepKind::WaitFor(w) => match &w.test {
            WaitTest::Run(a) | WaitTest::Job(a) => Some(a),
            WaitTest::Ask(_) => None,
        },
        _ => None,
    }
}

/// Phrases that follow one name.
pub(super) fn and(phrases: Vec<String>) -> String {
    match phrases.split_last() {
        None => "is declared differently".to_string(),
        Some((last, [])) => last.clone(),
        Some((last, init)) => format!("{}, and {last}", init.join(", ")),
    }
}

/// When a step applies, who does it, and whether it may be done twice.
pub(super) fn around(two: &Two<'_>, x: &Step, y: &Step) -> Vec<String> {
    let mut list = Vec::new();
    if two.old.cond(&x.when) != two.new.cond(&y.when) {
        let how = applies((two.old.r, &x.when), (two.new.r, &y.when));
        list.push(format!("applies {how}"));
    }
    let owner = |side: &Side<'_>, s: &Step| s.owner.map(|o| side.names.roles[o.index()].clone());
    if owner(&two.old, x) != owner(&two.new, y) {
        let words = |r: &Release, s: &Step| {
            s.owner
                .map_or_else(|| "the owner".to_string(), |o| format!("`{}`", r.role(o).name))
        };
        list.push(format!(
            "is done by {} instead of {}",
            words(two.new.r, y),
            words(two.old.r, x)
        ));
    }
    let twice = |s: &Step| s.idempotent || s.act().is_some_and(|a| a.idempotent);
    list.extend(repeatable(twice(x), twice(y)));
    if two.old.maybe(x.expect.as_ref()) != two.new.maybe(y.expect.as_ref()) {
        let how = instead(two, x.expect.as_ref(), y.expect.as_ref());
        list.push(format!("is to show {how}"));
    }
    list
}

fn repeatable(was: bool, is: bool) -> Option<String> {
    match (was, is) {
        (true, false) => Some("may no longer be done twice".into()),
        (false, true) => Some("may now be done twice".into()),
        _ => None,
    }
}

/// What an act is said to touch.
pub(super) fn touches(two: &Two<'_>, a: &Act, b: &Act) -> Vec<String> {
    type Pick = fn(&Effects) -> &Vec<KeyUse>;
    let kinds: [(&str, Pick); 7] = [
        ("changes", |e| &e.changes),
        ("removes", |e| &e.removes),
        ("reads", |e| &e.reads),
        ("stores data in", |e| &e.stores),
        ("backs up", |e| &e.backs_up),
        ("exercises", |e| &e.exercises),
        ("raises", |e| &e.raises),
    ];
    let mut list = Vec::new();
    for (verb, pick) in kinds {
        let words = |side: &Side<'_>, e: &Effects| -> Vec<(String, String)> {
            let each = pick(e).iter();
            each.map(|k| (side.key(&k.key), show::key(side.r, &k.key)))
                .collect()
        };
        let (was, is) = (words(&two.old, &a.effects), words(&two.new, &b.effects));
        list.extend(changed(&was, &is, verb, verb));
    }
    let works = |e: &Effects| e.compatible.is_some();
    match (works(&a.effects), works(&b.effects)) {
        (true, false) => list.push("is no longer said to work with the old version and the new".into()),
        (false, true) => list.push("is now said to work with the old version and the new".into()),
        _ => {}
    }
    list
}

/// What left a list and what came to it: "no longer <verb> …", "now <verb> …".
pub(super) fn changed(
    was: &[(String, String)],
    is: &[(String, String)],
    gone: &str,
    come: &str,
) -> Vec<String> {
    let only = |x: &[(String, String)], y: &[(String, String)]| {
        let more = x.iter().filter(|(k, _)| y.iter().all(|(l, _)| l != k));
        say::list(more.map(|(_, w)| w.clone()).collect::<Vec<_>>())
    };
    let (lost, won) = (only(was, is), only(is, was));
    let mut list = Vec::new();
    if !lost.is_empty() {
        list.push(format!("no longer {gone} {lost}"));
    }
    if !won.is_empty() {
        list.push(format!("now {come} {won}"));
    }
    list
}

/// What else an act declares: what it prints, its rights, secrets and tools, what goes before and after it.
pub(super) fn declared(two: &Two<'_>, a: &Act, b: &Act) -> Vec<String> {
    let mut list = Vec::new();
    let (p, q) = (two.old.prints(a), two.new.prints(b));
    if p != q {
        let word = |p: &str| {
            if p.is_empty() {
                "anything".to_string()
            } else {
                format!("`{p}`")
            }
        };
        list.push(format!("is to print {} instead of {}", word(&q), word(&p)));
    }
    let permits = |side: &Side<'_>, a: &Act| -> Vec<(String, String)> {
        let each = a.permits.iter();
        each.map(|p| {
            (
                side.permit(p),
                format!("{} on {}", p.action, show::prose(side.r, &p.on)),
            )
        })
        .collect()
    };
    list.extend(changed(
        &permits(&two.old, a),
        &permits(&two.new, b),
        "may do",
        "may do",
    ));
    let named = |names: Vec<String>| names.into_iter().map(|n| (n.clone(), n)).collect::<Vec<_>>();
    let secrets = |a: &Act| named(a.secrets.iter().map(ToString::to_string).collect());
    list.extend(changed(
        &secrets(a),
        &secrets(b),
        "reads the secret",
        "reads the secret",
    ));
    let tools = |a: &Act| {
        let each = a.needs.iter();
        named(
            each.map(|t| {
                t.version
                    .iter()
                    .fold(t.name.to_string(), |n, v| format!("{n} {v}"))
            })
            .collect(),
        )
    };
    list.extend(changed(&tools(a), &tools(b), "needs", "needs"));
    let pair = |side: &Side<'_>, a: &Act| a.paired_with.as_ref().map(|p| side.work(p));
    if pair(&two.old, a) != pair(&two.new, b) {
        let quoted = |r: &Release, a: &Act| a.paired_with.as_ref().map(|p| say::doing(r, p));
        list.push(match (quoted(two.old.r, a), quoted(two.new.r, b)) {
            (Some(x), Some(y)) => {
                let (was, is) = apart::lists(&[x], &[y]);
                format!(
                    "is always followed by {} instead of {}",
                    apart::and(&is),
                    apart::and(&was)
                )
            }
            (None, Some(y)) => format!("is now always followed by {}", y.alone()),
            (Some(x), None) => format!("is no longer always followed by {}", x.alone()),
            (None, None) => String::new(),
        });
    }
    list
}

/// Until when a step is tried, how often, and how long it is said to take.
pub(super) fn limits(two: &Two<'_>, x: &Step, y: &Step) -> Vec<String> {
    let mut list = Vec::new();
    let (p, q) = (timeout(x), timeout(y));
    if p != q {
        list.push(format!(
            "is given up {} instead of {}",
            say::after(q),
            say::after(p)
        ));
    }
    list.extend(tries(two, retry(x), retry(y)));
    let took = |s: &Step| s.takes.or_else(|| s.act().and_then(|a| a.takes));
    if took(x) != took(y) {
        list.push(format!(
            "is said to take {} instead of {}",
            say::span(took(y)),
            say::span(took(x))
        ));
    }
    if let (StepKind::WaitFor(v), StepKind::WaitFor(w)) = (&x.kind, &y.kind)
        && v.every != w.every
    {
        let word = |d: Option<crate::model::Dur>| {
            d.map_or_else(|| "as often as usual".into(), |d| format!("every `{d}`"))
        };
        list.push(format!(
            "is looked at {} instead of {}",
            word(w.every),
            word(v.every)
        ));
    }
    list
}

/// How an act that stands alone is declared otherwise.
pub(super) fn alone(two: &Two<'_>, a: &Act, b: &Act) -> String {
    let mut how = touches(two, a, b);
    how.extend(declared(two, a, b));
    how.extend(repeatable(a.idempotent, b.idempotent));
    if a.timeout != b.timeout {
        how.push(format!(
            "is given up {} instead of {}",
            say::after(b.timeout),
            say::after(a.timeout)
        ));
    }
    how.extend(tries(two, a.retry.as_ref(), b.retry.as_ref()));
    and(how)
}

/// When a step is given up.
pub(super) fn timeout(s: &Step) -> Option<crate::model::Dur> {
    match &s.kind {
        StepKind::WaitFor(w) => w.within.or(s.timeout),
        _ => s.timeout.or_else(|| s.act().and_then(|a| a.timeout)),
    }
}

/// How often a step is tried again: as it says itself, else as its act does.
pub(super) fn retry(s: &Step) -> Option<&Retry> {
    s.retry
        .as_ref()
        .or_else(|| s.act().and_then(|a| a.retry.as_ref()))
}

/// How often something is tried again, when that differs.
pub(super) fn tries(two: &Two<'_>, old: Option<&Retry>, new: Option<&Retry>) -> Option<String> {
    if old.map(|r| two.old.retry(r)) == new.map(|r| two.new.retry(r)) {
        return None;
    }
    let word = |r: Option<&Retry>| {
        r.map_or_else(
            || "never".to_string(),
            |r| {
                let one = crate::source::Rational::int(1);
                let grows =
                    (r.backoff != one).then(|| format!("each time `{}` times as long", r.backoff.decimal()));
                let how: Vec<String> = r
                    .every
                    .map(|d| format!("`{d}` apart"))
                    .into_iter()
                    .chain(grows)
                    .collect();
                let how = if how.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", how.join(", "))
                };
                format!("up to {}{how}", say::times(r.times))
            },
        )
    };
    Some(format!("is tried again {} instead of {}", word(new), word(old)))
}

/// How a question differs, each to follow its name.
pub(super) fn question(two: &Two<'_>, a: &Question, b: &Question) -> String {
    let mut list = Vec::new();
    let text = |what: &str, x: Option<&Text>, y: Option<&Text>| {
        (two.old.maybe(x) != two.new.maybe(y)).then(|| format!("{what} {}", instead(two, x, y)))
    };
    list.extend(text("asks", Some(&a.ask), Some(&b.ask)));
    let by = |side: &Side<'_>, q: &Question| {
        let roles =
            q.by.iter()
                .map(|r| format!("role {}", side.names.roles[r.index()]));
        sorted(roles.chain(q.by_people.iter().map(|p| side.person(*p))).collect())
    };
    if by(&two.old, a) != by(&two.new, b) {
        let words = |r: &Release, q: &Question| {
            let roles = q.by.iter().map(|x| r.role(*x).name.to_string());
            let people = q.by_people.iter().map(|p| match p {
                PersonRef::Person(p) => say::person(r, *p),
                PersonRef::Param(p) => r.param(*p).name.to_string(),
            });
            let all: Vec<String> = roles.chain(people).collect();
            if all.is_empty() {
                "the owner".to_string()
            } else {
                say::list(all)
            }
        };
        list.push(format!(
            "is answered by {} instead of {}",
            words(two.new.r, b),
            words(two.old.r, a)
        ));
    }
    list.extend(text("takes for a yes", a.expect.as_ref(), b.expect.as_ref()));
    if a.within != b.within {
        list.push(format!(
            "may take {} instead of {}",
            say::dur(b.within),
            say::dur(a.within)
        ));
    }
    list.extend(text(
        "takes for the answer when nobody gives one",
        a.default.as_ref(),
        b.default.as_ref(),
    ));
    list.extend(text("is looked up at", a.console.as_ref(), b.console.as_ref()));
    list.extend(text(
        "is to leave behind",
        a.evidence.as_ref(),
        b.evidence.as_ref(),
    ));
    and(list)
}

/// What an author wrote instead of something else, either of which may be absent.
pub(super) fn written(old: &Option<String>, new: &Option<String>) -> String {
    let word = |text: String| match text.is_empty() {
        true => "nothing".to_string(),
        false => format!("`{text}`"),
    };
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let (was, is) = apart::apart(&text(old), &text(new));
    format!("{} instead of {}", word(is), word(was))
}

/// The same of texts in which something may stand that only a run knows.
pub(super) fn instead(two: &Two<'_>, old: Option<&Text>, new: Option<&Text>) -> String {
    match (old, new) {
        (Some(x), Some(y)) => {
            let (was, is) = apart::apart(&say::text(two.old.r, x), &say::text(two.new.r, y));
            format!("`{is}` instead of `{was}`")
        }
        _ => format!(
            "{} instead of {}",
            say::maybe(two.new.r, new),
            say::maybe(two.old.r, old)
        ),
    }
}
