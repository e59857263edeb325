//! The artifacts of every example: built afresh they equal the checked-in ones byte for byte, and the judges accept those.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifacts::{entries, files_below};
use crate::judge::{Judge, shown};
use crate::tools::{self, said};

/// The examples that have checked-in artifacts. (An example that must be rejected has none.)
pub fn built() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    entries(&examples)
        .into_iter()
        .filter(|example| example.join("dist").is_dir())
        .collect()
}

/// The trees of artifacts to be judged: those of the examples, and the one that `CONFORMANCE_DIST` names, if it does.
pub fn trees() -> Vec<PathBuf> {
    let also = std::env::var_os("CONFORMANCE_DIST").map(PathBuf::from);
    built()
        .iter()
        .map(|example| example.join("dist"))
        .chain(also)
        .collect()
}

/// Fails when the judge refuses any artifact of any example.
pub fn accepted_by(name: &str) {
    let Some(tools) = tools::or_skip(name) else { return };
    let judge = Judge::named(name);
    let files: Vec<PathBuf> = trees()
        .iter()
        .flat_map(|tree| judge.subject.below(tree))
        .collect();
    judge.must_accept(tools, &files);
}

/// Builds one example into `out`.
fn build(example: &Path, out: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_releasec"))
        .args([
            "build".as_ref(),
            plan_of(example).as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .output()
        .expect("the compiler can be started");
    assert!(
        done.status.success(),
        "{} does not build:\n{}{}",
        shown(example),
        String::from_utf8_lossy(&done.stdout),
        said(&done)
    );
}

/// The one file of an example that holds its release; the others are libraries of it.
fn plan_of(example: &Path) -> PathBuf {
    let is_plan = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        file.extension().is_some_and(|end| end == "release")
            && text.lines().any(|line| line.starts_with("release "))
    };
    let plans: Vec<PathBuf> = entries(example).into_iter().filter(is_plan).collect();
    let [plan] = plans.as_slice() else {
        panic!("{} holds one release, not {plans:?}", shown(example))
    };
    plan.clone()
}

#[test]
fn a_fresh_build_equals_the_checked_in_artifacts() {
    for example in built() {
        let out = tempfile::tempdir().expect("a temporary folder can be made");
        build(&example, out.path());
        let golden = example.join("dist");
        let (fresh, kept) = (relative(out.path()), relative(&golden));
        assert_eq!(
            fresh,
            kept,
            "{}: the fresh build and dist/ hold different files",
            shown(&example)
        );
        for file in fresh {
            let same = std::fs::read(out.path().join(&file)).ok() == std::fs::read(golden.join(&file)).ok();
            assert!(
                same,
                "{} is not what the compiler writes now; build it again",
                shown(&golden.join(file))
            );
        }
    }
}

fn relative(root: &Path) -> Vec<PathBuf> {
    files_below(root)
        .iter()
        .map(|file| {
            file.strip_prefix(root)
                .expect("internal: below the root")
                .to_path_buf()
        })
        .collect()
}
