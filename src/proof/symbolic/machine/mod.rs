//! The proof of a state machine over every outcome at once.
//!
//! All runs are gone through together: what differs from run to run is a variable, and a solver looks for any outcome that breaks a
//! demand of the plan. Must not know how a machine was written. Called by the proof's entry point.

mod calls;
mod demands;
mod ends;
mod facts;
mod flow;
mod reads;
mod shape;
mod values;

use crate::plan::Plan;
use crate::proof::Difference;
use crate::proof::scenario::{Open, words};
use crate::proof::stepfunctions::Machine;
use demands::Demands;
use facts::{Bit, Fact, Facts};
use flow::Flow;
use reads::Reader;

/// Goes through a machine and asks the solver; the number of demands.
///
/// # Errors
/// What is not understood, and the first demand that some outcome breaks, with that outcome.
pub fn machine(plan: &Plan, machine: &Machine, open: &Open) -> Result<usize, Box<Difference>> {
    let mut reader = Reader {
        machine,
        release: plan.release(),
        facts: Facts::new(),
    };
    let mut demands = Demands::new(plan, open);
    let mut flow = Flow::new(&mut reader, &mut demands);
    flow.all().map_err(crate::proof::not_understood)?;
    let (stands, come) = (flow.stands, flow.come);
    let list = demands.list;
    // Nearly always nothing is broken, and what is asked of one place of the machine is answered together.
    for together in list.chunk_by(|a, b| a.place == b.place) {
        let bits: Vec<Bit> = together.iter().map(|d| d.broken.clone()).collect();
        let any = reader.facts.any(&bits);
        if !possible(&mut reader.facts, &any) {
            continue;
        }
        let broken = together.iter().find(|d| possible(&mut reader.facts, &d.broken));
        let Some(demand) = broken else { continue };
        let mut trace = Vec::new();
        for (place, bit) in &come {
            let came = match bit {
                Bit::Is(literal) => reader.facts.logic.held(*literal),
                sure => *sure == Bit::Const(true),
            };
            let Some(part) = stands.get(place).filter(|_| came) else {
                continue;
            };
            let works = reader.facts.known(&Fact::Works(*place));
            let works = works.is_none_or(|literal| reader.facts.logic.held(literal));
            let how = if works { " begins" } else { " fails" };
            trace.push(words(plan.release(), part) + how);
        }
        return Err(Box::new(Difference {
            what: demand.what.clone(),
            outcome: "parts come out otherwise than well, in a way that no single run was looked at for"
                .into(),
            trace,
            reference: Vec::new(),
        }));
    }
    Ok(list.len())
}

/// Whether something can be so.
fn possible(facts: &mut Facts, bit: &Bit) -> bool {
    if *bit == Bit::Const(false) {
        return false;
    }
    let literal = facts.logic.literal(bit);
    facts.logic.possible(&[literal])
}
