//! The runs of a plan that are executed, derived from the plan: all that goes well, and each single thing that can go otherwise.
//!
//! Must not know an engine. The points of failure are those of `releasec simulate --all`; what stands here besides them is derived the same
//! way: every option, every undo that fails, every answer to every pause, every part that somebody breaks the run off in.

use releasec::model::{ArtifactId, DecisionId, OptionTestExpr, Release, StageId, Sym, TextPart};
use releasec::plan::{Node, Plan, StageUndo};
use releasec::run::{Answer, Outcomes, Place, Reference, Subject, Verb, Verdict, points};

/// What goes otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Well,
    Step,
    RolloutStep,
    Entry,
    Undo,
    Rejected,
    Expired,
    Option,
    Undecided,
    Trigger,
    Enter,
    Exit,
    Pause,
    Cancel,
}

impl Kind {
    /// All of them, in the order of the table.
    pub const ALL: [Kind; 14] = [
        Kind::Well,
        Kind::Step,
        Kind::RolloutStep,
        Kind::Entry,
        Kind::Undo,
        Kind::Rejected,
        Kind::Expired,
        Kind::Option,
        Kind::Undecided,
        Kind::Trigger,
        Kind::Enter,
        Kind::Exit,
        Kind::Pause,
        Kind::Cancel,
    ];

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Well => "all goes well",
            Kind::Step => "a step or a gate of a stage fails",
            Kind::RolloutStep => "a step or a gate of a rollout step fails",
            Kind::Entry => "a gate before a stage does not pass",
            Kind::Undo => "an undo fails",
            Kind::Rejected => "an approval is rejected",
            Kind::Expired => "an approval is not answered in time",
            Kind::Option => "a decision takes an option",
            Kind::Undecided => "a decision is not answered in time",
            Kind::Trigger => "a trigger fires",
            Kind::Enter => "a hold cannot be entered",
            Kind::Exit => "a hold cannot be left",
            Kind::Pause => "the run pauses, and each answer",
            Kind::Cancel => "somebody cancels the run",
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Case {
    pub kind: Kind,
    /// In words.
    pub what: String,
    pub outcomes: Outcomes,
}

/// Every run of a plan.
pub fn all(plan: &Plan) -> Vec<Case> {
    let reference = Reference::new(plan);
    let mut list = vec![Case {
        kind: Kind::Well,
        what: "all goes well".into(),
        outcomes: Outcomes::default(),
    }];
    for point in points(plan, &Outcomes::default()) {
        list.push(Case {
            kind: kind(plan, &point.outcomes),
            what: point.what,
            outcomes: point.outcomes,
        });
    }
    options(plan, &mut list);
    undos(plan, &reference, &mut list);
    pauses(&reference, &mut list);
    cancels(plan, &mut list);
    list
}

/// What a single point of failure is.
fn kind(plan: &Plan, o: &Outcomes) -> Kind {
    if let Some((stage, _)) = o.stages.first_key_value() {
        let rollout = plan.release().stage(*stage).rollout.is_some();
        return if rollout { Kind::RolloutStep } else { Kind::Step };
    }
    match o.approvals.first_key_value() {
        Some((_, Verdict::Rejected)) => return Kind::Rejected,
        Some(_) => return Kind::Expired,
        None => {}
    }
    match o.decisions.first_key_value() {
        Some((_, Some(_))) => Kind::Option,
        Some((_, None)) => Kind::Undecided,
        None if !o.gates.is_empty() => Kind::Entry,
        None if !o.enters.is_empty() => Kind::Enter,
        None if !o.exits.is_empty() => Kind::Exit,
        None if !o.triggers.is_empty() => Kind::Trigger,
        None => panic!("a point of failure is of a kind that is not known here: {o:?}"),
    }
}

/// The options that go on too, which are no failures.
fn options(plan: &Plan, list: &mut Vec<Case>) {
    for (i, decision) in plan.release().decisions.iter().enumerate() {
        let id = DecisionId::at(i);
        for (o, option) in decision.options.iter().enumerate() {
            let by_itself = matches!(option.test, Some(OptionTestExpr::Cond(_)));
            let known = |c: &Case| c.outcomes.decisions.get(&id) == Some(&Some(o));
            if by_itself || list.iter().any(known) {
                continue;
            }
            let mut outcomes = Outcomes::default();
            outcomes.decisions.insert(id, Some(o));
            list.push(Case {
                kind: Kind::Option,
                what: format!("{} comes out as {}", decision.name, option.name),
                outcomes,
            });
        }
    }
}

/// Each step of each undo fails, after the failure that is nearest to it: the last of its own stage, else of one that comes later.
fn undos(plan: &Plan, reference: &Reference<'_>, list: &mut Vec<Case>) {
    let failures: Vec<Case> = list
        .iter()
        .filter(|c| !c.outcomes.stages.is_empty())
        .cloned()
        .collect();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        let steps: Vec<_> = match plan.undo(id) {
            StageUndo::Derived(steps) => steps.iter().map(|s| s.slug.clone()).collect(),
            StageUndo::Written(w) => w.steps.iter().map(|s| s.slug.clone()).collect(),
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => continue,
        };
        let own = failures
            .iter()
            .rev()
            .filter(|c| c.outcomes.stages.contains_key(&id));
        let later = failures.iter().filter(|c| !c.outcomes.stages.contains_key(&id));
        let nearest: Vec<&Case> = own.chain(later).collect();
        for slug in steps {
            let failing = nearest.iter().find_map(|case| {
                let mut outcomes = case.outcomes.clone();
                outcomes.undos.insert(id, Some(slug.clone()));
                let trace = reference.run(&outcomes);
                let fails = |v| {
                    trace
                        .events
                        .iter()
                        .any(|e| e.subject == Subject::Stage(id) && e.verb == v)
                };
                fails(Verb::UndoFail).then_some((case, outcomes))
            });
            let Some((case, outcomes)) = failing else {
                panic!("no single failure comes to the undo `{slug}` of `{}`", stage.name)
            };
            list.push(Case {
                kind: Kind::Undo,
                what: format!("{}, and the undo {slug} of {} fails", case.what, stage.name),
                outcomes,
            });
        }
    }
}

/// Each answer of the owner to each pause; without one, everything is rolled back, which the failure itself already looks at.
fn pauses(reference: &Reference<'_>, list: &mut Vec<Case>) {
    let pausing: Vec<Case> = list
        .iter()
        .filter(|c| {
            reference
                .run(&c.outcomes)
                .events
                .iter()
                .any(|e| e.verb == Verb::Pause)
        })
        .cloned()
        .collect();
    for case in pausing {
        for answer in [Answer::Retry, Answer::Proceed, Answer::Stop] {
            let mut outcomes = case.outcomes.clone();
            outcomes.answers = vec![answer; 16];
            if answer == Answer::Retry {
                // What fails each time would pause for ever.
                outcomes.stages.values_mut().for_each(|f| f.times = Some(1));
                outcomes.gates.values_mut().for_each(|g| *g = Some(1));
                if outcomes.stages.is_empty() && outcomes.gates.is_empty() {
                    continue;
                }
            }
            list.push(Case {
                kind: Kind::Pause,
                what: format!("{}, and the owner answers {}", case.what, answer.word()),
                outcomes,
            });
        }
    }
}

/// The run is broken off in each part.
fn cancels(plan: &Plan, list: &mut Vec<Case>) {
    for node in plan.order() {
        let r = plan.release();
        let name = match node {
            Node::Stage(s) => &r.stage(s).name,
            Node::Approval(a) => &r.approval(a).name,
            Node::Decision(d) => &r.decision(d).name,
        };
        let outcomes = Outcomes {
            cancel: Some(node),
            ..Outcomes::default()
        };
        list.push(Case {
            kind: Kind::Cancel,
            what: format!("somebody cancels the run during {name}"),
            outcomes,
        });
    }
}

/// The input that says which build of an artifact ships.
pub fn digest(release: &Release, artifact: ArtifactId) -> &str {
    let artifact = release.artifact(artifact);
    let parts = artifact.digest.iter().flat_map(|text| &text.parts);
    let param = parts.filter_map(|part| match part {
        TextPart::Sym(Sym::Param(p)) => Some(release.param(*p).name.as_str()),
        _ => None,
    });
    let mut param = param;
    param
        .next()
        .expect("the digest of an artifact that a case does not verify is an input")
}

/// The step that fails in a case, when one does.
pub fn failing(case: &Case) -> Option<(StageId, &str, bool)> {
    let (stage, fault) = case.outcomes.stages.first_key_value()?;
    let Place::Step(slug) = &fault.place else {
        panic!("a point of failure names its step")
    };
    Some((*stage, slug, fault.times.is_some()))
}
