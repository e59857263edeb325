//! Finds the files of one kind in a tree of artifacts. Knows the tree's shape, and nothing of who judges it.

use std::path::{Path, PathBuf};

/// What a judge judges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `.github/workflows/*.yml`
    Workflow,
    /// `*.asl.json`
    StateMachine,
    /// A folder that holds `*.tf`.
    Terraform,
    /// `*.md`
    Markdown,
    /// `*.html`
    Page,
    /// Any `*.yml` or `*.yaml`.
    Yaml,
}

impl Subject {
    /// Every such file (or folder) below `root`, in order.
    pub fn below(self, root: &Path) -> Vec<PathBuf> {
        let mut found: Vec<_> = files_below(root)
            .into_iter()
            .filter_map(|file| self.named_by(file))
            .collect();
        found.dedup();
        found
    }

    fn named_by(self, file: PathBuf) -> Option<PathBuf> {
        let name = file.file_name()?.to_str()?;
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        let fits = match self {
            Subject::Workflow => is_yaml && file.parent()?.ends_with(".github/workflows"),
            Subject::StateMachine => name.ends_with(".asl.json"),
            Subject::Terraform => name.ends_with(".tf"),
            Subject::Markdown => name.ends_with(".md"),
            Subject::Page => name.ends_with(".html"),
            Subject::Yaml => is_yaml,
        };
        match self {
            _ if !fits => None,
            Subject::Terraform => file.parent().map(Path::to_path_buf),
            _ => Some(file),
        }
    }
}

/// Every file below `root`, in order of its path. A folder that does not exist holds none.
pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What a folder holds, in order.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
