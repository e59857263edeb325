//! The first pass over a release: every stage, phase, approval, decision, hold and trigger gets its name, before any body is
//! read, so that all of them can speak of each other. Loops are unrolled and procedures instantiated here.

use crate::eval::find::Target;
use crate::eval::lower::Lower;
use crate::eval::scope::{Entity, Local, ScopeId};
use crate::model::{
    Approval, ApprovalId, ApprovalOutcome, Cond, Decision, DecisionId, DecisionOption, HoldId, OptionOutcome,
    Origin, Passes, Phase, PhaseId, Question, Quorum, Rollback, Stage, StageId, Text,
};
use crate::resolve::{Kind, errors};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Stmt};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// A stage whose body is still to be read.
#[derive(Debug, Clone)]
pub(crate) struct StageJob<'a> {
    pub id: StageId,
    pub stmt: &'a Stmt,
    pub scope: ScopeId,
    /// The phases around it, outermost first.
    pub phases: Vec<PhaseId>,
}

/// What the first pass found.
#[derive(Debug, Default)]
pub(crate) struct Collected<'a> {
    pub stages: Vec<StageJob<'a>>,
    pub phases: Vec<(PhaseId, &'a Stmt, ScopeId)>,
    pub approvals: Vec<(ApprovalId, &'a Stmt, ScopeId)>,
    pub decisions: Vec<(DecisionId, &'a Stmt, ScopeId)>,
    pub holds: Vec<(HoldId, &'a Stmt, ScopeId)>,
    pub triggers: Vec<(&'a Stmt, ScopeId)>,
    /// Gates and checklists defined inside.
    pub defs: Vec<(Kind, &'a Stmt, ScopeId)>,
    /// Everything else, in order.
    pub others: Vec<(&'a Stmt, ScopeId)>,
    /// What stands in phases, with their names.
    named: Vec<(Named, String)>,
    /// Repetitions that wait for each other: the stages before, the stages after, and where that is said.
    pub serial: Vec<(Vec<StageId>, Vec<StageId>, Span)>,
}

/// What has a name of its own in the whole release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Stage(StageId),
    Approval(ApprovalId),
    Decision(DecisionId),
}

/// What the repetitions of a `for` made of one name: by kind and name, each with its key.
type Group<'a> = (Kind, SmolStr, Vec<(SmolStr, Entity<'a>)>);

/// Where the pass stands.
#[derive(Clone)]
struct Place {
    scope: ScopeId,
    /// Other scopes in which the names are seen too: an ordinary phase hides nothing.
    exports: Vec<ScopeId>,
    phases: Vec<PhaseId>,
    /// What the names of an instantiated procedure begin with: `eu.`.
    prefix: String,
    /// The keys of the loops around, for names: `["eu-west-1"]`.
    keys: Vec<String>,
}

const STAGES: usize = 1_000_000;

impl<'a> Lower<'a> {
    /// Collects the body of a release.
    pub(crate) fn collect(&mut self, items: &'a [Stmt], scope: ScopeId) -> Collected<'a> {
        let mut out = Collected::default();
        let place = Place {
            scope,
            exports: Vec::new(),
            phases: Vec::new(),
            prefix: String::new(),
            keys: Vec::new(),
        };
        self.collect_into(items, &place, &mut out);
        self.qualify(&out.named);
        out
    }

    /// What has the same name in several phases is called by its phase as well: `eu.deploy`.
    fn qualify(&mut self, named: &[(Named, String)]) {
        let mut count: BTreeMap<(u8, SmolStr), usize> = BTreeMap::new();
        let r = &self.r;
        let stages = r.stages.iter().map(|s| (0, s.name.clone()));
        let approvals = r.approvals.iter().map(|a| (1, a.name.clone()));
        let decisions = r.decisions.iter().map(|d| (2, d.name.clone()));
        for key in stages.chain(approvals).chain(decisions) {
            *count.entry(key).or_default() += 1;
        }
        let twice = |kind: u8, name: &SmolStr| count.get(&(kind, name.clone())).is_some_and(|n| *n > 1);
        for (one, phases) in named {
            let full = |name: &SmolStr| SmolStr::new(format!("{phases}.{name}"));
            match one {
                Named::Stage(id) if twice(0, &self.r.stages[id.index()].name) => {
                    let name = full(&self.r.stages[id.index()].name);
                    let slug = self.slug(&name);
                    let stage = &mut self.r.stages[id.index()];
                    stage.title = Text::lit(name.as_str());
                    (stage.name, stage.slug) = (name, slug);
                }
                Named::Approval(id) if twice(1, &self.r.approvals[id.index()].name) => {
                    let approval = &mut self.r.approvals[id.index()];
                    approval.name = full(&approval.name);
                }
                Named::Decision(id) if twice(2, &self.r.decisions[id.index()].name) => {
                    let decision = &mut self.r.decisions[id.index()];
                    decision.name = full(&decision.name);
                }
                _ => {}
            }
        }
    }

    /// The names of the phases around a place, where it stands in some.
    fn stands(&self, one: Named, place: &Place, out: &mut Collected<'a>) {
        let names = place
            .phases
            .iter()
            .map(|p| self.r.phases[p.index()].name.as_str());
        let names: Vec<&str> = names.collect();
        if !names.is_empty() && place.prefix.is_empty() {
            out.named.push((one, names.join(".")));
        }
    }

    fn collect_into(&mut self, items: &'a [Stmt], place: &Place, out: &mut Collected<'a>) {
        for stmt in items {
            match stmt.keyword.text.as_str() {
                "stage" => self.collect_stage(stmt, place, out),
                "phase" => self.collect_phase(stmt, place, out),
                "for" => self.collect_for(stmt, place, out),
                "approval" => {
                    let Some((name, span)) = statement_name(stmt) else {
                        continue;
                    };
                    let id = ApprovalId::at(self.r.approvals.len());
                    self.r.approvals.push(blank_approval(
                        full_name(&name, place),
                        self.origin(stmt.head(), place.scope),
                    ));
                    self.stands(Named::Approval(id), place, out);
                    self.register(place, Kind::Approval, &name, span, Entity::Approval(id));
                    out.approvals.push((id, stmt, place.scope));
                }
                "decision" => {
                    let Some((name, span)) = statement_name(stmt) else {
                        continue;
                    };
                    let id = DecisionId::at(self.r.decisions.len());
                    let origin = self.origin(stmt.head(), place.scope);
                    let options = self.option_names(stmt, place.scope);
                    self.r
                        .decisions
                        .push(blank_decision(full_name(&name, place), origin, options));
                    self.stands(Named::Decision(id), place, out);
                    self.register(place, Kind::Decision, &name, span, Entity::Decision(id));
                    self.announce_decision(stmt, id, place.scope);
                    out.decisions.push((id, stmt, place.scope));
                }
                "hold" => {
                    let Some((name, span)) = statement_name(stmt) else {
                        continue;
                    };
                    let id = HoldId::at(out.holds.len());
                    self.register(place, Kind::Hold, &name, span, Entity::Hold(id));
                    out.holds.push((id, stmt, place.scope));
                }
                "trigger" => {
                    let Some((name, span)) = statement_name(stmt) else {
                        continue;
                    };
                    self.register(place, Kind::Trigger, &name, span, Entity::Trigger);
                    out.triggers.push((stmt, place.scope));
                }
                "gate" | "checklist" => {
                    let Some((name, span)) = statement_name(stmt) else {
                        continue;
                    };
                    let kind = if stmt.keyword.text == "gate" {
                        Kind::Gate
                    } else {
                        Kind::Checklist
                    };
                    self.register(place, kind, &name, span, Entity::Def(stmt, place.scope));
                    out.defs.push((kind, stmt, place.scope));
                }
                _ => out.others.push((stmt, place.scope)),
            }
        }
    }

    fn option_names(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Vec<DecisionOption> {
        let mut options: Vec<DecisionOption> = Vec::new();
        for s in crate::eval::lower::all(stmt.children(), "option") {
            let Some((name, span)) = statement_name(s) else {
                continue;
            };
            if let Some(first) = options.iter().find(|o| o.name == name) {
                let first = first.origin.span;
                self.report(errors::duplicate(span, first, Kind::Decision, &name));
                continue;
            }
            options.push(DecisionOption {
                title: Text::lit(name.replace('_', " ")),
                name,
                test: None,
                then: OptionOutcome::Proceed,
                origin: self.origin(s.head(), scope),
            });
        }
        options
    }

    fn announce_decision(&mut self, stmt: &'a Stmt, id: DecisionId, scope: ScopeId) {
        for s in crate::eval::lower::all(stmt.children(), "capture") {
            self.quietly(|l| l.declare_capture(s, crate::eval::lower::Owner::Decision(id), scope));
        }
    }

    fn collect_stage(&mut self, stmt: &'a Stmt, place: &Place, out: &mut Collected<'a>) {
        let Some((name, span)) = statement_name(stmt) else {
            return;
        };
        if self.r.stages.len() >= STAGES {
            return;
        }
        let id = StageId::at(self.r.stages.len());
        let full = full_name(&name, place);
        let slug = self.slug(&full);
        let scope = self.nest(place.scope);
        let origin = self.origin(stmt.head(), place.scope);
        let group = place.keys.last().map(|k| (name.clone(), SmolStr::new(k)));
        self.r.stages.push(blank_stage(
            full,
            slug,
            origin,
            group,
            place.phases.last().copied(),
        ));
        self.stands(Named::Stage(id), place, out);
        self.register(place, Kind::Stage, &name, span, Entity::Stage(id));
        for p in &place.phases {
            self.r.phases[p.index()].stages.push(id);
        }
        out.stages.push(StageJob {
            id,
            stmt,
            scope,
            phases: place.phases.clone(),
        });
    }

    fn collect_phase(&mut self, stmt: &'a Stmt, place: &Place, out: &mut Collected<'a>) {
        let Some((name, span)) = statement_name(stmt) else {
            return;
        };
        let id = PhaseId::at(self.r.phases.len());
        let full = full_name(&name, place);
        let origin = self.origin(stmt.head(), place.scope);
        self.r.phases.push(Phase {
            title: Text::lit(full.replace('_', " ")),
            name: full.clone(),
            origin,
            stages: Vec::new(),
            serial: false,
        });
        let scope = self.nest(place.scope);
        let mut inner = Place {
            scope,
            ..place.clone()
        };
        inner.phases.push(id);
        inner.exports.push(place.scope);
        out.phases.push((id, stmt, place.scope));
        let header = [
            "title",
            "owner",
            "in",
            "when",
            "approved",
            "ready",
            "on_failure",
            "serial",
            "from",
            "after",
            "allow",
        ];
        let body = |s: &&Stmt| !header.contains(&s.keyword.text.as_str());
        for child in stmt.children().iter().filter(body) {
            self.collect_into(std::slice::from_ref(child), &inner, out);
        }
        if let Some(expr) = crate::eval::lower::arg(stmt.children(), "from")
            && let Some(Target::Def(def)) = self.find(expr, &[Kind::Procedure], "a procedure", place.scope)
            && let Some((body, _)) = self.enter(&def)
        {
            let place = Place {
                scope: body,
                exports: vec![scope],
                phases: inner.phases.clone(),
                prefix: format!("{full}."),
                keys: Vec::new(),
            };
            self.instantiate(def.stmt.span, def.call, &def.name, |l| {
                l.collect_into(def.stmt.children(), &place, out);
                Some(())
            });
        }
        self.register(place, Kind::Phase, &name, span, Entity::Phase(id, scope));
    }

    fn collect_for(&mut self, stmt: &'a Stmt, place: &Place, out: &mut Collected<'a>) {
        let serial = crate::eval::lower::one(stmt.children(), "serial").map(|s| s.span);
        let mut before: Vec<StageId> = Vec::new();
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (scope, key) in self.repeat(stmt, place.scope) {
            let first = self.r.stages.len();
            let mut keys = place.keys.clone();
            keys.push(key.clone());
            let inner = Place {
                scope,
                exports: Vec::new(),
                keys,
                ..place.clone()
            };
            for child in stmt.children().iter().filter(|s| s.keyword.text != "serial") {
                self.collect_into(std::slice::from_ref(child), &inner, out);
            }
            let mut made: Vec<_> = self
                .scope(scope)
                .entities
                .iter()
                .map(|(k, e)| (k.clone(), e.clone()))
                .collect();
            made.sort_by(|a, b| a.0.cmp(&b.0));
            for ((kind, name), entity) in made {
                match groups.iter_mut().find(|(k, n, _)| *k == kind && *n == name) {
                    Some((_, _, list)) => list.push((SmolStr::new(&key), entity)),
                    None => groups.push((kind, name, vec![(SmolStr::new(&key), entity)])),
                }
            }
            let now: Vec<StageId> = (first..self.r.stages.len()).map(StageId::at).collect();
            if let Some(span) = serial
                && !before.is_empty()
            {
                out.serial.push((before, now.clone(), span));
            }
            before = now;
        }
        let span = stmt.keyword.span;
        for (kind, name, list) in groups {
            let entity = match kind {
                Kind::Stage => Entity::Stages(
                    list.into_iter()
                        .flat_map(|(key, e)| match e {
                            Entity::Stage(s) => vec![(key, s)],
                            Entity::Stages(inner) => inner,
                            _ => Vec::new(),
                        })
                        .collect(),
                ),
                Kind::Phase => Entity::Phases(
                    list.into_iter()
                        .flat_map(|(key, e)| match e {
                            Entity::Phase(p, s) => vec![(key, p, s)],
                            Entity::Phases(inner) => inner,
                            _ => Vec::new(),
                        })
                        .collect(),
                ),
                _ => continue,
            };
            self.register(place, kind, &name, span, entity);
        }
    }

    fn register(&mut self, place: &Place, kind: Kind, name: &SmolStr, span: Span, entity: Entity<'a>) {
        for (i, scope) in std::iter::once(&place.scope).chain(&place.exports).enumerate() {
            let key = (kind, name.clone());
            if let Some(first) = self.scope(*scope).entities.get(&key) {
                if i == 0 {
                    let first = self.entity_span(first).unwrap_or(span);
                    self.report(errors::duplicate(span, first, kind, name));
                }
                // Seen from outside, a name that two phases share belongs to neither.
                continue;
            }
            self.scopes[scope.0].entities.insert(key, entity.clone());
        }
        if self
            .local(name, place.scope)
            .is_some_and(|l| matches!(l, Local::Value(_)))
        {
            // A local of the same name would hide the thing.
            self.report(errors::shadowed(span, span, kind.word(), name));
        }
    }

    fn entity_span(&self, entity: &Entity<'a>) -> Option<Span> {
        Some(match entity {
            Entity::Stage(s) => self.r.stage(*s).origin.span,
            Entity::Phase(p, _) => self.r.phase(*p).origin.span,
            Entity::Approval(a) => self.r.approval(*a).origin.span,
            Entity::Decision(d) => self.r.decision(*d).origin.span,
            Entity::Def(stmt, _) => stmt.head(),
            _ => return None,
        })
    }
}

/// The name a statement gives as its first argument.
pub(crate) fn statement_name(stmt: &Stmt) -> Option<(SmolStr, Span)> {
    if let crate::syntax::ast::Form::Define { name, .. } = &stmt.form {
        return Some((name.text.clone(), name.span));
    }
    let expr = stmt.args().first()?;
    match &expr.kind {
        ExprKind::Ident(name) => Some((name.clone(), expr.span)),
        _ => None,
    }
}

fn full_name(name: &str, place: &Place) -> SmolStr {
    let keys: String = place.keys.iter().map(|k| format!("[\"{k}\"]")).collect();
    SmolStr::new(format!("{}{name}{keys}", place.prefix))
}

fn blank_stage(
    name: SmolStr,
    slug: SmolStr,
    origin: Origin,
    group: Option<(SmolStr, SmolStr)>,
    phase: Option<PhaseId>,
) -> Stage {
    Stage {
        title: Text::lit(name.as_str()),
        name,
        slug,
        owner_origin: origin.clone(),
        origin,
        doc: None,
        after: Vec::new(),
        when: Cond::True,
        when_origin: None,
        approved: Vec::new(),
        ready: Vec::new(),
        require: Vec::new(),
        awaits: Vec::new(),
        owner: crate::model::RoleId(0),
        started_by: None,
        environment: crate::model::EnvId(0),
        at: None,
        takes: None,
        timeout: None,
        builds: Vec::new(),
        ships: Vec::new(),
        rollout: None,
        steps: Vec::new(),
        rollback: Rollback::Derived,
        on_failure: None,
        phase,
        group,
    }
}

fn blank_approval(name: SmolStr, origin: Origin) -> Approval {
    Approval {
        title: Text::lit(name.replace('_', " ")),
        name,
        origin,
        from: Vec::new(),
        quorum: Quorum::Count(1),
        quorum_origin: None,
        passes: Passes::Unanimous,
        passes_written: None,
        distinct_from: Vec::new(),
        after: Vec::new(),
        after_decisions: Vec::new(),
        open_for: None,
        within: None,
        valid: None,
        evidence: None,
        otherwise: ApprovalOutcome::Rollback,
        otherwise_origin: None,
        when: Cond::True,
    }
}

fn blank_decision(name: SmolStr, origin: Origin, options: Vec<DecisionOption>) -> Decision {
    Decision {
        name,
        question: Question {
            ask: Text::default(),
            by: Vec::new(),
            by_people: Vec::new(),
            expect: None,
            within: None,
            default: None,
            captures: Vec::new(),
            console: None,
            evidence: None,
            origin: origin.clone(),
        },
        origin,
        after: Vec::new(),
        options,
        default: None,
        when: Cond::True,
    }
}
