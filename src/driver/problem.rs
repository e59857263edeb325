//! What can go wrong in operation, as opposed to in a plan: files that cannot be read or written, wrong usage.
//!
//! Must not know findings. A problem ends the program with exit code 2 and one line on the standard error.

use std::fmt;
use std::path::Path;

/// Why the program could not do what it was asked to.
#[derive(Debug)]
pub struct Problem {
    /// What could not be done, and why; lower case, no final stop.
    message: String,
    /// What to do about it.
    help: Option<String>,
}

impl Problem {
    /// A problem in words.
    pub fn new(message: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The reason alone: what stands behind the first colon.
    pub fn reason(&self) -> String {
        self.message
            .split_once(": ")
            .map_or_else(|| self.message.clone(), |(_, why)| why.to_string())
    }

    /// Something the operating system refused to do with a path.
    pub fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Problem::new(format!("cannot {what} `{}`: {}", path.display(), reason(error)))
    }
}

/// The operating system's reason in our words, without its number.
pub fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "there is no such file or folder".into(),
        K::PermissionDenied => "permission denied".into(),
        K::IsADirectory => "it is a folder".into(),
        K::NotADirectory => "a part of the path is not a folder".into(),
        K::AlreadyExists => "it exists already".into(),
        K::StorageFull => "the disk is full".into(),
        K::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            text.to_lowercase()
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
