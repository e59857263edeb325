//! What changed between two plans: a case for each class and direction, and the laws that hold between any two plans.
//!
//! `tests/corpus/diff/<case>/{old,new}.release` are compared both ways; what is printed stands beside them.

use proptest::prelude::*;
use releasec::diff::{Change, Class, Direction, compare};
use releasec::driver::Settings;
use releasec::driver::diff::{Source, diff};
use releasec::driver::read::{Input, Overlay, Project};
use releasec::plan::Plan;
use releasec::source::{FileId, SourceMap};
use releasec::syntax::ast::Stmt;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<PathBuf> {
    let folder = root().join("tests/corpus/diff");
    let entries = std::fs::read_dir(folder).expect("the corpus");
    let mut all: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    all.sort();
    all
}

/// What is printed for two files of a folder.
fn printed(folder: &Path, old: &str, new: &str) -> String {
    let source = |name: &str| Source {
        input: Input::File(folder.join(name)),
        revision: None,
    };
    let settings = Settings {
        here: folder.to_path_buf(),
        ..Settings::default()
    };
    let compared = diff(&source(old), &source(new), &settings).expect("two plans");
    let document = compared.document;
    document
        .unwrap_or_else(|| panic!("{}: not two plans", folder.display()))
        .text()
}

#[test]
fn each_case_is_told_in_both_directions() {
    for case in cases() {
        let both = [
            printed(&case, "old.release", "new.release"),
            printed(&case, "new.release", "old.release"),
        ];
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&case);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("changes", both.join("\n")));
    }
}

/// The plan of a text, as if it stood in the place of a file.
fn plan(path: &Path, text: &str) -> Plan {
    let overlay = Overlay::new();
    let here = path.parent().expect("a folder");
    let project = Project::of(path, here, &overlay);
    let mut sources = SourceMap::new();
    let file = sources.add(project.shown(path), text);
    let (program, mut bag) = releasec::resolve::load(&mut sources, &project, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    bag.extend(lowered.bag);
    let errors: Vec<String> = bag
        .iter()
        .filter(|d| d.severity == releasec::diagnostic::Severity::Error)
        .map(|d| format!("{} {}", sources.place(d.span), d.message))
        .collect();
    let release = lowered
        .release
        .unwrap_or_else(|| panic!("{}: {errors:?}\n{text}", path.display()));
    Plan::new(release).unwrap_or_else(|_| panic!("{}: a circle", path.display()))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn seen(changes: &[Change], turned: bool) -> Vec<(Direction, Class)> {
    let mut all: Vec<(Direction, Class)> = changes
        .iter()
        .map(|c| {
            (
                if turned {
                    c.direction.reversed()
                } else {
                    c.direction
                },
                c.class,
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn every_class_is_met_in_every_direction_it_has() {
    let mut met = std::collections::BTreeSet::new();
    for case in cases() {
        let (old, new) = (case.join("old.release"), case.join("new.release"));
        let (a, b) = (plan(&old, &read(&old)), plan(&new, &read(&new)));
        met.extend(seen(&compare(&a, &b), false));
        met.extend(seen(&compare(&b, &a), false));
    }
    for class in [
        Class::Guard,
        Class::Duties,
        Class::Undo,
        Class::Pivot,
        Class::Gate,
        Class::Work,
        Class::Order,
        Class::Time,
        Class::Messages,
    ] {
        for direction in [Direction::Loosened, Direction::Tightened] {
            assert!(met.contains(&(direction, class)), "{direction:?} {class:?}");
        }
    }
    assert!(met.contains(&(Direction::Changed, Class::Cosmetic)));
}

#[test]
fn every_loosening_says_what_is_possible_now_and_nothing_else_does() {
    for case in cases() {
        let (old, new) = (case.join("old.release"), case.join("new.release"));
        let (a, b) = (plan(&old, &read(&old)), plan(&new, &read(&new)));
        for c in compare(&a, &b).iter().chain(&compare(&b, &a)) {
            let run = c.run.as_deref().unwrap_or("");
            assert_eq!(
                run.is_empty(),
                c.direction != Direction::Loosened,
                "{}: {c:?}",
                case.display()
            );
            assert!(!c.message.is_empty() && !c.message.contains("  "), "{c:?}");
            // What is told apart inside must not be seen outside.
            let hidden = |t: &str| t.chars().any(|c| c.is_control());
            assert!(!hidden(&c.message) && !hidden(run) && !hidden(&c.name), "{c:?}");
        }
    }
}

/// Plans that are alike enough to be compared with each other.
fn texts() -> Vec<(PathBuf, String)> {
    let mut all: Vec<(PathBuf, String)> = Vec::new();
    for case in cases() {
        let path = case.join("new.release");
        let text = read(&path);
        all.push((path, text));
    }
    for example in [
        "examples/bioage/bioage.release",
        "examples/multi-region/regions.release",
        "examples/database-migration/migration.release",
        "examples/hello/hello.release",
    ] {
        let path = root().join(example);
        let text = read(&path);
        all.push((path, text));
    }
    all
}

/// The statements of a list in another order, with a comment before each.
fn shuffled(text: &str, list: &[Stmt], keys: &[u32], deep: bool) -> String {
    let mut parts: Vec<(u32, String)> = Vec::new();
    for (i, stmt) in list.iter().enumerate() {
        let word = stmt.keyword.text.as_str();
        let own = &text[stmt.span.start as usize..stmt.span.end as usize];
        let own = match (&stmt.block, deep && word == "release") {
            (Some(block), true) => {
                let head = &text[stmt.span.start as usize..block.span.start as usize];
                format!("{head}{{\n{}}}", shuffled(text, &block.items, keys, false))
            }
            _ => own.to_string(),
        };
        // Imports come first; so does what the language wants in order.
        let key = match word {
            "use" => 0,
            _ => keys[i % keys.len()].saturating_add(1),
        };
        parts.push((key, format!("# A remark.\n{own}\n\n")));
    }
    parts.sort_by_key(|(key, _)| *key);
    parts.into_iter().map(|(_, part)| part).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_comments_and_layout_change_nothing(
        which in any::<prop::sample::Index>(),
        keys in prop::collection::vec(0u32..1000, 7..40),
    ) {
        let texts = texts();
        let (path, text) = &texts[which.index(texts.len())];
        // Documentation belongs to its place; everything else may move.
        let text = &text.replace("##", "#");
        let (ast, _) = releasec::syntax::parse(FileId(0), text);
        let other = shuffled(text, &ast.items, &keys, true);
        let (a, b) = (plan(path, text), plan(path, &other));
        let changes = compare(&a, &b);
        prop_assert!(changes.is_empty(), "{}: {changes:#?}", path.display());
    }

    #[test]
    fn two_plans_seen_from_the_other_side_exchange_loosened_and_tightened(
        one in any::<prop::sample::Index>(),
        two in any::<prop::sample::Index>(),
    ) {
        let texts = texts();
        let (p, a) = &texts[one.index(texts.len())];
        let (q, b) = &texts[two.index(texts.len())];
        let (a, b) = (plan(p, a), plan(q, b));
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        prop_assert_eq!(seen(&there, false), seen(&back, true), "{} {}\n{:#?}\n{:#?}", p.display(), q.display(), there, back);
    }
}

/// `for` and the same stages written out by hand.
#[test]
fn a_loop_written_out_by_hand_changes_nothing() {
    let plan_of = |stages: &str| {
        let text = format!(
            r#"person ana {{ name "Ana" }}
person ben {{ name "Ben" }}
person cleo {{ name "Cleo" }}
role operations {{ title "Operations"; members ben }}
role leads {{ title "Leads"; members cleo }}
environment production {{ kind production }}
release shop {{
  title "Shop"
  version "2"
  author ana
  owner operations
  in production
  approval go {{ from leads }}
{stages}
}}
"#
        );
        plan(&root().join("tests/plan.release"), &text)
    };
    let looped = plan_of(
        r#"  for region in ["eu", "us"] {
    stage deploy {
      approved go
      run "./deploy.sh ${region}" { changes "app:${region}" }
      irreversible "a test"
    }
  }"#,
    );
    let by_hand = plan_of(
        r#"  stage deploy_us {
    approved go
    run "./deploy.sh us" { changes "app:us" }
    irreversible "a test"
  }
  stage deploy_eu {
    approved go
    run "./deploy.sh eu" { changes "app:eu" }
    irreversible "a test"
  }"#,
    );
    let changes = compare(&looped, &by_hand);
    assert!(changes.is_empty(), "{changes:#?}");
}

/// The default of a parameter can leave out an approval as it can a gate.
#[test]
fn a_default_that_skips_an_approval_is_a_guard_lost() {
    let path = root().join("tests/corpus/diff/gate_default/old.release");
    let text = std::fs::read_to_string(&path).expect("a plan");
    let asked = text.replace(
        "approval safety { from security;",
        "approval safety { from security; when not heard;",
    );
    assert_ne!(asked, text);
    let skipped = asked.replace("bool = false", "bool = true");
    let (asked, skipped) = (plan(&path, &asked), plan(&path, &skipped));
    let told = |old: &Plan, new: &Plan| {
        let changes = compare(old, new);
        let found = changes.into_iter().find(|c| c.class == Class::Guard);
        found.map(|c| (c.direction, c.message))
    };
    assert_eq!(
        told(&asked, &skipped),
        Some((
            Direction::Loosened,
            "`safety` is not asked for unless a run says otherwise: the default of `heard` is `true`"
                .to_string()
        ))
    );
    assert_eq!(told(&skipped, &asked).map(|c| c.0), Some(Direction::Tightened));
}
