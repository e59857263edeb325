//! The release as a whole: its order of reading, its header, and what is checked of a file without one.

use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{
    After, Cond, Lock, Origin, Param, ParamId, ParamType, Since, StartedBy, Sym, Text, Value, Window,
};
use crate::resolve::Kind;
use crate::syntax::ast::{Expr, ExprKind, Form, Stmt};
use crate::types::errors;
use smol_str::SmolStr;
use std::collections::HashMap;

impl<'a> Lower<'a> {
    /// Reads the release of the root module.
    pub(crate) fn release(&mut self, stmt: &'a Stmt) {
        let root = self.root();
        self.r.origin = Origin::at(stmt.head());
        if let Some((name, _)) = crate::eval::collect::statement_name(stmt) {
            self.r.name = name;
        }
        let module = self.program.module(self.program.root);
        let doc = stmt.doc.as_ref().or(module.doc());
        self.r.doc = doc.map(|d| d.text.clone());
        self.root_params();
        let items = stmt.children();
        // What stages, approvals and messages speak of is read first: the environment everything happens in.
        if let Some(env) = arg(items, "in").and_then(|e| self.env(e, root)) {
            self.r.environment = env;
            self.ambient = Some(env);
        }
        if let Some(role) = arg(items, "owner").and_then(|e| self.role(e, root)) {
            self.r.owner = role;
        }
        self.root_things();
        self.root_asserts();
        if self.r.environments.is_empty() || self.r.roles.is_empty() {
            return; // without a place or an owner nothing sensible can be said of the stages
        }
        let scope = self.nest(root);
        let found = self.collect(items, scope);
        for job in &found.stages {
            self.announce(job.stmt.children(), Owner::Stage(job.id), job.scope);
        }
        for (id, stmt, scope) in &found.holds {
            self.announce(stmt.children(), Owner::Hold(*id), *scope);
        }
        for (id, stmt, scope) in &found.approvals {
            self.approval(*id, stmt, *scope);
        }
        for (id, stmt, scope) in &found.decisions {
            self.decision(*id, stmt, *scope);
        }
        self.header(items, scope);
        let mut phases = HashMap::new();
        for (id, stmt, scope) in &found.phases {
            let defaults = self.phase(*id, stmt, *scope);
            phases.insert(*id, defaults);
        }
        for job in &found.stages {
            self.stage_body(job, &phases);
        }
        for (id, _, _) in &found.phases {
            let defaults = phases.get(id).cloned().unwrap_or_default();
            self.phase_entries(*id, &defaults);
        }
        for (before, after, span) in &found.serial {
            for s in self.entries(after) {
                for stage in self.exits(before) {
                    self.r.stages[s.index()].after.push(After {
                        stage,
                        origin: Origin::at(*span),
                    });
                }
            }
        }
        self.window(items, scope);
        for (id, stmt, scope) in &found.holds {
            self.hold(*id, stmt, *scope);
        }
        for (stmt, scope) in &found.triggers {
            self.trigger(stmt, *scope);
        }
        for (kind, stmt, scope) in &found.defs {
            self.define_thing(*kind, stmt, *scope);
        }
        for (stmt, scope) in &found.others {
            self.block(stmt, *scope);
        }
        self.root_definitions();
        self.accept(items, stmt.span, scope);
    }

    fn block(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        match stmt.keyword.text.as_str() {
            "impact" => self.impact(stmt, scope),
            "notify" => self.notify(stmt, scope),
            "escalate" => self.escalate(stmt, scope),
            "override" => self.override_block(stmt, scope),
            "obligation" => self.obligation(stmt, scope),
            "duties" => self.duties(stmt, scope),
            "policy" => self.policy(stmt, scope),
            "finally" => {
                let steps = self.steps(stmt.children(), "z", Owner::Finally, scope);
                self.r.finally.extend(steps);
            }
            _ => {}
        }
    }

    fn root_params(&mut self) {
        let module = self.program.module(self.program.root);
        for stmt in module.items() {
            if stmt.keyword.text == "param"
                && let Form::Typed { name, .. } = &stmt.form
            {
                let root = self.root();
                let found = self.look_up_silently(Kind::Value, &name.text, root);
                if let Some(def) = found {
                    self.value_def(&def);
                }
            }
        }
        for (name, text) in self.given {
            let known = module
                .def(Kind::Value, name)
                .map(|d| module.stmt(d).keyword.text == "param");
            if known != Some(true) {
                let names = module.items().iter().filter_map(|s| match &s.form {
                    Form::Typed { name, .. } if s.keyword.text == "param" => Some(name.text.as_str()),
                    _ => None,
                });
                let near = crate::diagnostic::did_you_mean(name, names);
                let why = near.unwrap_or_else(|| "the plan has no such parameter".to_string());
                let span = self.r.origin.span;
                self.report(errors::param_value(span, name, text, &why));
            }
        }
    }

    /// A definition, without marking it as used.
    fn look_up_silently(
        &mut self,
        kind: Kind,
        name: &str,
        scope: ScopeId,
    ) -> Option<crate::eval::find::DefTarget<'a>> {
        let before = self.used.clone();
        let found = self.look_up(kind, name, self.r.origin.span, scope);
        self.used = before;
        match found {
            Some(crate::eval::find::Target::Def(d)) => Some(d),
            _ => None,
        }
    }

    fn root_asserts(&mut self) {
        let module = self.program.module(self.program.root);
        let root = self.root();
        for stmt in all(module.items(), "assert") {
            let Some(holds) = stmt.args().first().and_then(|e| self.cond(e, root)) else {
                continue;
            };
            let message = stmt.args().get(1).and_then(|e| self.text(e, root));
            let message = message.unwrap_or_else(|| Text::lit("an assertion about the inputs does not hold"));
            match holds {
                Cond::True => {}
                Cond::False => {
                    let text = message.known().unwrap_or("it is false").to_string();
                    self.report(errors::assertion(stmt.head(), &text));
                }
                holds => self.r.asserts.push(crate::model::AssertionParam {
                    holds,
                    message,
                    origin: Origin::at(stmt.head()),
                }),
            }
        }
    }

    /// People, roles, environments and artifacts of the file stand in the plan even when nothing names them.
    fn root_things(&mut self) {
        self.root_kinds(&[Kind::Person, Kind::Role, Kind::Environment, Kind::Artifact]);
    }

    /// So do its gates and checklists: one that nothing requires is a finding.
    fn root_definitions(&mut self) {
        self.root_kinds(&[Kind::Gate, Kind::Checklist, Kind::Calendar]);
        let module = self.program.module(self.program.root);
        let root = self.root();
        for stmt in all(module.items(), "policy") {
            if matches!(&stmt.form, Form::Plain(_)) {
                self.policy(stmt, root);
            }
        }
    }

    fn root_kinds(&mut self, kinds: &[Kind]) {
        let module = self.program.module(self.program.root);
        let root = self.root();
        for stmt in module.items() {
            let Some(kind) = Kind::of(&stmt.keyword.text).filter(|k| kinds.contains(k)) else {
                continue;
            };
            if matches!(stmt.form, Form::Plain(_)) {
                self.define_thing(kind, stmt, root);
            }
        }
    }

    fn define_thing(&mut self, kind: Kind, stmt: &'a Stmt, scope: ScopeId) {
        let Some((name, span)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let def = crate::eval::find::DefTarget {
            kind,
            stmt,
            scope,
            args: None,
            call: span,
            caller: scope,
            name,
            item: None,
        };
        let env = self.ambient;
        self.with_env(env, |l| l.instance(&def));
    }

    fn header(&mut self, items: &'a [Stmt], scope: ScopeId) {
        if let Some(t) = self.text_of(items, "title", scope) {
            self.r.title = t;
            self.titled = arg(items, "title").map(|e| e.span);
        }
        if let Some(v) = arg(items, "version").and_then(|e| self.version(e, scope)) {
            self.r.version = v;
        }
        self.r.replaces = arg(items, "replaces").and_then(|e| self.version(e, scope));
        for e in all(items, "author").flat_map(Stmt::args) {
            if let Some(p) = self.person_ref(e, scope) {
                let origin = self.origin(e.span, scope);
                self.r.authors.push((p, origin));
            }
        }
        self.r.calendar = arg(items, "calendar").and_then(|e| self.calendar(e, scope));
        let start = one(items, "start").map(|s| self.origin(s.span, scope));
        self.r.start = self.civil_of(items, "start", scope).zip(start);
        if let Some(s) = one(items, "started_by")
            && let Some(how) = s.args().first().and_then(|e| self.started_by(e, scope))
        {
            self.r.started_by = Some((how, self.origin(s.span, scope)));
        }
        if let Some(s) = one(items, "since")
            && let Some(reference) = self.text_of(items, "since", scope)
        {
            self.r.since = Some(Since {
                reference,
                origin: self.origin(s.span, scope),
            });
        }
        for s in all(items, "lock") {
            if let Some(name) = s.args().first().and_then(|e| self.text(e, scope)) {
                let drop = self.word_of(s.children(), "busy", &["wait", "drop"]) == Some("drop");
                let origin = self.origin(s.head(), scope);
                self.r.locks.push(Lock { name, drop, origin });
            }
        }
        self.r.summary = self.text_of(items, "summary", scope);
        self.r.docs = self.texts(items, "docs", scope);
        self.r.tested = one(items, "tested").map(|s| self.tested(s, scope));
        self.r.on_failure = one(items, "on_failure").and_then(|s| self.on_failure(s, Owner::None, scope));
        self.r.change = one(items, "change").and_then(|s| self.change(s, scope));
    }

    fn window(&mut self, items: &'a [Stmt], scope: ScopeId) {
        let Some(stmt) = one(items, "window") else { return };
        let inner = stmt.children();
        let (opens, closes) = (
            self.civil_of(inner, "opens", scope),
            self.civil_of(inner, "closes", scope),
        );
        let days = self.days(inner, "days");
        let hours = self.hours(inner, scope);
        let once = one(inner, "opens").is_some() || one(inner, "closes").is_some();
        let again = one(inner, "days").is_some() || one(inner, "hours").is_some();
        if once == again {
            self.report(errors::one_of(
                stmt.head(),
                if once {
                    "this window opens once and comes again"
                } else {
                    "this window never opens"
                },
                "write `opens` and `closes`, or `days` and `hours`",
            ));
        }
        if let (Some(o), Some(c)) = (&opens, &closes)
            && o.offset == c.offset
            && o.at >= c.at
        {
            let span = arg(inner, "closes").map_or(stmt.span, |e| e.span);
            self.report(errors::order(
                span,
                "the window closes before it opens",
                "let it close later, or open earlier; after midnight it is the next day",
            ));
        }
        let covers = all(inner, "covers")
            .flat_map(Stmt::args)
            .filter_map(|e| self.stages(e, scope))
            .flatten()
            .collect();
        let zone_origin = one(inner, "zone").map(|s| self.origin(s.span, scope));
        let because = self.text_of(inner, "because", scope);
        self.r.window = Some(Window {
            origin: self.origin(stmt.head(), scope),
            opens,
            closes,
            days,
            hours,
            zone: self.zone_of(inner, scope),
            zone_origin,
            covers,
            because,
        });
    }

    fn started_by(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<StartedBy> {
        if let ExprKind::Call(callee, args) = &expr.kind
            && let ExprKind::Ident(f) = &callee.kind
        {
            let plain = args.iter().find(|a| a.name.is_none());
            match (f.as_str(), plain) {
                ("schedule", Some(cron)) => {
                    let cron_text = self.known_text(&cron.value, "the schedule", scope)?;
                    let fields: Vec<&str> = cron_text.split_whitespace().collect();
                    let plain = |f: &&str| f.chars().all(|c| c.is_ascii_alphanumeric() || "*,-/".contains(c));
                    if fields.len() != 5 || !fields.iter().all(plain) {
                        let why = "it has five fields: minute, hour, day, month, weekday";
                        self.report(errors::literal(cron.value.span, "a schedule", why));
                        return None;
                    }
                    let zone = args
                        .iter()
                        .find(|a| a.name.as_ref().is_some_and(|n| n.text == "zone"));
                    let zone = match zone {
                        Some(z) => Some(SmolStr::new(self.known_text(&z.value, "the time zone", scope)?)),
                        None => None,
                    };
                    return Some(StartedBy::Schedule {
                        cron: SmolStr::new(fields.join(" ")),
                        zone,
                    });
                }
                ("completed", Some(name)) => {
                    let name = self.known_text(&name.value, "the workflow", scope)?;
                    return Some(StartedBy::Completed(SmolStr::new(name)));
                }
                _ => {}
            }
        }
        self.role(expr, scope).map(StartedBy::Role)
    }

    /// A file without a release: every definition is read, with unknown arguments.
    pub(crate) fn library(&mut self) {
        self.read(|_, _| true);
    }

    /// What is wrong in the definitions that the release does not use: they are read as those of a library are, and change nothing.
    pub(crate) fn wrong_in_idle(&self) -> Vec<crate::diagnostic::Diagnostic> {
        let mut reader = Lower::new(self.program, self.sources, self.given);
        let root = self.program.root;
        reader.read(|kind, stmt| {
            let named = crate::resolve::defined(stmt).or_else(|| crate::eval::collect::statement_name(stmt));
            let used = |(name, _): (SmolStr, _)| {
                let key = SmolStr::new(format!("{} {name}", kind.word()));
                self.used.contains(&(root, key))
            };
            // People, roles, environments and policies are read whether anything uses them or not.
            let read = matches!(kind, Kind::Person | Kind::Role | Kind::Environment | Kind::Policy);
            !read && !named.is_none_or(used)
        });
        let mut found = reader.bag.into_sorted();
        found.retain(|d| d.severity == crate::diagnostic::Severity::Error);
        found
    }

    fn read(&mut self, wanted: impl Fn(Kind, &Stmt) -> bool) {
        let module = self.program.module(self.program.root);
        let root = self.root();
        self.root_params();
        for stmt in module.items() {
            if Kind::of(&stmt.keyword.text).is_none_or(|kind| !wanted(kind, stmt)) {
                continue;
            }
            let Some(kind) = Kind::of(&stmt.keyword.text) else {
                continue;
            };
            match &stmt.form {
                Form::Let { .. } => {
                    if let Some((name, _)) = crate::resolve::defined(stmt)
                        && let Some(def) = self.look_up_silently(Kind::Value, &name, root)
                    {
                        self.value_def(&def);
                    }
                }
                Form::Define { .. } | Form::Plain(_) => self.dry_run(kind, stmt),
                _ => {}
            }
        }
    }

    /// Reads a definition's body with unknown arguments.
    fn dry_run(&mut self, kind: Kind, stmt: &'a Stmt) {
        let Some((name, span)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let scope = self.nest(self.root());
        if let Form::Define { params, .. } = &stmt.form {
            for p in params {
                let Some(ty) = self.param_type(&p.ty) else {
                    continue;
                };
                if let Some(default) = &p.default {
                    self.eval_as(default, &ty, scope);
                }
                let value = self.unknown(p.name.text.clone(), p.name.span, ty);
                self.define(scope, p.name.text.clone(), value);
            }
        }
        self.define(scope, "region", Local::Value(Value::Text(Text::lit("*"))));
        self.define(scope, "account", Local::Value(Value::Text(Text::lit("*"))));
        self.define(scope, "environment", Local::Poison);
        let items = stmt.children();
        let def = crate::eval::find::DefTarget {
            kind,
            stmt,
            scope,
            args: None,
            call: span,
            caller: scope,
            name,
            item: None,
        };
        match kind {
            Kind::Action => {
                self.define(scope, "rollout", Local::Poison);
                self.action_body(&def, scope);
            }
            Kind::Metric => {
                self.metric(&def, scope, &[]);
            }
            Kind::Gate => {
                self.define(scope, "rollout", Local::Poison);
                self.new_gate(&def, scope);
            }
            Kind::Channel => {
                self.new_channel(&def, scope);
            }
            Kind::Checklist => {
                self.new_checklist(&def, scope);
            }
            Kind::Artifact => {
                self.new_artifact(&def, scope);
            }
            Kind::Calendar => {
                self.new_calendar(&def, scope);
            }
            Kind::Person | Kind::Role | Kind::Environment if matches!(stmt.form, Form::Plain(_)) => {
                let root = self.root();
                self.define_thing(kind, stmt, root);
            }
            Kind::Policy => self.policy(stmt, scope),
            Kind::Rollout | Kind::Procedure => {
                for s in items {
                    self.accept(s.children(), s.span, scope);
                }
            }
            _ => {}
        }
    }

    fn unknown(&mut self, name: SmolStr, span: crate::source::Span, ty: ParamType) -> Local {
        if crate::types::kind_of_type(&ty).is_some_and(|k| !matches!(k, Kind::Person | Kind::Environment)) {
            return Local::Poison;
        }
        let id = ParamId::at(self.r.params.len());
        self.r.params.push(Param {
            name,
            origin: Origin::at(span),
            ty,
            doc: None,
            default: None,
            fixed: None,
        });
        Local::Value(Value::Sym(Sym::Param(id)))
    }
}
