//! "It broke here. What now?": the table says what the meaning of a plan says, for each way a failure can take.

use crate::support::{Compiled, example, plan, table};
use proptest::prelude::*;
use std::path::Path;

const HEADING: &str = "From here: what is undone when something fails";

/// Around the stages of a test.
const BEFORE: &str = r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 3 }
environment production { kind production }
gate smoke { title "It answers"; run "./smoke.sh" { changes nothing }; exercises "app:shop" }
gate quiet { title "It is quiet"; run "./quiet.sh" { changes nothing }; otherwise stop }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in production
  approval go { from leads; distinct_from author, executors; within 2d }
"#;

/// A plan with these stages.
pub fn shop(stages: &str) -> Compiled {
    plan(&format!("{BEFORE}{stages}\n}}\n"))
}

/// A stage that a command undoes.
pub fn undoable(name: &str, rest: &str) -> String {
    format!(
        "stage {name} {{ approved go; {rest}; run \"./do.sh {name}\" {{ changes \"app:{name}\" }}; \
         rollback {{ run \"./undo.sh {name}\" {{ changes \"app:{name}\"; takes 1m .. 5m }} }} }}\n"
    )
}

/// The row of what fails: then, undone, kept, safe within, how the run ends.
pub fn row(compiled: &Compiled, fails: &str) -> Vec<String> {
    let rows = table(compiled.document("runbook.md"), HEADING);
    let found = rows.iter().find(|r| r[0] == fails);
    let found = found.unwrap_or_else(|| panic!("no row for {fails}: {rows:#?}"));
    // A column in which nothing stands is left out.
    let columns = [
        "Then",
        "Undo, in this order",
        "Stays as it is",
        "Safe within",
        "The run ends",
    ];
    let cell = |name: &&str| {
        rows[0]
            .iter()
            .position(|h| h == name)
            .map_or(String::new(), |k| found[k].clone())
    };
    columns.iter().map(cell).collect()
}

#[test]
fn an_undo_of_unknown_length_never_counts_as_none() {
    let silent = undoable("base", "after").replace("takes 1m .. 5m", "timeout 5m");
    let stages = silent.replace(" after;", "") + &undoable("app", "after base");
    let c = shop(&stages);
    assert_eq!(row(&c, "base")[3], "nobody has said how long the undos take");
    assert_eq!(
        row(&c, "app")[3],
        "over 5 min: not every undo says how long it takes"
    );
    for name in ["runbook.md", "change-request.md", "release-plan.md"] {
        let flag =
            "Nobody has said how long it takes to undo base, so nobody can say by when all is safe again.";
        assert!(c.document(name).contains(flag), "{name}");
        assert!(!c.document(name).contains("rollback takes 0 min"), "{name}");
    }
}

#[test]
fn everything_that_began_is_undone_the_last_first() {
    let c = shop(
        &format!(
            "{}{}{}",
            undoable("base", "after"),
            undoable("app", "after base"),
            undoable("web", "after app")
        )
        .replace("after; ", ""),
    );
    assert_eq!(
        row(&c, "web"),
        [
            "roll back everything that began",
            "web, then app, then base",
            "",
            "15 min",
            "rolled back"
        ]
    );
}

#[test]
fn what_runs_beside_is_undone_when_it_has_begun() {
    let c = shop(&format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("east", "after base"),
        undoable("west", "after base")
    ));
    let east = row(&c, "east");
    assert_eq!(
        east[1],
        "east, then base. Besides, in their place, where they have begun: west (before base)."
    );
    assert_eq!(east[3], "10 min");
}

#[test]
fn a_part_is_undone_and_the_rest_kept() {
    let c = shop(&format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base"),
        undoable("web", "after app; on_failure { then rollback(app) }")
    ));
    assert_eq!(
        row(&c, "web"),
        [
            "roll back app and what depends on it, then stop",
            "web, then app",
            "base",
            "10 min",
            "stopped"
        ]
    );
}

#[test]
fn nothing_is_undone_when_the_run_stops_pauses_or_goes_on() {
    let c = shop(&format!(
        "{}{}{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base; on_failure { then stop }"),
        undoable("web", "after app; on_failure { then pause }"),
        undoable(
            "log",
            "after web; on_failure { then continue { because \"logs can wait\" } }"
        )
    ));
    assert_eq!(
        row(&c, "app"),
        [
            "stop; what was changed stays changed",
            "nothing",
            "app, base",
            "nothing is taken back",
            "stopped"
        ]
    );
    assert_eq!(
        row(&c, "web"),
        [
            "pause and ask Operations: try again, go on, roll back or stop",
            "web, then app, then base",
            "",
            "15 min once decided",
            "as decided"
        ]
    );
    assert_eq!(
        row(&c, "log"),
        [
            "go on: logs can wait",
            "nothing",
            "",
            "the run goes on",
            "goes on"
        ]
    );
}

#[test]
fn a_gate_that_says_otherwise_has_a_row_of_its_own() {
    let c = shop(
        "stage app { approved go; require quiet; run \"./do.sh\" { changes \"app:shop\" }; verify smoke, quiet; \
         rollback { run \"./undo.sh\" { changes \"app:shop\" } } }",
    );
    assert_eq!(row(&c, "app")[1], "app");
    assert_eq!(
        row(&c, "app: “It is quiet” does not pass")[3],
        "nothing is taken back"
    );
    assert_eq!(
        row(&c, "app, before it begins: “It is quiet” does not pass")[1],
        "nothing"
    );
}

/// As `simulate --fail-enter` and `--fail-exit` say: what was half entered is left, and one that cannot be left undoes nothing.
#[test]
fn a_hold_that_cannot_be_entered_or_left_has_its_row() {
    let hold = |name: &str, title: &str| {
        format!(
            "hold {name} {{ title \"{title}\"; during app .. web; owner leads; enter {{ run \"./in {name}\" {{ changes \"repo:{name}\" }} }}; \
             exit {{ run \"./out {name}\" {{ changes \"repo:{name}\"; takes 1m .. 2m }} }} }}\n"
        )
    };
    let stages = |after: &str| {
        format!(
            "{}{}{}{}{}",
            undoable("base", "owner operations"),
            undoable("app", &format!("after base{after}")),
            undoable("web", "after app"),
            hold("page", "Maintenance page"),
            hold("frozen", "Main is frozen"),
        )
    };
    let c = shop(&stages(""));
    assert_eq!(
        row(&c, "“Maintenance page” cannot be entered"),
        [
            "roll back everything that began",
            "base. Then leave: “Maintenance page”.",
            "",
            "5 min",
            "rolled back"
        ]
    );
    assert_eq!(
        row(&c, "“Main is frozen” cannot be entered")[1],
        "base. Then leave: “Main is frozen” and “Maintenance page”."
    );
    assert_eq!(
        row(&c, "“Main is frozen” cannot be left"),
        [
            "try again; then Leads is called, who leaves it by hand, and the rest goes on",
            "nothing",
            "",
            "not before it is left by hand",
            "needs help"
        ]
    );
    // Nothing goes on unprotected, whatever the stage says of its own failure.
    let c = shop(&stages("; on_failure { then continue { because \"known\" } }"));
    assert_eq!(
        row(&c, "“Main is frozen” cannot be entered")[0],
        "roll back everything that began"
    );
    let c = shop(&stages("; on_failure { then restart(app, at_most: 1) }"));
    assert_eq!(
        row(&c, "“Main is frozen” cannot be entered")[0],
        "start again from app, once at most; after that roll back everything that began"
    );
}

#[test]
fn a_hold_is_left_on_the_way_out_and_entered_again_when_it_was_closed() {
    let c = shop(&format!(
        "{}{}{}hold frozen {{ title \"Main is frozen\"; during base .. app; enter {{ run \"./freeze\" {{ changes \"repo:main\" }} }}; \
         exit {{ run \"./thaw\" {{ changes \"repo:main\" }} }} }}",
        undoable("base", "owner operations"),
        undoable("app", "after base"),
        undoable("web", "after app")
    ));
    assert_eq!(row(&c, "app")[1], "app, then base. Then leave: “Main is frozen”.");
    assert_eq!(
        row(&c, "web")[1],
        "Before what is inside, enter again: “Main is frozen”. web, then app, then base. Then leave: “Main is frozen”."
    );
}

#[test]
fn nothing_is_promised_after_the_point_of_no_return() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/database-migration/migration.release");
    let c = example(&path).expect("the example compiles");
    let contract = row(&c, "contract");
    assert_eq!(contract[1], "nothing");
    assert_eq!(
        contract[2],
        "contract (cannot be undone), service (contract needs it), expand (contract needs it)"
    );
    assert_eq!(
        contract[3..],
        ["no way back", "as decided (rolling back or stopping: needs help)"]
    );
    assert_eq!(row(&c, "service")[1..4], ["service, then expand", "", "20 min"]);
}

#[test]
fn a_rollout_that_steps_back_has_a_row_for_its_first_step_and_one_for_the_others() {
    let c = shop(
        "stage app { approved go; rollout { step 10% { bake 5m; verify smoke }; step 100% { bake 5m; verify smoke }; demote }; \
         run \"./do.sh ${rollout.weight}\" { changes \"app:shop\" }; rollback { run \"./undo.sh\" { changes \"app:shop\" } } }",
    );
    assert_eq!(row(&c, "app, at 10%")[0], "roll back everything that began");
    let later = row(&c, "app, at a later step");
    assert_eq!(
        later[0],
        "go back to the step before, pause and ask Operations: try again, go on, roll back or stop"
    );
    assert_eq!((later[1].as_str(), later[4].as_str()), ("app", "as decided"));
}

#[test]
fn what_passes_before_a_person_is_asked_counts_and_the_time_after_the_answer_is_told_apart() {
    let c = shop(
        "stage app { approved go; rollout { step 10% { bake 5m; verify smoke }; step 100% { bake 5m; verify smoke }; demote }; \
         run \"./do.sh ${rollout.weight}\" { changes \"app:shop\"; takes 1m .. 2h }; \
         rollback { run \"./undo.sh\" { changes \"app:shop\"; takes 1m .. 10m } } }\n\
         stage web { after app; run \"./look.sh\" { changes nothing }; \
         on_failure { manual \"Look at it\" { changes nothing; takes 1m .. 4m }; then pause } }",
    );
    assert_eq!(row(&c, "app, at 10%")[3], "10 min");
    assert_eq!(
        row(&c, "app, at a later step")[3],
        "2 h until the question, the time to decide, then 10 min"
    );
    assert_eq!(
        row(&c, "web")[3],
        "4 min until the question, the time to decide, then 10 min"
    );
}

#[test]
fn a_run_that_is_started_again_is_not_safe_at_once() {
    let c = shop(
        "stage app { approved go; run \"./do.sh\" { changes \"app:shop\" }; harmless \"nobody sees it\"; \
         on_failure { then restart(app, at_most: 1) } }",
    );
    assert_eq!(row(&c, "app")[3], "at once, when it is not started again");
}

#[test]
fn a_stage_that_runs_again_is_taken_back_at_last() {
    let c = shop(&format!(
        "{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base; on_failure { then restart(base, at_most: 2) }")
    ));
    let app = row(&c, "app");
    assert_eq!(
        app[0],
        "start again from base, twice at most; after that roll back everything that began"
    );
    assert_eq!(
        (app[1].as_str(), app[4].as_str()),
        ("app, then base", "goes on, or rolled back at last")
    );
}

#[test]
fn a_refusal_takes_back_what_came_before_it() {
    let c = shop(&format!(
        "approval more {{ from leads; after base; within 1d; otherwise stop }}\n{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base; approved more")
    ));
    let refused = row(&c, "approval “more”: refused, or not given in time");
    assert_eq!(
        refused[1..],
        ["nothing", "base", "nothing is taken back", "stopped"]
    );
    assert_eq!(row(&c, "app")[1], "app, then base");
}

/// How a stage of a drawn plan is undone.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Undoable,
    Harmless,
    Irreversible,
    Nothing,
}

fn drawn() -> impl Strategy<Value = Vec<(Kind, Vec<usize>)>> {
    let kind = prop_oneof![
        4 => Just(Kind::Undoable),
        1 => Just(Kind::Harmless),
        1 => Just(Kind::Irreversible),
        1 => Just(Kind::Nothing),
    ];
    proptest::collection::vec((kind, any::<u8>()), 1..8).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(i, (kind, bits))| (kind, (0..i).filter(|j| bits & (1 << (j % 8)) != 0).collect()))
            .collect()
    })
}

/// What the meaning of a plan says, worked out from nothing but the drawing: undone, kept, and of what runs beside what is
/// undone and what is kept.
fn expected(plan: &[(Kind, Vec<usize>)], failed: usize) -> [Vec<usize>; 4] {
    let before = |s: usize| {
        let mut all = std::collections::BTreeSet::new();
        let mut open = plan[s].1.clone();
        while let Some(x) = open.pop() {
            if all.insert(x) {
                open.extend(&plan[x].1);
            }
        }
        all
    };
    let mut began = before(failed);
    began.insert(failed);
    let held = |s: usize| {
        let pivots = began.iter().filter(|p| plan[**p].0 == Kind::Irreversible);
        pivots.into_iter().any(|p| *p == s || before(*p).contains(&s))
    };
    let undone = |s: &usize| plan[*s].0 == Kind::Undoable && !held(*s);
    let changed = |s: &usize| plan[*s].0 != Kind::Nothing;
    let beside: Vec<usize> = (0..plan.len())
        .filter(|s| !began.contains(s) && !before(*s).contains(&failed))
        .collect();
    [
        began.iter().copied().filter(undone).collect(),
        began
            .iter()
            .copied()
            .filter(|s| changed(s) && !undone(s))
            .collect(),
        beside.iter().copied().filter(undone).collect(),
        beside
            .iter()
            .copied()
            .filter(|s| changed(s) && !undone(s))
            .collect(),
    ]
}

fn number(name: &str) -> usize {
    name.trim_start_matches('s')
        .parse()
        .unwrap_or_else(|_| panic!("{name} is a stage"))
}

fn numbers(list: &str) -> Vec<usize> {
    let names = list.split([',', ' ']).filter(|w| w.starts_with('s'));
    names.map(number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// On plans of any shape: the set, the order and what stays are those of the meaning of a plan.
    #[test]
    fn the_table_says_what_a_plan_means(drawn in drawn()) {
        let mut text = String::new();
        for (i, (kind, after)) in drawn.iter().enumerate() {
            let after: Vec<String> = after.iter().map(|a| format!("s{a}")).collect();
            let after = if after.is_empty() { String::new() } else { format!("after {}; ", after.join(", ")) };
            let (changes, way) = match kind {
                Kind::Undoable => (format!("changes \"app:{i}\""), "rollback { run \"./undo.sh\" { takes 1m .. 1m } }"),
                Kind::Harmless => (format!("changes \"app:{i}\""), "harmless \"nobody minds\""),
                Kind::Irreversible => (format!("changes \"app:{i}\""), "irreversible \"gone\""),
                Kind::Nothing => ("changes nothing".to_string(), ""),
            };
            text.push_str(&format!("stage s{i} {{ {after}approved go; run \"./do.sh\" {{ {changes} }}; {way} }}\n"));
        }
        let compiled = shop(&text);
        for failed in 0..drawn.len() {
            let [mut undone, kept, beside, kept_beside] = expected(&drawn, failed);
            let row = row(&compiled, &format!("s{failed}"));
            let (order, also) = match row[1].split_once("where they have begun:") {
                Some((order, also)) => (order.replace("Besides, in their place,", ""), also.to_string()),
                None => (row[1].clone(), String::new()),
            };
            let groups: Vec<Vec<usize>> = order
                .trim()
                .trim_end_matches('.')
                .split(", then ")
                .map(|g| numbers(&g.replace('.', " ")))
                .filter(|g| !g.is_empty())
                .collect();
            let mut found: Vec<usize> = groups.concat();
            found.sort();
            undone.sort();
            prop_assert_eq!(&found, &undone, "undone after s{}", failed);
            // Nothing is undone before or together with what depends on it.
            for (k, group) in groups.iter().enumerate() {
                for later in &groups[k..] {
                    for (a, b) in group.iter().flat_map(|a| later.iter().map(move |b| (*a, *b))) {
                        prop_assert!(!drawn[b].1.contains(&a), "s{} is undone before s{}", a, b);
                    }
                }
            }
            let named = |list: &str| {
                // Reasons stand between brackets.
                let names = list.split('(').map(|k| k.split_once(')').map_or(k, |(_, rest)| rest));
                let mut list = numbers(&names.collect::<Vec<_>>().join(" "));
                list.sort();
                list
            };
            let (stays, aside) = row[2].split_once("besides, where it has begun: ").unwrap_or((&row[2], ""));
            prop_assert_eq!(named(stays.trim_end_matches("; ")), kept, "kept after s{}", failed);
            prop_assert_eq!(named(aside), kept_beside, "kept beside s{}", failed);
            // What something is undone before, it waits for on its way: the first of all that is undone for sure.
            for part in also.split(',').flat_map(|p| p.split(" and ")) {
                let Some((own, other)) = part.trim().trim_end_matches('.').split_once(" (before ") else {
                    continue;
                };
                let (own, other) = (number(own.trim()), number(other.trim_end_matches(')')));
                let mut waited: Vec<usize> = drawn[own].1.clone();
                let mut k = 0;
                while let Some(s) = waited.get(k) {
                    waited.extend_from_slice(&drawn[*s].1);
                    k += 1;
                }
                let first = groups.iter().position(|g| g.iter().any(|s| waited.contains(s)));
                let named = groups.iter().position(|g| g.contains(&other));
                prop_assert!(waited.contains(&other) && named == first, "s{} before s{}", own, other);
            }
            prop_assert_eq!(named(also.trim_end_matches('.')), beside, "beside s{}", failed);
        }
    }
}

/// What a run does then is in `src/run/undo.rs`: nothing inside is undone without the hold, and what it needs stays with it.
#[test]
fn a_hold_that_cannot_be_entered_again_keeps_what_is_inside_as_it_is() {
    let hold = "hold mute { during app .. app; enter { run \"./mute.sh\" { changes \"app:mute\" } }; \
                exit { run \"./unmute.sh\" { changes \"app:mute\" } } }\n";
    let stages = [
        undoable("base", ""),
        undoable("app", "after base"),
        undoable("web", "after app"),
    ];
    let c = shop(&format!("{hold}{}", stages.concat()));
    assert_eq!(
        row(&c, "“mute” cannot be entered again on the way back"),
        [
            "what is inside is not undone without it, nor what that needs; a person has to see to it",
            "all else that is to be undone, in its order. Then leave: “mute”.",
            "app, base (app needs it)",
            "not before a person has seen to it",
            "needs help",
        ]
    );
    let alone = shop(&format!("{hold}{}", stages[..2].concat()));
    let rows = table(alone.document("runbook.md"), HEADING);
    assert!(
        rows.iter().all(|r| !r[0].contains("again")),
        "nothing comes after it, so it is never entered again: {rows:#?}"
    );
}
