//! Plans that are small to write and huge to work out: each is refused with a finding, in bounded time and stack.

use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Settings, check};
use std::path::Path;
use std::sync::Arc;

const REST: &str = r#"
person ana { name "Ana" }
role operations { members ana }
environment test { kind test }
release small {
  title "Small"; version "1.0.0"; author ana; owner operations; in test
  stage build { run "make" { changes nothing; timeout 1m } }
  MORE
}
"#;

/// The codes of what is wrong with a plan.
fn codes(before: &str, more: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/bounds.release");
    let mut overlay = Overlay::new();
    overlay.insert(
        path.clone(),
        Arc::from(format!("{before}{}", REST.replace("MORE", more))),
    );
    let settings = Settings {
        here: root.to_path_buf(),
        overlay,
        ..Settings::default()
    };
    let checked = check(&[Input::File(path)], &settings);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    checked.findings.iter().map(|d| d.code.to_string()).collect()
}

#[test]
fn texts_that_double_each_other_end() {
    let mut lets = String::from("let v60 = \"x\"\n");
    for i in 0..60 {
        lets.push_str(&format!("let v{i} = \"${{v{0}}}${{v{0}}}\"\n", i + 1));
    }
    let found = codes(&lets, "summary v0");
    assert!(found.contains(&"types/out_of_range".to_string()), "{found:?}");
}

#[test]
fn repetitions_in_repetitions_end() {
    let hundred: Vec<String> = (0..100).map(|i| format!("\"i{i}\"")).collect();
    let list = hundred.join(", ");
    let more = format!(
        "for a in [{list}] {{ for b in [{list}] {{ for c in [{list}] {{ stage s {{ run \"x\" {{ changes nothing; timeout 1m }} }} }} }} }}"
    );
    let found = codes("", &more);
    let said = found.iter().filter(|c| *c == "types/out_of_range").count();
    assert_eq!(said, 1, "{found:?}");
}

#[test]
fn roles_in_roles_end() {
    let mut roles = String::from("role r3000 { members ana }\n");
    for i in 0..3000 {
        roles.push_str(&format!("role r{i} {{ members r{} }}\n", i + 1));
    }
    let found = codes(&roles, "approval go { from r0; within 1d }");
    assert!(found.contains(&"types/out_of_range".to_string()), "{found:?}");
}
