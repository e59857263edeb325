//! From plans to what the pipelines hold of them.
//!
//! Must not know how it is printed. Called by the command `enforce`.

use super::pipeline::{Checked, Settings, Unit, each, gather, unit};
use super::problem::Problem;
use super::read::Input;
use crate::emit::{Context, Target, enforce};
use crate::report::enforce::Document;

/// The targets of these names, in the order of the table; all that run something for none.
///
/// # Errors
/// When a name is not that of a target that runs something.
pub fn pipelines(names: &[String]) -> Result<Vec<&'static Target>, Problem> {
    let known: Vec<&str> = enforce::PIPELINES.iter().map(|t| t.name).collect();
    for name in names {
        if !known.contains(&name.as_str()) {
            let near = crate::diagnostic::did_you_mean(name, known.iter().copied());
            let problem = Problem::new(match name.as_str() {
                "" => "no target is named".to_string(),
                name => format!("`{name}` is no target that runs anything"),
            });
            return Err(problem.help(near.unwrap_or_else(|| format!("these are {}", known.join(" and ")))));
        }
    }
    let wanted = |t: &&&'static Target| names.is_empty() || names.iter().any(|n| n == t.name);
    Ok(enforce::PIPELINES.iter().filter(wanted).copied().collect())
}

/// What these targets hold of every plan that could be read and ordered, and what was found. Findings of the checks are no
/// obstacle: a plan that fails them can be looked at too.
pub fn enforce(inputs: &[Input], settings: &Settings, targets: &[&Target]) -> (Checked, Vec<Document>) {
    let units = each(inputs, |input| {
        let mut unit = unit(input, settings)?;
        let document = unit.compiled.take().map(|c| {
            let context = Context {
                sources: &unit.sources,
                digest: &c.origin.digest(&unit.sources),
                version: env!("CARGO_PKG_VERSION"),
                source: &c.source,
                findings: &unit.findings,
                held: None,
                changes: None,
            };
            let table = enforce::table(&c.plan, &context, targets);
            Document::new(&c.plan.release().name, &table, &unit.sources)
        });
        Ok((unit, document))
    });
    let mut documents = Vec::new();
    let checked = gather(units, settings, |(unit, document): (Unit, Option<Document>)| {
        documents.extend(document);
        unit
    });
    (checked, documents)
}
