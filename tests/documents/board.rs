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

/// The rows of the picture over time: the name, where its bar starts and ends, and whether it is rounded and hatched.
fn bars(page: &str) -> Vec<(String, i64, i64, bool, bool)> {
    let from = page.find("<svg class=\"strip\"").expect("a picture");
    let picture = &page[from..from + page[from..].find("</svg>").expect("an end")];
    let number = |row: &str, name: &str| -> i64 {
        let at = row.find(&format!(" {name}=\"")).expect("a number") + name.len() + 3;
        row[at..]
            .split('"')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number")
    };
    let rows = picture.lines().filter(|l| l.contains("text-anchor=\"end\""));
    rows.map(|row| {
        let name = row
            .split('>')
            .nth(1)
            .and_then(|t| t.split('<').next())
            .expect("a name");
        let bar = &row[row.find("<rect").expect("a bar")..];
        let (x, wide) = (number(bar, "x"), number(bar, "width"));
        (
            name.to_string(),
            x,
            x + wide,
            bar.contains("rx="),
            bar.contains("hatch"),
        )
    })
    .collect()
}

#[test]
fn the_picture_over_time_leaves_no_gap_where_an_answer_is_waited_for() {
    let c = mended("login-gov");
    let page = c.document("review.html");
    let rows = bars(page);
    let names: Vec<&str> = rows.iter().map(|(name, ..)| name.as_str()).collect();
    let expected = [
        "cut",
        "promotion",
        "merge",
        "recycle",
        "watch",
        "keep",
        "remove_old",
        "publish",
    ];
    assert_eq!(
        names, expected,
        "an approval that is asked before the start has no row"
    );
    for (one, two) in rows.iter().zip(&rows[1..]) {
        assert_eq!(one.2, two.1, "{} and {}", one.0, two.0);
    }
    let rounded: Vec<&str> = rows.iter().filter(|r| r.3).map(|r| r.0.as_str()).collect();
    assert_eq!(rounded, ["promotion", "keep"]);
    assert!(rows.iter().all(|r| r.4), "each decides the end");
    let said = "the release ends: cut, then approval “The promotion pull request”, then merge, then recycle, then watch, then \
                decision keep, then remove_old, then publish.";
    assert!(page.contains(said) && page.contains("Rounded bars are answers"));
    // The end has a mark of its own; the window goes on after it.
    assert!(page.contains(">T+9h36m</text>"));
}

#[test]
fn a_long_way_that_decides_the_end_is_named_by_its_ends() {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
         environment staging { kind staging }\nrelease shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n",
    );
    for i in 0..40 {
        let after = if i == 0 {
            String::new()
        } else {
            format!("after s{}; ", i - 1)
        };
        text.push_str(&format!(
            "stage s{i} {{ {after}run \"./do.sh {i}\" {{ changes nothing; takes 1m .. 2m }} }}\n"
        ));
    }
    let c = plan(&(text + "}\n"));
    let said = "the release ends: s0, then s1, then s2, then s3, then s4, then s5, then 33 more, then s39.";
    assert!(c.document("review.html").contains(said));
}

#[test]
fn no_arrow_is_drawn_over_the_title_of_a_phase() {
    let c = mended("cpython");
    let page = c.document("review.html");
    let from = page.find("class=\"scroll wide dag\"").expect("a picture");
    let picture = &page[from..from + page[from..].find("</svg>").expect("an end")];
    let title = picture.find("Binaries by the experts</text>").expect("a title");
    assert!(!picture[title..].contains("marker-end"), "arrows come first");
}

/// So many regions side by side, each of so many stages after each other, that all ask somebody when they fail or roll back.
fn regions(regions: usize, stages: usize, on_failure: &str) -> Compiled {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
         environment staging { kind staging }\nrelease shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n",
    );
    for r in 0..regions {
        for i in 0..stages {
            let after = if i == 0 {
                String::new()
            } else {
                format!("after r{r}_s{}; ", i - 1)
            };
            let what = format!("changes \"app:{r}:{i}\"; takes 1m .. 1m; idempotent");
            text.push_str(&format!(
                "stage r{r}_s{i} {{ {after}run \"./do.sh {r} {i}\" {{ {what} }}; {on_failure} rollback {{ run \"./undo.sh {r} {i}\" {{ {what} }} }} }}\n"
            ));
        }
    }
    plan(&(text + "}\n"))
}

#[test]
fn failures_of_which_the_same_is_told_have_one_row_in_a_plan_of_many_stages() {
    let c = regions(9, 8, "");
    let heading = "From here: what is undone when something fails";
    for (document, heading) in [
        ("runbook.md", heading),
        ("change-request.md", "Rollback in short"),
    ] {
        let rows = table(c.document(document), heading);
        assert_eq!(
            rows.len(),
            3,
            "and that of an undo that fails; {document}: {rows:#?}"
        );
        assert_eq!(rows[1][0], "one of the stages 1 (r0_s0) to 72 (r8_s7)");
        assert_eq!(rows[1][2], "what has begun, from the highest number down to 1");
    }
    // What differs has rows of its own: here each takes longer than the one before.
    let rows = table(regions(1, 61, "").document("runbook.md"), heading);
    assert_eq!(rows.len(), 63);
    assert_eq!(rows[1][2], "r0_s0");
    assert_eq!(
        rows[61][2],
        "what has begun of the stages from number 61 (r0_s60) back to number 1, the last first"
    );
}

#[test]
fn who_is_asked_after_many_failures_stands_once_on_the_first_screen() {
    let asks = |c: &Compiled| {
        let text = c.document("change-request.md");
        let rows = text
            .lines()
            .filter(|l| l.starts_with("| A failure of"))
            .map(str::to_string);
        rows.collect::<Vec<_>>()
    };
    let few = asks(&regions(1, 3, "on_failure { then pause };"));
    assert_eq!(few.len(), 3, "{few:#?}");
    let many = asks(&regions(1, 12, "on_failure { then pause };"));
    assert_eq!(many.len(), 1, "{many:#?}");
    assert!(
        many[0].starts_with("| A failure of one of the stages 1 (r0_s0) to 12 (r0_s11) | Operations |"),
        "{many:#?}"
    );
}

#[test]
fn what_takes_as_long_beside_what_decides_the_end_is_hatched_too() {
    let c = regions(2, 3, "");
    let page = c.document("review.html");
    let rows = bars(page);
    assert!(rows.len() == 6 && rows.iter().all(|r| r.4), "{rows:?}");
    assert!(
        page.contains(
            "ends: r0_s0, then r0_s1, then r0_s2. The other hatched bars take as long beside them."
        )
    );
    let c = mended("cpython");
    let page = c.document("review.html");
    let hatched: Vec<String> = bars(page).into_iter().filter(|r| r.4).map(|r| r.0).collect();
    // Both installers may take three days.
    assert_eq!(
        hatched,
        [
            "tag",
            "windows",
            "mac",
            "green_lights",
            "go",
            "upload",
            "push",
            "merge",
            "web"
        ]
    );
}

#[test]
fn the_time_until_safe_tells_what_passes_before_the_question_and_after_the_answer() {
    let c = mended("thunderbird");
    let rows = table(c.document("change-request.md"), "Rollback in short");
    let later = rows
        .iter()
        .find(|r| r[0] == "play, at a later step")
        .expect("a row");
    assert_eq!(
        later[4],
        "2 days 10 min until the question, the time to decide, then 1 day"
    );
}

#[test]
fn what_may_have_begun_besides_says_before_what_it_is_undone() {
    let c = mended("cpython");
    let rows = table(
        c.document("runbook.md"),
        "From here: what is undone when something fails",
    );
    let back = rows
        .iter()
        .find(|r| r[0].ends_with("Take the files back"))
        .expect("a row");
    let said = "upload. Besides, in their place, where they have begun: upload_mac (before upload).";
    assert!(back[2].starts_with(said), "{}", back[2]);
}

#[test]
fn the_only_step_of_a_stage_takes_what_the_stage_says_it_takes() {
    let c = mended("login-gov");
    let rows = table(c.document("runbook.md"), "Timeline");
    let merge = rows.iter().find(|r| r[4] == "2.1 merge").expect("a row");
    assert_eq!(merge[3], "2 min to 10 min");
}

#[test]
fn what_a_finding_names_is_code_and_not_a_word_between_marks() {
    let c = mended("cpython");
    let said =
        "| warning | `go` approves no particular `mac_binaries`: another one can ship (approval/unbound) |";
    assert!(c.document("change-request.md").contains(said));
    let said = "<td><code>go</code> approves no particular <code>mac_binaries</code>: another one can ship (approval/unbound)</td>";
    assert!(c.document("review.html").contains(said));
}

#[test]
fn few_warnings_stand_on_the_first_screen_in_full() {
    let c = mended("cpython");
    for document in ["change-request.md", "review.html"] {
        let text = c.document(document);
        assert!(text.contains(
            "The compiler warns: “go” approves no particular “mac_binaries”: another one can ship."
        ));
        assert!(text.contains("The compiler warns: nothing says by what “works_for_a_user” is answered."));
    }
}

#[test]
fn many_stages_that_cannot_be_undone_have_one_flag() {
    let flags = |n: usize| {
        let mut text = String::from(
            "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
             environment staging { kind staging }\nrelease shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n",
        );
        for i in 0..n {
            text.push_str(&format!(
                "stage s{i} {{ run \"./do.sh {i}\" {{ changes \"app:{i}\"; takes 1m .. 1m }}; irreversible \"gone\"; on_failure {{ then stop }} }}\n"
            ));
        }
        let c = plan(&(text + "}\n"));
        let lines = c.document("change-request.md").lines();
        let found: Vec<String> = lines
            .filter(|l| l.starts_with("- ") && l.contains("cannot be undone"))
            .map(str::to_string)
            .collect();
        found
    };
    assert_eq!(
        flags(2),
        ["- s0 cannot be undone: gone.", "- s1 cannot be undone: gone."]
    );
    let said = "- 8 stages cannot be undone: s0, s1, s2, s3, s4, s5, s6 and s7.";
    assert_eq!(flags(8), [said]);
}

#[test]
fn a_rollout_that_steps_back_tells_what_follows_when_its_stage_is_not_done_in_time() {
    let shop = |more: &str| {
        plan(&format!(
            r#"person ana {{ name "Ana Ruiz" }}
role operations {{ title "Operations"; at_least 3 }}
environment staging {{ kind staging }}
release shop {{
  title "Shop"; version "2"; author ana; owner operations; in staging
  gate quiet {{ run "./quiet.sh" {{ changes nothing; takes 1m .. 2m }}; exercises "app:web" }}
  stage web {{
    {more}
    run "./shift.sh ${{rollout.weight}}" {{ changes "app:web"; takes 1m .. 1m; idempotent }}
    rollout {{ demote; step 10% {{ verify quiet }}; step 100% {{ verify quiet }} }}
    rollback {{ run "./shift.sh 0" {{ changes "app:web"; takes 1m .. 5m; idempotent }} }}
  }}
}}
"#
        ))
    };
    let heading = "From here: what is undone when something fails";
    let rows = |c: &Compiled| table(c.document("runbook.md"), heading);
    let c = shop(
        "timeout 2h; on_failure { manual \"Look at it\" { changes nothing; takes 1m .. 4m }; then pause };",
    );
    let late = rows(&c)
        .into_iter()
        .find(|r| r[0] == "web: not done within 2 h")
        .expect("a row");
    assert!(late[1].starts_with("pause and ask Operations"), "{late:?}");
    assert_eq!(
        late[3],
        "4 min until the question, the time to decide, then 5 min"
    );
    // What the stage does at a failure, it does not at a failing step: there it goes back.
    let first = rows(&c)
        .into_iter()
        .find(|r| r[0] == "web, at 10%")
        .expect("a row");
    assert_eq!(
        (first[1].as_str(), first[3].as_str()),
        ("roll back everything that began", "5 min")
    );
    assert!(rows(&shop("")).iter().all(|r| !r[0].contains("not done within")));
}

/// What is judged alike in two hundred stages is one point of decision, not two hundred.
#[test]
fn what_is_judged_alike_in_many_stages_is_one_point_of_decision() {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
         environment staging { kind staging }\ngate answers { title \"It answers\"; run \"./smoke.sh\" { changes nothing; takes 1m .. 1m } }\n\
         gate odd { title \"It is odd\"; run \"./odd.sh\" { changes nothing; takes 1m .. 1m }; otherwise stop }\n\
         release shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in staging\n",
    );
    for i in 0..200 {
        let after = if i == 0 {
            String::new()
        } else {
            format!("after s{}; ", i - 1)
        };
        let odd = if i == 77 { "; verify odd" } else { "" };
        text.push_str(&format!("stage s{i} {{ {after}verify answers{odd} }}\n"));
    }
    let c = plan(&(text + "}\n"));
    let points = table(c.document("release-plan.md"), "Go or no-go");
    assert_eq!(points.len(), 3, "{points:#?}");
    assert_eq!(
        points[1],
        [
            "T+1m to T+3h21m",
            "each of the stages 1 (s0) to 200 (s199): It answers",
            "Operations",
            "ends without an error",
            "roll back everything that began"
        ]
    );
    assert_eq!(points[2][1], "s77: It is odd");
}
