//! What a board reads first: what its yes lets begin, when all is over, and that nothing is said twice or too early.

use crate::support::{Compiled, example, plan, table};
use std::path::Path;

fn mended(name: &str) -> Compiled {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mended");
    let plan = folder.join(name).join("plan.release");
    example(&plan).unwrap_or_else(|| panic!("{name} checks clean"))
}

#[test]
fn one_of_two_approvals_alone_lets_nothing_begin() {
    let c = mended("login-gov");
    let then = "merge may start once “Security review” is given too";
    for document in [
        "runbook.md",
        "change-request.md",
        "release-plan.md",
        "review.html",
    ] {
        assert!(c.document(document).contains(then), "{document}");
    }
}

#[test]
fn what_needs_the_same_other_approvals_stands_together() {
    let c = plan(
        r#"
person ana { name "Ana Ruiz" }
role ops { title "Operations"; at_least 3 }
role board { title "Board"; at_least 4; excludes ops }
role safe { title "Security"; at_least 4; excludes ops }
environment production { kind production }
param big: bool = false
release shop {
  title "Shop"; version "2"; author ana; owner ops; in production
  approval go { from board; distinct_from author, executors; within 2d }
  approval safe_to_go { title "Security"; from safe; distinct_from author, executors, go; within 2d }
  approval large { title "Large changes"; from safe; distinct_from author, executors, go, safe_to_go; within 2d; when big }
  stage a { approved go; run "./a.sh" { changes "app:a"; undo run "./a.sh -u" { changes "app:a"; idempotent } } }
  stage b { after a; approved go, safe_to_go; run "./b.sh" { changes "app:b"; undo run "./b.sh -u" { changes "app:b"; idempotent } } }
  stage c { after b; approved go, safe_to_go; run "./c.sh" { changes "app:c"; undo run "./c.sh -u" { changes "app:c"; idempotent } } }
  stage d { after c; approved go, safe_to_go, large; run "./d.sh" { changes "app:d"; undo run "./d.sh -u" { changes "app:d"; idempotent } } }
}
"#,
    );
    let change = c.document("change-request.md");
    let then = "a may start; b and c may start once “Security” is given too; d may start once “Security” and “Large \
                changes” (only when big) are given too";
    assert!(change.contains(then), "{}", &change[..3000]);
}

#[test]
fn gates_of_which_only_one_applies_are_not_both_waited_for() {
    let c = mended("thunderbird");
    let rows = table(c.document("runbook.md"), "Timeline");
    let starts = |step: &str| rows.iter().find(|r| r[4] == step).map(|r| r[0].as_str());
    // Three days when the kind is release, one when it is beta; both after the first gate.
    assert_eq!(starts("2.5 build"), Some("T+1d2h21m"));
    assert_eq!(starts("2.6 build"), Some("T+1d2h21m"));
    assert_eq!(starts("approval “Go for the stores”"), Some("T+4d2h21m"));
    let change = c.document("change-request.md");
    assert!(
        change.contains("T+17d6h51m") && change.contains("T+18d7h1m"),
        "{}",
        &change[..2000]
    );
}

#[test]
fn a_draft_leaves_to_its_sender_what_only_a_look_can_tell() {
    let c = mended("thunderbird");
    let drafts = table(c.document("change-request.md"), "Drafts of notices");
    let back = drafts.iter().find(|r| r[0] == "rolled back").expect("told");
    assert_eq!(
        back[2],
        "Thunderbird for Android ‹version› has been taken back. [Once checked: version ‹before› is in use again.] \
         We will say when it is tried again."
    );
}

#[test]
fn a_bound_that_the_range_ends_with_is_not_said_again() {
    let c = mended("thunderbird");
    for document in ["runbook.md", "review.html"] {
        let text = c.document(document);
        assert!(
            text.contains("Takes 1 h 20 s to 1 day; done by Release driver"),
            "{document}"
        );
        assert!(!text.contains("1 day, at most 1 day"), "{document}");
    }
}

#[test]
fn the_time_a_gate_is_judged_over_stands_with_its_threshold() {
    let page = mended("thunderbird");
    let page = page.document("review.html");
    let said = "Sessions that do not crash ≥ 99.5% over 12 h; where there is no data a person is asked</td>";
    assert!(page.contains(said));
}
