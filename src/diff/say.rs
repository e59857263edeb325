//! Words that the comparisons share: values, people, lists, and which way a number went.
//!
//! Must not compare parts of plans. Called by the comparisons of this folder.

use super::apart::Quote;
use super::out::{Class, Direction};
use crate::diagnostic::names;
use crate::model::{Act, Command, Dur, FailureOutcome, PersonId, Release, Seat, StageId, Task, Text, Value};
use crate::plan::people::Pool;
use crate::plan::show;
use crate::source::Rational;

/// The most names in one sentence.
const NAMES: usize = 6;

/// A text as people read it.
pub(super) fn text(r: &Release, text: &Text) -> String {
    show::prose(r, text)
}

/// A text that may be absent.
pub(super) fn maybe(r: &Release, t: Option<&Text>) -> String {
    t.map_or_else(|| "nothing".to_string(), |t| format!("`{}`", text(r, t)))
}

/// Names in a sentence.
pub(super) fn list<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<S> = items.into_iter().collect();
    names(items.iter().map(AsRef::as_ref), NAMES)
}

/// `1 person`, `2 people`.
pub(super) fn people(n: usize) -> String {
    match n {
        1 => "1 person".to_string(),
        n => format!("{n} people"),
    }
}

/// Which way something went of which less is looser.
pub(super) fn less_is_looser<T: PartialOrd>(old: &T, new: &T) -> Direction {
    if new < old {
        Direction::Loosened
    } else if new > old {
        Direction::Tightened
    } else {
        Direction::Changed
    }
}

/// Which way something went of which more is looser.
pub(super) fn more_is_looser<T: PartialOrd>(old: &T, new: &T) -> Direction {
    less_is_looser(old, new).reversed()
}

/// Which way a limit went that need not be there: none at all is the loosest.
pub(super) fn limit(old: Option<Dur>, new: Option<Dur>) -> Direction {
    let ms = |d: Option<Dur>| d.map_or(i64::MAX, Dur::as_ms);
    more_is_looser(&ms(old), &ms(new))
}

/// Which way a set went: what left and what came, when more of it is looser.
pub(super) fn set(gone: bool, come: bool) -> Direction {
    match (gone, come) {
        (false, true) => Direction::Loosened,
        (true, false) => Direction::Tightened,
        _ => Direction::Changed,
    }
}

/// How often: `once`, `3 times`.
pub(super) fn times(n: u32) -> String {
    match n {
        1 => "once".to_string(),
        n => format!("{n} times"),
    }
}

/// How long something is said to take.
pub(super) fn span(takes: Option<(Dur, Dur)>) -> String {
    match takes {
        None => "an unknown time".to_string(),
        Some((a, b)) if a == b => format!("`{a}`"),
        Some((a, b)) => format!("`{a}` to `{b}`"),
    }
}

/// A duration that may be absent.
pub(super) fn dur(d: Option<Dur>) -> String {
    d.map_or_else(|| "no limit".to_string(), |d| format!("`{d}`"))
}

/// When something is given up.
pub(super) fn after(d: Option<Dur>) -> String {
    d.map_or_else(|| "never".to_string(), |d| format!("after `{d}`"))
}

/// A share.
pub(super) fn percent(share: Rational) -> String {
    share
        .checked_mul(Rational::int(100))
        .map_or_else(|| share.decimal(), |p| format!("{p}%"))
}

/// A person's name in the plan.
pub(super) fn person(r: &Release, p: PersonId) -> String {
    r.person(p).name.to_string()
}

/// Who is in a pool, people first.
pub(super) fn pool(r: &Release, pool: &Pool) -> String {
    let people = pool.people.iter().map(|p| format!("`{}`", person(r, *p)));
    let open = pool
        .open
        .iter()
        .map(|x| format!("somebody of `{}`", r.role(*x).name));
    let all: Vec<String> = people.chain(open).collect();
    match all.len() {
        0 => "nobody".to_string(),
        n if n > NAMES => format!("{} and {} more", all[..NAMES].join(", "), n - NAMES),
        _ => super::apart::and(&all),
    }
}

/// A seat.
pub(super) fn seat(r: &Release, seat: Seat) -> String {
    match seat {
        Seat::Author => "author".to_string(),
        Seat::Approvers => "approvers".to_string(),
        Seat::Executors => "executors".to_string(),
        Seat::Executor(s) => format!("executor({})", r.stage(s).name),
        Seat::Approval(a) => r.approval(a).name.to_string(),
        Seat::Decision(d) => r.decision(d).name.to_string(),
    }
}

/// Where a stage takes place, to follow its name.
pub(super) fn place(r: &Release, stage: StageId) -> String {
    format!("in `{}`", r.env(r.stage(stage).environment).name)
}

/// What an act does, to be quoted.
pub(super) fn doing(r: &Release, act: &Act) -> Quote {
    if let Some(run) = &act.run {
        return command(r, run);
    }
    if let Some(manual) = &act.manual {
        let console = manual.console.iter().map(|c| format!("at {}", text(r, c)));
        return quote(text(r, &manual.what), console.collect());
    }
    match &act.task {
        Some(task) => call(r, task),
        None => Quote::new(text(r, &act.title)),
    }
}

/// A command, to be quoted.
pub(super) fn command(r: &Release, run: &Command) -> Quote {
    let named = run.env.iter().filter(|e| !e.name.starts_with("RELEASEC_"));
    let env = named.map(|e| format!("with {}={}", e.name, show::value(r, &e.value)));
    let folder = run.folder.iter().map(|f| format!("in {}", text(r, f)));
    quote(run.display.clone(), folder.chain(env).collect())
}

/// A call, to be quoted.
pub(super) fn call(r: &Release, task: &Task) -> Quote {
    match task {
        Task::Aws {
            service,
            operation,
            args,
            ..
        } => quote(format!("{service}:{operation}"), vec![data(r, args)]),
        Task::Http {
            method,
            url,
            body,
            connection,
            ..
        } => {
            let sent = body.iter().map(|b| data(r, b));
            quote(
                format!("{method} {}", text(r, url)),
                sent.chain([format!("through {}", text(r, connection))]).collect(),
            )
        }
    }
}

/// A quote, with more for where the brief text is not enough.
fn quote(brief: String, more: Vec<String>) -> Quote {
    let whole = std::iter::once(brief.clone()).chain(more).collect::<Vec<_>>();
    Quote {
        whole: whole.join(" "),
        ..Quote::new(brief)
    }
}

/// What is sent with a call.
pub(super) fn data(r: &Release, value: &Value) -> String {
    match value {
        Value::Text(t) => text(r, t),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(|v| data(r, v)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let items: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}: {}", text(r, k), data(r, v)))
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        other => show::value(r, other),
    }
}

/// What an act does, in one line.
pub(super) fn act(r: &Release, act: &Act) -> String {
    doing(r, act).alone()
}

/// What follows a failure, to stand behind "leads to".
pub(super) fn outcome(r: &Release, o: &FailureOutcome) -> String {
    match o {
        FailureOutcome::Rollback => "a rollback".to_string(),
        FailureOutcome::RollbackStage(s) => format!("a rollback of `{}` alone", r.stage(*s).name),
        FailureOutcome::Pause => "a pause in which the owner is asked".to_string(),
        FailureOutcome::Stop => "a stop that takes nothing back".to_string(),
        FailureOutcome::Continue { .. } => "going on".to_string(),
        FailureOutcome::Restart(s, n) => {
            format!("a new start from `{}`, {n} times at most", r.stage(*s).name)
        }
        FailureOutcome::Escalate(c) => format!("a call to `{}`", text(r, &r.channel(*c).title)),
    }
}

/// What it is about that one consequence replaced another: the way back, where either of them leads there.
pub(super) fn about(takes_back: [bool; 2]) -> Class {
    if takes_back.contains(&true) {
        Class::Undo
    } else {
        Class::Gate
    }
}

/// Whether a consequence takes something back.
pub(super) fn takes_back(o: &FailureOutcome) -> bool {
    matches!(o, FailureOutcome::Rollback | FailureOutcome::RollbackStage(_))
}

/// How much a consequence guards: more is stricter.
pub(super) fn strictness(o: &FailureOutcome) -> u8 {
    match o {
        FailureOutcome::Rollback => 4,
        FailureOutcome::RollbackStage(_) => 3,
        FailureOutcome::Pause | FailureOutcome::Restart(..) | FailureOutcome::Escalate(_) => 2,
        FailureOutcome::Stop => 1,
        FailureOutcome::Continue { .. } => 0,
    }
}
