//! What the plan cannot know and somebody fills in: each with what it is and its type.
//!
//! Variables are asked for by whoever needs one, each once. Called by all of `lower`.

use crate::emit::terraform::model::{Block, Val};

/// The variables asked for so far.
#[derive(Debug, Default)]
pub struct Variables {
    list: Vec<Variable>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it is; a whole sentence.
    pub about: String,
    /// `string`
    pub ty: &'static str,
    /// What it is when nobody says.
    pub default: Option<Val>,
    /// It is a secret.
    pub sensitive: bool,
    /// What must hold of it, as an expression of our own making, and what is said when it does not.
    pub valid: Option<(String, &'static str)>,
}

impl Variable {
    /// A variable that somebody must fill in.
    pub fn new(name: impl Into<String>, ty: &'static str, about: impl Into<String>) -> Self {
        Variable {
            name: name.into(),
            about: about.into(),
            ty,
            default: None,
            sensitive: false,
            valid: None,
        }
    }

    /// What it is when nobody says.
    #[must_use]
    pub fn or(mut self, default: impl Into<Val>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// It is a secret.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// It must match a pattern of our own making.
    #[must_use]
    pub fn like(mut self, pattern: &str, message: &'static str) -> Self {
        let condition = ["can(regex(\"", pattern, "\", var.", &self.name, "))"].concat();
        self.valid = Some((condition, message));
        self
    }

    /// It must not be empty.
    #[must_use]
    pub fn some(mut self, message: &'static str) -> Self {
        self.valid = Some((["length(var.", &self.name, ") > 0"].concat(), message));
        self
    }
}

impl Variables {
    /// Asks for a variable, and refers to it.
    pub fn need(&mut self, variable: Variable) -> String {
        let reference = ["var.", &variable.name].concat();
        if !self.list.iter().any(|v| v.name == variable.name) {
            self.list.push(variable);
        }
        reference
    }

    /// Every variable asked for, in the order of their names.
    pub fn blocks(mut self) -> Vec<Block> {
        self.list.sort_by(|a, b| a.name.cmp(&b.name));
        self.list.into_iter().map(block).collect()
    }
}

fn block(variable: Variable) -> Block {
    let mut out = Block::new("variable", &[&variable.name])
        .attr("description", variable.about)
        .attr("type", Val::of(variable.ty))
        .maybe("default", variable.default);
    if variable.sensitive {
        out = out.attr("sensitive", true);
    }
    match variable.valid {
        Some((condition, message)) => out.block(
            Block::new("validation", &[])
                .attr("condition", Val::of(condition))
                .attr("error_message", message),
        ),
        None => out,
    }
}
