//! A program: its modules, their definitions and their bindings.

use crate::resolve::stdlib::Shelf;
use crate::source::hash::Ordered;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Ast, Doc, Form, Name, Stmt};
use smol_str::SmolStr;
use std::sync::Arc;

/// A module, by index into [`Program::modules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub usize);

/// A program: a file and everything it uses.
#[derive(Debug, Clone)]
pub struct Program {
    /// Every module; used modules stand before those that use them.
    pub modules: Vec<Module>,
    /// The file that was asked for.
    pub root: ModuleId,
}

/// A kind of definition: each has names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each is the kind of the keyword of its name
pub enum Kind {
    /// `param` and `let`
    Value,
    Person,
    Role,
    Environment,
    Artifact,
    Channel,
    Calendar,
    Metric,
    Gate,
    Action,
    Rollout,
    Procedure,
    Checklist,
    Policy,
    Release,
    Stage,
    Phase,
    Approval,
    Decision,
    Hold,
    Trigger,
    Override,
}

impl Kind {
    /// Every kind with the keyword that defines it.
    pub const ALL: [(Kind, &'static str); 22] = [
        (Kind::Value, "let"),
        (Kind::Person, "person"),
        (Kind::Role, "role"),
        (Kind::Environment, "environment"),
        (Kind::Artifact, "artifact"),
        (Kind::Channel, "channel"),
        (Kind::Calendar, "calendar"),
        (Kind::Metric, "metric"),
        (Kind::Gate, "gate"),
        (Kind::Action, "action"),
        (Kind::Rollout, "rollout"),
        (Kind::Procedure, "procedure"),
        (Kind::Checklist, "checklist"),
        (Kind::Policy, "policy"),
        (Kind::Release, "release"),
        (Kind::Stage, "stage"),
        (Kind::Phase, "phase"),
        (Kind::Approval, "approval"),
        (Kind::Decision, "decision"),
        (Kind::Hold, "hold"),
        (Kind::Trigger, "trigger"),
        (Kind::Override, "override"),
    ];

    /// The kind a keyword defines.
    pub fn of(keyword: &str) -> Option<Kind> {
        if keyword == "param" {
            return Some(Kind::Value);
        }
        Self::ALL
            .iter()
            .find(|(_, k)| *k == keyword)
            .map(|(kind, _)| *kind)
    }

    /// The word people use: `role`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Value => "value",
            k => Self::ALL
                .iter()
                .find(|(kind, _)| *kind == k)
                .map_or("", |(_, w)| w),
        }
    }

    /// With its article: `an action`.
    pub fn a(self) -> String {
        let w = self.word();
        if w.starts_with(['a', 'e', 'i', 'o', 'u']) {
            format!("an {w}")
        } else {
            format!("a {w}")
        }
    }
}

/// A definition of a module.
#[derive(Debug, Clone, Copy)]
pub struct Def {
    /// Its kind.
    pub kind: Kind,
    /// The index of its statement in the module.
    pub item: usize,
    /// The place of its name.
    pub name: Span,
}

/// What a `use` bound a name to.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The place of the name.
    pub span: Span,
    /// The module.
    pub module: ModuleId,
    /// The name in that module; `None` for the module itself.
    pub item: Option<SmolStr>,
}

/// A module.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its file.
    pub file: FileId,
    /// `std.aws.lambda`, or the path of the file.
    pub name: String,
    /// Whether it belongs to the library.
    pub library: bool,
    /// What is written.
    pub(in crate::resolve) tree: Tree,
    /// Its definitions by name, in the order written.
    pub defs: Ordered<SmolStr, Vec<Def>>,
    /// Its bindings by name, in the order written.
    pub bindings: Ordered<SmolStr, Binding>,
    /// Names that a faulty `use` would have bound: what is wrong was reported there, so their uses are silent.
    pub broken: std::collections::BTreeSet<SmolStr>,
}

/// The statements of a module.
#[derive(Debug, Clone)]
pub(in crate::resolve) enum Tree {
    /// Of a file that was read whole.
    Whole(Arc<Ast>),
    /// Of a module of the library, whose definitions are parsed when they are wanted.
    Library(&'static Shelf),
}

impl Module {
    /// The statements of a file, in order. Those of a module of the library are only found by their definitions: there are none here.
    pub fn items(&self) -> &[Stmt] {
        match &self.tree {
            Tree::Whole(ast) => &ast.items,
            Tree::Library(_) => &[],
        }
    }

    /// The documentation of a file.
    pub fn doc(&self) -> Option<&Doc> {
        match &self.tree {
            Tree::Whole(ast) => ast.doc.as_ref(),
            Tree::Library(_) => None,
        }
    }

    /// The definition of a kind and a name.
    pub fn def(&self, kind: Kind, name: &str) -> Option<&Def> {
        self.defs.get(name)?.iter().find(|d| d.kind == kind)
    }

    /// The statement of a definition.
    pub fn stmt(&self, def: &Def) -> &Stmt {
        match &self.tree {
            Tree::Whole(ast) => &ast.items[def.item],
            Tree::Library(shelf) => shelf.stmt(def.item),
        }
    }

    /// The `release` of the module.
    pub fn release(&self) -> Option<&Stmt> {
        self.items().iter().find(|s| s.keyword.text == "release")
    }
}

impl Program {
    /// The module of an id.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0]
    }
}

/// The name a statement defines, when it defines one.
pub(crate) fn defined_name(stmt: &Stmt) -> Option<&Name> {
    match &stmt.form {
        Form::Define { name, .. } | Form::Let { name, .. } => Some(name),
        Form::Typed { name, .. } if stmt.keyword.text == "param" => Some(name),
        _ => None,
    }
}

/// The name a `param`, a `let` or a definition with parameters defines, with its place.
pub(crate) fn defined(stmt: &Stmt) -> Option<(SmolStr, Span)> {
    defined_name(stmt).map(|n| (n.text.clone(), n.span))
}
