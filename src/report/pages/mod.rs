//! The pages of `docs/codes/`, embedded: one per kind of finding, printed by `explain` and carried by SARIF.
//!
//! Must not know the findings themselves. Called by renderers, by `explain` and by the language server.

mod list;

/// The page of one kind of finding.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// `group/name`.
    pub code: &'static str,
    /// The page, in Markdown.
    pub text: &'static str,
}

impl Page {
    /// The part of the code before the slash.
    pub fn group(&self) -> &'static str {
        self.code.split('/').next().unwrap_or("")
    }

    /// The first paragraph under the title, as one line.
    pub fn summary(&self) -> String {
        let body = self
            .text
            .lines()
            .skip_while(|l| l.starts_with('#') || l.trim().is_empty());
        let lines: Vec<&str> = body.take_while(|l| !l.trim().is_empty()).map(str::trim).collect();
        lines.join(" ")
    }
}

/// All pages, in the order of their codes.
pub fn all() -> &'static [Page] {
    list::PAGES
}

/// The page of a code.
pub fn find(code: &str) -> Option<&'static Page> {
    all().iter().find(|p| p.code == code)
}
