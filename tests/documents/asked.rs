//! Who is asked in the documents, and what: the people the plan names, not those who did the work.

use crate::support::{plan, table};

#[test]
fn whoever_answers_a_question_stands_beside_it_with_the_question() {
    let text = r#"person ana { name "Ana Ruiz" }
role ops     { title "Operations"; at_least 3 }
role quality { title "Quality"; at_least 2 }
role partner { title "Partner office"; at_least 2 }
role board   { title "Board"; at_least 4; excludes ops }
environment production { kind production }
gate looks { title "It looks right"; ask "Does the page look right?"; by quality; within 10m; expect "every price has two digits"; otherwise rollback }
gate quick { title "It is quick"; run "./quick.sh" { changes nothing }; owner quality; exercises "app:shop"; otherwise rollback }
release shop {
  title "Shop"; version "2"; author ana; owner ops; in production; start 2026-06-01T09:00Z
  approval go { from board; distinct_from author, executors; within 2d }
  stage web {
    approved go
    wait_for "the partner's go" { ask "Has the partner said go?"; by partner; within 1h }
    run "./do.sh" { changes "app:shop" }
    verify looks
    verify quick
    rollback { run "./undo.sh" { changes "app:shop"; idempotent } }
  }
}
"#;
    let compiled = plan(text);
    let runbook = compiled.document("runbook.md");
    let timeline = table(runbook, "Timeline");
    let row = |what: &str| {
        let mut rows = timeline.iter();
        let found = rows.find(|r| r.iter().any(|c| c.contains(what)));
        found
            .unwrap_or_else(|| panic!("no row of {what}: {timeline:?}"))
            .join(" | ")
    };
    for (what, who, question) in [
        (
            "It looks right",
            "Quality",
            "Does the page look right? Expected: every price has two digits",
        ),
        ("It is quick", "Quality", "ends without an error"),
        ("the partner's go", "Partner office", "Has the partner said go?"),
        ("./do.sh", "Operations", ""),
    ] {
        let row = row(what);
        assert!(row.contains(who) && row.contains(question), "{what}: {row}");
        assert_eq!(row.contains("Operations"), who == "Operations", "{what}: {row}");
    }
    assert!(!runbook.contains("look in: Quality"), "a role is not a place");
    assert!(runbook.contains("asked of Quality"));
    let points = table(compiled.document("release-plan.md"), "Go or no-go");
    let looks = points
        .iter()
        .find(|r| r.iter().any(|c| c.contains("It looks right")));
    assert!(
        looks.is_some_and(|r| r.contains(&"Quality".to_string())),
        "{points:?}"
    );
}

#[test]
fn a_decision_that_only_a_failure_asks_has_no_moment_of_its_own() {
    let text = r#"person ana { name "Ana Ruiz" }
role ops   { title "Operations"; at_least 3 }
role board { title "Board"; at_least 4; excludes ops }
environment production { kind production }
gate quick { title "It is quick"; run "./quick.sh" { changes nothing }; exercises "app:shop"; otherwise rollback }
release shop {
  title "Shop"; version "2"; author ana; owner ops; in production; start 2026-06-01T09:00Z
  approval go { from board; distinct_from author, executors; within 2d }
  decision how_far { ask "How far back?"; by board; within 30m; option page { then rollback(web) }; option all { then rollback } }
  gate slow { title "It is calm"; run "./calm.sh" { changes nothing }; exercises "app:shop"; otherwise how_far }
  stage web {
    approved go
    run "./do.sh" { changes "app:shop"; undo run "./undo.sh" { changes "app:shop"; idempotent } }
    verify quick, slow
    on_failure { then how_far }
  }
}
"#;
    let compiled = plan(text);
    let runbook = compiled.document("runbook.md");
    let row = runbook
        .lines()
        .find(|l| l.starts_with("| How far back? |"))
        .expect("who decides it");
    let when = "| Board | when web fails or when “It is calm” does not pass, within 30 min |";
    assert!(row.contains(when), "{row}");
    let back = table(runbook, "From here: what is undone when something fails");
    let row = back
        .iter()
        .find(|r| r[0] == "web, once “How far back?” is decided: page");
    assert_eq!(row.expect("a row of its answer")[2], "web");
    let timeline = table(runbook, "Timeline");
    assert!(
        !timeline
            .iter()
            .any(|r| r.iter().any(|c| c.contains("decision how_far"))),
        "{timeline:?}"
    );
    let points = table(compiled.document("release-plan.md"), "Go or no-go");
    assert!(
        !points.iter().any(|r| r.iter().any(|c| c == "How far back?")),
        "{points:?}"
    );
}
