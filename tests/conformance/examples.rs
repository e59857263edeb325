//! The artifacts of every example: built afresh for the judges, and equal byte for byte to the checked-in ones where there are any.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::artifacts::{entries, files_below};
use crate::judge::{Judge, shown};
use crate::tools::{self, said};

/// The example that must be rejected, and so has no artifacts.
const REJECTED: &str = "bioage-as-published";

/// An example and what it compiles to.
pub struct Example {
    /// Its folder's name.
    pub name: String,
    /// The fresh artifacts: a folder for each release.
    pub dist: PathBuf,
    /// Where its source is.
    pub source: PathBuf,
}

impl Example {
    /// The file that holds its release.
    pub fn plan(&self) -> PathBuf {
        plan_of(&self.source)
    }
}

/// Every example, built once for all tests.
pub fn built() -> &'static [Example] {
    static BUILT: OnceLock<Vec<Example>> = OnceLock::new();
    BUILT.get_or_init(build_all)
}

/// The folder of every example that compiles to something.
fn folders() -> Vec<PathBuf> {
    let mut all = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"));
    all.retain(|path| path.is_dir() && !path.ends_with(REJECTED));
    all
}

/// The name and the plan's file of every example, without building it.
pub fn plans() -> Vec<(String, PathBuf)> {
    let name = |folder: &Path| folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let plans = folders().into_iter();
    plans
        .map(|f| (name(&f).expect("internal: it is a folder"), plan_of(&f)))
        .collect()
}

fn build_all() -> Vec<Example> {
    // In the target folder, where what was judged can be looked at afterwards; made anew each time.
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    if root.exists() {
        std::fs::remove_dir_all(&root).expect("the last run's artifacts can be removed");
    }
    let mut examples = Vec::new();
    for source in folders() {
        let name = source
            .file_name()
            .expect("internal: it is a folder")
            .to_string_lossy()
            .into_owned();
        let dist = root.join(&name);
        build(&source, &dist);
        examples.push(Example { name, dist, source });
    }
    assert!(!examples.is_empty(), "there are examples");
    examples
}

/// The trees of artifacts to be judged: those of the examples, and the one that `CONFORMANCE_DIST` names, if it does.
pub fn trees() -> Vec<PathBuf> {
    let also = std::env::var_os("CONFORMANCE_DIST").map(PathBuf::from);
    built()
        .iter()
        .map(|example| example.dist.clone())
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
    assert!(
        !files.is_empty(),
        "the examples compile to something that {name} judges"
    );
    judge.must_accept(tools, &files);
}

/// Builds one example into `out`.
fn build(example: &Path, out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let done = command
        .arg("build")
        .arg(plan_of(example))
        .arg("--out")
        .arg(out)
        .output();
    let done = done.expect("the compiler can be started");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{} does not build:\n{text}{}",
        shown(example),
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
    for Example { source, dist, .. } in built() {
        let golden = source.join("dist");
        if !golden.is_dir() {
            continue;
        }
        let (fresh, kept) = (relative(dist), relative(&golden));
        assert_eq!(
            fresh,
            kept,
            "{}: the fresh build and dist/ hold different files",
            shown(source)
        );
        for file in fresh {
            let same = std::fs::read(dist.join(&file)).ok() == std::fs::read(golden.join(&file)).ok();
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
