//! Variants: every check holds in each of them, the work is shared between them, and a finding names the fewest choices it needs.

mod shared;

use releasec::diagnostic::Diagnostic;
use releasec::plan::people::{Budget, Directory, Fewest, STEPS, Seating, Verdict, Which, fewest, scenarios};
use shared::{Alone, sound};

/// What is found in a plan, and how much was worked out about its variants.
fn checked(text: &str) -> (Vec<Diagnostic>, usize) {
    let (plan, sources) = sound("plan.release", text, &Alone);
    let found = releasec::checks::gather(&plan, &sources);
    let findings = releasec::checks::settle(plan.release(), found).findings;
    (findings, plan.variants().work())
}

const HEAD: &str = r#"
person ana { name "Ana Ruiz" }
role ops { title "Operations"; at_least 3 }
role board { title "Change board"; at_least 4; excludes ops }
environment production { kind production }
"#;

const TOP: &str = r#"
  title "Shop"; version "2.0.0"; author ana; owner ops; in production
  approval go { from board; distinct_from author, executors; within 2d }
"#;

/// A plan with so many boolean parameters, each of which decides about a change, its approval, its test and what waits for it.
fn choices(n: usize) -> String {
    let params: String = (0..n).map(|i| format!("param p{i}: bool\n")).collect();
    let mut stages = String::new();
    for i in 0..n {
        let next = (i + 1) % n;
        stages.push_str(&format!(
            r#"
  approval also{i} {{ from board; distinct_from author, executors; within 2d; when p{i} }}
  stage change{i} {{
    {}approved go, also{i}; when p{i}
    run "./change.sh {i}" {{ changes "config:c{i}" }}
    rollback {{ owner ops; run "./change.sh {i} --back" {{ changes "config:c{i}"; idempotent }} }}
  }}
  stage try{i} {{ after change{i}; when p{i} or p{next}; run "./try.sh {i}" {{ changes nothing }} }}
"#,
            if i == 0 {
                String::new()
            } else {
                format!("after try{}; ", i - 1)
            },
        ));
    }
    format!("{HEAD}{params}release shop {{{TOP}{stages}}}\n")
}

#[test]
fn twelve_choices_share_their_work() {
    let (_, one) = checked(&choices(3));
    let (_, two) = checked(&choices(6));
    let (_, four) = checked(&choices(12));
    // One by one, the 4,096 variants of twelve choices would be 64 times the work of six, and 512 times that of three.
    assert!(two < 10 * one && four < 10 * two, "{one}, {two}, {four}");
}

#[test]
fn what_many_variants_share_is_said_once_with_the_fewest_choices() {
    let plan = choices(12).replace(
        "rollback { owner ops; run \"./change.sh 7 --back\" { changes \"config:c7\"; idempotent } }",
        "",
    );
    let (findings, _) = checked(&plan);
    let missing: Vec<_> = findings
        .iter()
        .filter(|d| d.code.0 == "rollback/missing")
        .collect();
    let [one] = missing[..] else {
        panic!("{missing:?}");
    };
    assert!(one.message.contains("`change7`"), "{one:?}");

    // Nobody approves this one when `p3` is false, whatever the other eleven are.
    let plan = choices(12).replace(
        "release shop {",
        r#"release shop {
  approval late { from board; distinct_from author, executors; within 2d; when p3 }
  stage extra {
    approved late
    run "./extra.sh" { changes "config:extra" }
    rollback { owner ops; run "./extra.sh --back" { changes "config:extra"; idempotent } }
  }
"#,
    );
    let (findings, _) = checked(&plan);
    let bypassed: Vec<_> = findings
        .iter()
        .filter(|d| d.code.group() == "approval" && d.message.contains("`extra`"))
        .collect();
    let [one] = bypassed[..] else {
        panic!("{bypassed:?}");
    };
    let said = format!("{one:?}");
    assert!(said.contains("`p3` is false"), "{said}");
    let others = (0..12).filter(|i| *i != 3 && said.contains(&format!("`p{i}` is")));
    assert_eq!(others.count(), 0, "{said}");
}

/// `purge` waits for `fill` through `audit`; without an audit it waits for `read` alone.
fn purge(after: &str) -> String {
    format!(
        r#"{HEAD}
param audited: bool
release shop {{{TOP}
  stage fill {{
    approved go
    run "./fill.sh" {{ changes "config:index" }}
    rollback {{ owner ops; run "./fill.sh --undo" {{ changes "config:index"; idempotent }} }}
  }}
  stage audit {{ after fill; when audited; run "./audit.sh" {{ changes nothing }} }}
  stage read {{ run "./read.sh" {{ changes nothing }}; on_failure {{ then pause }} }}
  stage purge {{
    after {after}; approved go
    irreversible "what is purged is gone"
    run "./purge.sh" {{ changes "config:purged" }}
  }}
}}
"#
    )
}

#[test]
fn an_order_that_a_variant_loses_is_no_order() {
    let beside = |text: &str| -> Vec<String> {
        let (findings, _) = checked(text);
        let of = findings
            .into_iter()
            .filter(|d| d.code.0 == "rollback/past_the_pivot");
        of.map(|d| format!("{} / {}", d.message, d.notes.join(" ")))
            .collect()
    };
    let found = beside(&purge("audit, read"));
    let [one] = &found[..] else { panic!("{found:?}") };
    assert!(one.contains("`fill` can fail beside `purge`"), "{one}");
    assert!(one.contains("`audited` is false"), "{one}");
    // Alone, what `audit` waits for is handed on; and what is named is waited for.
    assert_eq!(beside(&purge("audit")), Vec::<String>::new());
    assert_eq!(beside(&purge("audit, read, fill")), Vec::<String>::new());
}

/// Plans with a few approvals and stages, each under a condition over three choices; few people, so that many cannot be approved.
fn drawn(dice: &mut u64) -> String {
    let mut roll = |n: u64| {
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        *dice % n
    };
    let conditions = [
        "",
        "when a",
        "when not a",
        "when b",
        "when not b",
        "when c",
        "when a and b",
        "when a or c",
        "when not b and c",
    ];
    let mut text = String::from(
        "person p0 { name \"P 0\" }\nperson p1 { name \"P 1\" }\nperson p2 { name \"P 2\" }\nperson p3 { name \"P 3\" }\n\
         environment production { kind production }\nparam a: bool\nparam b: bool\nparam c: bool\n",
    );
    for i in 0..3 {
        let mut members: Vec<String> = (0..4).filter(|_| roll(2) == 0).map(|p| format!("p{p}")).collect();
        if members.is_empty() {
            members.push(format!("p{}", roll(4)));
        }
        text.push_str(&format!(
            "role r{i} {{ title \"R {i}\"; members {} }}\n",
            members.join(", ")
        ));
    }
    text.push_str(
        "release shop {\n  title \"Shop\"; version \"1.0.0\"; author p0; owner r0; in production\n",
    );
    for i in 0..3 {
        let apart = ["", "distinct_from author; ", "distinct_from author, executors; "][roll(3) as usize];
        let also = if i > 0 && roll(2) == 0 {
            format!("distinct_from g{}; ", i - 1)
        } else {
            String::new()
        };
        let quorum = 1 + roll(2);
        let when = conditions[roll(9) as usize];
        let apart = if also.is_empty() { apart } else { also.as_str() };
        text.push_str(&format!(
            "  approval g{i} {{ from r{}; quorum {quorum}; {apart}within 2d; {when} }}\n",
            roll(3)
        ));
    }
    for i in 0..3 {
        let when = conditions[roll(9) as usize];
        text.push_str(&format!(
            "  stage s{i} {{ approved g{i}; {when}; owner r{}; run \"./s.sh {i}\" {{ changes \"config:s{i}\" }} }}\n",
            roll(3)
        ).replace("; ;", ";"));
    }
    text + "}\n"
}

#[test]
fn the_fullest_and_the_emptiest_cases_speak_for_all() {
    let mut dice = 0x9E37_79B9_7F4A_7C15;
    let (mut bad, mut good, mut fewer) = (0, 0, 0);
    for round in 0..150 {
        let text = drawn(&mut dice);
        let (plan, _) = sound("plan.release", &text, &Alone);
        let directory = Directory::new(plan.release());
        let cases = |which| scenarios(&plan, &directory, which, |_| true).expect("few cases");
        let all = cases(Which::All);
        let fits = |which| {
            cases(which).iter().all(|one| {
                let found = Seating::decide(&directory, one, &mut Budget::steps(STEPS)).1;
                assert_ne!(found, Verdict::Undecided);
                matches!(found, Verdict::Sat(_))
            })
        };
        let every = fits(Which::All);
        assert_eq!(every, fits(Which::Fullest), "round {round}: {text}");
        (bad, good) = if every { (bad, good + 1) } else { (bad + 1, good) };

        let least = |which| {
            let executed = cases(which).into_iter().filter(|c| !c.executing.is_empty());
            let counted = executed.filter_map(|one| {
                let seating = Seating::together(&directory, &one);
                match fewest(&seating.problem, 9, &mut Budget::steps(STEPS)) {
                    Fewest::People(n, _) => Some(n),
                    _ => None,
                }
            });
            counted.min()
        };
        assert_eq!(least(Which::All), least(Which::Emptiest), "round {round}: {text}");
        fewer += usize::from(cases(Which::Emptiest).len() + cases(Which::Fullest).len() < all.len());
    }
    assert!(bad > 20 && good > 20 && fewer > 50, "{bad}, {good}, {fewer}");
}

/// A way to choose: `a`, `b`, and one of three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chosen {
    a: bool,
    b: bool,
    kind: &'static str,
}

const KINDS: [&str; 3] = ["x", "y", "z"];

/// A condition as it is written, and what it means.
type Written = (&'static str, fn(Chosen) -> bool);

const CONDITIONS: [Written; 9] = [
    ("true", |_| true),
    ("a", |c| c.a),
    ("not a", |c| !c.a),
    ("not b", |c| !c.b),
    ("kind is x", |c| c.kind == "x"),
    ("not kind is y", |c| c.kind != "y"),
    ("a or b", |c| c.a || c.b),
    ("a and kind is z", |c| c.a && c.kind == "z"),
    ("not b and not kind is x", |c| !c.b && c.kind != "x"),
];

fn every_choice() -> Vec<Chosen> {
    let of = |kind| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(a, b)| Chosen { a, b, kind })
    };
    KINDS.into_iter().flat_map(of).collect()
}

/// The choices that a case names in words, "when `a` is true and `kind` is `x`", each as a test.
fn named(clause: Option<&str>) -> Vec<(String, String)> {
    let Some(clause) = clause else { return Vec::new() };
    let words = clause.strip_prefix("when ").expect("begins with when");
    words
        .split(" and ")
        .map(|w| {
            let (name, value) = w.split_once(" is ").expect("a choice");
            (name.replace('`', ""), value.replace('`', ""))
        })
        .collect()
}

fn meets(c: Chosen, choices: &[(String, String)]) -> bool {
    choices.iter().all(|(name, value)| match name.as_str() {
        "a" => c.a.to_string() == *value,
        "b" => c.b.to_string() == *value,
        _ => c.kind == value,
    })
}

#[test]
fn the_cases_of_duties_are_those_that_the_asserts_leave_and_their_clauses_say_which() {
    let mut dice: u64 = 0x2545_F491_4F6C_DD1D;
    let mut roll = |n: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % n).expect("small")
    };
    let (mut excluded, mut several, mut needless) = (0, 0, 0);
    for round in 0..400 {
        let asserts: Vec<Written> = (0..roll(3)).map(|_| CONDITIONS[1 + roll(8)]).collect();
        let when: Vec<Written> = (0..4).map(|_| CONDITIONS[roll(9)]).collect();
        let mut text = String::from(
            "person p { name \"P\" }\nrole r0 { title \"R\"; at_least 3 }\nrole r1 { title \"R\"; at_least 3 }\n\
             environment production { kind production }\n\
             param a: bool\nparam b: bool\nparam kind: one_of(\"x\", \"y\", \"z\")\n",
        );
        for (condition, _) in &asserts {
            text.push_str(&format!("assert {condition}, \"not so\"\n"));
        }
        text.push_str(
            "release shop {\n  title \"Shop\"; version \"1.0.0\"; author p; owner r0; in production\n",
        );
        for i in 0..2 {
            text.push_str(&format!(
                "  approval g{i} {{ from r{}; within 2d; when {} }}\n  stage s{i} {{ approved g{i}; owner r{i}; when {}; run \"./s.sh {i}\" {{ changes \"config:s{i}\" }} }}\n",
                1 - i, when[i].0, when[2 + i].0
            ));
        }
        text.push_str("}\n");
        let left: Vec<Chosen> = every_choice()
            .into_iter()
            .filter(|c| asserts.iter().all(|(_, holds)| holds(*c)))
            .collect();
        if left.is_empty() {
            continue; // Said where the asserts stand.
        }
        excluded += usize::from(left.len() < 12);
        let (plan, _) = sound("plan.release", &text, &Alone);
        let directory = Directory::new(plan.release());
        let cases = scenarios(&plan, &directory, Which::All, |_| true).expect("few cases");
        let applies = |c: Chosen| when.iter().map(|(_, holds)| holds(c)).collect::<Vec<bool>>();
        let of_case = |one: &releasec::plan::people::Scenario| {
            let approvals: Vec<usize> = one.approvals.iter().map(|a| a.index()).collect();
            let roles: Vec<usize> = one.executing.iter().map(|(r, _)| r.index()).collect();
            [
                approvals.contains(&0),
                approvals.contains(&1),
                roles.contains(&0),
                roles.contains(&1),
            ]
            .to_vec()
        };
        let mut said: Vec<Vec<bool>> = cases.iter().map(of_case).collect();
        let mut true_ones: Vec<Vec<bool>> = left.iter().map(|c| applies(*c)).collect();
        for list in [&mut said, &mut true_ones] {
            list.sort();
        }
        true_ones.dedup();
        assert_eq!(said, true_ones, "round {round}: {text}");
        several += usize::from(said.len() > 1);
        for one in &cases {
            let choices = named(one.clause.as_deref());
            let within = |choices: &[(String, String)]| {
                let met: Vec<Chosen> = left.iter().copied().filter(|c| meets(*c, choices)).collect();
                (!met.is_empty(), met.iter().all(|c| applies(*c) == of_case(one)))
            };
            assert_eq!(
                within(&choices),
                (true, true),
                "round {round}: {:?}: {text}",
                one.clause
            );
            // No choice is said that the others, and the asserts, say already.
            for i in 0..choices.len() {
                let mut fewer = choices.clone();
                fewer.remove(i);
                assert!(!within(&fewer).1, "round {round}: {:?}: {text}", one.clause);
                needless += 1;
            }
        }
    }
    assert!(
        excluded > 100 && several > 100 && needless > 500,
        "{excluded}, {several}, {needless}"
    );
}

/// What is said of the stage that may ask `how_far`, which stands beside one that goes by its answer.
fn asked(gate: &str, web: &str) -> Vec<String> {
    let text = format!(
        r#"{HEAD}
release shop {{{TOP}
  decision how_far {{
    ask "How far do we go?"; by board; within 1h; default back
    option on
    option back {{ then rollback }}
  }}
  {gate}
  stage build {{ approved go; run "make build" {{ changes nothing }} }}
  stage web {{
    after build
    {web}
    rollback {{ run "./shift.sh 0" {{ changes "app:web"; idempotent }} }}
  }}
  stage flags {{
    after build
    when how_far is on
    run "./flags.sh" {{ changes "config:flags"; undo run "./flags.sh --undo" {{ changes "config:flags"; idempotent }} }}
  }}
}}
"#
    );
    let (found, _) = checked(&text);
    let race = found.iter().find(|d| d.code.0 == "dag/race").expect("a race");
    race.labels.iter().map(|fact| fact.text.clone()).collect()
}

#[test]
fn what_asks_a_question_too_late_is_told_by_how_it_comes_to_ask() {
    let run = r#"run "./shift.sh" { changes "app:web" }"#;
    let ladder = r#"run "./shift.sh ${rollout.weight}" { changes "app:web" }; rollout { demote; step 10% { verify quick }; step 100% { verify quick } }"#;
    let gate = |otherwise: &str| {
        format!(
            "gate quick {{ run \"./quick.sh\" {{ changes nothing }}; exercises \"app:web\"; otherwise {otherwise} }}"
        )
    };
    for (gate, web, said) in [
        (
            gate("rollback"),
            format!("on_failure {{ then how_far }}; {run}; verify quick"),
            "`web` asks it, if it fails",
        ),
        (
            gate("how_far"),
            format!("{run}; verify quick"),
            "`web` asks it, if `quick` does not pass",
        ),
        (
            gate("rollback"),
            format!("timeout 1d; on_failure {{ then how_far }}; {ladder}"),
            "`web` asks it, if it fails otherwise than in its rollout, which goes back a step instead",
        ),
    ] {
        let facts = asked(&gate, &web);
        assert!(facts.iter().any(|f| f == said), "{said}: {facts:?}");
    }
}
