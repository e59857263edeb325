//! Reading texts: of the files that were named, of standard input, and of what a plan imports.
//!
//! Must not know the language. A file that cannot be opened is a [`Problem`]; one that is no text is a finding, with the
//! place of the first byte that is wrong.

use super::git::{self, Missing, Revision};
use super::problem::{Problem, reason};
use super::root;
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::{LoadError, Loaded, Loader};
use crate::source::{FileId, SourceMap, Span};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file that is read.
pub const LIMIT: u64 = 64 * 1024 * 1024;

const NOT_TEXT: Code = Code("file/not_text");

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input, under the name it is to be known by.
    Stdin(PathBuf),
}

impl Input {
    /// The path it is known by.
    pub fn path(&self) -> &Path {
        match self {
            Input::File(path) | Input::Stdin(path) => path,
        }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// When it is missing, a folder, too large or not readable.
    pub fn read(&self) -> Result<Vec<u8>, Problem> {
        match self {
            Input::File(path) => read_file(path),
            Input::Stdin(path) => {
                let mut bytes = Vec::new();
                let read = std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes);
                read.map_err(|e| Problem::new(format!("cannot read standard input: {}", reason(&e))))?;
                within_limit(path, bytes)
            }
        }
    }
}

/// The bytes of a file.
///
/// # Errors
/// When it is missing, a folder, too large or not readable.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Problem> {
    let fail = |e: std::io::Error| Problem::io("read", path, &e);
    let file = std::fs::File::open(path).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if meta.is_dir() {
        return Err(Problem::new(format!(
            "cannot read `{}`: it is a folder",
            path.display()
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(LIMIT)).unwrap_or(0));
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(fail)?;
    within_limit(path, bytes)
}

fn within_limit(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    if bytes.len() as u64 > LIMIT {
        let text = format!(
            "cannot read `{}`: it is larger than {} MB",
            path.display(),
            LIMIT / 1024 / 1024
        );
        return Err(Problem::new(text).help("no plan is that long; is it the right file?"));
    }
    Ok(bytes)
}

/// Adds a text to the map under the path it is shown by. Bytes that are no text come back as a finding.
pub fn add(sources: &mut SourceMap, shown: &str, bytes: Vec<u8>) -> (FileId, Option<Diagnostic>) {
    match text(bytes) {
        Ok(text) => (sources.add(shown, text), None),
        Err(not) => {
            let id = sources.add(shown, not.shown.as_str());
            let span = Span::new(id, not.at, not.at + not.width);
            let line = sources.line_col(span).line;
            let message = format!("the file is not text: {}", not.fact(&format!(" (line {line})")));
            let diagnostic = Diagnostic::error(NOT_TEXT, span, message)
                .here("here")
                .help("save the file as UTF-8; if it is not a plan, leave it out");
            (id, Some(diagnostic))
        }
    }
}

/// The first thing in a file that is not text, and the text that can be shown instead.
#[derive(Debug)]
pub struct NotText {
    /// The byte.
    pub byte: u8,
    /// Its offset in the file.
    pub offset: usize,
    /// The file with everything that is no text replaced.
    shown: String,
    /// The offset in `shown`, once a byte order mark is dropped.
    at: usize,
    /// How many bytes it has there.
    width: usize,
}

impl NotText {
    /// What is wrong, in words, with where it stands besides its offset.
    pub fn fact(&self, place: &str) -> String {
        match self.byte {
            0 => format!("byte {}{place} is NUL", self.offset),
            byte => format!("byte {}{place} is 0x{byte:02X}, which is not UTF-8", self.offset),
        }
    }
}

/// Bytes as text.
///
/// # Errors
/// When they are not UTF-8 or hold a NUL, with the place.
pub fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) {
        3
    } else {
        0
    };
    let valid = match std::str::from_utf8(&bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    let wrong = bytes[..valid].iter().position(|b| *b == 0).unwrap_or(valid);
    let Some(byte) = bytes.get(wrong).copied() else {
        return Ok(String::from_utf8(bytes).expect("internal: the bytes were just found to be UTF-8"));
    };
    Err(NotText {
        byte,
        offset: wrong,
        shown: String::from_utf8_lossy(&bytes).into_owned(),
        at: wrong - mark,
        width: if byte == 0 { 1 } else { 3 },
    })
}

/// Texts that stand in for those on the disk, by absolute path: fixes that are not written yet, open editors.
pub type Overlay = BTreeMap<PathBuf, Arc<str>>;

/// The project a file belongs to: where it is, how its paths are shown, and what may be imported in it.
#[derive(Debug, Clone)]
pub struct Project<'a> {
    root: PathBuf,
    here: PathBuf,
    overlay: &'a Overlay,
    /// The revision its files are read from, instead of the disk.
    revision: Option<&'a Revision>,
}

impl<'a> Project<'a> {
    /// The project of a file, seen from the folder `here`.
    pub fn of(file: &Path, here: &Path, overlay: &'a Overlay) -> Self {
        let here = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
        let absolute = root::absolute(file, &here);
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        Project {
            root: root::project_root(folder),
            here,
            overlay,
            revision: None,
        }
    }

    /// The project of a file as it was in a revision. Nothing of it is read from the disk.
    pub fn at(file: &Path, here: &Path, overlay: &'a Overlay, revision: &'a Revision) -> Self {
        let here = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
        Project {
            root: revision.project_root(file, &here),
            here,
            overlay,
            revision: Some(revision),
        }
    }

    fn full(&self, file: &Path) -> PathBuf {
        match self.revision {
            Some(_) => git::real(file, &self.here),
            None => root::absolute(file, &self.here),
        }
    }

    /// The root: an absolute path without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The absolute path of a path as it is shown.
    pub fn absolute(&self, shown: &str) -> PathBuf {
        let shown = self
            .revision
            .and_then(|r| shown.strip_prefix(r.named())?.strip_prefix(':'))
            .unwrap_or(shown);
        self.full(Path::new(shown))
    }

    /// How a file is shown: relative to where the user stands when it lies below, or in the same project; else absolute.
    ///
    /// In a revision its name stands before it, as `git` writes it.
    pub fn shown(&self, file: &Path) -> String {
        let path = self.path_shown(file);
        match self.revision {
            Some(r) => format!("{}:{path}", r.named()),
            None => path,
        }
    }

    fn path_shown(&self, file: &Path) -> String {
        let absolute = self.full(file);
        if self.here.starts_with(&self.root) && absolute.starts_with(&self.root) {
            return root::shown(&root::relative(&absolute, &self.here));
        }
        root::shown(absolute.strip_prefix(&self.here).unwrap_or(&absolute))
    }

    /// The path of a file from the root, for what is written about it.
    pub fn from_root(&self, file: &Path) -> String {
        let absolute = self.full(file);
        root::shown(absolute.strip_prefix(&self.root).unwrap_or(&absolute))
    }

    /// The bytes of an input, or what stands in for them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, input: &Input) -> Result<Vec<u8>, Problem> {
        if let Some(revision) = self.revision {
            return revision.read(&self.full(input.path())).map_err(|missing| {
                let shown = self.shown(input.path());
                let problem = Problem::new(format!("cannot read `{shown}`: {}", missing.words()));
                match missing {
                    Missing::NotThere => problem.help(
                        "the path is that of the plan in the working tree; was it called otherwise then?",
                    ),
                    _ => problem,
                }
            });
        }
        match self.overlay.get(&root::absolute(input.path(), &self.here)) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => input.read(),
        }
    }
}

impl Loader for Project<'_> {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, LoadError> {
        if Path::new(path).is_absolute() || path.contains('\\') {
            return Err(LoadError::OutsideRoot);
        }
        let from = self.absolute(from);
        let folder = from.parent().unwrap_or(&self.root).strip_prefix(&self.root);
        let folder = folder.map_err(|_| LoadError::OutsideRoot)?;
        let below = root::normalise(&folder.join(path)).ok_or(LoadError::OutsideRoot)?;
        let full = self.root.join(&below);
        if let Some(revision) = self.revision {
            let bytes = revision.read(&full).map_err(|missing| match missing {
                Missing::Link => LoadError::OutsideRoot,
                other => LoadError::Unreadable(other.words()),
            })?;
            let text =
                text(bytes).map_err(|n| LoadError::Unreadable(format!("it is not text: {}", n.fact(""))))?;
            return Ok(Loaded {
                path: self.shown(&full),
                text: text.into(),
            });
        }
        if let Some(text) = self.overlay.get(&full) {
            return Ok(Loaded {
                path: self.shown(&full),
                text: Arc::clone(text),
            });
        }
        let unreadable = |why: String| LoadError::Unreadable(why);
        let real = full.canonicalize().map_err(|e| unreadable(reason(&e)))?;
        if !real.starts_with(&self.root) {
            return Err(LoadError::OutsideRoot);
        }
        let bytes = read_file(&real).map_err(|p| unreadable(p.reason()))?;
        let text = text(bytes).map_err(|n| unreadable(format!("it is not text: {}", n.fact(""))))?;
        Ok(Loaded {
            path: self.shown(&full),
            text: text.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, Overlay, Project, add, read_file, text};
    use crate::resolve::{LoadError, Loader};
    use crate::source::SourceMap;

    #[test]
    fn bytes_that_are_no_text_are_found_at_their_place() {
        let mut sources = SourceMap::new();
        let (id, found) = add(&mut sources, "a.release", b"\xef\xbb\xbfab\nc\xff\xfe d".to_vec());
        let found = found.expect("a finding");
        assert_eq!(
            found.message,
            "the file is not text: byte 7 (line 2) is 0xFF, which is not UTF-8"
        );
        assert_eq!(sources.line_col(found.span).column, 2);
        assert_eq!(sources.text(found.span), "\u{fffd}");
        assert_eq!(sources.file(id).line(1), "ab");
        let (_, found) = add(&mut sources, "b.release", b"a\0b".to_vec());
        assert_eq!(
            found.expect("a finding").message,
            "the file is not text: byte 1 (line 1) is NUL"
        );
        assert_eq!(text(b"plain".to_vec()).expect("text"), "plain");
    }

    #[cfg(unix)]
    #[test]
    fn imports_stay_below_the_root() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().canonicalize().expect("a path");
        std::fs::create_dir_all(top.join("p/plans")).expect("folders");
        std::fs::create_dir(top.join("p/.git")).expect("a folder");
        std::fs::write(top.join("outside.release"), "").expect("a file");
        std::fs::write(top.join("p/people.release"), "x").expect("a file");
        std::os::unix::fs::symlink(top.join("outside.release"), top.join("p/plans/link.release"))
            .expect("a link");
        let overlay = Overlay::new();
        let project = Project::of(&top.join("p/plans/a.release"), &top.join("p/plans"), &overlay);
        assert_eq!(project.root(), top.join("p"));
        assert_eq!(
            project.from_root(&top.join("p/plans/a.release")),
            "plans/a.release"
        );
        let load = |path| project.load("a.release", path);
        let people = load("../people.release").expect("inside");
        assert_eq!((people.path.as_str(), &*people.text), ("../people.release", "x"));
        for outside in ["../../outside.release", "/etc/passwd", "./link.release"] {
            assert_eq!(
                load(outside).expect_err("outside"),
                LoadError::OutsideRoot,
                "{outside}"
            );
        }
        let why = |path| match load(path).expect_err("unreadable") {
            LoadError::Unreadable(why) => why,
            LoadError::OutsideRoot => "outside".into(),
        };
        assert_eq!(why("./none.release"), "there is no such file or folder");
        assert_eq!(why("."), "it is a folder");
    }

    #[test]
    fn enormous_files_are_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(LIMIT + 1).expect("a sparse file");
        let problem = read_file(file.path()).expect_err("too large");
        assert!(problem.to_string().contains("larger than 64 MB"));
    }
}
