//! "Safe within", as the runbook says it, is the time that the interpreter of the reference semantics takes.
//!
//! Every single thing that can go wrong is run. The row of the runbook that speaks of it must name at least the time that run
//! takes, and, where nothing runs beside the failure, exactly the longest of the times of all runs it speaks of.

use crate::support::{Compiled, compile, example, examples, plan, table};
use proptest::prelude::*;
use releasec::model::{Cond, HoldId, OptionOutcome, Rollback, Stage, StageId};
use releasec::plan::Node;
use releasec::run::{Final, Outcomes, Place, Reference, Trace, Verb, points};
use std::collections::BTreeMap;
use std::path::Path;

const HEADING: &str = "From here: what is undone when something fails";

/// A row of the table: what fails, and how long it says.
#[derive(Debug, Clone)]
struct Row {
    fails: String,
    safe: String,
}

fn rows(c: &Compiled) -> Vec<Row> {
    let rows = table(c.document("runbook.md"), HEADING);
    let Some(head) = rows.first() else {
        return Vec::new();
    };
    let column = |row: &[String], name: &str| {
        let at = head.iter().position(|h| h == name);
        at.map_or(String::new(), |k| row[k].clone())
    };
    rows[1..]
        .iter()
        .map(|row| Row {
            fails: row[0].clone(),
            safe: column(row, "Safe within"),
        })
        .collect()
}

/// A time as people write it, in milliseconds; `None` for words that are no time.
fn read(time: &str) -> Option<i64> {
    let mut words = time.split_whitespace();
    let mut all = 0;
    while let Some(n) = words.next() {
        let n: i64 = n.parse().ok()?;
        all += n * match words.next()? {
            "day" | "days" | "d" => 86_400_000,
            "h" => 3_600_000,
            "min" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
    }
    Some(all)
}

/// What the runbook promises: nothing when nothing is taken back or the run goes on.
fn promised(safe: &str) -> Option<i64> {
    if let Some((before, after)) = safe.split_once(" until the question, the time to decide, then ") {
        return Some(read(before).expect("a time") + read(after).expect("a time"));
    }
    let whole = safe.split(", and the time to decide").next().unwrap_or(safe);
    let safe = whole.strip_suffix(" once decided").unwrap_or(whole);
    let safe = safe.strip_suffix(" once it is not started again").unwrap_or(safe);
    match safe {
        "at once"
        | "at once, when it is not started again"
        | "once decided"
        | "nobody has said how long the undos take" => Some(0),
        "the run goes on" | "no way back" | "nothing is taken back" => None,
        over => {
            let over = over.strip_prefix("over ").unwrap_or(over);
            let time = over.split(':').next().unwrap_or(over);
            let time = time.strip_suffix(" once decided").unwrap_or(time);
            Some(read(time).unwrap_or_else(|| panic!("a time: {safe}")))
        }
    }
}

/// From the first failure until all was safe, as `simulate` says it: people answer at once. Of a run that starts something again,
/// from what came last before the way back.
fn took(trace: &Trace) -> Option<i64> {
    if !trace.events.iter().any(|e| e.verb == Verb::Restart) {
        return trace.until_safe();
    }
    let starts = [
        Verb::Fail,
        Verb::Fire,
        Verb::Reject,
        Verb::Expire,
        Verb::Decide,
        Verb::Answer,
    ];
    let rollback = trace
        .events
        .iter()
        .rposition(|e| matches!(e.verb, Verb::Rollback))?;
    let from = trace.events[..=rollback]
        .iter()
        .rev()
        .find(|e| starts.contains(&e.verb))?;
    Some(trace.safe_at? - from.at)
}

/// The row that speaks of a failure.
fn row_of<'r>(c: &Compiled, rows: &'r [Row], node: Node, what: &str, outcomes: &Outcomes) -> Option<&'r Row> {
    let r = c.plan.release();
    let named = |wanted: &dyn Fn(&str) -> bool| rows.iter().find(|row| wanted(&row.fails));
    if let (Some(t), Node::Stage(s)) = (outcomes.triggers.keys().next(), node) {
        let trigger = &r.triggers[t.index()].name;
        return named(&|f| f == format!("trigger {trigger}, during {}", r.stage(s).name));
    }
    match node {
        Node::Approval(a) => {
            let title = crate::support::plain(&releasec::plan::show::prose(r, &r.approval(a).title));
            named(&|f| f.starts_with(&format!("approval “{title}”")))
        }
        Node::Decision(d) => {
            let option = outcomes.decisions.get(&d).copied().flatten()?;
            let decision = r.decision(d);
            let OptionOutcome::Then(_) = decision.options[option].then else {
                return None;
            };
            let title = releasec::plan::show::prose(r, &decision.options[option].title);
            named(&|f| f.starts_with("decision") && f.ends_with(&format!(": {title}")))
        }
        Node::Stage(s) => {
            let stage = r.stage(s);
            let gate = |g: releasec::model::GateId| {
                format!("“{}”", releasec::plan::show::prose(r, &r.gate(g).title))
            };
            if let Some(g) = outcomes.gates.keys().next() {
                let title = gate(*g);
                let before = format!("{}, before it begins:", stage.name);
                return named(&|f| f.starts_with(&before) && f.contains(&title));
            }
            let Some(fault) = outcomes.stages.get(&s) else {
                panic!("a fault: {what}")
            };
            let Place::Step(slug) = &fault.place else {
                panic!("a step: {what}")
            };
            let checks = stage
                .rollout
                .iter()
                .flat_map(|r| &r.steps)
                .flat_map(|s| &s.checks);
            let judged = stage
                .steps
                .iter()
                .chain(checks)
                .find(|s| s.slug == *slug)
                .and_then(|s| match s.kind {
                    releasec::model::StepKind::VerifyGate(g) => Some(gate(g)),
                    _ => None,
                });
            if let Some(title) = judged {
                let own = format!("{}: ", stage.name);
                if let Some(row) = named(&|f| f.starts_with(&own) && f.contains(&title)) {
                    return Some(row);
                }
            }
            let demotes = stage.rollout.as_ref().filter(|r| r.demote.is_some());
            match demotes.and_then(|r| r.steps.first()) {
                Some(first) if what.starts_with(&format!("{} at {}:", stage.name, first.name)) => {
                    named(&|f| f == format!("{}, at {}", stage.name, first.name))
                }
                Some(_) => named(&|f| f == format!("{}, at a later step", stage.name)),
                None => named(&|f| f == stage.name),
            }
        }
    }
}

/// Whether an undo asks somebody first, or a stage or a step of its rollout does not apply in each variant: how long the way back takes is then not the
/// same in every run.
fn varies(c: &Compiled) -> bool {
    let asked = |s: &Stage| matches!(&s.rollback, Rollback::Written(w) if !w.approved.is_empty());
    let steps = |s: &Stage| {
        s.rollout
            .iter()
            .flat_map(|r| &r.steps)
            .any(|s| s.when != Cond::True)
    };
    let mut stages = c.plan.release().stages.iter();
    stages.any(|s| asked(s) || s.when != Cond::True || steps(s))
}

/// Whether anything may run beside a node.
fn beside(c: &Compiled, node: Node) -> bool {
    let (before, after) = (c.plan.ancestors(node), c.plan.descendants(node));
    let other = |s: &StageId| Node::Stage(*s) != node;
    let apart = |s: &StageId| {
        let s = Node::Stage(*s);
        !c.plan.contains(&before, s) && !c.plan.contains(&after, s)
    };
    let all = (0..c.plan.release().stages.len()).map(StageId::at);
    all.filter(other).any(|s| apart(&s))
}

/// Whether a hold has been left before a node: how much of that is still to do when the node fails is not the same in every run.
fn after_a_hold(c: &Compiled, node: Node) -> bool {
    let before = c.plan.ancestors(node);
    let holds = 0..c.plan.release().holds.len();
    holds.map(HoldId::at).any(|h| {
        let mut inside = c.plan.hold_stages(h).into_iter();
        inside.all(|s| c.plan.contains(&before, Node::Stage(s)))
    })
}

/// Compares every row with every run it speaks of; how many rows said a time, and how many of these exactly.
fn compare(c: &Compiled) -> Result<(usize, usize), String> {
    let rows = rows(c);
    let reference = Reference::new(&c.plan);
    let mut longest: BTreeMap<String, (i64, bool)> = BTreeMap::new();
    for point in points(&c.plan, &Outcomes::default()) {
        // When in its stage a trigger acts is not the same in every run.
        let acts = point.outcomes.triggers.values().next().copied().flatten();
        let Some(node) = point.node.or(acts) else {
            continue;
        };
        let Some(row) = row_of(c, &rows, node, &point.what, &point.outcomes) else {
            continue;
        };
        let trace = reference.run(&point.outcomes);
        if !trace.unreached.is_empty() {
            continue;
        }
        let Some(said) = promised(&row.safe) else {
            if !trace.undone.is_empty() && row.safe != "the run goes on" {
                return Err(format!(
                    "{}: the runbook says `{}`, and the run takes back {:?}",
                    point.what, row.safe, trace.undone
                ));
            }
            continue;
        };
        if trace.state == Final::NeedsHelp {
            continue;
        }
        let Some(took) = took(&trace) else { continue };
        if took > said {
            return Err(format!(
                "{}: the run takes {took} ms until it is safe, the runbook says `{}`",
                point.what, row.safe
            ));
        }
        let most = longest.entry(row.fails.clone()).or_insert((
            0,
            acts.is_some() || beside(c, node) || varies(c) || after_a_hold(c, node),
        ));
        most.0 = took.max(most.0);
    }
    let mut exact = 0;
    for (fails, (took, loose)) in &longest {
        let row = rows
            .iter()
            .find(|r| r.fails == *fails)
            .ok_or("the row is there")?;
        let said = promised(&row.safe).ok_or("it says a time")?;
        if !loose {
            if said != *took {
                return Err(format!(
                    "{fails}: the runbook says `{}`, the longest run takes {took} ms",
                    row.safe
                ));
            }
            exact += 1;
        }
    }
    Ok((longest.len(), exact))
}

#[test]
fn every_time_in_the_examples_is_that_of_the_run() {
    let mut all = (0, 0);
    for path in examples() {
        let Some(c) = example(&path) else { continue };
        let (said, exact) = compare(&c).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        all = (all.0 + said, all.1 + exact);
    }
    assert!(all.0 >= 20 && all.1 >= 10, "{all:?}");
}

#[test]
fn every_time_in_the_plans_of_the_corpus_is_that_of_the_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut all = 0;
    for folder in ["run", "real", "mended"] {
        let Ok(cases) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        let mut plans: Vec<_> = cases
            .flatten()
            .filter_map(|case| std::fs::read_dir(case.path()).ok())
            .flat_map(|files| files.flatten().map(|f| f.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "release"))
            .collect();
        plans.sort();
        for path in plans {
            let text = std::fs::read_to_string(&path).expect("a plan");
            let Ok(c) = compile(&path, &text) else { continue };
            all += compare(&c)
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
                .0;
        }
    }
    assert!(all >= 100, "{all}");
}

/// A stage of a drawn plan.
#[derive(Debug, Clone)]
struct Drawn {
    kind: u8,
    takes: u8,
    undo: u8,
    after: Vec<usize>,
    then: u8,
}

fn drawn() -> impl Strategy<Value = (Vec<Drawn>, Option<(usize, usize)>, bool)> {
    let stage = (0u8..8, 1u8..20, 1u8..20, any::<u8>(), 0u8..7);
    let hold = proptest::option::of((any::<usize>(), any::<usize>()));
    (proptest::collection::vec(stage, 1..7), hold, any::<bool>()).prop_map(|(list, hold, chain)| {
        let count = list.len();
        let stages = list
            .into_iter()
            .enumerate()
            .map(|(i, (kind, takes, undo, bits, then))| Drawn {
                kind,
                takes,
                undo,
                after: match (chain, i) {
                    (true, 0) => Vec::new(),
                    (true, i) => vec![i - 1],
                    (false, i) => (0..i).filter(|j| bits & (1 << j) != 0).collect(),
                },
                then,
            });
        (stages.collect(), hold.map(|(a, b)| (a % count, b % count)), chain)
    })
}

fn text(stages: &[Drawn], hold: Option<(usize, usize)>) -> String {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
         role leads { title \"Leads\"; at_least 3 }\nenvironment staging { kind staging }\n\
         gate smoke { title \"It answers\"; run \"./smoke.sh\" { changes nothing; takes 1m .. 2m } }\n\
         gate quiet { title \"It is quiet\"; run \"./quiet.sh\" { changes nothing }; otherwise rollback }\n\
         release shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n\
         approval again { from leads; distinct_from author; within 7m }\n",
    );
    for (i, s) in stages.iter().enumerate() {
        let after: Vec<String> = s.after.iter().map(|a| format!("s{a}")).collect();
        let after = if after.is_empty() {
            String::new()
        } else {
            format!("after {}; ", after.join(", "))
        };
        let act = |more: &str| {
            format!(
                "run \"./do.sh\" {{ changes \"app:{i}\"; takes 1m .. {}m{more} }}; ",
                s.takes
            )
        };
        let undo = s.undo;
        let body = match s.kind {
            0 => {
                act(&format!(
                    "; undo run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. {undo}m }}"
                )) + &format!(
                    "run \"./more.sh\" {{ changes \"app:{i}.more\"; takes 1m .. 3m; undo run \"./less.sh\" {{ changes \"app:{i}.more\"; takes 30s .. 90s }} }}; verify smoke; "
                )
            }
            1 => {
                act("")
                    + &format!(
                        "rollback {{ run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. {undo}m }} }}; "
                    )
            }
            2 => {
                act("")
                    + &format!(
                        "verify quiet; rollback {{ within {}m; run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. {undo}m }} }}; ",
                        undo + 2
                    )
            }
            3 => {
                act("")
                    + &format!(
                        "rollback {{ approved again; run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. {undo}m }} }}; "
                    )
            }
            4 => act("") + "harmless \"nobody minds\"; ",
            5 => format!(
                "run \"./look.sh\" {{ changes nothing; takes 1m .. {}m }}; ",
                s.takes
            ),
            // Goes back to the step before, whose work takes longer the earlier it comes, and asks.
            _ => "rollout { step early { bake 3m; verify smoke }; step half { bake 2m }; step all { verify smoke }; demote }; "
                .to_string()
                + &act("")
                + "manual \"Wait for the stores\" { changes nothing; takes 1m .. 2m }; "
                + &format!(
                    "rollback {{ run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. {undo}m }} }}; "
                ),
        };
        let then = match s.then {
            _ if s.kind > 5 => String::new(),
            0 => "on_failure { manual \"Look at it\" { changes nothing; takes 1m .. 4m }; then rollback }"
                .to_string(),
            1 => "on_failure { manual \"Look at it\" { changes nothing; takes 1m .. 4m }; then pause }"
                .to_string(),
            2 => format!("on_failure {{ then rollback(s{i}) }}"),
            3 => format!("on_failure {{ then restart(s{i}, at_most: 1) }}"),
            _ => String::new(),
        };
        text.push_str(&format!("stage s{i} {{ {after}{body}{then} }}\n"));
    }
    if let Some((a, b)) = hold {
        text.push_str(&format!(
            "hold frozen {{ title \"Frozen\"; during s{} .. s{}; enter {{ run \"./freeze\" {{ changes \"repo:main\"; takes 1m .. 2m }} }}; \
             exit {{ run \"./thaw\" {{ changes \"repo:main\"; takes 1m .. 5m }} }} }}\n",
            a.min(b),
            a.max(b)
        ));
    }
    text + "}\n"
}

#[test]
fn a_hold_that_is_being_left_is_waited_for() {
    let first = Drawn {
        kind: 1,
        takes: 1,
        undo: 1,
        after: Vec::new(),
        then: 4,
    };
    let second = Drawn {
        after: vec![0],
        ..first.clone()
    };
    for (stages, fails, safe) in [
        (vec![first.clone()], "approval “again”", "13 min"),
        (vec![first, second], "s1", "13 min"),
    ] {
        let c = plan(&text(&stages, Some((0, 0))));
        let rows = rows(&c);
        let row = rows.iter().find(|r| r.fails.starts_with(fails));
        assert_eq!(row.map(|r| r.safe.as_str()), Some(safe), "{rows:?}");
        compare(&c).expect("no run takes longer");
    }
}

#[test]
fn a_hold_that_is_being_left_while_a_rollout_goes_back_is_waited_for() {
    let first = Drawn {
        kind: 4,
        takes: 1,
        undo: 1,
        after: Vec::new(),
        then: 4,
    };
    let second = Drawn {
        kind: 6,
        after: vec![0],
        ..first.clone()
    };
    compare(&plan(&text(&[first, second], Some((0, 0))))).expect("no run takes longer");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_time_is_that_of_the_run((stages, hold, chain) in drawn()) {
        let text = text(&stages, hold.filter(|_| chain));
        let c = plan(&text);
        if let Err(e) = compare(&c) {
            return Err(TestCaseError::fail(format!("{e}\n{text}")));
        }
    }
}
