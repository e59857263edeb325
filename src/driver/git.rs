//! Files as they were in a revision of a Git repository, read through the `git` command.
//!
//! Only plumbing that prints objects is used: no hook, filter, pager or fetch is started, nothing is written. What people name never
//! stands where an option could. Must not know the language. Called when a plan is read from a revision.

use super::problem::Problem;
use super::read::LIMIT;
use super::root;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A commit of a repository.
#[derive(Debug, Clone)]
pub struct Revision {
    /// As it was named.
    named: String,
    /// The commit, in hexadecimal.
    commit: String,
    /// The top folder of the work tree: an absolute path without symbolic links.
    top: PathBuf,
}

/// Why a file of a revision could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// There is nothing of that name.
    NotThere,
    /// A symbolic link: it may lead out of the repository.
    Link,
    /// Anything else, in words.
    Other(String),
}

impl Missing {
    /// The reason in words.
    pub fn words(&self) -> String {
        match self {
            Missing::NotThere => "there is no such file in that revision".into(),
            Missing::Link => "it is a symbolic link, which is not followed in a revision".into(),
            Missing::Other(why) => why.clone(),
        }
    }
}

impl Revision {
    /// The revision of a name, in the repository that holds a file.
    ///
    /// # Errors
    /// When `git` cannot be started, the file is in no repository, or there is no such revision.
    pub fn of(named: &str, file: &Path, here: &Path) -> Result<Self, Problem> {
        let here = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
        let file = real(file, &here);
        let folder = file
            .ancestors()
            .skip(1)
            .find(|f| f.is_dir())
            .unwrap_or(&here)
            .to_path_buf();
        let top = git(&folder, ["rev-parse", "--show-toplevel"])?.map_err(|said| {
            if said.contains("not a git repository") {
                Problem::new(format!("`{}` is not in a Git repository", folder.display()))
                    .help("name two files instead: `releasec diff old.release new.release`")
            } else {
                Problem::new(format!(
                    "cannot read the Git repository of `{}`: {said}",
                    folder.display()
                ))
            }
        })?;
        let top = PathBuf::from(text(&top));
        let top = top.canonicalize().unwrap_or(top);
        let unknown = || {
            Problem::new(format!(
                "there is no revision `{named}` in the Git repository `{}`",
                top.display()
            ))
            .help("a revision is a branch, a tag or a commit, as `git rev-parse` reads it")
        };
        if named.is_empty() || named.starts_with('-') || named.contains('\0') {
            return Err(unknown());
        }
        let wanted = format!("{named}^{{commit}}");
        let args = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            wanted.as_str(),
        ];
        let commit = git(&top, args)?.map_err(|_| unknown())?;
        let commit = text(&commit);
        if commit.is_empty() || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        Ok(Revision {
            named: named.to_string(),
            commit,
            top,
        })
    }

    /// As it was named.
    pub fn named(&self) -> &str {
        &self.named
    }

    /// The root of the project of a file in this revision: the nearest folder upward with `releasec.toml`, else the repository's.
    pub fn project_root(&self, file: &Path, here: &Path) -> PathBuf {
        let file = real(file, here);
        let folders = file.ancestors().skip(1).take_while(|f| f.starts_with(&self.top));
        for folder in folders {
            if self.entry(&folder.join("releasec.toml")).is_ok() {
                return folder.to_path_buf();
            }
        }
        self.top.clone()
    }

    /// The bytes of a file, by its absolute path in the work tree.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, Missing> {
        let object = self.entry(path)?;
        match git(&self.top, ["cat-file", "blob", object.as_str()]) {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(said)) => Err(Missing::Other(said)),
            Err(problem) => Err(Missing::Other(problem.to_string())),
        }
    }

    /// The object of a file.
    fn entry(&self, path: &Path) -> Result<String, Missing> {
        let below = path.strip_prefix(&self.top).map_err(|_| Missing::NotThere)?;
        if below.as_os_str().is_empty() {
            return Err(Missing::Other("it is a folder".into()));
        }
        let args: [&OsStr; 8] = [
            "--literal-pathspecs".as_ref(),
            "ls-tree".as_ref(),
            "-z".as_ref(),
            "-l".as_ref(),
            "--full-tree".as_ref(),
            self.commit.as_ref(),
            "--".as_ref(),
            below.as_os_str(),
        ];
        let listed = match git(&self.top, args) {
            Ok(Ok(listed)) => String::from_utf8_lossy(&listed).into_owned(),
            Ok(Err(said)) => return Err(Missing::Other(said)),
            Err(problem) => return Err(Missing::Other(problem.to_string())),
        };
        let Some((facts, _)) = listed.split_once('\t') else {
            return Err(Missing::NotThere);
        };
        let mut words = facts.split_ascii_whitespace();
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("120000"), ..) => Err(Missing::Link),
            (_, Some("blob"), Some(object), Some(size)) => {
                if size.parse::<u64>().map_or(true, |n| n > LIMIT) {
                    let limit = LIMIT / 1024 / 1024;
                    return Err(Missing::Other(format!("it is larger than {limit} MB")));
                }
                Ok(object.to_string())
            }
            _ => Err(Missing::Other("it is a folder".into())),
        }
    }
}

/// The absolute path of a file that need not be there: as much of it as is there without symbolic links.
pub(super) fn real(file: &Path, here: &Path) -> PathBuf {
    let full = here.join(file);
    let full = root::normalise(&full).unwrap_or(full);
    let parents = full.ancestors().skip(1);
    for folder in parents {
        if let (Ok(there), Ok(rest)) = (folder.canonicalize(), full.strip_prefix(folder)) {
            return there.join(rest);
        }
    }
    full
}

/// What `git` prints, or the first line of what it says when it fails.
fn git<'a, S: AsRef<OsStr> + ?Sized + 'a>(
    folder: &Path,
    args: impl IntoIterator<Item = &'a S>,
) -> Result<Result<Vec<u8>, String>, Problem> {
    let out = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| {
            Problem::new(format!("cannot start `git`: {}", super::problem::reason(&e)))
                .help("install Git, or name two files")
        })?;
    if out.status.success() {
        return Ok(Ok(out.stdout));
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let first = said.lines().next().unwrap_or("it failed without a word");
    let first = first.strip_prefix("fatal: ").unwrap_or(first);
    Ok(Err(first.trim_end_matches('.').to_string()))
}

/// A line that `git` prints.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim_end_matches(['\n', '\r']).to_string()
}
