//! People, roles, environments, artifacts, channels and calendars, and the instances of every definition.

use crate::eval::find::DefTarget;
use crate::eval::lower::{Lower, all, arg, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{
    Artifact, ArtifactId, BlackoutHours, Calendar, CalendarId, Channel, ChannelId, Classification, EnvId,
    Environment, EnvironmentKind, Freeze, Holiday, Member, OnDuty, Origin, Person, PersonId, Role, RoleId,
    RoleKind, Sym, Text, Value,
};
use crate::resolve::Kind;
use crate::syntax::ast::Stmt;
use crate::types::errors;
use smol_str::SmolStr;

const CLASSES: &[&str] = &["public", "internal", "confidential", "restricted"];

/// How deep roles may contain each other.
const DEEPEST: usize = 40;

impl<'a> Lower<'a> {
    /// The instance of a definition with its arguments: the same definition with the same arguments is one thing.
    pub(crate) fn instance(&mut self, def: &DefTarget<'a>) -> Option<Value> {
        match def.kind {
            Kind::Value => return self.value_def(def),
            Kind::Action | Kind::Procedure | Kind::Rollout | Kind::Policy => {
                let what = format!("`{}` is {}", def.name, def.kind.a());
                self.report(errors::mismatch(def.call, "a value", &what));
                return None;
            }
            _ => {}
        }
        let plain = def.args.is_none() && matches!(def.stmt.form, crate::syntax::ast::Form::Plain(_));
        let known = (def.stmt.span, def.scope, Vec::new());
        if let Some(v) = self.instances.get(&known).filter(|_| plain) {
            return Some(v.clone());
        }
        let (scope, args) = if plain {
            let scope = self.nest(def.scope);
            self.scopes[scope.0].call = Some((Origin::at(def.call), def.name.clone()));
            (scope, Vec::new())
        } else {
            self.enter(def)?
        };
        let key = (def.stmt.span, def.scope, args.clone());
        if let Some(v) = self.instances.get(&key) {
            return Some(v.clone());
        }
        let name = def.name.clone();
        match def.kind {
            Kind::Person => self.person(def, key),
            Kind::Role => self.new_role(def, key),
            Kind::Environment => self.new_env(def, scope, key),
            _ => {
                let made = self.instantiate(def.stmt.span, def.call, &name, |l| match def.kind {
                    Kind::Artifact => l.new_artifact(def, scope).map(Value::Artifact),
                    Kind::Channel => l.new_channel(def, scope).map(Value::Channel),
                    Kind::Calendar => l.new_calendar(def, scope).map(Value::Calendar),
                    Kind::Metric => l.metric(def, scope, &args).map(Value::Metric),
                    Kind::Gate => l.new_gate(def, scope).map(Value::Gate),
                    Kind::Checklist => l.new_checklist(def, scope).map(Value::Checklist),
                    _ => None,
                })?;
                self.instances.insert(key, made.clone());
                Some(made)
            }
        }
    }

    fn person(&mut self, def: &DefTarget<'a>, key: crate::eval::lower::InstanceKey) -> Option<Value> {
        let id = PersonId::at(self.r.people.len());
        let items = def.stmt.children();
        let scope = def.scope;
        let name = def_name(def);
        let full_name = self.text_of(items, "name", scope)?;
        let person = Person {
            full_name,
            email: self.text_of(items, "email", scope),
            github: self.text_of(items, "github", scope),
            slack: self.text_of(items, "slack", scope),
            aws: self.text_of(items, "aws", scope),
            zone: self.zone_of(items, scope).map(|z| Text::lit(z.as_str())),
            phone: self.text_of(items, "phone", scope),
            bot: self.flag(items, "bot", scope),
            name,
            origin: Origin::at(def.stmt.head()),
        };
        if let Some(login) = person.github.as_ref().and_then(Text::known)
            && !is_login(login)
        {
            let span = arg(items, "github").map_or(def.stmt.span, |e| e.span);
            self.report(errors::literal(
                span,
                "a login at GitHub",
                "it holds letters, digits and single dashes",
            ));
        }
        self.r.people.push(person);
        self.instances.insert(key, Value::Person(id));
        Some(Value::Person(id))
    }

    fn new_role(&mut self, def: &DefTarget<'a>, key: crate::eval::lower::InstanceKey) -> Option<Value> {
        let id = RoleId::at(self.r.roles.len());
        let items = def.stmt.children();
        let scope = def.scope;
        let name = def_name(def);
        let title = self
            .text_of(items, "title", scope)
            .unwrap_or_else(|| Text::lit(name.replace('_', " ")));
        let kind = self.word_of(
            items,
            "kind",
            &["security", "operations", "quality", "product", "business"],
        );
        let at_least = arg(items, "at_least").and_then(|e| {
            self.known_int(e, "the number of people", 0, 100_000, scope)
                .map(|n| (n, e.span))
        });
        self.r.roles.push(Role {
            name,
            origin: Origin::at(def.stmt.head()),
            title,
            kind: kind.map(|k| match k {
                "security" => RoleKind::Security,
                "operations" => RoleKind::Operations,
                "quality" => RoleKind::Quality,
                "product" => RoleKind::Product,
                _ => RoleKind::Business,
            }),
            members: Vec::new(),
            members_written: one(items, "members").is_some(),
            team: None,
            aws: None,
            at_least: at_least.map(|(n, s)| (u32::try_from(n).unwrap_or(0), Origin::at(s))),
            excludes: Vec::new(),
        });
        // The role stands before its members are read, so that a circle of roles can be seen whole (`sod/role_cycle`).
        self.instances.insert(key, Value::Role(id));
        let team = self.text_of(items, "team", scope);
        if let Some(slug) = team.as_ref().and_then(Text::known)
            && !is_team(slug)
        {
            let span = arg(items, "team").map_or(def.stmt.span, |e| e.span);
            self.report(errors::literal(
                span,
                "a team at GitHub",
                "it is an organisation and a team, `org/team`",
            ));
        }
        let aws = self.text_of(items, "aws", scope);
        let mut members = Vec::new();
        if self.open.len() > DEEPEST {
            let span = arg(items, "members").map_or(def.stmt.span, |e| e.span);
            self.report(errors::range(
                span,
                &format!("roles stand {DEEPEST} deep in each other at most"),
            ));
            return Some(Value::Role(id));
        }
        self.open.push(def.stmt.span);
        for e in all(items, "members").flat_map(Stmt::args) {
            if let Some(who) = self.role_or_person(e, scope) {
                members.push(Member {
                    who,
                    origin: Origin::at(e.span),
                });
            }
        }
        let mut excludes = Vec::new();
        for e in all(items, "excludes").flat_map(Stmt::args) {
            if let Some(role) = self.role(e, scope) {
                excludes.push((role, Origin::at(e.span)));
            }
        }
        self.open.pop();
        let role = &mut self.r.roles[id.index()];
        role.team = team;
        role.aws = aws;
        role.members = members;
        role.excludes = excludes;
        Some(Value::Role(id))
    }

    fn new_env(
        &mut self,
        def: &DefTarget<'a>,
        scope: ScopeId,
        key: crate::eval::lower::InstanceKey,
    ) -> Option<Value> {
        let id = EnvId::at(self.r.environments.len());
        let items = def.stmt.children();
        let kind = match self.word_of(items, "kind", &["production", "staging", "test", "recovery"])? {
            "production" => EnvironmentKind::Production,
            "staging" => EnvironmentKind::Staging,
            "test" => EnvironmentKind::Test,
            _ => EnvironmentKind::Recovery,
        };
        let encryption = match arg(items, "encryption") {
            Some(e) => match self.eval(e, scope) {
                Some(Value::Text(t)) => Some(t),
                Some(Value::Bool(true)) => Some(Text::lit("yes")),
                Some(Value::Sym(s)) => Some(Text::sym(s)),
                Some(_) => {
                    self.report(errors::mismatch(e.span, "a key", "it is none"));
                    None
                }
                None => None,
            },
            None => None,
        };
        let environment = Environment {
            name: def_name(def),
            origin: Origin::at(def.stmt.head()),
            kind,
            region: self.text_of(items, "region", scope),
            account: self.text_of(items, "account", scope),
            url: self.text_of(items, "url", scope),
            iac: self.text_of(items, "iac", scope),
            classification: self.word_of(items, "classification", CLASSES).map(class),
            encryption,
            mirrors: None,
        };
        self.r.environments.push(environment);
        self.instances.insert(key, Value::Env(id));
        if let Some(e) = arg(items, "mirrors") {
            self.r.environments[id.index()].mirrors = self.env(e, scope);
        }
        Some(Value::Env(id))
    }

    pub(crate) fn new_artifact(&mut self, def: &DefTarget<'a>, scope: ScopeId) -> Option<ArtifactId> {
        let items = def.stmt.children();
        let version = match arg(items, "version") {
            Some(e) => self.version(e, scope),
            None => None,
        };
        let artifact = Artifact {
            name: def_name(def),
            origin: Origin::at(def.stmt.head()),
            digest: self.text_of(items, "digest", scope),
            version,
            signed_by: self.text_of(items, "signed_by", scope),
            store: self.text_of(items, "store", scope),
            classification: self.word_of(items, "classification", CLASSES).map(class),
        };
        self.r.artifacts.push(artifact);
        Some(ArtifactId::at(self.r.artifacts.len() - 1))
    }

    /// A version: a text of its form, or a whole number.
    pub(crate) fn version(&mut self, expr: &'a crate::syntax::ast::Expr, scope: ScopeId) -> Option<Text> {
        match self.eval_as(expr, &crate::model::ParamType::Version, scope)? {
            Value::Text(t) => Some(t),
            Value::Sym(s) => Some(Text::sym(s)),
            _ => None,
        }
    }

    pub(crate) fn new_channel(&mut self, def: &DefTarget<'a>, scope: ScopeId) -> Option<ChannelId> {
        let items = def.stmt.children();
        let title = self
            .text_of(items, "title", scope)
            .unwrap_or_else(|| Text::lit(def.name.as_str()));
        self.define(
            scope,
            "message",
            Local::Value(Value::Sym(Sym::Capture(Channel::MESSAGE))),
        );
        let run = one(items, "run").and_then(|s| self.command(s, scope));
        let task = arg(items, "task").and_then(|e| self.task(e, scope));
        if run.is_none() && task.is_none() && one(items, "run").is_none() && one(items, "task").is_none() {
            self.report(errors::one_of(
                def.stmt.head(),
                &format!("the channel `{}` does not say how a message is sent", def.name),
                "add a `run` or a `task`",
            ));
            return None;
        }
        let slug = self.slug(&format!("{}_{}", def.name, title.known().unwrap_or("")));
        let channel = Channel {
            name: def.name.clone(),
            slug,
            origin: Origin::at(def.call),
            title,
            run,
            task,
            secrets: self.secrets(items, scope),
            permits: self.permits(items, scope),
        };
        self.r.channels.push(channel);
        Some(ChannelId::at(self.r.channels.len() - 1))
    }

    pub(crate) fn new_calendar(&mut self, def: &DefTarget<'a>, scope: ScopeId) -> Option<CalendarId> {
        let items = def.stmt.children();
        let mut calendar = Calendar {
            name: def_name(def),
            origin: Origin::at(def.stmt.head()),
            zone: self.zone_of(items, scope),
            working: self.days(items, "working"),
            holidays: Vec::new(),
            freezes: Vec::new(),
            blackouts: Vec::new(),
            on_duty: Vec::new(),
        };
        for e in all(items, "holiday").flat_map(Stmt::args) {
            if let Some(date) = self.date(e, scope) {
                calendar.holidays.push(Holiday {
                    date,
                    origin: Origin::at(e.span),
                });
            }
        }
        for s in all(items, "freeze") {
            let inner = s.children();
            let why = s.args().first().and_then(|e| self.text(e, scope));
            let (from, to) = (
                self.civil_of(inner, "from", scope),
                self.civil_of(inner, "to", scope),
            );
            let environments = all(inner, "for")
                .flat_map(Stmt::args)
                .filter_map(|e| self.env(e, scope))
                .collect();
            if let (Some(why), Some(from), Some(to)) = (why, from, to) {
                calendar.freezes.push(Freeze {
                    why,
                    from,
                    to,
                    environments,
                    origin: Origin::at(s.head()),
                });
            }
        }
        for s in all(items, "blackout") {
            let inner = s.children();
            let (days, hours) = (self.days(inner, "days"), self.hours(inner, scope));
            calendar.blackouts.push(BlackoutHours {
                days,
                hours,
                origin: Origin::at(s.span),
            });
        }
        for s in all(items, "on_duty") {
            let inner = s.children();
            let (days, hours) = (self.days(inner, "days"), self.hours(inner, scope));
            if let Some(role) = s.args().first().and_then(|e| self.role(e, scope)) {
                calendar.on_duty.push(OnDuty {
                    role,
                    days,
                    hours,
                    origin: Origin::at(s.head()),
                });
            }
        }
        self.r.calendars.push(calendar);
        Some(CalendarId::at(self.r.calendars.len() - 1))
    }

    /// A unique `[a-z][a-z0-9_]*` made of a text.
    pub(crate) fn slug(&mut self, text: &str) -> SmolStr {
        let mut base = String::new();
        for piece in text
            .to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|p| !p.is_empty())
        {
            if !base.is_empty() {
                base.push('_');
            }
            base.push_str(piece);
        }
        base.truncate(48);
        let base = base.trim_end_matches('_');
        let base = if base.starts_with(|c: char| c.is_ascii_lowercase()) {
            base.to_string()
        } else {
            format!("x_{base}")
        };
        let mut slug = SmolStr::new(&base);
        let mut n = 2;
        while !self.slugs.insert(slug.clone()) {
            slug = SmolStr::new(format!("{base}_{n}"));
            n += 1;
        }
        slug
    }
}

/// The name a definition has where it is defined; with its arguments, where it is used.
pub(crate) fn def_name(def: &DefTarget<'_>) -> SmolStr {
    match &def.stmt.form {
        crate::syntax::ast::Form::Define { name, .. } => name.text.clone(),
        _ => match def.stmt.args().first().map(|a| &a.kind) {
            Some(crate::syntax::ast::ExprKind::Ident(n)) => n.clone(),
            _ => def.name.clone(),
        },
    }
}

fn class(word: &str) -> Classification {
    match word {
        "public" => Classification::Public,
        "internal" => Classification::Internal,
        "confidential" => Classification::Confidential,
        _ => Classification::Restricted,
    }
}

/// Whether a text is `org/team`: a login, and what GitHub makes of a team's name.
fn is_team(text: &str) -> bool {
    let slug = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.split_once('/').is_some_and(|(org, team)| {
        is_login(org) && !team.is_empty() && team.len() <= 100 && team.chars().all(slug)
    })
}

fn is_login(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 39
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
