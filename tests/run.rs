//! The reference semantics, sentence by sentence: small plans, what is to come out how, and the trace of each run.
//!
//! A case is a folder of `tests/corpus/run/`: `plan.release` says at its head which sentence it holds, each line of `outcomes.txt`
//! is one run (`fail web; answer retry`), and `trace.snap` is what comes out. Laws over drawn plans stand below.

mod shared;

use releasec::plan::{Node, Plan, StageUndo};
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::run::{Final, Outcomes, Subject, Trace, Verb, run, wish};
use shared::sound;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Reads what a plan imports from a folder.
struct Folder(PathBuf);

impl Loader for Folder {
    fn load(&self, _from: &str, path: &str) -> Result<Loaded, LoadError> {
        match std::fs::read_to_string(self.0.join(path)) {
            Ok(text) => Ok(Loaded {
                path: path.to_string(),
                text: text.into(),
            }),
            Err(_) => Err(LoadError::Unreadable("there is no such file".into())),
        }
    }
}

#[track_caller]
fn plan(folder: &Path, text: &str) -> Plan {
    sound("plan.release", text, &Folder(folder.to_path_buf())).0
}

fn time(ms: i64) -> String {
    releasec::model::Dur { ms, working_days: 0 }.to_string()
}

/// A trace, one event to a line, with the events just before it.
fn show(plan: &Plan, trace: &Trace) -> String {
    let mut out = String::new();
    for (i, e) in trace.events.iter().enumerate() {
        let name = format!("{} {}", e.subject.kind(), e.subject.name(plan.release()));
        let what = [e.verb.id(), e.step.as_deref().unwrap_or(""), &e.detail]
            .into_iter()
            .filter(|t| !t.is_empty());
        let what = what.collect::<Vec<_>>().join(" ");
        let after: Vec<String> = e.after.iter().map(ToString::to_string).collect();
        let line = format!(
            "{i:>3} {:>7}  {name:<22} {what:<40} < {}",
            time(e.at),
            after.join(" ")
        );
        writeln!(out, "{}", line.trim_end_matches(['<', ' '])).expect("text");
    }
    writeln!(out, "    = {}", trace.state.word()).expect("text");
    let mut list = |what: &str, items: &[String]| {
        if !items.is_empty() {
            writeln!(out, "    {what}: {}", items.join("; ")).expect("text");
        }
    };
    list("cause", &trace.cause.iter().cloned().collect::<Vec<_>>());
    list(
        "safe after",
        &trace.until_safe().map(time).into_iter().collect::<Vec<_>>(),
    );
    list("help", &trace.help);
    list("unreached", &trace.unreached);
    out
}

fn outcomes(plan: &Plan, line: &str) -> Outcomes {
    let mut o = Outcomes::default();
    for part in line
        .split(';')
        .map(str::trim)
        .filter(|p| !p.is_empty() && *p != "all goes well")
    {
        let (word, value) = part.split_once(' ').unwrap_or((part, ""));
        wish(plan, word, value, &mut o).unwrap_or_else(|e| panic!("{part}: {} ({:?})", e.message, e.help));
    }
    o
}

#[test]
fn every_sentence_of_the_semantics() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/run");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&corpus)
        .expect("the corpus")
        .filter_map(|e| Some(e.ok()?.path()).filter(|p| p.is_dir()))
        .collect();
    cases.sort();
    assert!(cases.len() > 30, "the corpus is there");
    for case in cases {
        let text = std::fs::read_to_string(case.join("plan.release")).expect("a plan");
        let lines = std::fs::read_to_string(case.join("outcomes.txt")).expect("outcomes");
        let plan = plan(&case, &text);
        let mut out = String::new();
        for line in lines.lines().filter(|l| !l.trim().is_empty()) {
            let outcomes = outcomes(&plan, line);
            let trace = run(&plan, &outcomes);
            assert_eq!(
                trace,
                run(&plan, &outcomes),
                "{} is deterministic",
                case.display()
            );
            holds(&plan, &outcomes, &trace);
            writeln!(out, "{line}\n{}", show(&plan, &trace)).expect("text");
        }
        settings.set_snapshot_path(&case);
        settings.bind(|| insta::assert_snapshot!("trace", out));
    }
}

/// The laws that every run keeps.
#[track_caller]
fn holds(plan: &Plan, outcomes: &Outcomes, trace: &Trace) {
    let r = plan.release();
    let text = || format!("{outcomes:#?}\n{}", show(plan, trace));
    let find = |subject: Subject, verb: Verb| {
        trace
            .events
            .iter()
            .position(|e| e.subject == subject && e.verb == verb)
    };
    // The partial order is one, and agrees with time.
    for (i, e) in trace.events.iter().enumerate() {
        for a in &e.after {
            assert!(*a < i && trace.events[*a].at <= e.at, "event {i}: {}", text());
        }
    }
    for s in (0..r.stages.len()).map(releasec::model::StageId::at) {
        let me = Subject::Stage(s);
        let undo = find(me, Verb::Undo);
        if let Some(undo) = undo {
            let began = find(me, Verb::StepStart)
                .unwrap_or_else(|| panic!("{} never began: {}", r.stage(s).name, text()));
            assert!(began < undo, "{}", text());
            let many = trace
                .events
                .iter()
                .filter(|e| e.subject == me && e.verb == Verb::Undo)
                .count();
            assert_eq!(many, 1, "a stage is undone once: {}", text());
            assert!(
                matches!(plan.undo(s), StageUndo::Derived(_) | StageUndo::Written(_)),
                "{}",
                text()
            );
            // After the undos of all that depends on it, and none of them was left undone.
            let later = plan.descendants(Node::Stage(s));
            for d in (0..r.stages.len()).map(releasec::model::StageId::at) {
                if !plan.contains(&later, Node::Stage(d))
                    || find(Subject::Stage(d), Verb::StepStart).is_none()
                {
                    continue;
                }
                match plan.undo(d) {
                    StageUndo::Nothing | StageUndo::Harmless(..) => continue,
                    StageUndo::Irreversible(..) => panic!("{} is needed: {}", r.stage(s).name, text()),
                    StageUndo::Derived(_) | StageUndo::Written(_) => {}
                }
                let over =
                    find(Subject::Stage(d), Verb::Undone).or_else(|| find(Subject::Stage(d), Verb::Skip));
                let over = over
                    .unwrap_or_else(|| panic!("{} before {}: {}", r.stage(s).name, r.stage(d).name, text()));
                assert!(
                    trace.precedes(over, undo),
                    "{} before {}: {}",
                    r.stage(s).name,
                    r.stage(d).name,
                    text()
                );
            }
        }
        // Nothing guarded starts before its grant.
        for (i, e) in trace
            .events
            .iter()
            .enumerate()
            .filter(|(_, e)| e.subject == me && e.verb == Verb::Start)
        {
            for (a, _) in &r.stage(s).approved {
                let granted = trace.events[..i].iter().rposition(|x| {
                    x.subject == Subject::Approval(*a) && matches!(x.verb, Verb::Grant | Verb::NotApplicable)
                });
                let granted =
                    granted.unwrap_or_else(|| panic!("{} is not granted: {}", r.approval(*a).name, text()));
                let na = trace.events[granted].verb == Verb::NotApplicable;
                assert!(na || trace.precedes(granted, i), "{}", text());
                let valid = r.approval(*a).valid.map_or(i64::MAX, |v| v.as_ms());
                assert!(
                    na || e.at - trace.events[granted].at <= valid.saturating_add(hold_time(plan)),
                    "{}",
                    text()
                );
            }
        }
    }
    // Nor does a step of a rollout.
    for (i, e) in trace
        .events
        .iter()
        .enumerate()
        .filter(|(_, e)| e.verb == Verb::StepStart)
    {
        let Subject::Stage(s) = e.subject else { continue };
        let ladder = r.stage(s).rollout.iter().flat_map(|r| &r.steps);
        let mine = ladder.filter(|step| {
            step.work
                .iter()
                .chain(&step.checks)
                .any(|x| Some(&x.slug) == e.step.as_ref())
        });
        for (a, _) in mine.flat_map(|step| &step.approved) {
            // A restart elsewhere may have it asked again: what has begun goes on with the grant it had.
            let mut grants = (0..i).filter(|k| {
                let x = &trace.events[*k];
                x.subject == Subject::Approval(*a) && x.verb == Verb::Grant
            });
            assert!(grants.any(|g| trace.precedes(g, i)), "step {i}: {}", text());
        }
    }
    // Whatever is entered is left, or a person must look.
    for h in (0..r.holds.len()).map(releasec::model::HoldId::at) {
        let last = |verb: Verb| trace.last(Subject::Hold(h), verb);
        if let Some(entered) = last(Verb::Enter)
            && trace.state != Final::NeedsHelp
        {
            assert!(last(Verb::Left).is_some_and(|left| left > entered), "{}", text());
        }
    }
    if trace.help.is_empty() {
        assert_ne!(trace.state, Final::NeedsHelp, "{}", text());
    } else {
        assert_eq!(trace.state, Final::NeedsHelp, "{}", text());
    }
}

/// A grant is looked at before the holds are entered, which takes its time.
fn hold_time(plan: &Plan) -> i64 {
    let r = plan.release();
    let steps = r.holds.iter().flat_map(|h| h.enter.iter().chain(&h.exit));
    steps
        .map(|s| plan.step_time(s, releasec::plan::Pace::Longest).as_ms())
        .sum()
}

mod laws {
    use super::{holds, plan};
    use proptest::prelude::*;
    use releasec::run::{Outcomes, Reference, points};
    use std::fmt::Write as _;
    use std::path::Path;

    #[derive(Debug, Clone)]
    struct Drawn {
        stages: Vec<(u8, u8, u8, u8)>,
        holds: Vec<(prop::sample::Index, prop::sample::Index)>,
        serial: bool,
    }

    fn drawn() -> impl Strategy<Value = Drawn> {
        let stage = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
        let hold = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
        (
            prop::collection::vec(stage, 1..8),
            prop::collection::vec(hold, 0..3),
            any::<bool>(),
        )
            .prop_map(|(stages, holds, serial)| Drawn {
                stages,
                holds,
                serial,
            })
    }

    const BEFORE: &str = r#"
param kind: one_of("major", "patch") = "major"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 3 }
environment production { kind production }
gate smoke { run "./smoke.sh" { changes nothing }; exercises "app" }
gate quiet { run "./quiet.sh" { changes nothing }; otherwise pause }
action un(what: string) { title "Undo ${what}"; run "./un.sh ${what}"; changes "app:${what}"; takes 1m .. 5m }
action work(what: string) { title "Do ${what}"; run "./do.sh ${what}"; changes "app:${what}"; takes 1m .. 10m; undo un(what) }
action shift(what: string, weight: percent) { title "Shift ${what} to ${weight}"; run "./shift.sh ${what} ${weight}"; changes "app:${what}"; undo un(what) }
gate loud  { run "./loud.sh" { changes nothing }; otherwise continue { because "it is known" } }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in production
  approval go { from leads; within 2d; valid 1d; distinct_from author, executors }
  approval wider { from leads; after s0; within 1d; valid 6h; distinct_from author, executors }
  decision wide { ask "How far?"; by leads; within 1h; default far; option far { }; option near { }; option back { then rollback } }
  finally { run "./sweep.sh" { changes nothing }; run "./report.sh" { changes nothing } }
"#;

    /// The plan of a drawing.
    fn text(drawn: &Drawn) -> String {
        let mut out = BEFORE.to_string();
        let mut lines: Vec<String> = Vec::new();
        let many = drawn.stages.len();
        for (i, (after, how, back, more)) in drawn.stages.iter().enumerate() {
            let after: Vec<String> = (0..i)
                .filter(|j| after & (1 << (j % 8)) != 0)
                .map(|j| format!("s{j}"))
                .collect();
            let mut line = format!("stage s{i} {{ ");
            if !after.is_empty() {
                write!(line, "after {}; ", after.join(", ")).expect("text");
            }
            line.push_str(match how % 8 {
                0 => "approved go; ",
                1 => "when kind is major; ",
                2 => "when wide is far; ",
                3 => "require quiet; ",
                _ => "",
            });
            line.push_str(match how / 8 % 8 {
                0 => "timeout 30m; ",
                1 => "on_failure { then pause }; ",
                2 => "on_failure { tell_nobody }; ",
                3 => "on_failure { then stop }; ",
                4 => "on_failure { then continue { because \"it can wait\" } }; ",
                5 => "on_failure { then restart(FROM, at_most: 2) }; ",
                6 => "on_failure { then rollback(FROM) }; ",
                _ => "",
            });
            let from = if more % 3 == 0 || i == 0 { i } else { i - 1 };
            let mut line = line
                .replace("FROM", &format!("s{from}"))
                .replace("on_failure { tell_nobody }; ", "");
            match back % 7 {
                0 => {
                    write!(
                        line,
                        "rollout {{ step 10% {{ bake 10m; verify smoke }}; step 50% {{ {}verify quiet }}; step 100% {{ bake 5m; verify smoke }}{} }}; \
                         do shift(\"{i}\", weight: rollout.weight)",
                        if i > 0 { "approved wider; " } else { "" },
                        if more % 2 == 0 { "; demote" } else { "" }
                    )
                    .expect("text");
                }
                1 => write!(
                    line,
                    "run \"./do.sh {i}\" {{ changes \"app:{i}\" }}; harmless \"nobody minds\""
                )
                .expect("text"),
                2 if more % 2 == 0 => {
                    write!(line, "run \"./do.sh {i}\" {{ changes \"app:{i}\" }}; verify smoke; irreversible \"it is gone\"").expect("text");
                }
                4 => write!(
                    line,
                    "do work(\"{i}\"); bake 5m; rollback {{ do un(\"{i}\"); within 30m{} }}",
                    if more % 4 == 0 { "; approved go" } else { "" }
                )
                .expect("text"),
                3 => write!(line, "run \"./look.sh {i}\" {{ changes nothing }}; verify smoke").expect("text"),
                _ => write!(
                    line,
                    "do work(\"{i}\"); bake 20m; verify loud; do work(\"{i}:more\")"
                )
                .expect("text"),
            }
            line.push_str(" }");
            lines.push(line);
        }
        if drawn.serial && many > 1 {
            let last = lines.split_off(many / 2);
            out.push_str(&lines.join("\n"));
            write!(out, "\nphase late {{ serial\n{}\n}}\n", last.join("\n")).expect("text");
        } else {
            out.push_str(&lines.join("\n"));
        }
        let name = |k: usize| {
            if drawn.serial && many > 1 && k >= many / 2 {
                format!("late.s{k}")
            } else {
                format!("s{k}")
            }
        };
        for (h, (a, b)) in drawn.holds.iter().enumerate() {
            let a = a.index(many);
            // Between two stages with a way from one to the other; else around one.
            let b = (a..many)
                .filter(|k| *k == a || drawn.stages[*k].0 & (1 << (a % 8)) != 0)
                .nth(b.index(2))
                .unwrap_or(a);
            write!(
                out,
                "\nhold h{h} {{ during {} .. {}; at_most 1h; enter {{ run \"./in.sh\" {{ changes \"gate:{h}\" }} }}; exit {{ run \"./out.sh\" {{ changes \"gate:{h}\" }} }} }}",
                name(a),
                name(b)
            )
            .expect("text");
        }
        write!(
            out,
            "\ntrigger alarm {{ ask \"Is it bad?\"; by leads; during {}; then pause }}\n}}\n",
            name(0)
        )
        .expect("text");
        let mut text = out;
        if drawn.serial && many > 1 {
            // Inside a phase and outside of it, its stages are known by their own names.
            for k in 0..many {
                text = text.replace(&format!("late.s{k}"), &format!("s{k}"));
            }
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever goes wrong in whatever plan: the run ends, and keeps every law.
        #[test]
        fn every_run_keeps_the_laws(drawn in drawn(), seeds in prop::collection::vec(any::<u64>(), 12)) {
            let text = text(&drawn);
            let plan = plan(Path::new("."), &text);
            let reference = Reference::new(&plan);
            for seed in seeds {
                let outcomes = Outcomes::drawn(&plan, seed);
                let trace = reference.run(&outcomes);
                holds(&plan, &outcomes, &trace);
                prop_assert_eq!(&trace, &reference.run(&outcomes));
                prop_assert_eq!(&outcomes, &Outcomes::drawn(&plan, seed));
            }
            for point in points(&plan, &Outcomes::default()) {
                let trace = reference.run(&point.outcomes);
                holds(&plan, &point.outcomes, &trace);
            }
        }
    }
}
