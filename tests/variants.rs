//! Variants: every check holds in each of them, the work is shared between them, and a finding names the fewest choices it needs.

use releasec::diagnostic::Diagnostic;
use releasec::plan::Plan;
use releasec::plan::people::{Budget, Directory, Fewest, STEPS, Seating, Verdict, Which, fewest, scenarios};
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _from: &str, path: &str) -> Result<Loaded, LoadError> {
        Err(LoadError::Unreadable(format!(
            "nothing is loaded here, not even {path}"
        )))
    }
}

/// A plan that holds no mistake of writing.
fn planned(text: &str) -> (SourceMap, Plan) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.release", text);
    let (program, bag) = releasec::resolve::load(&mut sources, &Nothing, file);
    assert!(!bag.has_errors(), "{:?}", bag.into_sorted());
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    assert!(!lowered.bag.has_errors(), "{:?}", lowered.bag.into_sorted());
    let release = lowered.release.expect("a release");
    (sources, Plan::new(release).expect("no circle"))
}

/// What is found in a plan, and how much was worked out about its variants.
fn checked(text: &str) -> (Vec<Diagnostic>, usize) {
    let (sources, plan) = planned(text);
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
        let (_, plan) = planned(&text);
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
