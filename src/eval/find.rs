//! From an expression that names something to the thing it names.
//!
//! The place says which kinds may be meant; where two fit, a qualified name is required.

use crate::diagnostic::Diagnostic;
use crate::eval::lower::Lower;
use crate::eval::scope::{Entity, Local, ScopeId};
use crate::model::{HoldId, PhaseId, StageId, Value};
use crate::resolve::{Kind, ModuleId, errors};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Name, Stmt};
use crate::types::value_words;
use smol_str::SmolStr;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(crate) enum Target<'a> {
    /// A definition, perhaps with arguments.
    Def(DefTarget<'a>),
    /// A value, or an entity as a value.
    Value(Value),
    /// Stages: a group or a phase.
    Stages(Vec<StageId>),
    Phase(PhaseId, ScopeId),
    Phases(Vec<(SmolStr, PhaseId, ScopeId)>),
    Group(Vec<(SmolStr, StageId)>),
    Hold(HoldId),
    Trigger,
}

/// A definition and how it is used.
#[derive(Debug, Clone)]
pub(crate) struct DefTarget<'a> {
    pub kind: Kind,
    pub stmt: &'a Stmt,
    /// The scope its body sees.
    pub scope: ScopeId,
    /// The arguments, when it is called.
    pub args: Option<&'a [Arg]>,
    /// Where it is used.
    pub call: Span,
    /// The scope its arguments are read in.
    pub caller: ScopeId,
    /// What it is called there: `lambda.shift_alias`.
    pub name: SmolStr,
    /// The module and item of a `param` or `let`.
    pub item: Option<(ModuleId, usize)>,
}

impl<'a> Lower<'a> {
    /// Finds what an expression names among the kinds that may stand there. `what` is what people call it: "a role".
    pub(crate) fn find(
        &mut self,
        expr: &'a Expr,
        kinds: &[Kind],
        what: &str,
        scope: ScopeId,
    ) -> Option<Target<'a>> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.find(inner, kinds, what, scope),
            ExprKind::Ident(name) => self.find_name(name, expr.span, kinds, what, scope),
            ExprKind::Member(base, name) => self.find_member(expr, base, name, kinds, what, scope),
            ExprKind::Index(base, key) => self.find_index(expr, base, key, kinds, what, scope),
            ExprKind::Call(callee, args) => match self.find(callee, kinds, what, scope)? {
                Target::Def(d) if d.args.is_none() => Some(Target::Def(DefTarget {
                    args: Some(args),
                    call: expr.span,
                    caller: scope,
                    ..d
                })),
                _ => {
                    self.report(crate::types::errors::arguments(
                        expr.span,
                        format!("`{}` takes no arguments", self.source(callee.span)),
                        None,
                    ));
                    None
                }
            },
            kind => {
                let text = match kind {
                    ExprKind::Str(s) => Some(s.plain().unwrap_or_default()),
                    _ => None,
                };
                let list = matches!(kind, ExprKind::List(..));
                self.report(crate::types::errors::no_name(expr.span, what, text, list));
                None
            }
        }
    }

    fn find_name(
        &mut self,
        name: &SmolStr,
        span: Span,
        kinds: &[Kind],
        what: &str,
        scope: ScopeId,
    ) -> Option<Target<'a>> {
        match self.local(name, scope) {
            Some(Local::Value(v)) => return Some(Target::Value(v)),
            Some(Local::Poison) => return None,
            _ => {}
        }
        let mut found: Vec<(Kind, Target<'a>)> = Vec::new();
        for kind in kinds {
            if let Some(t) = self.look_up(*kind, name, span, scope) {
                found.push((*kind, t));
            }
        }
        match found.len() {
            1 => found.pop().map(|(_, t)| t),
            0 => {
                // A `let` may be bound to such a thing.
                if !kinds.contains(&Kind::Value)
                    && let Some(Target::Def(d)) = self.look_up(Kind::Value, name, span, scope)
                {
                    return self.value_def(&d).map(Target::Value);
                }
                self.report_unknown(name, span, kinds, what, scope);
                None
            }
            _ => {
                let kinds: Vec<Kind> = found.iter().map(|(k, _)| *k).collect();
                self.report(errors::ambiguous(span, name, &kinds));
                None
            }
        }
    }

    fn find_member(
        &mut self,
        whole: &'a Expr,
        base: &'a Expr,
        name: &crate::syntax::ast::Name,
        kinds: &[Kind],
        what: &str,
        scope: ScopeId,
    ) -> Option<Target<'a>> {
        if let ExprKind::Ident(first) = &base.kind {
            if let Some(kind) = Kind::of(first).filter(|k| kinds.contains(k))
                && self.module_binding(first, scope).is_none()
            {
                return self.find_name(&name.text, whole.span, &[kind], kind.a().as_str(), scope);
            }
            if let Some(module) = self.module_binding(first, scope) {
                return self.find_in_module(module, first, name, whole.span, kinds, what);
            }
        }
        // A stage inside a phase, or in one repetition of a phase.
        let phases = self.find(base, &[Kind::Phase], "a phase or a module", scope)?;
        match phases {
            Target::Phase(_, inner) => self.find_name(&name.text, whole.span, kinds, what, inner),
            Target::Phases(list) => {
                let mut stages = Vec::new();
                for (_, _, inner) in list {
                    match self.find_name(&name.text, whole.span, kinds, what, inner)? {
                        Target::Value(Value::Stage(s)) => stages.push(s),
                        Target::Stages(s) => stages.extend(s),
                        _ => {}
                    }
                }
                Some(Target::Stages(stages))
            }
            _ => {
                self.report(crate::types::errors::mismatch(
                    whole.span,
                    what,
                    "it names nothing",
                ));
                None
            }
        }
    }

    fn find_in_module(
        &mut self,
        module: ModuleId,
        bound: &SmolStr,
        name: &crate::syntax::ast::Name,
        span: Span,
        kinds: &[Kind],
        what: &str,
    ) -> Option<Target<'a>> {
        let program = self.program;
        let m = program.module(module);
        let defs = m.defs.get(&name.text).map_or(&[][..], Vec::as_slice);
        let fitting: Vec<_> = defs.iter().filter(|d| kinds.contains(&d.kind)).collect();
        let qualified = SmolStr::new(format!("{bound}.{}", name.text));
        match fitting.as_slice() {
            [def] => {
                self.mark_used(module, def.kind, &name.text);
                Some(Target::Def(DefTarget {
                    kind: def.kind,
                    stmt: m.stmt(def),
                    scope: self.top(module),
                    args: None,
                    call: span,
                    caller: self.top(module),
                    name: qualified,
                    item: Some((module, def.item)),
                }))
            }
            [] => {
                if let Some(value) = defs.iter().find(|d| d.kind == Kind::Value) {
                    let target = DefTarget {
                        kind: Kind::Value,
                        stmt: m.stmt(value),
                        scope: self.top(module),
                        args: None,
                        call: span,
                        caller: self.top(module),
                        name: qualified,
                        item: Some((module, value.item)),
                    };
                    return self.value_def(&target).map(Target::Value);
                }
                let d = match defs.first() {
                    Some(def) => errors::wrong_kind(name.span, &qualified, what, def.kind, Some(def.name)),
                    None => {
                        let names = m
                            .defs
                            .iter()
                            .filter(|(_, d)| d.iter().any(|d| kinds.contains(&d.kind)))
                            .map(|(n, _)| n.as_str());
                        errors::unknown_item(name.span, &name.text, &m.name, names)
                    }
                };
                self.report(d);
                None
            }
            many => {
                let kinds: Vec<Kind> = many.iter().map(|d| d.kind).collect();
                self.report(errors::ambiguous(span, &name.text, &kinds));
                None
            }
        }
    }

    fn find_index(
        &mut self,
        whole: &'a Expr,
        base: &'a Expr,
        key: &'a Expr,
        kinds: &[Kind],
        what: &str,
        scope: ScopeId,
    ) -> Option<Target<'a>> {
        let group = self.find(base, kinds, what, scope)?;
        let key_text = self.text(key, scope)?;
        let Some(text) = key_text.known() else {
            self.report(crate::types::errors::not_known(key.span, "the key"));
            return None;
        };
        let keys: Vec<SmolStr> = match &group {
            Target::Group(list) => {
                if let Some((_, stage)) = list.iter().find(|(k, _)| k == text) {
                    return Some(Target::Value(Value::Stage(*stage)));
                }
                list.iter().map(|(k, _)| k.clone()).collect()
            }
            Target::Phases(list) => {
                if let Some((_, phase, inner)) = list.iter().find(|(k, ..)| k == text) {
                    return Some(Target::Phase(*phase, *inner));
                }
                list.iter().map(|(k, ..)| k.clone()).collect()
            }
            _ => {
                self.report(crate::types::errors::mismatch(
                    whole.span,
                    what,
                    "only what a `for` repeats has keys",
                ));
                return None;
            }
        };
        self.report(errors::unknown_name(
            key.span,
            text,
            "key",
            keys.iter().map(SmolStr::as_str),
        ));
        None
    }

    /// Whether a name would come from a `use` that failed: that was reported there.
    pub(crate) fn is_broken(&self, name: &str, scope: ScopeId) -> bool {
        self.program
            .module(self.scope(scope).module)
            .broken
            .contains(name)
    }

    /// A local name, innermost first.
    pub(crate) fn local(&self, name: &str, scope: ScopeId) -> Option<Local> {
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            if let Some((_, local)) = s.locals.iter().rev().find(|(n, _)| n == name) {
                return Some(local.clone());
            }
            at = s.parent;
        }
        None
    }

    /// Reports a capture that would hide a value or a stage that its block can speak of: afterwards the name would mean the output.
    pub(crate) fn hides_nothing(&mut self, name: &Name, scope: ScopeId) {
        let module = self.scope(scope).module;
        let defined = self.program.module(module).defs.get(&name.text);
        let value = defined.into_iter().flatten().find(|d| d.kind == Kind::Value);
        let outer = if matches!(self.local(&name.text, scope), Some(Local::Value(_))) {
            // Where the parameter of a definition was declared is not kept; it stands a few lines above.
            Some(name.span)
        } else if let Some(def) = value {
            Some(def.name)
        } else {
            self.stage_or_hold(&name.text, scope)
        };
        if let Some(outer) = outer {
            self.report(errors::shadowed(name.span, outer, "capture", &name.text));
        }
    }

    fn stage_or_hold(&self, name: &SmolStr, scope: ScopeId) -> Option<Span> {
        let keys = [Kind::Stage, Kind::Hold].map(|kind| (kind, name.clone()));
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            for key in &keys {
                match s.entities.get(key) {
                    Some(Entity::Stage(stage)) => return Some(self.r.stage(*stage).origin.span),
                    Some(Entity::Hold(hold)) => return Some(self.r.hold(*hold).origin.span),
                    _ => {}
                }
            }
            at = s.parent;
        }
        None
    }

    /// The module a name is bound to, unless a local name hides it.
    pub(crate) fn module_binding(&mut self, name: &str, scope: ScopeId) -> Option<ModuleId> {
        if self.local(name, scope).is_some() {
            return None;
        }
        let module = self.scope(scope).module;
        let binding = self.program.module(module).bindings.get(name)?;
        if binding.item.is_some() {
            return None;
        }
        self.used.insert((module, SmolStr::new(name)));
        Some(binding.module)
    }

    /// A name of one kind, in the scope and outwards, then in the module and its imports.
    pub(crate) fn look_up(
        &mut self,
        kind: Kind,
        name: &str,
        span: Span,
        scope: ScopeId,
    ) -> Option<Target<'a>> {
        let key = (kind, SmolStr::new(name));
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            if let Some(e) = s.entities.get(&key).cloned() {
                return Some(self.entity(kind, name, span, e));
            }
            at = s.parent;
        }
        let here = self.scope(scope).module;
        let program = self.program;
        let m = program.module(here);
        let (module, def, name_there) = if let Some(def) = m.def(kind, name) {
            (here, def, SmolStr::new(name))
        } else {
            let binding = m.bindings.get(name)?;
            let item = binding.item.clone()?;
            let def = program.module(binding.module).def(kind, &item)?;
            self.used.insert((here, SmolStr::new(name)));
            (binding.module, def, item)
        };
        self.mark_used(module, kind, &name_there);
        Some(Target::Def(DefTarget {
            kind,
            stmt: program.module(module).stmt(def),
            scope: self.top(module),
            args: None,
            call: span,
            caller: scope,
            name: SmolStr::new(name),
            item: Some((module, def.item)),
        }))
    }

    fn entity(&mut self, kind: Kind, name: &str, span: Span, entity: Entity<'a>) -> Target<'a> {
        match entity {
            Entity::Stage(s) => Target::Value(Value::Stage(s)),
            Entity::Stages(list) => Target::Group(list),
            Entity::Phase(p, s) => Target::Phase(p, s),
            Entity::Phases(list) => Target::Phases(list),
            Entity::Approval(a) => Target::Value(Value::Approval(a)),
            Entity::Decision(d) => Target::Value(Value::Decision(d)),
            Entity::Hold(h) => Target::Hold(h),
            Entity::Trigger => Target::Trigger,
            Entity::Def(stmt, scope) => {
                self.used_entities.insert(stmt.span);
                let name = SmolStr::new(name);
                Target::Def(DefTarget {
                    kind,
                    stmt,
                    scope,
                    args: None,
                    call: span,
                    caller: scope,
                    name,
                    item: None,
                })
            }
        }
    }

    fn report_unknown(&mut self, name: &SmolStr, span: Span, kinds: &[Kind], what: &str, scope: ScopeId) {
        if self.is_broken(name, scope) {
            return;
        }
        let elsewhere = Kind::ALL
            .iter()
            .map(|(k, _)| *k)
            .filter(|k| !kinds.contains(k))
            .find_map(|k| self.look_up(k, name, span, scope).map(|t| (k, t)));
        if let Some((kind, target)) = elsewhere {
            let defined = match &target {
                Target::Def(d) => Some(d.stmt.head()),
                _ => None,
            };
            self.report(errors::wrong_kind(span, name, what, kind, defined));
            return;
        }
        if let Some(module) = self.module_binding(name, scope) {
            let m = self.program.module(module);
            let d = errors::unknown_name(
                span,
                name,
                what.trim_start_matches("a ").trim_start_matches("an "),
                [],
            )
            .note(format!("`{name}` is the module `{}`", m.name));
            self.report(d);
            return;
        }
        let mut candidates = self.names_of(kinds, scope);
        // Words of the language that may stand there too.
        candidates.extend(what.split('`').skip(1).step_by(2).map(SmolStr::new));
        // "a role or a person" reads as "there is no role or person".
        let noun = what
            .replace(" a ", " ")
            .replace(" an ", " ")
            .replace(", a ", ", ");
        let noun = noun.trim_start_matches("an ").trim_start_matches("a ");
        self.report(errors::unknown_name(
            span,
            name,
            noun,
            candidates.iter().map(SmolStr::as_str),
        ));
    }

    /// Every name of these kinds that can be seen from a scope.
    pub(crate) fn names_of(&self, kinds: &[Kind], scope: ScopeId) -> Vec<SmolStr> {
        let mut names = Vec::new();
        let mut at = Some(scope);
        while let Some(id) = at {
            let s = self.scope(id);
            names.extend(
                s.entities
                    .keys()
                    .filter(|(k, _)| kinds.contains(k))
                    .map(|(_, n)| n.clone()),
            );
            names.extend(s.locals.iter().map(|(n, _)| n.clone()));
            at = s.parent;
        }
        let m = self.program.module(self.scope(scope).module);
        names.extend(
            m.defs
                .iter()
                .filter(|(_, d)| d.iter().any(|d| kinds.contains(&d.kind)))
                .map(|(n, _)| n.clone()),
        );
        for (name, b) in &m.bindings {
            if let Some(item) = &b.item
                && kinds
                    .iter()
                    .any(|k| self.program.module(b.module).def(*k, item).is_some())
            {
                names.push(name.clone());
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// The one value an expression names, of one of these kinds.
    pub(crate) fn find_value(
        &mut self,
        expr: &'a Expr,
        kinds: &[Kind],
        what: &str,
        scope: ScopeId,
    ) -> Option<Value> {
        match self.find(expr, kinds, what, scope)? {
            Target::Value(v) => {
                if matches!(v, Value::Sym(_)) {
                    return Some(v);
                }
                if crate::types::entity_kind(&v).is_some_and(|k| kinds.contains(&k)) {
                    return Some(v);
                }
                let found = value_words(&self.r, &v);
                self.report(crate::types::errors::mismatch(
                    expr.span,
                    what,
                    &format!("it is {found}"),
                ));
                None
            }
            Target::Def(d) => self.instance(&d),
            _ => {
                let found: Diagnostic =
                    crate::types::errors::mismatch(expr.span, what, "it names more than one thing");
                self.report(found);
                None
            }
        }
    }
}
