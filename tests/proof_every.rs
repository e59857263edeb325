//! Small plans in every combination of the outcomes of their parts: their state machines do what the reference semantics does.

mod shared;

use releasec::emit::stepfunctions;
use releasec::proof::{self, Agreement};
use shared::{Alone, context, sound};

/// What all of them share.
const AROUND: &str = r#"
person ana             { name "Ana Ruiz" }
role operations        { title "Operations"; at_least 3 }
role leads             { title "Leads"; at_least 3 }
param size: one_of("small", "large", "tiny")
environment production { kind production }
gate smoke             { title "It answers"; run "./smoke.sh" { changes nothing }; exercises "app" }
action undo_it(what: string) { title "Undo ${what}"; run "./undo.sh ${what}"; changes "app:${what}"; takes 1m .. 5m }
action work(what: string)    { title "Do ${what}";   run "./do.sh ${what}";   changes "app:${what}"; takes 1m .. 10m; undo undo_it(what) }
"#;

/// How many combinations there are in all, and how many of them are compared with the reference.
const EXPECTED: (usize, usize) = (5_249, 5_249);

/// The most combinations of one plan.
const MOST: usize = 20_000;

fn agrees(name: &str, body: &str) -> Agreement {
    let text = format!(
        "{AROUND}\nrelease shop {{ title \"Shop\"; version \"2\"; author ana; owner operations; in production\n{body}\n}}\n"
    );
    let (plan, sources) = sound(&format!("{name}.release"), &text, &Alone);
    let (artifacts, _) = stepfunctions::emit(&plan, &context(&sources));
    let [machine] = artifacts.as_slice() else {
        panic!("{name}: one state machine");
    };
    let manifest = stepfunctions::manifest(&plan);
    let found = proof::every(&plan, &machine.content, &manifest, MOST)
        .unwrap_or_else(|d| panic!("{name}: {}\n{}", d.what, d.lines().join("\n")));
    println!(
        "{name}: {} combinations, {} compared",
        found.combinations, found.compared
    );
    found
}

/// Each plan: its name, and what stands in its release.
const PLANS: &[(&str, &str)] = &[
    (
        "chain",
        r#"
  stage one { do work("one") }
  stage two { after one; do work("two") }
  stage three { after two; do work("three") }"#,
    ),
    (
        "steps",
        r#"
  stage one { do work("a"); do work("b") }
  stage two { after one; do work("c"); do work("d") }"#,
    ),
    (
        "fork and join",
        r#"
  stage base { do work("base") }
  stage left { after base; do work("left") }
  stage right { after base; do work("right") }
  stage join { after left, right; do work("join") }"#,
    ),
    (
        "approval",
        r#"
  approval go { from leads; within 2d }
  approval on { from leads; after one; within 2d; otherwise stop }
  stage one { approved go; do work("one") }
  stage two { after one; approved on; do work("two") }"#,
    ),
    (
        "pivot",
        r#"
  stage before { do work("before") }
  stage pivot { after before; run "./drop.sh" { removes "app:drop" }; irreversible "the columns are gone" }
  stage behind { after pivot; do work("behind") }"#,
    ),
    (
        "gates",
        r#"
  gate ready { title "Ready"; run "./ready.sh" { changes nothing }; otherwise stop }
  stage one { require ready; do work("one"); verify smoke }
  stage two { after one; do work("two"); verify smoke }"#,
    ),
    (
        "pause",
        r#"
  stage one { do work("one") }
  stage two { after one; do work("two"); on_failure { then pause } }
  stage three { after two; do work("three"); on_failure { then pause } }"#,
    ),
    (
        "stop",
        r#"
  stage one { do work("one") }
  stage two { after one; do work("two"); on_failure { then stop } }
  stage three { after two; do work("three"); on_failure { then rollback(two) } }"#,
    ),
    (
        "no way back",
        r#"
  stage one { do work("one") }
  stage two { after one; run "./two.sh" { changes nothing } }
  stage three { after two; do work("three") }"#,
    ),
    (
        "written undo",
        r#"
  stage one { do work("one"); rollback { run "./b1.sh" { changes "app:one" }; run "./b2.sh" { changes "app:one" } } }
  stage two { after one; do work("two") }"#,
    ),
    (
        "hold",
        r#"
  hold frozen { enter { run "./freeze.sh" { changes "app:main" } }; exit { run "./thaw.sh" { changes "app:main" } }; during one .. two }
  stage one { do work("one") }
  stage two { after one; do work("two") }
  stage three { after two; do work("three") }"#,
    ),
    (
        "nested holds",
        r#"
  hold outer { enter { run "./o.sh" { changes "app:o" } }; exit { run "./p.sh" { changes "app:o" } }; during one .. two }
  hold inner { enter { run "./i.sh" { changes "app:i" } }; exit { run "./j.sh" { changes "app:i" } }; during two .. two }
  stage one { do work("one") }
  stage two { after one; do work("two") }"#,
    ),
    (
        "decision",
        r#"
  decision how { ask "How?"; by leads; after one; within 2d; option on { }; option back { then rollback }; option halt { then stop } }
  stage one { do work("one") }
  stage two { after one; when how is on; do work("two") }"#,
    ),
    (
        "finally",
        r#"
  stage one { do work("one") }
  stage two { after one; do work("two") }
  finally { run "./f1.sh" { changes nothing }; run "./f2.sh" { changes nothing } }"#,
    ),
    (
        "five in a row",
        r#"
  stage one { do work("one") }
  stage two { after one; do work("two"); verify smoke }
  stage three { after two; do work("three") }
  stage four { after three; do work("four"); on_failure { then stop } }
  stage five { after four; do work("five") }"#,
    ),
    (
        "two roads",
        r#"
  approval go { from leads; within 2d }
  stage base { approved go; do work("base") }
  stage left { after base; do work("left"); verify smoke }
  stage right { after base; do work("right") }"#,
    ),
    (
        "pivot with approval and pause",
        r#"
  approval sure { from leads; after before; within 2d; otherwise stop }
  stage before { do work("before"); on_failure { then pause } }
  stage pivot { after before; approved sure; run "./drop.sh" { removes "app:drop" }; irreversible "the columns are gone" }
  stage behind { after pivot; do work("behind"); on_failure { then pause } }"#,
    ),
    (
        "hold with a pause",
        r#"
  hold frozen { enter { run "./freeze.sh" { changes "app:main" } }; exit { run "./thaw.sh" { changes "app:main" } }; during one .. two }
  stage one { do work("one") }
  stage two { after one; do work("two"); on_failure { then pause } }"#,
    ),
    (
        "an option undone",
        r#"
  decision how { ask "How?"; by leads; after one; within 2d; default on; option on { }; option back { then rollback(one) } }
  stage zero { do work("zero") }
  stage one { after zero; do work("one") }
  stage two { after one; when how is on; do work("two") }"#,
    ),
    (
        "goes on",
        r#"
  stage one { do work("one"); on_failure { then continue { because "it can wait" } } }
  stage two { after one; do work("two") }
  stage three { after two; do work("three") }"#,
    ),
    (
        "rollout",
        r#"
  stage one { rollout { step 10% { verify smoke }; step 100% { verify smoke } }; do work("one") }
  stage two { after one; do work("two") }"#,
    ),
    (
        "waits",
        r#"
  stage one { do work("one"); wait_for "the job to end" { run "./ended.sh"; every 1m; within 3h } }
  stage two { after one; bake 10m; do work("two") }"#,
    ),
    (
        "inputs",
        r#"
  stage one { do work("one") }
  stage two { after one; when size is large; do work("two") }
  stage three { after two; do work("three"); when size is small or size is large }"#,
    ),
];

#[test]
fn every_combination_of_outcomes_of_small_plans_agrees_with_the_reference() {
    let wanted = std::env::var("PLAN").ok();
    let halves = std::thread::scope(|scope| {
        let part = |first: usize| -> (usize, usize) {
            let mine = PLANS.iter().skip(first).step_by(2);
            mine.filter(|(name, _)| wanted.as_ref().is_none_or(|w| w == name))
                .map(|(name, body)| agrees(name, body))
                .fold((0, 0), |(n, c), a| (n + a.combinations, c + a.compared))
        };
        let other = scope.spawn(move || part(1));
        let (n, c) = part(0);
        let (m, d) = other.join().expect("the other half");
        (n + m, c + d)
    });
    assert!(wanted.is_some() || halves == EXPECTED, "{halves:?}");
    println!(
        "{} plans: {} combinations, {} compared",
        PLANS.len(),
        halves.0,
        halves.1
    );
}
