//! From plans to what there is to say about their people.
//!
//! Must not know how it is printed. Called by the command `people`.

use super::pipeline::{Checked, Settings, Unit, each, gather, unit};
use super::read::Input;
use crate::report::people::Document;

/// The people of every plan that could be read and ordered, and what was found. Findings of the checks are no obstacle:
/// a plan whose seats nobody can fill is one to look at.
pub fn people(inputs: &[Input], settings: &Settings) -> (Checked, Vec<Document>) {
    let units = each(inputs, |input| {
        let unit = unit(input, settings)?;
        let compiled = unit.compiled.as_ref();
        let document = compiled.map(|c| Document::new(&c.plan, &unit.sources));
        Ok((unit, document))
    });
    let mut documents = Vec::new();
    let checked = gather(units, settings, |(unit, document): (Unit, Option<Document>)| {
        documents.extend(document);
        unit
    });
    (checked, documents)
}
