//! A list of steps outside a stage as a chain of jobs: holds, undos, `finally`. Cut where a person does something.
//!
//! Called by `around` and `rollback`.

use crate::emit::environments::{Purpose, asked, by_hand};
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, always, json_list, success_and};
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{names, person};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::{Fixed, Script, Tries, Wait, WaitLength};
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::emit::people::Askable;
use crate::model::{Act, CaptureId, Cond, Dur, EnvId, GateTest, Origin, Step, StepKind, Text};
use std::collections::{BTreeMap, BTreeSet};

/// A step of a chain.
#[derive(Clone)]
pub struct Link<'a> {
    /// Its step in the workflow.
    pub slug: String,
    /// What it does.
    pub what: LinkWhat<'a>,
    /// When it applies, as the plan says it.
    pub when: Cond,
    /// When it applies besides.
    pub cond: Option<Expr>,
    /// Where a person is asked, when one is.
    pub purpose: Purpose,
    /// What it counts as.
    pub unit: String,
}

/// What a step of a chain does.
#[derive(Clone, Copy)]
pub enum LinkWhat<'a> {
    /// A step of the plan.
    Step(&'a Step),
    /// An act: the undo of a step.
    Act(&'a Act),
    /// What must hold before a person does something.
    May(&'a Act),
}

/// A chain of jobs.
pub struct Chain<'a> {
    /// The id of its last job.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is written.
    pub origin: &'a Origin,
    /// Where it works.
    pub place: EnvId,
    /// The duty whose role its jobs assume.
    pub duty: String,
    /// Its steps.
    pub links: Vec<Link<'a>>,
    /// The status function all its jobs go by.
    pub status: Expr,
    /// When its first job starts besides.
    pub cond: Vec<Expr>,
    /// The jobs before it.
    pub needs: BTreeSet<String>,
    /// Whether a failing step is tried again even when nothing says so.
    pub stubborn: bool,
    /// What it counts as having begun, and as done at its end.
    pub owner: String,
    /// What is done when all of it is.
    pub ends: Vec<String>,
    /// The longest it may take.
    pub within: Option<Dur>,
    /// Values that are kept.
    pub keeps: bool,
    /// Where in a run it is done.
    pub at: At,
    /// Whether each step is done whatever became of the others.
    pub each: bool,
}

enum Piece<'a> {
    Work(Vec<Link<'a>>),
    Person(Box<Link<'a>>, Text, Vec<CaptureId>, Option<Dur>),
}

/// The jobs of a chain in which a person is asked, each with what it then counts as.
pub fn people(ctx: &Ctx<'_>, job: &str, links: &[Link<'_>]) -> Vec<(String, String)> {
    let parts = pieces(ctx, links).into_iter().enumerate();
    parts
        .filter_map(|(i, part)| match part {
            Piece::Person(link, ..) => Some((names::numbered(job, i + 1), link.unit)),
            Piece::Work(_) => None,
        })
        .collect()
}

/// The ids of all jobs of a chain.
pub fn ids(ctx: &Ctx<'_>, job: &str, links: &[Link<'_>]) -> Vec<String> {
    let before = (1..pieces(ctx, links).len()).map(|i| names::numbered(job, i));
    before.chain([job.to_string()]).collect()
}

/// What becomes a job each: a person who is asked, or what is done in one go; the last is never a person.
fn pieces<'a>(ctx: &Ctx<'a>, links: &[Link<'a>]) -> Vec<Piece<'a>> {
    let mut parts: Vec<Piece<'a>> = Vec::new();
    for link in links {
        match question(ctx, link) {
            Some((what, captures, within)) => {
                let act = match link.what {
                    LinkWhat::Act(act) | LinkWhat::May(act) => Some(act),
                    LinkWhat::Step(step) => step.act(),
                };
                if let Some(act) = act.filter(|a| a.assertions.iter().any(|x| x.holds != Cond::True)) {
                    let may = Link {
                        slug: format!("{}_may", link.slug),
                        what: LinkWhat::May(act),
                        ..link.clone()
                    };
                    match parts.last_mut() {
                        Some(Piece::Work(list)) => list.push(may),
                        _ => parts.push(Piece::Work(vec![may])),
                    }
                }
                parts.push(Piece::Person(Box::new(link.clone()), what, captures, within))
            }
            None => match parts.last_mut() {
                Some(Piece::Work(list)) => list.push(link.clone()),
                _ => parts.push(Piece::Work(vec![link.clone()])),
            },
        }
    }
    if !matches!(parts.last(), Some(Piece::Work(_))) {
        parts.push(Piece::Work(Vec::new()));
    }
    parts
}

/// The jobs of a chain, in order; at least one.
pub fn jobs<'a>(ctx: &Ctx<'a>, chain: Chain<'a>) -> Vec<Job> {
    let parts = pieces(ctx, &chain.links);
    let count = parts.len();
    let mut done: Vec<(String, Option<Expr>)> = Vec::new();
    // While only questions stand before a job, which are skipped for one reason or another, it waits for all of it itself.
    let mut worked = false;
    let mut list = Vec::new();
    for (i, part) in parts.into_iter().enumerate() {
        let last = i + 1 == count;
        let id = if last {
            chain.id.clone()
        } else {
            names::numbered(&chain.id, i + 1)
        };
        let title = if last {
            chain.name.clone()
        } else {
            format!("{} (part {})", chain.name, i + 1)
        };
        let mut b = JobBuilder::new(ctx, id.clone(), title);
        b.from(chain.origin);
        b.at = chain.at;
        // A later part asks the one before it, and nobody else.
        let first = !worked || chain.each;
        let always = |n: &&String| ["todo", "preflight"].contains(&n.as_str());
        let needs = chain.needs.iter().filter(|n| first || always(n));
        b.needs.extend(needs.cloned());
        let mut cond = vec![chain.status.clone()];
        if first {
            cond.extend(chain.cond.iter().cloned());
        } else {
            let asked = chain.needs.iter().filter(always);
            cond.extend(asked.map(|n| Expr::succeeded(n)));
        }
        for (before, skipped) in &done {
            b.need(before.clone());
            if chain.each {
                continue;
            }
            let skip = skipped
                .clone()
                .map(|s| Expr::all([Expr::Result(before.clone()).is("skipped"), s]));
            cond.push(Expr::any(
                [Some(Expr::succeeded(before)), skip].into_iter().flatten(),
            ));
        }
        match part {
            Piece::Work(links) => {
                let mut units = BTreeMap::new();
                for link in &links {
                    if !matches!(link.what, LinkWhat::May(_)) {
                        units.insert(link.slug.clone(), vec![link.unit.clone()]);
                    }
                    do_link(&mut b, &chain, link);
                }
                record(&mut b, &chain, &units, last);
                if let Some(within) = chain.within {
                    b.seconds = b.seconds.min(within.as_seconds());
                }
                let environment = ctx.environment(&Purpose::Deploy(chain.place));
                list.push(b.finish(Expr::all(cond), Some(environment), Some(chain.place), &chain.duty));
                done = vec![(id, None)];
                worked = true;
            }
            Piece::Person(link, what, captures, within) => {
                b.name = format!("{}: {}", b.name, names::title(ctx.release, &what));
                let applies = applies(&mut b, &link);
                let kept = if chain.keeps {
                    captures.into_iter().map(Kept::Capture).collect()
                } else {
                    Vec::new()
                };
                person::confirmed(
                    &mut b,
                    (&link.purpose, asks_for(ctx, chain.at, &link)),
                    (std::slice::from_ref(&link.unit), &[]),
                    kept,
                    person::Within {
                        time: within,
                        asked: &[],
                        silence_agrees: false,
                    },
                    None,
                );
                cond.push(applies.clone());
                let environment = ctx.environment(&link.purpose);
                list.push(b.finish(Expr::all(cond), Some(environment), None, ""));
                let skip = applies.negate();
                done.push((id, (skip != Expr::Bool(false)).then_some(skip)));
            }
        }
    }
    list
}

/// The question a step puts to a person.
fn question<'a>(ctx: &Ctx<'a>, link: &Link<'a>) -> Option<(Text, Vec<CaptureId>, Option<Dur>)> {
    let (asks, step) = match link.what {
        LinkWhat::May(_) => (None, None),
        LinkWhat::Act(act) => (by_hand(act), None),
        LinkWhat::Step(step) => match &step.kind {
            StepKind::VerifyGate(g) => match &ctx.release.gate(*g).test {
                GateTest::Ask(q) => (Some(Askable::Question(q)), Some(step)),
                _ => (None, Some(step)),
            },
            _ => (asked(step), Some(step)),
        },
    };
    let captures = step.map_or_else(Vec::new, |s| s.captures.clone());
    let timeout = step.and_then(|s| s.timeout);
    match asks? {
        Askable::Manual(m) => Some((m.what.clone(), captures, timeout)),
        Askable::Question(q) => {
            let mut all = q.captures.clone();
            all.extend(captures);
            all.dedup();
            Some((q.ask.clone(), all, q.within.or(timeout)))
        }
    }
}

/// The part of the plan that a question of a chain is.
fn asks_for(ctx: &Ctx<'_>, at: At, link: &Link<'_>) -> Meant {
    let deed = match link.what {
        LinkWhat::Step(step) => match step.kind {
            StepKind::VerifyGate(gate) => {
                return Meant::new(at, &ctx.release.gate(gate).name, Deed::Judge(gate));
            }
            StepKind::WaitFor(_) => Deed::Await,
            _ => Deed::Act,
        },
        LinkWhat::Act(_) | LinkWhat::May(_) => Deed::Act,
    };
    Meant::new(at, &link.slug, deed)
}

fn applies(b: &mut JobBuilder<'_, '_>, link: &Link<'_>) -> Expr {
    let ctx = b.ctx;
    let mut list: Vec<Expr> = link.cond.iter().cloned().collect();
    // What an earlier run did, or its owner went past, is not done again.
    if b.at_entry() && ctx.resumable() {
        list.push(ctx.done(&link.unit).negate());
    }
    if is_static(ctx.release, &link.when) {
        list.push(expr(ctx, &link.when, &mut b.needs));
    }
    Expr::all(list)
}

fn do_link<'c, 'a>(b: &mut JobBuilder<'c, 'a>, chain: &Chain<'a>, link: &Link<'a>) {
    let ctx = b.ctx;
    let mut conds = vec![applies(b, link)];
    if !is_static(ctx.release, &link.when) {
        let slug = format!("{}_when", link.slug);
        let mut vars = b.vars("V");
        let program = vars.condition(&link.when);
        let script = Script::Conditions(vec![("holds".to_string(), program)]);
        b.step(
            Some(&slug),
            "Does the next step apply?",
            success_and(conds.clone()),
            vars,
            script,
        );
        conds.push(Expr::StepOutput(slug, "holds".into()).is("true"));
    }
    let cond = if chain.each {
        Some(Expr::all(std::iter::once(always()).chain(conds)))
    } else {
        success_and(conds)
    };
    let again = |retry: bool| (chain.stubborn && !retry).then(|| Tries::Again(vec![30, 60]));
    match link.what {
        LinkWhat::May(act) => b.may(act, &link.slug, cond),
        LinkWhat::Act(act) => {
            let how = How {
                cond,
                tries: again(act.retry.is_some()),
                ..How::plain(link.slug.clone())
            };
            b.act(act, how);
        }
        LinkWhat::Step(step) => match &step.kind {
            StepKind::VerifyGate(g) => {
                let how = How {
                    cond,
                    ..How::plain(link.slug.clone())
                };
                b.gate(*g, how);
            }
            StepKind::Wait(d) | StepKind::Bake(d) => {
                let vars = b.vars("V");
                b.seconds += d.as_seconds();
                let wait = Script::Wait(Wait {
                    length: WaitLength::Seconds(d.as_seconds()),
                    guarded: false,
                });
                b.step(Some(&link.slug), format!("Wait {d}"), cond, vars, wait);
            }
            _ => {
                let own = How::of(step);
                let retry = step.retry.is_some() || step.act().is_some_and(|a| a.retry.is_some());
                let captures = if chain.keeps {
                    own.captures.clone()
                } else {
                    Vec::new()
                };
                let how = How {
                    id: link.slug.clone(),
                    cond,
                    tries: own.tries.clone().or_else(|| again(retry)),
                    captures,
                    ..own
                };
                b.do_step(step, how);
            }
        },
    }
}

fn record(b: &mut JobBuilder<'_, '_>, chain: &Chain<'_>, units: &BTreeMap<String, Vec<String>>, last: bool) {
    let mut vars = b.vars("V");
    vars.expr("STEPS", Expr::ToJson("steps"));
    vars.expr("STATUS", Expr::Context("job.status"));
    vars.text("JOB", b.name.clone());
    vars.text("STAGE", chain.owner.clone());
    vars.text("LAST", last.to_string());
    vars.text(
        "ENDS",
        if last {
            json_list(chain.ends.iter().cloned())
        } else {
            "[]".to_string()
        },
    );
    vars.text("UNITS", serde_json::to_string(units).unwrap_or_default());
    vars.text("GATES", "{}");
    for output in ["state", "at"] {
        b.leave(output, Expr::StepOutput("record".into(), output.into()));
    }
    b.fixed(Some("record"), "What began", Some(always()), vars, Fixed::Record);
}

/// The steps of a list as links; `unit` is what stands before the slug in what they count as.
pub fn links<'a>(steps: &'a [Step], unit: &str, purpose: impl Fn(&Step) -> Purpose) -> Vec<Link<'a>> {
    steps
        .iter()
        .map(|step| Link {
            slug: step.slug.to_string(),
            what: LinkWhat::Step(step),
            when: step.when.clone(),
            cond: None,
            purpose: match step.kind {
                StepKind::VerifyGate(g) => Purpose::Gate(g),
                _ => purpose(step),
            },
            unit: format!("{unit}.{}", step.slug),
        })
        .collect()
}
