//! What a run goes by: conditions of the plan, what was read just now, what the record of the run says.
//!
//! Must not know where states lead. Used by the run.

use super::Run;
use crate::emit::parts::Test;
use crate::model::{Dur, GateId, GateTest, TriggerTest};
use crate::proof::event::Record;
use crate::proof::stepfunctions::jsonata::Expr;
use crate::proof::stepfunctions::machine::Template;
use crate::proof::stepfunctions::value::{Members, Reads, Value, eval};
use std::collections::BTreeSet;

impl Run<'_> {
    /// Counts how often gates that do not pass, or have no data, were judged: once each time, wherever the plan judges them.
    pub(super) fn count(&self, tests: &[Test]) {
        let (mut asked, mut held) = (BTreeSet::new(), BTreeSet::new());
        for test in tests {
            match test {
                Test::Blank(_, g) | Test::Unsure(_, g) => drop(asked.insert(*g)),
                Test::Holds(_, g) => drop(held.insert(*g)),
                _ => {}
            }
        }
        let more = |g: GateId| *self.judged.borrow_mut().entry(g).or_default() += 1;
        for g in asked.into_iter().filter(|g| self.scenario.blank.contains(g)) {
            // What fails without data and what is asked about then are two conditions of one judgement.
            if self.asked.borrow_mut().insert(g) {
                more(g);
            }
        }
        for g in held {
            // One that is not asked for its data first is judged all the same.
            let unasked = self.scenario.blank.contains(&g) && !self.asked.borrow_mut().remove(&g);
            if unasked || self.scenario.gates.contains(&g) {
                more(g);
            }
            if self.without_data(g) {
                self.blank.set(true);
            }
        }
    }

    pub(super) fn truth(&self, test: &Test) -> bool {
        let s = self.scenario;
        match test {
            Test::Atom(atom) => s.atom(atom),
            Test::Problem(i) => s.problem == Some(*i),
            Test::Blank(_, g) => self.without_data(*g) && !self.world.unsure(*g),
            Test::Unsure(_, g) => self.without_data(*g) && self.world.unsure(*g),
            Test::Holds(_, g) => {
                let judged = self.judged.borrow().get(g).copied().unwrap_or_default();
                !s.gates.contains(g) || judged <= s.passes
            }
            Test::Fires(t) => {
                let looks = self.looks.get();
                let now = looks > s.quiet && !(s.fleeting && looks > s.quiet + 1);
                s.fires == Some(*t) && self.world.ripe && now
            }
            Test::Digest(a) => s.undigested != Some(*a),
            Test::Unknown => s.unknown,
            Test::Chosen(i) => s.chosen == Some(*i),
            Test::Taken(d, o) => s.taken == Some((*d, *o)),
        }
    }

    /// Whether the metrics of a gate have no data now.
    pub(super) fn without_data(&self, gate: GateId) -> bool {
        let judged = self.judged.borrow().get(&gate).copied().unwrap_or_default();
        self.scenario.blank.contains(&gate) && judged > self.scenario.passes
    }

    /// Whether what a condition goes by was read just now.
    pub(super) fn fresh(&self, thread: usize, test: &Test) -> bool {
        let release = self.world.release();
        let five = Dur::minutes(5);
        let (expr, over) = match test {
            Test::Holds(_, g) => match &release.gate(*g).test {
                GateTest::Metrics(e) => (e, release.gate(*g).over.unwrap_or(five)),
                _ => return true,
            },
            Test::Fires(t) => match &release.triggers[t.index()] {
                crate::model::Trigger {
                    test: TriggerTest::Metrics(e),
                    over,
                    ..
                } => (e, over.unwrap_or(five)),
                _ => return true,
            },
            _ => return true,
        };
        self.world
            .read_now(expr, over, self.threads[thread].at, &self.machine.purposes)
    }

    /// What the record says that is written, before it becomes a text.
    pub(super) fn record(&self, thread: usize, arguments: &Template) -> Result<Option<Record>, String> {
        let Template::Object(members) = arguments else {
            return Ok(None);
        };
        let body = members.iter().find(|(k, _)| **k == *"Body").map(|(_, t)| t);
        let Some(Template::Expr(Expr::Call(name, args))) = body else {
            return Ok(None);
        };
        let [Expr::Object(_)] = args.as_slice() else {
            return Ok(None);
        };
        if name != "string" {
            return Ok(None);
        }
        let value = eval(&args[0], &self.eyes(thread, Value::Nothing))?;
        let object = |key: &str| match &value {
            Value::Object(o) => o.get(key).cloned(),
            _ => None,
        };
        let mut record = Record::default();
        if let Some(Value::Object(stages)) = object("stages") {
            for (name, status) in stages.iter() {
                if let Value::Text(status) = status {
                    record.stages.insert(name.to_string(), status.to_string());
                }
            }
        }
        if let Some(Value::Object(grants)) = object("approvals") {
            let given = grants
                .iter()
                .filter(|(_, v)| !matches!(v, Value::Null | Value::Nothing));
            record.granted = given.map(|(name, _)| name.to_string()).collect();
        }
        Ok(Some(record))
    }
}

/// JSON with its expressions evaluated.
pub(super) fn fill(template: &Template, reads: &dyn Reads) -> Result<Value, String> {
    Ok(match template {
        Template::Const(value) => value.clone(),
        Template::Expr(e) => eval(e, reads)?,
        Template::List(list) => Value::list(list.iter().map(|t| fill(t, reads)).collect::<Result<_, _>>()?),
        Template::Object(members) => {
            let mut out = Members::new();
            for (k, t) in members {
                out.insert(k.clone(), fill(t, reads)?);
            }
            Value::members(out)
        }
    })
}
