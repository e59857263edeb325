//! What the documents say of triggers, of starting again, and of the room that a window leaves.

use crate::from_here::{row, shop, undoable};
use crate::support::{Compiled, plan, table};
use releasec::model::{StageId, TriggerId};
use releasec::plan::Node;
use releasec::run::{Outcomes, Reference};

/// What a run undoes, in order, when a trigger acts while a stage is under way.
fn undone(c: &Compiled, trigger: usize, stage: usize) -> (Vec<String>, &'static str) {
    let mut outcomes = Outcomes::default();
    let during = Some(Node::Stage(StageId::at(stage)));
    outcomes.triggers.insert(TriggerId::at(trigger), during);
    let trace = Reference::new(&c.plan).run(&outcomes);
    let name = |s: &StageId| c.plan.release().stage(*s).name.to_string();
    (trace.undone.iter().map(name).collect(), trace.state.word())
}

/// The cell of a fact on the first screen.
fn fact(c: &Compiled, name: &str) -> String {
    let document = c.document("change-request.md");
    let start = format!("| {name} | ");
    let line = document.lines().find_map(|l| l.strip_prefix(start.as_str()));
    line.unwrap_or_else(|| panic!("no {name}: {document}"))
        .trim_end_matches(" |")
        .to_string()
}

fn watched(more: &str) -> Compiled {
    shop(&format!(
        "{}{}{}{more}",
        undoable("base", "owner operations; bake 5m").replace("owner operations; bake 5m; run", "run"),
        undoable("app", "after base; on_failure { then rollback(app) }")
            .replace("; rollback", "; bake 5m; rollback"),
        undoable("web", "after app").replace("; rollback", "; bake 5m; rollback")
    ))
}

#[test]
fn a_trigger_has_rows_of_its_own_that_say_what_a_run_does() {
    let c = watched(
        "trigger storm { ask \"Is there a storm?\"; during app .. web; then rollback }\n\
         trigger half { ask \"Is half of it gone?\"; during app .. web; then rollback(web) }",
    );
    // The failure of the stage says another thing.
    assert_eq!(row(&c, "app")[1], "app");
    for (trigger, name) in ["storm", "half"].into_iter().enumerate() {
        for (stage, during) in [(1, "app"), (2, "web")] {
            let said = row(&c, &format!("trigger {name}, during {during}"));
            let (run, end) = undone(&c, trigger, stage);
            let list = if run.is_empty() {
                "nothing".to_string()
            } else {
                run.join(", then ")
            };
            assert_eq!(
                (said[1].clone(), said[4].replace(' ', "_")),
                (list, end.to_string()),
                "{name}, {during}"
            );
        }
    }
}

#[test]
fn a_trigger_watches_while_an_approval_is_waited_for() {
    let c = shop(&format!(
        "approval more {{ from leads; after base; within 1d; otherwise stop }}\n{}{}\
         trigger storm {{ ask \"Is there a storm?\"; during base .. app; then rollback }}",
        undoable("base", "owner operations"),
        undoable("app", "after base; approved more")
    ));
    let waiting = row(&c, "trigger storm, while waiting for approval “more”");
    assert_eq!(
        (waiting[1].as_str(), waiting[4].as_str()),
        ("base", "rolled back")
    );
}

#[test]
fn a_trigger_that_pauses_is_decided_by_the_owner() {
    let c = watched("trigger storm { ask \"Is there a storm?\"; during web; then pause }");
    for name in ["runbook.md", "change-request.md", "release-plan.md"] {
        let said = "| Trigger storm acts | Operations | when it happens | one of: try again, go on, roll back, stop |";
        assert!(c.document(name).contains(said), "{name}");
    }
    assert_eq!(row(&c, "trigger storm, during web")[4], "as decided");
}

#[test]
fn starting_again_is_counted_where_the_worst_is_told() {
    let stages = |more: &str| {
        let base = undoable("base", "owner operations")
            .replace("changes \"app:base\" };", "changes \"app:base\"; takes 10m };");
        format!(
            "start 2026-06-01T09:00Z\napproval more {{ from leads; after base; within 2h; {more} }}\n{base}{}",
            undoable("app", "after base; approved more")
        )
    };
    let once = shop(&stages("otherwise rollback"));
    assert!(fact(&once, "Ends at the worst, rollback included").contains("T+2h20m"));
    assert_eq!(
        fact(&once, "Should end by"),
        "Mon 1 June 2026, 11:10 UTC, T+2h10m. Not counted: steps whose duration nobody has said (app)."
    );
    // Twice more: ten minutes, two hours, and before that `go` again, which has two days.
    let again = shop(&stages("otherwise restart(base, at_most: 2)"));
    let worst = fact(&again, "Ends at the worst, rollback included");
    assert!(worst.contains("T+4d6h40m"), "{worst}");
    assert!(fact(&again, "Should end by").contains(" and that it starts again from base."));
    let refused = row(&again, "approval “more”: refused, or not given in time");
    assert_eq!(refused[3], "5 min once it is not started again");
    let document = again.document("release-plan.md");
    assert!(
        document.contains("start again from base, twice at most; after that roll back everything that began")
    );
}

const PEOPLE: &str = r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 3 }
environment production { kind production }
"#;

fn windowed(window: &str, stages: &str) -> Compiled {
    plan(&format!(
        "{PEOPLE}release shop {{\n title \"Shop\"; version \"2\"; author ana; owner operations; in production\n\
         start 2026-06-02T09:00Z\n window {{ {window}; covers app }}\n\
         approval go {{ from leads; distinct_from author, executors; within 2d }}\n\
         approval late {{ from leads; after app; within 3d }}\n{stages}}}\n"
    ))
}

fn room(c: &Compiled, what: &str) -> String {
    let rows = table(c.document("change-request.md"), "Why this window");
    let found = rows.iter().find(|r| r[0] == what);
    found.map(|r| r[1].clone()).unwrap_or_default()
}

#[test]
fn a_way_back_after_the_window_is_told_with_the_room_in_it() {
    let app = "stage app { approved go; run \"./do.sh\" { changes \"app:shop\"; takes 10m }; \
               rollback { run \"./undo.sh\" { changes \"app:shop\"; takes 5m } } }\n";
    let after =
        "stage after_all { after app; approved late; run \"./look.sh\" { changes nothing; takes 1m } }\n";
    for window in [
        "opens 2026-06-02T08:00; closes 2026-06-02T12:00; zone \"UTC\"",
        "days mon .. fri; hours 08:00 .. 12:00; zone \"UTC\"",
    ] {
        let c = windowed(window, &format!("{app}{after}"));
        assert_eq!(
            room(&c, "Room for the work"),
            "ends by Tue 2 June 2026, 09:10 UTC, 2 h 50 min before the window closes"
        );
        let back = room(&c, "Room for a rollback");
        let inside = "ends by Tue 2 June 2026, 09:15 UTC, 2 h 45 min before the window closes";
        let later = "what is taken back later (approval “late”: refused, or not given in time; after_all) may last until \
                     Fri 5 June 2026, 09:16 UTC, after the window has closed";
        assert_eq!(back, format!("{inside}; {later}"), "{window}");
    }
}

#[test]
fn a_decision_that_pauses_leaves_the_end_open() {
    let c = shop(&format!(
        "decision wide {{ ask \"Go wide?\"; by operations; after base; within 1h; default wait; \
         option yes {{ then proceed }}; option wait {{ then pause }} }}\n{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base; when wide is yes")
    ));
    let end = fact(&c, "Should end by");
    let said = " and how long the run stays paused when the answer to “Go wide?” is “wait”.";
    assert!(end.contains(said), "{end}");
}

#[test]
fn an_approval_of_an_undo_is_said_to_guard_it() {
    let c = shop(
        "stage app { approved go; run \"./do.sh\" { changes \"app:shop\" }; \
         rollback { approved peers; run \"./undo.sh\" { changes \"app:shop\" } } }\n\
         approval peers { from leads; distinct_from author, executors; within 2d }",
    );
    let rows = table(c.document("runbook.md"), "Who approves");
    let guards = rows[0].iter().position(|h| h == "Guards").expect("a column");
    let peers = rows.iter().find(|r| r[0] == "peers").expect("a row");
    assert_eq!(peers[guards], "the undo of app");
}

#[test]
fn the_call_for_help_is_true_whatever_stands_half_done() {
    let c = shop(&format!(
        "{}notify leads {{ on needs_help }}",
        undoable("base", "owner operations")
    ));
    let document = c.document("runbook.md");
    assert!(
        document.contains("Shop cannot go on by itself and needs help."),
        "{document}"
    );
    assert!(!document.contains("taken back by itself"));
}

/// In a plan of many stages one row stands for all that a trigger watches, and says so.
#[test]
fn a_trigger_of_a_large_plan_acts_at_any_time() {
    let stages: String = (0..61)
        .map(|i| {
            undoable(
                &format!("s{i}"),
                if i == 0 { "owner operations" } else { "after s0" },
            )
        })
        .collect();
    let c = shop(&format!(
        "{stages}trigger storm {{ ask \"Is there a storm?\"; during s0 .. s1; then rollback }}"
    ));
    let said = row(&c, "trigger storm, at any time until s1 has ended");
    assert_eq!(said[0], "roll back everything that began");
}
