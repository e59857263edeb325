//! The state of lowering, and its order: parameters, things, collection of stages, their bodies, what is unused.

use crate::diagnostic::{Bag, Diagnostic};
use crate::eval::scope::{Local, Scope, ScopeId, through};
use crate::model::{
    CaptureId, Civil, EnvId, HoldId, Origin, ParamId, PriorId, Release, StageId, Text, Value,
};
use crate::resolve::{Kind, ModuleId, Program, errors as names};
use crate::source::hash::{Map, Ordered, Set};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Expr, Stmt};
use smol_str::SmolStr;

/// What lowering found.
#[derive(Debug)]
pub struct Lowered {
    /// The release; `None` for a library file, or when nothing sensible can follow.
    pub release: Option<Release>,
    /// What is wrong.
    pub bag: Bag,
}

/// Lowers a program. `params` are values from the command line, by name.
///
/// A file without a release is checked as a library: each of its definitions is instantiated with unknown arguments.
pub fn lower(program: &Program, sources: &SourceMap, params: &[(String, String)]) -> Lowered {
    let mut lower = Lower::new(program, sources, params);
    let root = program.module(program.root);
    let release = match root.release() {
        Some(stmt) => {
            lower.release(stmt);
            for wrong in lower.wrong_in_idle() {
                let told = |d: &Diagnostic| d.code == wrong.code && d.span == wrong.span;
                if !lower.bag.iter().any(told) {
                    lower.report(wrong);
                }
            }
            // What the structure of the text lacks was found before; without a place or an owner there is no release all the same.
            let whole = !lower.r.environments.is_empty() && !lower.r.roles.is_empty();
            whole && !lower.bag.has_errors()
        }
        None => {
            lower.library();
            false
        }
    };
    lower.report_unused();
    Lowered {
        release: release.then_some(lower.r),
        bag: lower.bag,
    }
}

/// What an instance of a definition is known by: its statement, the scope it stands in, its arguments.
pub(crate) type InstanceKey = (Span, ScopeId, Vec<(SmolStr, Value)>);

/// The state of lowering.
pub(crate) struct Lower<'a> {
    pub program: &'a Program,
    pub sources: &'a SourceMap,
    pub given: &'a [(String, String)],
    pub bag: Bag,
    pub r: Release,
    pub scopes: Vec<Scope<'a>>,
    pub module_scopes: Vec<ScopeId>,
    /// Values of `param` and `let`; `None` while being computed or when wrong.
    pub values: Map<(ModuleId, usize), Option<Value>>,
    pub params: Map<(ModuleId, usize), ParamId>,
    pub instances: Map<InstanceKey, Value>,
    pub used: Set<(ModuleId, SmolStr)>,
    pub used_entities: Set<Span>,
    /// The environment that `region` and `account` speak of.
    pub ambient: Option<EnvId>,
    /// Definitions being instantiated.
    pub open: Vec<Span>,
    /// How often `for`s have repeated their blocks so far.
    pub repeated: usize,
    pub captures: Map<Owner, Ordered<SmolStr, CaptureId>>,
    pub priors: Map<(Owner, Span, SmolStr), PriorId>,
    pub recorded: Map<Owner, Ordered<SmolStr, PriorId>>,
    /// The `allow` statements that were read.
    pub accepted: Set<Span>,
    /// The slugs that are taken.
    pub slugs: Set<SmolStr>,
    /// Where the release's title is written: the messages that nobody wrote begin with it.
    pub titled: Option<Span>,
}

/// Who sets captures and records prior states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Stage(StageId),
    Hold(HoldId),
    Finally,
    Gate(Span),
    Decision(crate::model::DecisionId),
    None,
}

impl<'a> Lower<'a> {
    pub(super) fn new(program: &'a Program, sources: &'a SourceMap, given: &'a [(String, String)]) -> Self {
        let mut scopes = Vec::new();
        let module_scopes = (0..program.modules.len())
            .map(|i| {
                scopes.push(Scope::new(None, ModuleId(i)));
                ScopeId(i)
            })
            .collect();
        let file = program.module(program.root).file;
        Lower {
            program,
            sources,
            given,
            bag: Bag::new(),
            r: empty_release(Span::new(file, 0, 0)),
            scopes,
            module_scopes,
            values: Map::default(),
            params: Map::default(),
            instances: Map::default(),
            used: Set::default(),
            used_entities: Set::default(),
            ambient: None,
            open: Vec::new(),
            repeated: 0,
            captures: Map::default(),
            priors: Map::default(),
            recorded: Map::default(),
            accepted: Set::default(),
            slugs: Set::default(),
            titled: None,
        }
    }

    pub(crate) fn report(&mut self, d: Diagnostic) {
        self.bag.push(d);
    }

    /// The scope of a module.
    pub(crate) fn top(&self, module: ModuleId) -> ScopeId {
        self.module_scopes[module.0]
    }

    /// The scope of the file that was asked for.
    pub(crate) fn root(&self) -> ScopeId {
        self.top(self.program.root)
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope<'a> {
        &self.scopes[id.0]
    }

    /// A new scope inside another.
    pub(crate) fn nest(&mut self, parent: ScopeId) -> ScopeId {
        let module = self.scope(parent).module;
        self.scopes.push(Scope::new(Some(parent), module));
        ScopeId(self.scopes.len() - 1)
    }

    pub(crate) fn define(&mut self, scope: ScopeId, name: impl Into<SmolStr>, local: Local) {
        self.scopes[scope.0].locals.push((name.into(), local));
    }

    /// The text of a place in the source.
    pub(crate) fn source(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    /// The origin of a place, as seen from a scope: inside a library definition, the place that uses it.
    pub(crate) fn origin(&self, span: Span, scope: ScopeId) -> Origin {
        if !self.sources.file(span.file).library {
            return Origin::at(span);
        }
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            if let Some((call, name)) = &s.call {
                return through(call, name, span);
            }
            at = s.parent;
        }
        Origin::at(span)
    }

    /// Where the definition is used whose body a scope is.
    pub(crate) fn called_from(&self, scope: ScopeId) -> Option<Span> {
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            if let Some((call, _)) = &s.call {
                return Some(call.span);
            }
            at = s.parent;
        }
        None
    }

    /// Runs `f` with `region` and `account` speaking of another environment.
    pub(crate) fn with_env<T>(&mut self, env: Option<EnvId>, f: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.ambient;
        if env.is_some() {
            self.ambient = env;
        }
        let out = f(self);
        self.ambient = before;
        out
    }

    /// Runs `f` as the instantiation of the definition at `span`; a definition that needs itself is reported.
    pub(crate) fn instantiate<T>(
        &mut self,
        span: Span,
        call: Span,
        name: &str,
        f: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.open.contains(&span) || self.open.len() > 48 {
            self.report(crate::types::errors::recursion(call, name));
            return None;
        }
        self.open.push(span);
        let out = f(self);
        self.open.pop();
        out
    }

    fn report_unused(&mut self) {
        if self.bag.has_errors() {
            return; // what a wrong statement would have used is not known
        }
        let module = self.program.module(self.program.root);
        let is_library = module.release().is_none();
        crate::eval::loops::report_unused(module.items(), &mut self.bag);
        let mut idle: Vec<(&str, Span)> = Vec::new();
        let mut found: Vec<(&str, crate::diagnostic::Diagnostic)> = Vec::new();
        for (name, binding) in &module.bindings {
            if !self.used.contains(&(self.program.root, name.clone())) {
                found.push((name, names::unused(binding.span, "import", name)));
            }
        }
        for (name, defs) in &module.defs {
            for def in defs {
                let keyword = module.stmt(def).keyword.text.as_str();
                let used = self.used.contains(&(
                    self.program.root,
                    SmolStr::new(format!("{} {name}", def.kind.word())),
                ));
                if used || is_library {
                    continue;
                }
                match keyword {
                    "param" => found.push((name, names::unused_param(def.name, name))),
                    "let" | "action" | "metric" | "procedure" | "rollout" | "channel" | "calendar" => {
                        idle.push((name, module.stmt(def).span));
                        found.push((name, names::unused(def.name, keyword, name)));
                    }
                    _ => {}
                }
            }
        }
        // What only something unused speaks of is unused because of that.
        let sources = self.sources;
        for (name, finding) in found {
            let follows =
                |(other, span): &(&str, Span)| *other != name && speaks_of(sources.text(*span), name);
            if !idle.iter().any(follows) {
                self.bag.push(finding);
            }
        }
    }

    pub(crate) fn mark_used(&mut self, module: ModuleId, kind: Kind, name: &str) {
        self.used
            .insert((module, SmolStr::new(format!("{} {name}", kind.word()))));
    }
}

/// Whether a name stands in a text as a whole word.
fn speaks_of(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

/// The statements of a keyword in a block.
pub(crate) fn all<'s>(items: &'s [Stmt], keyword: &'static str) -> impl Iterator<Item = &'s Stmt> {
    items.iter().filter(move |s| s.keyword.text == keyword)
}

/// The first statement of a keyword in a block.
pub(crate) fn one<'s>(items: &'s [Stmt], keyword: &str) -> Option<&'s Stmt> {
    items.iter().find(|s| s.keyword.text == keyword)
}

/// The first argument of the first statement of a keyword.
pub(crate) fn arg<'s>(items: &'s [Stmt], keyword: &str) -> Option<&'s Expr> {
    one(items, keyword)?.args().first()
}

fn empty_release(span: Span) -> Release {
    Release {
        name: SmolStr::default(),
        origin: Origin::at(span),
        doc: None,
        title: Text::default(),
        version: Text::default(),
        replaces: None,
        authors: Vec::new(),
        owner: crate::model::RoleId(0),
        environment: EnvId(0),
        calendar: None,
        window: None,
        start: None::<(Civil, Origin)>,
        started_by: None,
        since: None,
        locks: Vec::new(),
        summary: None,
        docs: Vec::new(),
        tested: None,
        on_failure: None,
        change: None,
        params: Vec::new(),
        asserts: Vec::new(),
        people: Vec::new(),
        roles: Vec::new(),
        environments: Vec::new(),
        artifacts: Vec::new(),
        channels: Vec::new(),
        calendars: Vec::new(),
        metrics: Vec::new(),
        gates: Vec::new(),
        checklists: Vec::new(),
        approvals: Vec::new(),
        duties: Vec::new(),
        decisions: Vec::new(),
        stages: Vec::new(),
        phases: Vec::new(),
        holds: Vec::new(),
        impacts: Vec::new(),
        triggers: Vec::new(),
        notifies: Vec::new(),
        escalates: Vec::new(),
        overrides: Vec::new(),
        finally: Vec::new(),
        obligations: Vec::new(),
        policies: Vec::new(),
        allows: Vec::new(),
        captures: Vec::new(),
        priors: Vec::new(),
    }
}
