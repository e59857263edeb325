//! What the place of printing can do, and printing to it.
//!
//! The only reader of `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and the locale. Must not know what is printed.

use crate::report::Options;
use std::io::{IsTerminal, Write};

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The variables that decide about colours and characters, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `NO_COLOR`
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`
    pub force: Option<String>,
    /// `TERM`
    pub term: Option<String>,
    /// The locale: the first that is set of `LC_ALL`, `LC_CTYPE`, `LANG`.
    pub locale: Option<String>,
}

impl Environment {
    /// The environment of this process.
    pub fn read() -> Self {
        let get = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        Environment {
            no_color: get("NO_COLOR"),
            force: get("CLICOLOR_FORCE"),
            term: get("TERM"),
            locale: get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")),
        }
    }

    /// What can be printed to a place that is a terminal, or not, of that many columns.
    pub fn options(&self, color: Color, terminal: bool, width: Option<usize>) -> Options {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.no_color.is_some() => false,
            Color::Auto if self.force.as_deref().is_some_and(|v| v != "0") => true,
            Color::Auto => terminal && self.term.as_deref() != Some("dumb"),
        };
        let plain = self.locale.as_deref().is_some_and(|l| l == "C" || l == "POSIX");
        Options {
            color,
            unicode: !(terminal && plain),
            width: width.unwrap_or(100).clamp(40, 140),
        }
    }
}

/// What standard output can show.
pub fn stdout_options(color: Color) -> Options {
    let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(w, _)| usize::from(w.0));
    Environment::read().options(color, std::io::stdout().is_terminal(), width)
}

/// Prints to standard output. A reader that went away is no error: `releasec check | head` ends quietly.
///
/// # Errors
/// When the output cannot be written for another reason, such as a full disk.
pub fn print(text: &str) -> Result<(), super::Problem> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(super::Problem::new(format!(
            "cannot write to standard output: {}",
            super::problem::reason(&e)
        ))),
        _ => Ok(()),
    }
}

/// Says something about the operation on standard error; nobody listening is no error.
pub fn say(text: &str) {
    let clean = crate::report::visible_text(text);
    let mut err = std::io::stderr().lock();
    let _ = err
        .write_all(clean.as_bytes())
        .and_then(|()| err.write_all(b"\n"));
}

#[cfg(test)]
mod tests {
    use super::{Color, Environment};

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_terminal() {
        let color = |env: &Environment, flag, terminal| env.options(flag, terminal, None).color;
        let plain = Environment::default();
        assert!(color(&plain, Color::Auto, true) && !color(&plain, Color::Auto, false));
        let no = Environment {
            no_color: Some("1".into()),
            force: Some("1".into()),
            ..Environment::default()
        };
        assert!(!color(&no, Color::Auto, true) && color(&no, Color::Always, false));
        let force = Environment {
            force: Some("1".into()),
            ..Environment::default()
        };
        assert!(color(&force, Color::Auto, false) && !color(&force, Color::Never, true));
        let dumb = Environment {
            term: Some("dumb".into()),
            ..Environment::default()
        };
        assert!(!color(&dumb, Color::Auto, true));
    }

    #[test]
    fn frames_are_ascii_only_on_a_terminal_that_asks_for_it() {
        let c = Environment {
            locale: Some("C".into()),
            ..Environment::default()
        };
        assert!(!c.options(Color::Auto, true, None).unicode);
        assert!(c.options(Color::Auto, false, None).unicode);
    }
}
