//! From plans to drawings.
//!
//! Must not know a drawing language. Called by the command `graph`.

use super::pipeline::{Checked, Settings, Unit, each, gather, unit};
use super::read::Input;
use crate::diagnostic::Severity;
use crate::emit::diagram::{Format, diagram};

/// The drawings of every plan without errors, and what was found.
pub fn draw(inputs: &[Input], settings: &Settings, format: &Format) -> (Checked, Vec<String>) {
    let units = each(inputs, |input| {
        let unit = unit(input, settings)?;
        let sound = unit.findings.iter().all(|d| d.severity != Severity::Error);
        let plan = unit.compiled.as_ref().filter(|_| sound);
        let drawing = plan.map(|c| (format.draw)(&diagram(&c.plan)));
        Ok((unit, drawing))
    });
    let mut drawings = Vec::new();
    let checked = gather(units, settings, |(unit, drawing): (Unit, Option<String>)| {
        drawings.extend(drawing);
        unit
    });
    (checked, drawings)
}
