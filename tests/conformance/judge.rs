//! Runs one judge over files and reads its verdicts. Knows how judges speak, and nothing of samples or examples.

use std::path::{Path, PathBuf};

use crate::artifacts::Subject;
use crate::tools::{Tools, said};

/// A program that accepts or refuses files.
pub struct Judge {
    /// What tests and `samples/expected.json` call it.
    pub name: &'static str,
    /// What it judges.
    pub subject: Subject,
    /// The script of ours that asks it.
    pub script: Script,
}

/// A script that asks a judge.
pub enum Script {
    /// A Node script, by the name of its bundle.
    Node(&'static str),
    /// A Python script, by its path below `tests/conformance`.
    Python(&'static str),
}

/// What a judge said of one file.
#[derive(serde::Deserialize)]
pub struct Verdict {
    /// The file, as it was handed to the judge.
    pub file: PathBuf,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Why not.
    pub messages: Vec<String>,
}

impl Judge {
    /// The judge of that name.
    pub fn named(name: &str) -> &'static Judge {
        crate::JUDGES
            .iter()
            .find(|judge| judge.name == name)
            .expect("internal: every judge has a place in the list")
    }

    /// The judge's verdict on each file.
    ///
    /// # Panics
    /// When the judge itself breaks, or is silent about a file: neither may pass for a verdict.
    pub fn verdicts(&self, tools: &Tools, files: &[PathBuf]) -> Vec<Verdict> {
        if files.is_empty() {
            return Vec::new();
        }
        let mut command = match self.script {
            Script::Node(bundle) => tools.node(bundle),
            Script::Python(script) => tools.python(script),
        };
        let done = command.args(files).output().expect("the judge can be started");
        assert!(done.status.success(), "{} broke: {}", self.name, said(&done));
        let text = String::from_utf8_lossy(&done.stdout);
        let verdicts: Vec<Verdict> = text
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("{} said {line:?}: {error}", self.name))
            })
            .collect();
        let judged: Vec<&Path> = verdicts.iter().map(|verdict| verdict.file.as_path()).collect();
        assert_eq!(judged, files, "{} must judge every file, in order", self.name);
        verdicts
    }

    /// Fails with everything the judge refused.
    pub fn must_accept(&self, tools: &Tools, files: &[PathBuf]) {
        let refused: Vec<String> = self
            .verdicts(tools, files)
            .into_iter()
            .filter(|verdict| !verdict.accepted)
            .map(|verdict| {
                format!(
                    "{}:\n    {}",
                    shown(&verdict.file),
                    verdict.messages.join("\n    ")
                )
            })
            .collect();
        assert!(
            refused.is_empty(),
            "{} refuses\n{}",
            self.name,
            refused.join("\n")
        );
    }
}

/// A path as a person types it, relative to the project.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
        .display()
        .to_string()
}
