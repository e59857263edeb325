//! Where the judges are installed, and what happens when they are not. Knows nothing of any one judge.
//!
//! Called by every test that needs a tool from `install.sh`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The folder `tests/conformance`.
pub fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// The installed judges.
pub struct Tools {
    home: PathBuf,
}

impl Tools {
    /// A command that runs one of our Python scripts with the judges' interpreter; `script` is relative to `tests/conformance`.
    pub fn python(&self, script: &str) -> Command {
        let mut command = Command::new(self.home.join("python/bin/python"));
        // The tests share the source folder: no caches are to appear in it.
        command.arg("-B").arg(here().join(script));
        command
    }

    /// A command that runs one of our bundled Node scripts.
    pub fn node(&self, bundle: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.home.join("npm/judges").join(bundle));
        command
    }
}

/// What a judge needs from the system besides what `install.sh` puts into the target folder.
fn from_the_system(what: &str) -> Result<(), String> {
    if what != "review" {
        return Ok(());
    }
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let there = |name: &&str| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|o| o.status.success())
    };
    match browsers.into_iter().find(there) {
        Some(_) => Ok(()),
        None => Err("there is no Chromium on PATH".to_string()),
    }
}

/// The tools, or `None` after saying aloud that `what` is skipped. With `CI=true` a missing tool is a failure.
pub fn or_skip(what: &str) -> Option<&'static Tools> {
    static TOOLS: OnceLock<Result<Tools, String>> = OnceLock::new();
    let found = TOOLS.get_or_init(find).as_ref();
    match found
        .map_err(String::clone)
        .and_then(|tools| from_the_system(what).map(|()| tools))
    {
        Ok(tools) => Some(tools),
        Err(reason) => {
            let sentence =
                format!("skipped: {what} is not installed (run tests/conformance/install.sh): {reason}");
            assert!(!on_ci(), "{sentence}");
            // Straight to the stream: the test harness swallows what `eprintln!` of a passing test says.
            let _ = writeln!(std::io::stderr(), "{sentence}");
            None
        }
    }
}

fn on_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

fn find() -> Result<Tools, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("internal: cargo's temporary folder lies in its target folder");
    let home = target.join("conformance");
    for stamp in ["python.stamp", "checkov.stamp", "node.stamp"] {
        if !home.join(stamp).is_file() {
            return Err(format!("target/conformance/{stamp} does not exist"));
        }
    }
    // The scripts may be newer than their bundles; bundling takes a third of a second and also looks for the tools on PATH.
    let bundled = Command::new(here().join("install.sh"))
        .arg("--bundle")
        .env("CARGO_TARGET_DIR", target)
        .output();
    match bundled {
        Ok(done) if done.status.success() => Ok(Tools { home }),
        Ok(done) => Err(said(&done)),
        Err(error) => Err(error.to_string()),
    }
}

/// What a program said on its error stream.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
