//! Writing: a file whole or not at all, a tree of artifacts all or nothing, and nobody's own changes lost.
//!
//! Must not know what is written. Every tree holds a manifest with the sha256 of each file, so that a file a person
//! changed is told from one we wrote. Called by `build`, `fmt`, `check --fix` and `init`.

use super::problem::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The name of the manifest in a tree.
pub const MANIFEST: &str = ".releasec-manifest.json";

/// The sha256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a file: afterwards it holds all of `content`, or what it held before. Permissions stay; a symbolic link is
/// followed.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn whole(path: &Path, content: &[u8]) -> Result<(), Problem> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let file = prepare(path, content)?;
    persist(file, path)
}

/// Writes files that do not exist yet: all of them or none. Folders above them are made.
///
/// # Errors
/// When one exists, or cannot be written.
pub fn all_fresh(files: &[(PathBuf, &str)]) -> Result<(), Problem> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(Problem::new(format!(
            "`{}` exists already; nothing was written",
            path.display()
        )));
    }
    let pending: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.clone(), Some(text.as_bytes())))
        .collect();
    all_or_nothing(&pending)
}

/// Makes a folder and those above it.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(path).map_err(|e| Problem::io("make the folder", path, &e))
}

/// The content beside its place, under a name of its own, with the permissions it will have.
fn prepare(path: &Path, content: &[u8]) -> Result<tempfile::NamedTempFile, Problem> {
    let fail = |e: std::io::Error| Problem::io("write", path, &e);
    if path.is_dir() {
        return Err(Problem::new(format!(
            "cannot write `{}`: it is a folder",
            path.display()
        )));
    }
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".releasec-");
    #[cfg(unix)]
    let permissions = {
        use std::os::unix::fs::PermissionsExt;
        // The umask still applies to a new file.
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(folder).map_err(fail)?;
    file.write_all(content).map_err(fail)?;
    if let Ok(meta) = std::fs::metadata(path) {
        file.as_file().set_permissions(meta.permissions()).map_err(fail)?;
    }
    file.as_file().sync_all().map_err(fail)?;
    Ok(file)
}

fn persist(file: tempfile::NamedTempFile, path: &Path) -> Result<(), Problem> {
    file.persist(path)
        .map(drop)
        .map_err(|e| Problem::io("write", path, &e.error))
}

/// What is to happen to one file of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It does not exist yet.
    Create,
    /// It holds what we wrote last time, and would hold something else.
    Replace,
    /// We wrote it last time and would not write it now.
    Remove,
    /// It holds something we did not write, and would hold something else or be removed.
    Foreign,
}

impl Change {
    /// What would happen, as a word.
    pub fn word(self) -> &'static str {
        match self {
            Change::Create => "missing",
            Change::Replace => "out of date",
            Change::Remove => "no longer part of the build",
            Change::Foreign => "changed by hand",
        }
    }
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The target that writes it.
    pub target: &'static str,
    /// Its content.
    pub content: String,
}

/// A tree of files to write, compared with what is there.
#[derive(Debug)]
pub struct Tree {
    folder: PathBuf,
    files: BTreeMap<String, File>,
    old: Vec<String>,
    kept: BTreeMap<String, Entry>,
    changes: Vec<(String, Change)>,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    version: u32,
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    target: String,
    sha256: String,
}

impl Tree {
    /// Compares files (by path below `folder`, `/` between parts) with what is there. Of what was
    /// written before, only what is `ours` (by its path and its target) may go; the rest stays as it is.
    ///
    /// # Errors
    /// When something that is there cannot be read.
    pub fn compare(
        folder: &Path,
        files: BTreeMap<String, File>,
        ours: &dyn Fn(&str, &str) -> bool,
    ) -> Result<Tree, Problem> {
        let manifest = read_manifest(folder)?;
        let mut changes = Vec::new();
        for (path, file) in &files {
            let ours = manifest.files.get(path).map(|e| &e.sha256);
            match current(&folder.join(path))? {
                None => changes.push((path.clone(), Change::Create)),
                Some(bytes) if bytes == file.content.as_bytes() => {}
                Some(bytes) if ours == Some(&sha256(&bytes)) => changes.push((path.clone(), Change::Replace)),
                Some(_) => changes.push((path.clone(), Change::Foreign)),
            }
        }
        let mut old = Vec::new();
        let mut kept = BTreeMap::new();
        for (path, entry) in manifest.files {
            if files.contains_key(&path) || !is_plain(&path) {
                continue;
            }
            if !ours(&path, &entry.target) {
                kept.insert(path, entry);
                continue;
            }
            if let Some(bytes) = current(&folder.join(&path))? {
                let change = if entry.sha256 == sha256(&bytes) {
                    Change::Remove
                } else {
                    Change::Foreign
                };
                changes.push((path.clone(), change));
                old.push(path);
            }
        }
        changes.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Tree {
            folder: folder.to_path_buf(),
            files,
            old,
            kept,
            changes,
        })
    }

    /// What would happen, by path; nothing when the tree is up to date.
    pub fn changes(&self) -> &[(String, Change)] {
        &self.changes
    }

    /// How many files the tree has.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the tree has no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The folder of the tree.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the tree: all of it, or, when something fails on the way, nothing. Without `force` a file a person changed
    /// stops it.
    ///
    /// # Errors
    /// When a person changed a file, or something cannot be written.
    pub fn write(self, force: bool) -> Result<usize, Problem> {
        let foreign: Vec<&str> = self
            .changes
            .iter()
            .filter(|(_, c)| *c == Change::Foreign)
            .map(|(p, _)| p.as_str())
            .collect();
        if !force && !foreign.is_empty() {
            let list: Vec<String> = foreign
                .iter()
                .map(|p| format!("`{}`", self.folder.join(p).display()))
                .collect();
            let text = format!(
                "{} changed since it was built, or not built by releasec",
                list.join(", ")
            );
            return Err(Problem::new(text)
                .help("move what you want to keep into the plan, or build with `--force` to overwrite it"));
        }
        let mut manifest = Manifest {
            version: 1,
            files: self.kept.clone(),
        };
        for (path, file) in &self.files {
            let entry = Entry {
                target: file.target.to_string(),
                sha256: sha256(file.content.as_bytes()),
            };
            manifest.files.insert(path.clone(), entry);
        }
        let mut text = serde_json::to_string_pretty(&manifest).expect("internal: plain data serialises");
        text.push('\n');

        let mut pending = Vec::new();
        let changed = |path: &str| self.changes.iter().any(|(p, _)| p == path);
        for (path, file) in self.files.iter().filter(|(p, _)| changed(p)) {
            pending.push((self.folder.join(path), Some(file.content.as_bytes())));
        }
        for path in &self.old {
            pending.push((self.folder.join(path), None));
        }
        let manifest_path = self.folder.join(MANIFEST);
        if current(&manifest_path)?.as_deref() != Some(text.as_bytes()) {
            pending.push((manifest_path, Some(text.as_bytes())));
        }
        all_or_nothing(&pending)?;
        Ok(self.changes.len())
    }
}

/// Writes (or, for `None`, removes) every file; when one fails, those before it get back what they held.
fn all_or_nothing(pending: &[(PathBuf, Option<&[u8]>)]) -> Result<(), Problem> {
    // Everything that can fail for want of space or rights is done beside the files before any of them is touched.
    let mut made: Vec<PathBuf> = Vec::new();
    let mut ready = Vec::new();
    let prepared = pending.iter().try_for_each(|(path, content)| {
        let file = match content {
            Some(content) => {
                make_folders(path, &mut made)?;
                Some(prepare(path, content)?)
            }
            None => None,
        };
        ready.push((path, file, current(path)?));
        Ok(())
    });
    let mut done: Vec<(&PathBuf, Option<Vec<u8>>)> = Vec::new();
    let result = prepared.and_then(|()| {
        for (path, file, before) in ready.drain(..) {
            match file {
                Some(file) => persist(file, path)?,
                None => std::fs::remove_file(path).map_err(|e| Problem::io("remove", path, &e))?,
            }
            done.push((path, before));
        }
        Ok(())
    });
    if result.is_err() {
        // Best effort: the first failure is what is reported.
        drop(ready);
        for (path, before) in done.into_iter().rev() {
            let _ = match before {
                Some(bytes) => whole(path, &bytes).ok(),
                None => std::fs::remove_file(path).ok(),
            };
        }
        for folder in made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
    result
}

/// Makes the folders above a file, and notes those that are new.
fn make_folders(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|f| !f.as_os_str().is_empty() && !f.exists())
        .collect();
    for folder in missing.into_iter().rev() {
        std::fs::create_dir(folder).map_err(|e| Problem::io("make the folder", folder, &e))?;
        made.push(folder.to_path_buf());
    }
    Ok(())
}

/// What a file holds; `None` when there is none.
fn current(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Problem::io("read", path, &e)),
    }
}

/// The manifest of a tree; an empty one when there is none.
fn read_manifest(folder: &Path) -> Result<Manifest, Problem> {
    let path = folder.join(MANIFEST);
    let Some(bytes) = current(&path)? else {
        return Ok(Manifest {
            version: 1,
            files: BTreeMap::new(),
        });
    };
    let broken = |why: String| {
        Problem::new(format!("cannot read `{}`: {why}", path.display()))
            .help("remove it; files that differ then count as changed by hand")
    };
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    if manifest.version != 1 {
        return Err(broken(format!(
            "it has version {}, and this releasec knows version 1",
            manifest.version
        )));
    }
    Ok(manifest)
}

/// Whether a path from a manifest stays in its tree: a manifest is a file that anybody could have written.
fn is_plain(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    parts.all(|c| matches!(c, std::path::Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::{Change, File, MANIFEST, Tree, whole};
    use std::collections::BTreeMap;
    use std::path::Path;

    fn files(list: &[(&str, &str)]) -> BTreeMap<String, File> {
        let file = |c: &str| File {
            target: "docs",
            content: c.to_string(),
        };
        list.iter().map(|(p, c)| ((*p).to_string(), file(c))).collect()
    }

    fn build(folder: &Path, list: &[(&str, &str)], force: bool) -> Result<usize, String> {
        let tree = Tree::compare(folder, files(list), &|_, t| t == "docs").map_err(|p| p.to_string())?;
        tree.write(force).map_err(|p| p.to_string())
    }

    #[test]
    fn a_tree_is_written_updated_and_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().join("dist/shop");
        assert_eq!(build(&top, &[("a/x.yml", "1"), ("b.md", "1")], false), Ok(2));
        assert_eq!(build(&top, &[("a/x.yml", "1"), ("b.md", "1")], false), Ok(0));
        assert_eq!(build(&top, &[("a/x.yml", "2")], false), Ok(2));
        assert!(!top.join("b.md").exists());
        assert_eq!(
            std::fs::read_to_string(top.join("a/x.yml")).expect("the file"),
            "2"
        );
    }

    #[test]
    fn files_of_other_targets_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path();
        build(top, &[("a.md", "1")], false).expect("builds");
        let tree = Tree::compare(top, BTreeMap::new(), &|_, t| t == "github").expect("compares");
        assert!(tree.changes().is_empty());
        tree.write(false).expect("writes");
        assert_eq!(
            build(top, &[("a.md", "2")], false),
            Ok(1),
            "the manifest still knows the file"
        );
    }

    #[test]
    fn what_a_person_changed_is_kept_unless_forced() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path();
        build(top, &[("a.md", "1"), ("b.md", "1")], false).expect("builds");
        std::fs::write(top.join("a.md"), "mine").expect("a file");
        let tree = Tree::compare(top, files(&[("a.md", "2"), ("b.md", "2")]), &|_, t| t == "docs")
            .expect("compares");
        let words: Vec<_> = tree.changes().iter().map(|(p, c)| (p.as_str(), *c)).collect();
        assert_eq!(words, [("a.md", Change::Foreign), ("b.md", Change::Replace)]);
        let refused = build(top, &[("a.md", "2"), ("b.md", "2")], false).expect_err("refused");
        assert!(
            refused.contains("a.md") && refused.contains("--force"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(top.join("b.md")).expect("the file"), "1");
        assert_eq!(build(top, &[("a.md", "2"), ("b.md", "2")], true), Ok(2));
        assert_eq!(std::fs::read_to_string(top.join("a.md")).expect("the file"), "2");
    }

    #[test]
    fn a_failure_half_way_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path();
        build(top, &[("a.md", "1")], false).expect("builds");
        std::fs::create_dir_all(top.join("z.md/in the way")).expect("folders");
        assert!(Tree::compare(top, files(&[("a.md", "2"), ("z.md", "2")]), &|_, t| t == "docs").is_err());
        std::fs::remove_dir_all(top.join("z.md")).expect("removed");
        std::fs::write(top.join("n"), "a file, not a folder").expect("a file");
        assert!(build(top, &[("a.md", "2"), ("new/b.md", "2"), ("n/c.md", "2")], false).is_err());
        assert_eq!(std::fs::read_to_string(top.join("a.md")).expect("the file"), "1");
        assert!(!top.join("new").exists());
        let names: Vec<_> = std::fs::read_dir(top)
            .expect("a folder")
            .map(|e| e.expect("e").file_name())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn a_manifest_cannot_reach_out_of_its_tree() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().join("t");
        std::fs::create_dir(&top).expect("a folder");
        std::fs::write(dir.path().join("keep"), "x").expect("a file");
        let digest = super::sha256(b"x");
        let text = format!(
            "{{\"version\":1,\"files\":{{\"../keep\":{{\"target\":\"docs\",\"sha256\":\"{digest}\"}}}}}}"
        );
        std::fs::write(top.join(MANIFEST), text).expect("a file");
        build(&top, &[], false).expect("builds");
        assert!(dir.path().join("keep").exists());
        std::fs::write(top.join(MANIFEST), "{").expect("a file");
        assert!(
            build(&top, &[], false)
                .expect_err("refused")
                .contains("remove it")
        );
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let (file, link) = (dir.path().join("a.release"), dir.path().join("l.release"));
        std::fs::write(&file, "old").expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permissions");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        whole(&link, b"new").expect("writes");
        assert!(std::fs::symlink_metadata(&link).expect("meta").is_symlink());
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), "new");
        assert_eq!(
            std::fs::metadata(&file).expect("meta").permissions().mode() & 0o777,
            0o640
        );
    }
}
