//! From what was named on the command line to the files that are meant.
//!
//! Must not read them. Called by the commands that take files and folders.

use super::problem::{Problem, reason};
use super::read::Input;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The ending of the files that are found in folders.
const ENDING: &str = "release";

/// The folder the user stands in.
///
/// # Errors
/// When it was removed or cannot be entered.
pub fn current_folder() -> Result<PathBuf, Problem> {
    std::env::current_dir()
        .map_err(|e| Problem::new(format!("cannot find the current folder: {}", reason(&e))))
}

/// The files behind a list of paths: files as they are named, folders as the `*.release` files below them (what
/// `.gitignore` names is left out), `-` as standard input. Each file once; in order of what was named, then by path.
///
/// # Errors
/// When a path does not exist, a folder holds no plan, or standard input is named twice.
pub fn inputs(paths: &[PathBuf], stdin_name: Option<&Path>) -> Result<Vec<Input>, Problem> {
    let mut out: Vec<Input> = Vec::new();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut stdin = false;
    for path in paths {
        if path.as_os_str() == "-" {
            if std::mem::replace(&mut stdin, true) {
                return Err(Problem::new("standard input can be read only once"));
            }
            out.push(Input::Stdin(
                stdin_name.unwrap_or(Path::new("stdin.release")).to_path_buf(),
            ));
            continue;
        }
        let meta = std::fs::metadata(path).map_err(|e| Problem::io("read", path, &e))?;
        let found = if meta.is_dir() {
            walk(path)?
        } else {
            vec![path.clone()]
        };
        if found.is_empty() {
            return Err(
                Problem::new(format!("no `.{ENDING}` file lies below `{}`", path.display()))
                    .help("name a file, or a folder that holds plans"),
            );
        }
        for file in found {
            let real = file.canonicalize().unwrap_or_else(|_| file.clone());
            if seen.insert(real) {
                out.push(Input::File(file));
            }
        }
    }
    if !stdin && stdin_name.is_some() {
        return Err(Problem::new(
            "`--stdin-filename` names standard input, but `-` is not among the files",
        ));
    }
    Ok(out)
}

/// The plans below a folder, by path.
fn walk(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut out = Vec::new();
    for entry in ignore::WalkBuilder::new(folder)
        .require_git(false)
        // What one person ignores everywhere is no part of the project: the same folder is the same plans for everybody.
        .git_global(false)
        .build()
    {
        let entry = entry.map_err(|e| {
            let why = e.io_error().map_or_else(|| e.to_string(), reason);
            Problem::new(format!("cannot search `{}`: {why}", folder.display()))
        })?;
        let is_file = entry.file_type().is_some_and(|t| t.is_file());
        if is_file && entry.path().extension().is_some_and(|e| e == ENDING) {
            let path = entry.into_path();
            out.push(path.strip_prefix("./").map(Path::to_path_buf).unwrap_or(path));
        }
    }
    out.sort();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::inputs;
    use std::path::PathBuf;

    #[test]
    fn folders_are_searched_and_ignored_files_left_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path();
        std::fs::create_dir_all(top.join("b/dist")).expect("folders");
        for (path, text) in [
            ("b/z.release", ""),
            ("b/a.release", ""),
            ("b/dist/c.release", ""),
            ("b/notes.txt", ""),
            (".gitignore", "dist\n"),
        ] {
            std::fs::write(top.join(path), text).expect("a file");
        }
        let found = inputs(&[top.join("b/z.release"), top.to_path_buf()], None).expect("files");
        let found: Vec<PathBuf> = found
            .iter()
            .map(|i| i.path().strip_prefix(top).expect("below").to_path_buf())
            .collect();
        assert_eq!(
            found,
            [PathBuf::from("b/z.release"), PathBuf::from("b/a.release")]
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let none = inputs(&[dir.path().join("none")], None)
            .expect_err("missing")
            .to_string();
        assert!(none.contains("there is no such file or folder"), "{none}");
        let empty = inputs(&[dir.path().to_path_buf()], None)
            .expect_err("empty")
            .to_string();
        assert!(empty.contains("no `.release` file"), "{empty}");
        assert!(inputs(&["-".into(), "-".into()], None).is_err());
    }
}
