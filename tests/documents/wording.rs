//! Small words on which much hangs: what is owed when, what must be given, what a bound is a share of, which of two is meant.

use crate::support::{Compiled, cells, compile, examples, plan, table};
use std::path::Path;

const BEFORE: &str = r#"
use std.terraform
param who: person   ## Who wrote the change.
param loud: bool = true
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 4 }
environment eu { kind staging; region "eu-west-1" }
environment us { kind staging; region "us-east-1" }
channel room { title "the room"; run "./say.sh ${message}" }
metric p95 { title "p95 of the shop"; unit duration; run "./p95.sh"; no_data fail }
metric errors { title "errors"; unit percent; run "./errors.sh"; no_data fail }
gate quick { title "As quick as before"; pass p95 <= 110% * baseline(p95) and errors < baseline(errors); over 10m }
gate answers(place: string) { title "It answers"; run "./smoke.sh" { changes nothing; takes 1m } }
checklist ready_now { item "Tickets are closed" }
"#;

fn shop() -> Compiled {
    plan(&format!(
        "{BEFORE}{}",
        r#"
release shop {
  title "Shop"; version "2"; author who; owner operations; in eu
  approval go { from leads; quorum 2; passes majority; open_for 1d; distinct_from author, executors }
  stage a {
    approved go; ready ready_now
    do terraform.apply(dir: "infra", vars: "prod.tfvars", ref: "v2")
    verify answers("eu"), quick
    rollback { do terraform.apply(dir: "infra", vars: "prod.tfvars", ref: "v1"); within 15m }
  }
  stage b { after a; ready ready_now; in us; run "./b.sh" { changes nothing; takes 5m }; verify answers("us") }
  override emergency { skips quick; by leads; quorum 2; because required }
  notify room { on finished; when loud }
  obligation "Tell the customers why" { owner leads; due 2d; on rolled_back, stopped }
  obligation "Report" { owner leads; due 5d }
}
"#
    ))
}

/// The cells of the only row under a heading that begins so.
fn row(c: &Compiled, heading: &str, first: &str) -> Vec<String> {
    let rows = table(c.document("runbook.md"), heading);
    let mut found = rows.iter().filter(|r| r[0] == first);
    let row = found
        .next()
        .unwrap_or_else(|| panic!("{first}: {rows:#?}"))
        .clone();
    assert!(found.next().is_none(), "{first} once: {rows:#?}");
    row
}

#[test]
fn work_that_is_owed_after_some_ends_only_says_after_which() {
    let c = shop();
    assert_eq!(
        row(&c, "Owed afterwards", "Tell the customers why")[2],
        "within 2 days, only if the release was rolled back or stopped"
    );
    assert_eq!(row(&c, "Owed afterwards", "Report")[2], "within 5 days");
}

#[test]
fn whether_an_override_needs_a_reason_is_said() {
    assert_eq!(
        row(&shop(), "Declared break-glass", "emergency")[3],
        "must be given"
    );
}

#[test]
fn how_votes_are_counted_is_said() {
    let needed = &row(&shop(), "Who approves", "go")[1];
    assert_eq!(
        needed,
        "2, and more say yes than no; the vote stays open for 1 day"
    );
}

#[test]
fn nothing_is_said_of_people_where_the_plan_names_none() {
    let c = shop();
    assert!(!c.document("runbook.md").contains("over people"));
    assert!(c.document("runbook.md").contains("names the members of no role"));
}

#[test]
fn a_bound_on_what_was_before_reads_as_english() {
    let threshold = &row(&shop(), "Validation", "As quick as before")[2];
    assert_eq!(
        threshold,
        "p95 of the shop ≤ 110% of what it was before the start and errors < what it was before the start"
    );
}

#[test]
fn one_gate_in_two_environments_is_one_smoke_test() {
    let smoke = row(&shop(), "Smoke tests", "It answers");
    assert_eq!(smoke[1..4], ["`./smoke.sh`", "ends without an error", "a and b"]);
}

#[test]
fn a_change_and_its_undo_by_the_same_action_are_told_apart() {
    let c = shop();
    let runbook = c.document("runbook.md");
    assert!(runbook.contains("#### 1.1 Apply Terraform in \\`infra\\` with \\`prod.tfvars\\` (ref v2)"));
    assert!(runbook.contains("- [ ] Apply Terraform in \\`infra\\` with \\`prod.tfvars\\` (ref v1)."));
}

#[test]
fn the_timeline_names_every_stage_that_a_checklist_keeps_from_starting() {
    let rows = table(shop().document("runbook.md"), "Timeline");
    let text = format!("{rows:?}");
    assert!(text.contains("a and b do not start"), "{text}");
    assert!(
        text.contains("Send a message (the room): the release is complete (only when loud)"),
        "{text}"
    );
}

/// The last stage of the example works in one region and judges all three, each where it is.
#[test]
fn the_example_of_several_regions_judges_each_in_its_own() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/multi-region/regions.release");
    let c = crate::support::example(&path).expect("the example compiles");
    let smoke = table(c.document("runbook.md"), "Smoke tests");
    for (place, region) in [("eu", "eu-west-1"), ("us", "us-east-1"), ("ap", "ap-southeast-1")] {
        let row = smoke
            .iter()
            .find(|r| r[0] == format!("A basket can be bought in {place}"));
        let row = row.unwrap_or_else(|| panic!("{place}: {smoke:#?}"));
        assert_eq!(row[1], format!("`AWS_REGION={region} ./smoke/buy.sh {place}`"));
        assert_eq!(row[3], format!("{place}.shift and together"));
    }
}

/// A step of a rollout has an owner of its own, and a gate asks whom it names all the same; nobody answering is an answer too.
#[test]
fn whoever_is_asked_at_a_step_with_an_owner_of_its_own_is_still_asked() {
    let c = plan(
        r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role oncall { title "On-call"; at_least 3 }
role leads { title "Leads"; at_least 4 }
environment staging { kind staging }
gate looks { title "It looks right"; ask "Does it look right?"; by leads; within 20m; default passed }
gate calm { title "It is calm"; ask "Is it calm?"; by leads; within 10m }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in staging
  stage a {
    rollout {
      step 10% { owner oncall; bake 5m; verify looks, calm }
      step 100% { bake 5m }
    }
    run "./a.sh ${rollout.weight}" { changes nothing; takes 1m }
  }
  stage b { after a; wait_for "the queue is empty" { ask "Is it empty?"; within 5m; default happened } }
}
"#,
    );
    let rows = table(c.document("runbook.md"), "Timeline");
    let owners: Vec<&str> = rows
        .iter()
        .filter(|r| r[2].ends_with(" a"))
        .map(|r| r[4].as_str())
        .collect();
    assert_eq!(
        owners,
        ["On-call", "On-call", "Leads", "Leads", "Operations", "Operations"],
        "{rows:#?}"
    );
    let staged = table(c.document("release-plan.md"), "Staged rollout");
    assert_eq!(
        (staged[1][3].as_str(), staged[2][3].as_str()),
        ("On-call", "Operations")
    );
    // Asked at T+6m and T+26m, answered at the latest 20 and 10 minutes later.
    let points = table(c.document("release-plan.md"), "Go or no-go");
    assert_eq!((points[1][0].as_str(), points[2][0].as_str()), ("T+26m", "T+36m"));
    let runbook = c.document("runbook.md");
    for said in [
        "Does it look right? Without an answer within 20 min it counts as passed.",
        "Is it calm? Without an answer within 10 min it counts as failed.",
        "Is it empty? Without an answer within 5 min it counts as happened.",
    ] {
        assert!(runbook.contains(said), "{said}");
    }
}

/// When to give something up is said where it is done, and what a gate does without data where it is judged.
#[test]
fn limits_and_missing_data_are_told() {
    let c = plan(
        r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
environment staging { kind staging }
metric errors { title "errors"; unit percent; run "./errors.sh"; no_data pass }
metric lag { title "lag"; unit duration; run "./lag.sh"; no_data pause }
gate quiet { title "It is quiet"; pass errors < 1% }
gate quick { title "It is quick"; pass lag < 2s }
gate smoke { title "It answers"; run "./smoke.sh" { changes nothing; timeout 3m } }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in staging
  stage a { timeout 1h; run "./a.sh" { changes nothing; takes 1m .. 2m; timeout 10m }; verify quiet, quick, smoke }
}
"#,
    );
    let runbook = c.document("runbook.md");
    for said in [
        "| Given up after | 1 h |",
        "takes 1 min to 2 min; given up after 10 min.",
        "T+2m; given up after 3 min.",
        "errors \\< 1%; where there is no data it passes",
        "lag \\< 2 s; where there is no data a person is asked",
    ] {
        assert!(runbook.contains(said), "{said}: {runbook}");
    }
}

#[test]
fn the_page_ends_its_sentences_and_leaves_no_wait_out() {
    let c = plan(
        r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
environment eu { kind staging; region "eu-west-1" }
checklist calm { item "No incident is open" { check "./incidents.sh --open | grep --quiet '^0$'" { changes nothing } } }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in eu
  stage a {
    ready calm; run "./a.sh" { changes "app:a"; takes 5m }
    wait_for "Review by the store" { ask "Has the store reviewed it?"; by operations; takes 1h .. 2d; within 7d }
    rollback { run "./undo.sh" { changes "app:a"; takes 5m } }
  }
  stage b { after a; run "./b.sh" { changes "app:b"; takes 5m }; irreversible "mails are sent" }
}
"#,
    );
    let said = |document: &str, words: &str| {
        assert!(
            c.document(document).contains(words),
            "{words}\n{}",
            c.document(document)
        );
    };
    for document in ["runbook.md", "review.html"] {
        said(document, "Should end by");
        said(
            document,
            "Not counted: waits that last longer than expected (“Review by the store” in a).",
        );
        said(document, "b cannot be undone: mails are sent.");
        said(
            document,
            "Only before the start of b: what happens there cannot be undone and needs this.",
        );
    }
    said("runbook.md", "“No incident is open” is checked with:");
}

/// Of a table a cell is a phrase: one sentence has no full stop at its end, several have. Texts of the plan, and messages as they are
/// sent, stand as they were written.
#[test]
fn a_cell_of_one_sentence_has_no_full_stop() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/proved");
    let proved = std::fs::read_dir(corpus)
        .expect("plans")
        .flatten()
        .map(|f| f.path());
    let plans = examples().into_iter().chain(proved);
    let (mut looked, mut wrong) = (0, Vec::new());
    for path in plans.filter(|p| p.extension().is_some_and(|e| e == "release")) {
        let text = std::fs::read_to_string(&path).expect("a plan");
        let Ok(c) = compile(&path, &text) else { continue };
        for name in ["runbook.md", "change-request.md", "release-plan.md"] {
            for (head, cell) in body_cells(c.document(name)) {
                looked += 1;
                // A value may stand in a text of the plan: its end tells.
                let end: Vec<char> = cell.trim_end_matches('.').chars().collect();
                let end: String = end[end.len().saturating_sub(20)..].iter().collect();
                let quoted = cell.rsplit(": ").next().unwrap_or_default();
                let written = text.contains(&end) || text.contains(quoted);
                let several = [". ", "? ", "! "].iter().any(|end| cell.contains(end));
                if cell.ends_with('.') && !several && !written && head != "Text" {
                    wrong.push(format!("{}, {name}, {head}: {cell}", path.display()));
                }
            }
        }
    }
    assert!(looked > 5_000, "{looked}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every cell below the head of a table, with the head of its column.
fn body_cells(document: &str) -> Vec<(String, String)> {
    let (mut found, mut head) = (Vec::new(), None);
    for line in document.lines() {
        if !line.starts_with('|') {
            head = None;
        } else if head.is_none() {
            head = Some(cells(line));
        } else if !line.starts_with("| ---") {
            found.extend(head.clone().unwrap_or_default().into_iter().zip(cells(line)));
        }
    }
    found
}

#[test]
fn what_need_not_be_undone_says_why_wherever_the_plan_says_it() {
    let change =
        "run \"./tidy.sh\" { changes \"repo:flags\"; harmless \"The old flags are read by nothing.\" }";
    let c = plan(&format!(
        "{BEFORE}release shop {{ title \"Shop\"; version \"2\"; author who; owner operations; in eu\n\
         stage tidy {{ {change} }}\n}}\n"
    ));
    let runbook = c.document("runbook.md");
    let said = "Nothing has to be undone: The old flags are read by nothing.";
    assert!(runbook.contains(said), "{runbook}");
    assert!(!runbook.contains("Nothing to undo"), "{runbook}");
    let scope = table(c.document("change-request.md"), "Scope");
    assert!(scope[1].contains(&"need not be undone".to_string()), "{scope:#?}");
}
