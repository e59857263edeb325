//! A run as a story with times, and what came of it.
//!
//! Called by the command `simulate`.

use super::sentence::{sentence, told};
use super::{Brief, repeats, time};
use crate::plan::{Plan, show};
use crate::run::trace::{Final, Subject, Trace, Verb};
use std::fmt::Write as _;

/// A run in words; `every` event, or those that tell the story.
pub fn text(plan: &Plan, trace: &Trace, wished: &[String], every: bool) -> String {
    let r = plan.release();
    let mut out = show::prose(r, &r.title);
    match wished {
        [] if trace.state == Final::Succeeded => out.push_str(": all goes well\n\n"),
        [] => out.push_str(", as it is written\n\n"),
        wished => {
            let _ = writeln!(out, ", with {}\n", wished.join(" "));
        }
    }
    let mut before = None;
    let mut current = None;
    for (i, event) in trace.events.iter().enumerate() {
        let known = event.verb == Verb::Over || event.verb == Verb::Start && event.subject == Subject::Run;
        if known || !every && (!told(event.verb) || repeats(trace, i)) {
            continue;
        }
        let at = time(event.at);
        let shown = if before.as_ref() == Some(&at) {
            ""
        } else {
            at.as_str()
        };
        let mut line = match event.verb {
            Verb::StepEnd => format!("  done: {}", event.detail),
            Verb::StepStart | Verb::UndoStep => format!("  {}", event.detail),
            _ => sentence(r, event),
        };
        // Beside each other, stages take turns: a step says whose it is.
        if line.starts_with(' ') && current != Some(event.subject) {
            let _ = write!(line, "  (`{}`)", event.subject.name(r));
        }
        current = Some(event.subject);
        let _ = writeln!(out, "{shown:>8}  {line}");
        before = Some(at);
    }
    out.push('\n');
    summary(plan, trace, &mut out);
    out
}

fn summary(plan: &Plan, trace: &Trace, out: &mut String) {
    let brief = Brief::of(plan, trace);
    let rest = match trace.state {
        Final::Stopped if !brief.stays.is_empty() => "; what was changed and not undone stays changed",
        _ => "",
    };
    let _ = writeln!(
        out,
        "The run {} after {}{rest}.",
        ends(trace.state),
        time(trace.end())
    );
    let mut row = |head: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {head:<9}{text}");
        }
    };
    row("why", trace.cause.as_deref().unwrap_or(""));
    row("undone", &brief.undone_words(plan));
    row("stays", &brief.stays_words(plan));
    match trace.until_safe() {
        Some(0) if brief.untimed => row("safe", "nobody has said how long the undos take"),
        Some(0) => row("safe", "at once"),
        Some(ms) if brief.untimed => row(
            "safe",
            &format!(
                "over {} after it went wrong: not every undo says how long it takes",
                time(ms)
            ),
        ),
        Some(ms) => row("safe", &format!("{} after it went wrong", time(ms))),
        None if trace.state == Final::NeedsHelp => row("safe", "not before a person has seen to it"),
        None => {}
    }
    for help in &trace.help {
        row("help", help);
    }
    // Whatever becomes of the last steps, the run ends as it would have.
    let finally = |e: &&crate::run::trace::Event| e.verb == Verb::AsideFail && e.subject == Subject::Run;
    for event in trace.events.iter().filter(finally) {
        row(
            "note",
            &format!(
                "a step of `finally` failed, which changes nothing else: {}",
                event.detail
            ),
        );
    }
    for unreached in &trace.unreached {
        row("note", unreached);
    }
}

fn ends(state: Final) -> &'static str {
    match state {
        Final::Succeeded => "succeeds",
        Final::RolledBack => "is rolled back",
        Final::Stopped => "stops",
        Final::NeedsHelp => "needs help",
    }
}
