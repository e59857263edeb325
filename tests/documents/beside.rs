//! What the documents say of failures beside other work, of rollouts that step back, and of points of no return.

use crate::from_here::{row, shop, undoable};
use crate::support::{Compiled, plan, table};

const BACK: &str =
    "go back to the step before, pause and ask Operations: try again, go on, roll back or stop";
const ALL: &str = "roll back everything that began";

/// A stage that nothing can undo.
fn irreversible(name: &str, rest: &str) -> String {
    format!(
        "stage {name} {{ approved go; {rest}; run \"./do.sh {name}\" {{ changes \"app:{name}\"; takes 1h }}; \
         irreversible \"{name} is gone\" }}\n"
    )
}

/// A stage whose rollout steps back.
fn ladder(more: &str) -> Compiled {
    shop(&format!(
        "stage app {{ approved go; rollout {{ step 1% {{ bake 5m }}; step 10% {{ bake 5m; verify smoke{more} }}; \
         step 100% {{ bake 5m; verify smoke }}; demote }}; run \"./do.sh ${{rollout.weight}}\" {{ changes \"app:shop\" }}; \
         rollback {{ run \"./undo.sh\" {{ changes \"app:shop\" }} }} }}"
    ))
}

#[test]
fn a_rollout_that_steps_back_says_so_at_every_step_after_the_first() {
    let c = ladder("");
    let timeline = table(c.document("runbook.md"), "Timeline");
    let last = |row: &Vec<String>| row.last().cloned().unwrap_or_default();
    let acts = timeline
        .iter()
        .filter(|r| r.iter().any(|c| c.contains("./do.sh")));
    let said: Vec<String> = acts.map(last).collect();
    assert_eq!(said, [ALL, BACK, BACK]);
    let judged = timeline
        .iter()
        .filter(|r| r.iter().any(|c| c.contains("Verify: It answers")));
    assert_eq!(judged.map(last).collect::<Vec<_>>(), [BACK, BACK]);
    let whole = format!("| If it fails | at 1% {ALL}; at a later step {BACK} |");
    assert!(c.document("runbook.md").contains(&whole));
    let plan = c.document("release-plan.md");
    let rollout = table(plan, "Staged rollout");
    let said: Vec<String> = rollout[1..].iter().map(last).collect();
    assert_eq!(said, [ALL, BACK, BACK]);
    let points = table(plan, "Go or no-go");
    let judged = points
        .iter()
        .filter(|r| r.iter().any(|c| c.contains("It answers")));
    assert_eq!(judged.map(last).collect::<Vec<_>>(), [BACK, BACK]);
    let smoke = table(c.document("runbook.md"), "Smoke tests");
    assert!(smoke[1].contains(&BACK.to_string()), "{smoke:?}");
}

#[test]
fn a_gate_with_a_word_of_its_own_names_who_is_asked() {
    let before =
        "gate slow { title \"It is fast\"; run \"./fast.sh\" { changes nothing }; otherwise pause }\n";
    let text = format!(
        "{before}person ana {{ name \"Ana Ruiz\" }}\nrole operations {{ title \"Operations\"; at_least 3 }}\n\
         role data {{ title \"Data team\"; at_least 3 }}\nrole leads {{ title \"Leads\"; at_least 3 }}\n\
         environment production {{ kind production }}\n\
         release shop {{ title \"Shop\"; version \"2\"; author ana; owner operations; in production\n\
         approval go {{ from leads; distinct_from author, executors; within 2d }}\n\
         stage app {{ approved go; owner data; run \"./do.sh\" {{ changes \"app:shop\" }}; verify slow; \
         rollback {{ run \"./undo.sh\" {{ changes \"app:shop\" }} }} }} }}"
    );
    let c = plan(&text);
    for name in ["runbook.md", "release-plan.md", "review.html"] {
        let document = c.document(name);
        assert!(document.contains("pause and ask Data team: try again"), "{name}");
        assert!(!document.contains("ask the owner"), "{name}");
    }
}

#[test]
fn what_runs_beside_and_stays_is_named_where_it_has_begun() {
    let c = shop(&format!(
        "approval more {{ from leads; after base; within 1d; otherwise stop }}\n{}{}{}",
        undoable("base", "owner operations"),
        undoable("east", "after base; approved more"),
        undoable("west", "after base")
    ));
    let refused = row(&c, "approval “more”: refused, or not given in time");
    assert_eq!(refused[2], "base; besides, where it has begun: west");
    // A part that is undone leaves what runs beside it.
    let c = shop(&format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("east", "after base; on_failure { then rollback(east) }"),
        undoable("west", "after base")
    ));
    let east = row(&c, "east");
    assert_eq!(east[1], "east");
    assert_eq!(east[2], "base; besides, where it has begun: west");
}

#[test]
fn what_cannot_be_undone_beside_keeps_what_it_rests_on_and_may_need_help() {
    let c = shop(&format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("east", "after base"),
        irreversible("west", "after base")
    ));
    let east = row(&c, "east");
    assert_eq!(east[1], "east, then base");
    assert_eq!(
        east[2],
        "besides, where it has begun: west (cannot be undone, and with it base)"
    );
    assert_eq!(
        east[4],
        "rolled back; needs help where west has begun and not ended"
    );
}

#[test]
fn a_pause_at_something_irreversible_ends_as_a_person_decides() {
    let c = shop(&irreversible("app", "on_failure { then pause }"));
    assert_eq!(
        row(&c, "app")[4],
        "as decided (rolling back or stopping: needs help)"
    );
    let said = "Where a person decides, the order is what rolling back would mean.";
    for name in [
        "runbook.md",
        "change-request.md",
        "release-plan.md",
        "review.html",
    ] {
        assert!(c.document(name).contains(said), "{name}");
    }
    // What fails at something irreversible needs help only when the run turns back or stops there.
    let restart = shop(&irreversible(
        "app",
        "on_failure { then restart(app, at_most: 2) }",
    ));
    assert_eq!(row(&restart, "app")[4], "goes on, or needs help at last");
}

#[test]
fn every_first_point_of_no_return_is_named() {
    let east = irreversible("east", "after base");
    let west = irreversible("west", "after base");
    let base = undoable("base", "owner operations");
    let c = shop(&format!("{base}{east}{west}"));
    let said = "once east (east is gone) or west (west is gone) has begun";
    for name in [
        "runbook.md",
        "change-request.md",
        "release-plan.md",
        "review.html",
    ] {
        assert!(c.document(name).contains(said), "{name}");
    }
    // One that comes only after another is no first one.
    let c = shop(&format!("{base}{east}{}", irreversible("west", "after east")));
    assert!(
        c.document("change-request.md")
            .contains("once east has begun: east is gone")
    );
}

#[test]
fn the_way_back_of_a_stage_enters_a_hold_again_that_may_have_been_left() {
    let hold = |during: &str| {
        format!(
            "hold frozen {{ title \"Main is frozen\"; during {during}; enter {{ run \"./freeze\" {{ changes \"repo:main\" }} }}; \
             exit {{ run \"./thaw\" {{ changes \"repo:main\" }} }} }}"
        )
    };
    let stages = format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("app", "after base"),
        undoable("web", "after app")
    );
    let said = "If “Main is frozen” has been left, enter it again first, and leave it afterwards.";
    for name in ["runbook.md", "release-plan.md", "review.html"] {
        let c = shop(&format!("{stages}{}", hold("base .. app")));
        assert_eq!(c.document(name).matches(said).count(), 2, "{name}");
        for (what, command) in [
            ("To enter “Main is frozen” again", "./freeze"),
            ("To leave “Main is frozen” again", "./thaw"),
        ] {
            let blocks: Vec<&str> = c.document(name).split(what).skip(1).collect();
            assert_eq!(blocks.len(), 2, "{name}: {what}");
            for block in blocks {
                let next = block.find("./").map(|i| &block[i..]).unwrap_or_default();
                assert!(next.starts_with(command), "{name}: {what}: {block}");
            }
        }
        // Nothing fails any more once it has been left.
        let c = shop(&format!("{stages}{}", hold("base .. web")));
        assert_eq!(c.document(name).matches(said).count(), 0, "{name}");
    }
    // Beside what fails, a hold may have been left or not.
    let c = shop(&format!(
        "{}{}{}",
        undoable("base", "owner operations"),
        undoable("web", "owner operations"),
        hold("base .. base")
    ));
    let undone = &row(&c, "web")[1];
    assert!(
        undone.starts_with(
            "Before what is inside, enter again: “Main is frozen” (where it has been left). web."
        ),
        "{undone}"
    );
}

#[test]
fn a_refusal_before_anything_can_have_begun_lets_nothing_start() {
    let otherwise = |c: &Compiled| {
        let rows = table(c.document("runbook.md"), "Who approves");
        let column = rows[0].iter().position(|h| h == "If refused").expect("a column");
        rows[1][column].clone()
    };
    let c = shop(&undoable("base", "owner operations"));
    assert_eq!(otherwise(&c), "the release does not start");
    // Beside a stage that asks nobody something may have begun.
    let free = "stage free { run \"./free.sh\" { changes \"app:free\" }; \
                rollback { run \"./undo.sh free\" { changes \"app:free\" } } }\n";
    let c = shop(&format!("{free}{}", undoable("base", "owner operations")));
    assert_eq!(otherwise(&c), ALL);
}

#[test]
fn what_cannot_be_undone_says_who_is_asked_in_a_rollback() {
    let c = shop(&irreversible("app", "on_failure { then stop }"));
    let said = "This cannot be undone: app is gone. A rollback leaves it as it is, with all that it depends on, and asks Operations.";
    assert!(c.document("runbook.md").contains(said));
}
