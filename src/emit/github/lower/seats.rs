//! Who sits in which seat of a run, as data for the scripts that read who reviewed: who may not, and what the plan's duties ask.
//!
//! People who do work by hand are the reviewers of its environment; whoever started the run executes what runs by itself. Must not know
//! when anything is asked. Called by `approval`, `person` and `limits`.

use crate::emit::environments::{Purpose, by_hand, name};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::inputs;
use crate::emit::github::lower::job::json_list;
use crate::emit::github::lower::values::Vars;
use crate::emit::github::model::{Expr, Field, Part};
use crate::emit::people::Reviewers;
use crate::model::{
    ApprovalId, DistinctFrom, DutyRule, PersonRef, Release, RoleOrPerson, Seat, StageId, StepKind,
};
use indexmap::IndexMap;

/// The environments where people confirm what they did by hand in a stage.
pub fn hands(r: &Release, id: StageId) -> Vec<String> {
    let steps = r.stage(id).forward_steps().into_iter();
    let mine = steps.filter(|s| matches!(&s.kind, StepKind::Act(act) if by_hand(act).is_some()));
    mine.map(|s| name(r, &Purpose::Step(id, s.slug.clone())))
        .collect()
}

/// The same of all stages.
pub fn all_hands(r: &Release) -> Vec<String> {
    stages(r).flat_map(|id| hands(r, id)).collect()
}

fn stages(r: &Release) -> impl Iterator<Item = StageId> {
    (0..r.stages.len()).map(StageId::at)
}

/// Whether a stage does anything that no person does.
fn runs_by_itself(r: &Release, id: StageId) -> bool {
    let steps = r.stage(id).forward_steps().into_iter();
    let mut acts = steps.filter_map(|s| match &s.kind {
        StepKind::Act(act) => Some(act),
        _ => None,
    });
    acts.any(|act| by_hand(act).is_none())
}

/// People as a JSON list of which some are known only when the run starts.
struct Logins {
    field: Field,
    any: bool,
}

impl Logins {
    fn new() -> Self {
        let field = Field::text("[");
        Logins { field, any: false }
    }

    fn add(&mut self, part: Part) {
        let open = if self.any { ",\"" } else { "\"" };
        self.any = true;
        let parts = &mut self.field.parts;
        parts.extend([Part::Text(open.into()), part, Part::Text("\"".into())]);
    }

    fn authors(&mut self, ctx: &Ctx<'_>) {
        for (author, _) in &ctx.release.authors {
            match author {
                PersonRef::Person(p) => {
                    for login in Reviewers::of(ctx.release, &[RoleOrPerson::Person(*p)]).permitted {
                        self.add(Part::Text(login));
                    }
                }
                PersonRef::Param(_) => self.add(Part::Expr(author_of_run())),
            }
        }
    }

    fn starter(&mut self) {
        self.add(Part::Expr(Expr::Output("preflight".into(), "starter".into())));
    }

    fn end(self) -> Field {
        self.field.then(Part::Text("]".into()))
    }
}

fn author_of_run() -> Expr {
    Expr::Output("preflight".into(), "author".into())
}

/// Whom the approvers of an approval must differ from: people by login, others by the environments where they say so.
pub fn apart(ctx: &Ctx<'_>, vars: &mut Vars<'_, '_>, id: ApprovalId) {
    let approval = ctx.release.approval(id);
    let mut barred = Logins::new();
    let mut environments = Vec::new();
    for (from, _) in &approval.distinct_from {
        match from {
            DistinctFrom::Author => barred.authors(ctx),
            DistinctFrom::Executors => {
                barred.starter();
                environments.extend(all_hands(ctx.release));
            }
            DistinctFrom::Approval(a) => environments.push(name(ctx.release, &Purpose::Approve(*a))),
        }
    }
    // The other way round as well: an approval that must differ from this one may have been granted first.
    for other in (0..ctx.release.approvals.len()).map(ApprovalId::at) {
        let from = &ctx.release.approval(other).distinct_from;
        let place = name(ctx.release, &Purpose::Approve(other));
        if from.iter().any(|(d, _)| *d == DistinctFrom::Approval(id)) && !environments.contains(&place) {
            environments.push(place);
        }
    }
    vars.set("BARRED", barred.end());
    vars.text("APART", json_list(environments));
}

/// Whom those who let a declared way around pass must differ from: they are never author or executor.
pub fn apart_of_way_around(ctx: &Ctx<'_>, vars: &mut Vars<'_, '_>) {
    let mut barred = Logins::new();
    barred.starter();
    barred.authors(ctx);
    vars.set("BARRED", barred.end());
    vars.text("APART", json_list(all_hands(ctx.release)));
}

/// The environments whose approvers may not do the work of a stage.
pub fn apart_of_hands(r: &Release) -> Vec<String> {
    let approvals = (0..r.approvals.len()).map(ApprovalId::at).filter(|a| {
        let from = &r.approval(*a).distinct_from;
        from.iter().any(|(d, _)| *d == DistinctFrom::Executors)
    });
    let approvals = approvals.map(|a| name(r, &Purpose::Approve(a)));
    let around = (0..r.overrides.len()).map(|i| name(r, &Purpose::Override(i)));
    approvals.chain(around).collect()
}

/// The plan's duties that speak of some of these seats, as data: seats by their environments, known people by login; and who else is
/// known by what the run began with.
pub fn rules(ctx: &Ctx<'_>, vars: &mut Vars<'_, '_>, mine: &dyn Fn(&Seat) -> bool) {
    let r = ctx.release;
    let list: Vec<serde_json::Value> = r
        .duties
        .iter()
        .filter(|rule| rule.seats().iter().any(mine))
        .filter_map(|rule| told(r, rule))
        .collect();
    let any = |key: &str| list.iter().any(|rule| !rule[key].is_null() && rule[key] != false);
    let known = |wanted: bool, expr: Expr| {
        if wanted {
            Field::expr(expr)
        } else {
            Field::text("")
        }
    };
    let open = inputs::author(ctx).is_some();
    let author = known(any("author") && open, author_of_run());
    let starter = known(any("started"), Expr::Output("preflight".into(), "starter".into()));
    vars.set("AUTHOR", author);
    vars.set("STARTER", starter);
    vars.text("RULES", serde_json::Value::Array(list).to_string());
}

/// A rule as data. `at_least` is none: it is seen only when all seats are filled, and `limits` says so.
fn told(r: &Release, rule: &DutyRule) -> Option<serde_json::Value> {
    let (kind, most) = match rule {
        DutyRule::Distinct(..) => ("distinct", 1),
        DutyRule::Same(..) => ("same", 1),
        DutyRule::AtMost(n, ..) => ("at_most", *n),
        DutyRule::AtLeast(..) => return None,
    };
    let mut seats: IndexMap<String, String> = IndexMap::new();
    let (mut people, mut author) = (Vec::new(), false);
    for seat in rule.seats() {
        let mut fill = |environment: String, label: String| {
            seats.entry(environment).or_insert(label);
        };
        let approval = |a: ApprovalId| name(r, &Purpose::Approve(a));
        match seat {
            Seat::Approval(a) => fill(approval(*a), approval(*a)),
            Seat::Approvers => (0..r.approvals.len())
                .map(ApprovalId::at)
                .for_each(|a| fill(approval(a), approval(a))),
            Seat::Decision(d) => {
                let decider = name(r, &Purpose::Decide(*d));
                fill(decider.clone(), decider);
            }
            Seat::Author => {
                author = true;
                let known = r.authors.iter().filter_map(|(p, _)| match p {
                    PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
                    PersonRef::Param(_) => None,
                });
                people.extend(Reviewers::of(r, &known.collect::<Vec<_>>()).permitted);
            }
            Seat::Executor(_) | Seat::Executors => {
                for (label, stage) in executors(r, rule, *seat) {
                    hands(r, stage).into_iter().for_each(|e| fill(e, label.clone()));
                }
            }
        }
    }
    let started = match automated(r, rule).as_slice() {
        [label] => Some(label.clone()),
        _ => None,
    };
    Some(serde_json::json!({
        "kind": kind, "most": most, "seats": seats, "people": people, "author": author, "started": started
    }))
}

/// The seats of those who execute stages, each with its name in the rule: all of them are one, unless a rule speaks of nothing else.
fn executors(r: &Release, rule: &DutyRule, seat: Seat) -> Vec<(String, StageId)> {
    let own = |s: StageId| (["executor of ", &r.stage(s).name].concat(), s);
    match seat {
        Seat::Executor(s) => vec![own(s)],
        Seat::Executors if rule.seats().len() == 1 => stages(r).map(own).collect(),
        Seat::Executors => stages(r).map(|s| ("executors".to_string(), s)).collect(),
        _ => Vec::new(),
    }
}

/// The seats of a rule that whoever started the run fills, since what they execute runs by itself. More than one cannot be told apart.
pub fn automated(r: &Release, rule: &DutyRule) -> Vec<String> {
    let all = rule.seats().iter().flat_map(|s| executors(r, rule, *s));
    let mut labels: Vec<String> = all
        .filter(|(_, s)| runs_by_itself(r, *s))
        .map(|(l, _)| l)
        .collect();
    labels.dedup();
    labels
}
