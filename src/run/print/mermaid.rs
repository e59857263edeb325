//! A run as a Mermaid sequence diagram: the run on the left, then whoever and whatever takes part, in order of appearance.
//!
//! Called by the command `simulate --format mermaid`.

use super::sentence::{asked, sentence};
use super::{listed, time};
use crate::plan::{Plan, show};
use crate::run::trace::{Event, Subject, Trace, Verb};
use std::fmt::Write as _;

/// What Mermaid would read as its own.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '%' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn id(subject: Subject) -> String {
    match subject {
        Subject::Run => "run".to_string(),
        Subject::Stage(s) => format!("s{}", s.index()),
        Subject::Approval(a) => format!("a{}", a.index()),
        Subject::Decision(d) => format!("d{}", d.index()),
        Subject::Hold(h) => format!("h{}", h.index()),
        Subject::Gate(g) => format!("g{}", g.index()),
        Subject::Checklist(c) => format!("c{}", c.index()),
        Subject::Trigger(t) => format!("t{}", t.index()),
    }
}

fn takes_part(event: &Event) -> bool {
    let shown = matches!(
        event.subject,
        Subject::Stage(_) | Subject::Approval(_) | Subject::Decision(_) | Subject::Hold(_)
    );
    shown && event.verb != Verb::NotApplicable && event.verb != Verb::Behind
}

/// The sequence diagram of a run.
pub fn draw(plan: &Plan, trace: &Trace) -> String {
    let r = plan.release();
    let mut out = String::from("sequenceDiagram\n");
    let _ = writeln!(out, "  participant run as {}", escape(&show::prose(r, &r.title)));
    let mut seen = std::collections::BTreeSet::new();
    for event in trace.events.iter().filter(|e| takes_part(e)) {
        if seen.insert(event.subject) {
            let name = event.subject.name(r);
            let (kind, name) = match event.subject {
                Subject::Stage(_) => ("participant", name.to_string()),
                Subject::Hold(_) => ("participant", format!("hold {name}")),
                _ => ("actor", format!("{name}: {}", listed(&asked(r, event.subject)))),
            };
            let _ = writeln!(out, "  {kind} {} as {}", id(event.subject), escape(&name));
        }
    }
    let mut inside = false;
    let mut before = None;
    for (i, event) in trace.events.iter().enumerate() {
        if super::repeats(trace, i) && event.verb == Verb::StepFail {
            continue;
        }
        let Some(line) = arrow(plan, event) else { continue };
        let at = time(event.at);
        if before.as_ref() != Some(&at) {
            let _ = writeln!(out, "  Note left of run: {}", escape(&at));
            before = Some(at);
        }
        if event.verb == Verb::Rollback && !inside {
            inside = true;
            out.push_str("  rect rgb(255, 240, 230)\n");
        }
        let _ = writeln!(out, "  {line}");
    }
    if inside {
        out.push_str("  end\n");
    }
    out
}

fn arrow(plan: &Plan, event: &Event) -> Option<String> {
    let r = plan.release();
    let it = id(event.subject);
    let detail = escape(&event.detail);
    let (sign, text) = match event.verb {
        Verb::Start if event.subject == Subject::Run => return None,
        Verb::Start => ("->>+", "start".to_string()),
        Verb::End => ("-->>-", "done".to_string()),
        Verb::Fail if matches!(event.subject, Subject::Stage(_)) => {
            return Some(format!("{it}--xrun: fails {detail}").trim_end().to_string());
        }
        Verb::Continue => ("-->>", "failed, and the plan goes on".to_string()),
        Verb::StepStart | Verb::UndoStep => return Some(format!("{it}->>{it}: {detail}")),
        Verb::Ask => ("->>", "asks".to_string()),
        Verb::Grant => ("-->>", "granted".to_string()),
        Verb::Reject => ("--x", "rejected".to_string()),
        Verb::Expire => ("--x", "no answer in time".to_string()),
        Verb::Lapse => ("--x", "granted too long ago".to_string()),
        Verb::Withdraw => ("->>", "question withdrawn".to_string()),
        Verb::Decide => ("-->>", detail),
        Verb::Enter => ("->>", format!("enter {detail}").trim_end().to_string()),
        Verb::Entered => ("-->>", "entered".to_string()),
        Verb::Exit => ("->>", "leave".to_string()),
        Verb::Left => ("-->>", "left".to_string()),
        Verb::Undo => ("->>", "undo".to_string()),
        Verb::Undone => ("-->>", "undone".to_string()),
        Verb::UndoFail => (
            "--x",
            format!("could not be undone {detail}").trim_end().to_string(),
        ),
        Verb::Keep => ("-->>", format!("stays {detail}")),
        Verb::Behind | Verb::Message | Verb::NotApplicable | Verb::StepEnd | Verb::Pass | Verb::Tick => {
            return None;
        }
        _ => return Some(format!("Note over run: {}", escape(&sentence(r, event)))),
    };
    // What comes back from whoever was asked.
    Some(match sign {
        "-->>" | "--x" => format!("{it}{sign}run: {text}"),
        "-->>-" => format!("{it}-->>run: {text}"),
        "->>+" => format!("run->>{it}: {text}"),
        _ => format!("run{sign}{it}: {text}"),
    })
}
