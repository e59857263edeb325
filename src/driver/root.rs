//! The root of a project, and paths that stay below it.
//!
//! Must not know what files hold. Called by the driver when it reads plans and what they import.

use std::path::{Component, Path, PathBuf};

/// The files and folders whose presence makes a folder the root of a project.
const MARKS: [&str; 2] = ["releasec.toml", ".git"];

/// The nearest folder upward from `folder` (itself included) that holds `releasec.toml` or `.git`; else `folder`.
pub fn project_root(folder: &Path) -> PathBuf {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let marked = |f: &&Path| MARKS.iter().any(|m| f.join(m).exists());
    folder
        .ancestors()
        .find(marked)
        .map_or_else(|| folder.clone(), Path::to_path_buf)
}

/// A path with its `.` and `..` worked out in writing, without asking the file system; `None` when it climbs above its
/// own beginning.
pub fn normalise(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            other => out.push(other),
        }
    }
    Some(out)
}

/// The absolute path of a file: its folder without symbolic links, its own name as it is.
pub fn absolute(file: &Path, here: &Path) -> PathBuf {
    let full = here.join(file);
    match (full.parent(), full.file_name()) {
        (Some(folder), Some(name)) => match folder.canonicalize() {
            Ok(folder) => folder.join(name),
            Err(_) => normalise(&full).unwrap_or(full),
        },
        _ => full,
    }
}

/// The way from one absolute folder to an absolute path.
pub fn relative(path: &Path, from: &Path) -> PathBuf {
    let shared = path
        .components()
        .zip(from.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// A path with `/` between its parts.
pub fn shown(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .filter_map(|c| match c {
            Component::CurDir => None,
            Component::RootDir => Some(String::new()),
            other => Some(other.as_os_str().to_string_lossy().into_owned()),
        })
        .collect();
    if parts.is_empty() {
        ".".into()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::{normalise, project_root, relative, shown};
    use std::path::{Path, PathBuf};

    #[test]
    fn paths_are_worked_out_in_writing() {
        assert_eq!(normalise(Path::new("a/./b/../c")), Some(PathBuf::from("a/c")));
        assert_eq!(normalise(Path::new("a/../../c")), None);
        assert_eq!(shown(Path::new("/z/a.release")), "/z/a.release");
        assert_eq!(shown(Path::new("./b/a.release")), "b/a.release");
        assert_eq!(
            relative(Path::new("/a/b/c"), Path::new("/a/d/e")),
            Path::new("../../b/c")
        );
    }

    #[test]
    fn the_root_is_the_nearest_marked_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().canonicalize().expect("a path");
        std::fs::create_dir_all(top.join("a/b/c")).expect("folders");
        std::fs::write(top.join("a/releasec.toml"), "").expect("a file");
        assert_eq!(project_root(&top.join("a/b/c")), top.join("a"));
        std::fs::create_dir(top.join("a/b/.git")).expect("a folder");
        assert_eq!(project_root(&top.join("a/b/c")), top.join("a/b"));
    }
}
