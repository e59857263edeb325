//! `platform/assert`: arguments that the library says cannot work.

use crate::checks::data::acts;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, Assertion, Atom, Cond, Text, TextPart};
use crate::plan::Truth;

/// The diagnostic.
pub const CODE: Code = Code("platform/assert");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let variants = plan.variants();
    for act in acts(plan.release()) {
        for assertion in &act.assertions {
            match &assertion.holds {
                Cond::True => {}
                Cond::False => bag.push(finding(act, assertion, None)),
                // What depends on values of the run is checked when it starts; what depends on a choice is known now.
                cond if cond.atoms().iter().all(|a| matches!(a, Atom::Param { .. })) => {
                    let fails = variants.not(variants.of(plan, cond));
                    if let Truth::In(variant) = variants.find(plan, fails) {
                        bag.push(finding(act, assertion, variant.clause()));
                    }
                }
                _ => {}
            }
        }
    }
}

fn finding(act: &Act, assertion: &Assertion, variant: Option<String>) -> Diagnostic {
    let what = match &act.source {
        ActSource::Action { name, .. } => format!("`{name}`"),
        ActSource::Run => "this command".to_string(),
        ActSource::Manual => "this step".to_string(),
    };
    let when = variant.map_or(String::new(), |v| format!(" {v}"));
    let mut d = Diagnostic::error(
        CODE,
        act.origin.span,
        format!(
            "{what} cannot work like this{when}: {}",
            shown(&assertion.message)
        ),
    )
    .here("with these arguments");
    let inside = match assertion.origin.via.as_deref() {
        Some(_) => {
            d = place::through(d, &assertion.origin);
            false
        }
        None => assertion.origin.span != act.origin.span,
    };
    if inside {
        d = d.fact(assertion.origin.span, "the library says so here");
    }
    d.help("change the arguments, or use another action")
}

/// A message with what is not known left open.
fn shown(text: &Text) -> String {
    let parts = text.parts.iter().map(|p| match p {
        TextPart::Lit(t) => t.as_str(),
        TextPart::Sym(_) => "…",
    });
    parts.collect::<String>().trim_end_matches('.').to_string()
}
