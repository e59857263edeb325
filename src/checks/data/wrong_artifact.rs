//! `data/wrong_artifact`: what is shipped to production is not what was verified.

use crate::checks::data::uses::{Reach, forward, passed};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ArtifactId, Origin, StageId, StepKind};
use crate::plan::{Node, Plan, Pred, Truth};
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("data/wrong_artifact");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// A step that verifies an artifact.
struct Verified<'a> {
    stage: StageId,
    origin: &'a Origin,
    when: Pred,
    /// It comes before anything in its stage acts.
    first: bool,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let mut known = Known::new(plan);
    for (i, stage) in release.stages.iter().enumerate() {
        if !release.is_production(stage.environment) {
            continue;
        }
        for (artifact, origin) in &stage.ships {
            if let Some(d) = look(plan, &mut known, StageId::at(i), *artifact, origin) {
                bag.push(d);
            }
        }
    }
}

/// Where each artifact is verified and built.
struct Known<'a> {
    verified: BTreeMap<ArtifactId, Vec<Verified<'a>>>,
    built: BTreeMap<ArtifactId, Vec<(StageId, &'a Origin)>>,
    reach: Reach,
}

impl<'a> Known<'a> {
    fn new(plan: &'a Plan) -> Self {
        let (release, variants) = (plan.release(), plan.variants());
        let mut known = Known {
            verified: BTreeMap::new(),
            built: BTreeMap::new(),
            reach: Reach::default(),
        };
        for (i, stage) in release.stages.iter().enumerate() {
            let id = StageId::at(i);
            for (artifact, origin) in &stage.builds {
                known.built.entry(*artifact).or_default().push((id, origin));
            }
            let mut first = true;
            for (step, when) in forward(stage) {
                match &step.kind {
                    StepKind::VerifyArtifact(a) => {
                        let mut here = passed(plan, id);
                        for cond in when {
                            here = variants.and(here, variants.of(plan, cond));
                        }
                        known.verified.entry(*a).or_default().push(Verified {
                            stage: id,
                            origin: &step.origin,
                            when: here,
                            first,
                        });
                    }
                    StepKind::Act(act) => {
                        first &= act.effects.changes.is_empty() && act.effects.removes.is_empty();
                    }
                    _ => {}
                }
            }
        }
        known
    }
}

fn look(
    plan: &Plan,
    known: &mut Known<'_>,
    ships: StageId,
    artifact: ArtifactId,
    origin: &Origin,
) -> Option<Diagnostic> {
    let (release, variants) = (plan.release(), plan.variants());
    let name = &release.artifact(artifact).name;
    let stage = release.stage(ships);
    let error = |message: String| Diagnostic::error(CODE, origin.span, message);
    let Known {
        verified,
        built,
        reach,
    } = known;
    let mut before = |a: StageId, b: StageId| reach.before(plan, Node::Stage(a), Node::Stage(b));
    let all: &[Verified<'_>] = verified.get(&artifact).map_or(&[], Vec::as_slice);
    let (in_time, late): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|v| before(v.stage, ships) || (v.stage == ships && v.first));
    if in_time.is_empty() {
        let d = match late.first() {
            None => error(format!(
                "`{}` ships `{name}`, which nothing has verified",
                stage.name
            ))
            .here("ships it to production"),
            Some(one) => place::fact(
                error(format!(
                    "`{}` ships `{name}` before it is surely verified",
                    stage.name
                ))
                .here("ships it to production"),
                one.origin,
                if one.stage == ships {
                    "verified here, after it was shipped"
                } else {
                    "verified here, and nothing makes the stage wait for it"
                },
            ),
        };
        let d = place::fact(d, &release.artifact(artifact).origin, "the artifact");
        return Some(d.help(format!(
            "verify it in a stage before this one: `verify {name}`, after its tests in staging"
        )));
    }
    // Built again after it was verified, and before or while it is shipped.
    for (builder, written) in built.get(&artifact).into_iter().flatten() {
        if before(ships, *builder) {
            continue;
        }
        // Verified after this build, wherever that was.
        if in_time
            .iter()
            .any(|v| v.stage == *builder || before(*builder, v.stage))
        {
            continue;
        }
        let builder = release.stage(*builder);
        let mut d = error(format!(
            "`{}` ships `{name}`, which `{}` may build again after it was verified",
            stage.name, builder.name
        ))
        .here("ships it to production");
        d = place::fact(d, written, "built here");
        for v in in_time.iter().take(1) {
            d = place::fact(
                d,
                v.origin,
                "verified here, which says nothing about a later build",
            );
        }
        return Some(
            d.help("build once, before it is verified, and ship those bytes")
                .help(format!(
                    "or verify what was built: `verify {name}` after the build"
                )),
        );
    }
    let sure = in_time
        .iter()
        .fold(Pred::FALSE, |any, v| variants.or(any, v.when));
    let bare = variants.without(variants.applies(Node::Stage(ships)), sure);
    match variants.find(plan, bare) {
        Truth::Never => None,
        Truth::In(variant) => {
            let clause = variant.clause().map_or(String::new(), |c| format!(" {c}"));
            let mut d = error(format!(
                "`{}` ships `{name}`, which nothing has verified{clause}",
                stage.name
            ))
            .here("ships it to production");
            for v in &in_time {
                d = place::fact(d, v.origin, "verified here, in other variants");
            }
            Some(d.help("verify it in every variant in which it is shipped"))
        }
        Truth::Undecided => Some(
            Diagnostic::info(
                CODE,
                origin.span,
                format!("undecided: whether `{name}` is verified in every variant that ships it"),
            )
            .here("ships it to production")
            .help("use fewer parameters in conditions"),
        ),
    }
}
