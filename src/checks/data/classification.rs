//! `data/classification`: restricted data without encryption, without a word of security, or in a place of lower class.

use crate::checks::approval::no_consequence;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, Classification, EnvId, Release, RoleKind, RoleOrPerson, Stage, StageId};
use crate::plan::{Plan, Pred};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/classification");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let mut places: BTreeSet<EnvId> = BTreeSet::new();
    let mut unsaid = BTreeSet::new();
    for (i, stage) in release.stages.iter().enumerate() {
        lower_class(release, stage, bag);
        if places.insert(stage.environment) {
            unencrypted(release, stage, bag);
        }
        if restricted(release, stage)
            && release.is_production(stage.environment)
            && plan.changes_something(StageId::at(i))
            && !security_agrees(plan, StageId::at(i))
            && unsaid.insert(stage.environment)
        {
            let env = release.env(stage.environment);
            let mut d = Diagnostic::error(
                CODE,
                stage.origin.span,
                format!(
                    "`{}` touches restricted data, and nobody of security has approved it",
                    stage.name
                ),
            )
            .here("can start without a word of security")
            .fact(env.origin.span, format!("`{}` is restricted", env.name))
            .help("let a role of `kind security` approve: `approval security_review { from security; … }`")
            .help("and let the stage wait for it: `approved security_review`");
            // One that nothing waits for was meant for something.
            for (i, approval) in release.approvals.iter().enumerate() {
                let id = ApprovalId::at(i);
                if by_security(release, id) && !no_consequence::awaited(plan, id) {
                    let text = format!("nothing waits for `{}`", approval.name);
                    d = d.fact(approval.origin.span, text);
                }
            }
            bag.push(d);
        }
    }
}

fn restricted(release: &Release, stage: &Stage) -> bool {
    let top = Some(Classification::Restricted);
    let ships = stage
        .ships
        .iter()
        .any(|(a, _)| release.artifact(*a).classification == top);
    ships || release.env(stage.environment).classification == top
}

/// An artifact in an environment where data of its class may not be.
fn lower_class(release: &Release, stage: &Stage, bag: &mut Bag) {
    let env = release.env(stage.environment);
    let Some(place_class) = env.classification else {
        return;
    };
    for (artifact, origin) in &stage.ships {
        let artifact = release.artifact(*artifact);
        let Some(class) = artifact.classification.filter(|c| *c > place_class) else {
            continue;
        };
        let d = Diagnostic::error(
            CODE,
            origin.span,
            format!(
                "`{}` is {} and is shipped to `{}`, which is {}",
                artifact.name,
                class.word(),
                env.name,
                place_class.word()
            ),
        )
        .here("shipped to a place of lower class");
        let d = place::fact(d, &artifact.origin, format!("{} here", class.word()));
        bag.push(
            place::fact(d, &env.origin, format!("{} here", place_class.word()))
                .help("ship it to an environment of its class, or correct the class that is wrong"),
        );
    }
}

fn unencrypted(release: &Release, stage: &Stage, bag: &mut Bag) {
    let env = release.env(stage.environment);
    if env.classification != Some(Classification::Restricted) || env.encryption.is_some() {
        return;
    }
    bag.push(
        Diagnostic::error(
            CODE,
            env.origin.span,
            format!("`{}` holds restricted data and says no encryption", env.name),
        )
        .here("restricted, without a key")
        .fact(stage.origin.span, "used here")
        .help("name the key: `encryption kms(\"alias/…\")`"),
    );
}

/// Whether everybody who may approve has a role that is there for security.
fn by_security(release: &Release, approval: ApprovalId) -> bool {
    release.approval(approval).from.iter().all(|(who, _)| match who {
        RoleOrPerson::Role(r) => release.role(*r).kind == Some(RoleKind::Security),
        RoleOrPerson::Person(p) => release.roles.iter().any(|r| {
            r.kind == Some(RoleKind::Security) && r.members.iter().any(|m| m.who == RoleOrPerson::Person(*p))
        }),
    })
}

/// Whether an approval of somebody whose role is there for security stands before a stage in every variant.
fn security_agrees(plan: &Plan, stage: StageId) -> bool {
    let (release, variants) = (plan.release(), plan.variants());
    let granted = plan
        .guards(stage)
        .iter()
        .filter(|g| by_security(release, g.approval))
        .fold(Pred::FALSE, |any, g| variants.or(any, g.when));
    variants.implies(plan.starts(stage), granted)
}
