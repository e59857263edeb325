//! What jobs, steps and kept values are called.
//!
//! Names are made of the plan's own names with `-` between the parts, which no name of the plan holds: so none is made twice.
//! Called by all of `lower`.

use crate::emit::environments::gate_slug;
use crate::model::{
    ApprovalId, CaptureId, CaptureSource, ChecklistId, DecisionId, GateId, HoldId, PriorId, Release, RoleId,
    StageId, Sym, Text, TextPart, TriggerId,
};
use crate::source::is_hidden;

/// Most characters of a job's id at GitHub.
pub const LONGEST_ID: usize = 100;
/// Most characters of a name people read.
const LONGEST_NAME: usize = 120;

/// The last job of a stage; earlier parts add their number.
pub fn stage(r: &Release, s: StageId) -> String {
    id("stage", &r.stage(s).slug)
}

/// The last seat of an approval; earlier seats add their number.
pub fn approval(r: &Release, a: ApprovalId) -> String {
    id("approve", &r.approval(a).name)
}

/// The outcome of a decision.
pub fn decision(r: &Release, d: DecisionId) -> String {
    id("decide", &r.decision(d).name)
}

/// A declared way around.
pub fn overridden(r: &Release, o: usize) -> String {
    id("override", &r.overrides[o].name)
}

/// The commands of a checklist.
pub fn check(r: &Release, c: ChecklistId) -> String {
    id("check", &r.checklist(c).name)
}

/// What a role ticks of a checklist.
pub fn ready(r: &Release, c: ChecklistId, role: RoleId) -> String {
    with(&id("ready", &r.checklist(c).name), &r.role(role).name)
}

/// The entry of a hold.
pub fn enter(r: &Release, h: HoldId) -> String {
    id("enter", &r.hold(h).name)
}

/// The exit of a hold.
pub fn exit(r: &Release, h: HoldId) -> String {
    id("exit", &r.hold(h).name)
}

/// The watch of a trigger, from the first part on.
pub fn watch(r: &Release, t: TriggerId, part: usize) -> String {
    let base = id("watch", &r.triggers[t.index()].name);
    if part == 1 { base } else { numbered(&base, part) }
}

/// What follows the failure of a job.
pub fn settle(job: &str) -> String {
    id("failed", job)
}

/// The undo of a stage.
pub fn undo(r: &Release, s: StageId) -> String {
    id("undo", &r.stage(s).slug)
}

/// A job with a number behind its name.
pub fn numbered(base: &str, n: usize) -> String {
    id(base, &n.to_string())
}

/// A job with a word behind its name.
pub fn with(base: &str, word: &str) -> String {
    id(base, word)
}

/// Two parts of an id, shortened where GitHub would refuse it.
fn id(kind: &str, name: &str) -> String {
    let full = format!("{kind}-{name}");
    if full.len() <= LONGEST_ID {
        return full;
    }
    let tail = format!("-{:016x}", fnv(&full));
    let kept: String = full.chars().take(LONGEST_ID - tail.len()).collect();
    kept + &tail
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The name a captured value is kept under, in outputs and in the state that a rollback is given.
pub fn capture(r: &Release, c: CaptureId) -> String {
    let capture = r.capture(c);
    let owner = match capture.source {
        // Each kind of thing has names of its own.
        CaptureSource::Stage(s) => id("stage", &r.stage(s).slug),
        CaptureSource::Hold(h) => id("hold", &r.hold(h).name),
        CaptureSource::Decision(d) => id("decision", &r.decision(d).name),
        CaptureSource::Gate(g) => id("gate", &gate_slug(r, g)),
    };
    let same = |other: &crate::model::Capture| other.name == capture.name && other.source == capture.source;
    let before = r.captures[..c.index()].iter().filter(|o| same(o)).count();
    let number = if before == 0 {
        String::new()
    } else {
        format!("-{}", before + 1)
    };
    format!("v_{owner}-{}{number}", plain_word(&capture.name))
}

/// The name a prior state is kept under.
pub fn prior(r: &Release, p: PriorId) -> String {
    format!("v_prior_{}-{}", p.0, plain_word(&r.prior(p).name))
}

/// The name a decision's option is kept under.
pub fn option(r: &Release, d: DecisionId) -> String {
    format!("v_{}", decision(r, d))
}

/// The value that says that a stage failed and the plan went on.
pub fn went_on(release: &Release, stage: StageId) -> String {
    format!("v_failed-{}", release.stage(stage).slug)
}

/// The name a gate's verdict is kept under.
pub fn verdict(r: &Release, g: GateId) -> String {
    format!("v_gate-{}", gate_slug(r, g))
}

fn plain_word(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// A text for people on one line: what is only known at run time stands in `‹›`.
pub fn shown(r: &Release, text: &Text) -> String {
    text.parts
        .iter()
        .map(|p| match p {
            TextPart::Lit(t) => t.clone(),
            TextPart::Sym(s) => format!("‹{}›", shown_sym(r, s)),
        })
        .collect()
}

fn shown_sym(r: &Release, sym: &Sym) -> String {
    match sym {
        Sym::Param(p) => r.param(*p).name.to_string(),
        Sym::Capture(c) if c.index() < r.captures.len() => r.capture(*c).name.to_string(),
        Sym::Prior(p) => r.prior(*p).name.to_string(),
        Sym::Attempt => "attempt".to_string(),
        _ => "…".to_string(),
    }
}

/// A text on one line and not too long, for the name of a job or a step.
pub fn title(r: &Release, text: &Text) -> String {
    line(&shown(r, text))
}

/// One line, not too long.
pub fn line(text: &str) -> String {
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= LONGEST_NAME {
        return flat;
    }
    let kept: String = flat.chars().take(LONGEST_NAME - 1).collect();
    kept + "…"
}

/// A text as Markdown shows it: nothing in it is markup.
pub fn markdown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let ahead = rest.as_str();
        match c {
            // GitHub makes links of addresses, and tells people whose names stand behind `@`.
            '@' => out.push_str("\\@"),
            ':' if ahead.starts_with("//") => out.push_str("\\:"),
            '.' if out.ends_with("www") => out.push_str("\\."),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c if is_hidden(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
