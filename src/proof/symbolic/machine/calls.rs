//! What calls of a state machine answer, where that ties them to each other: questions, and the flags of a run.
//!
//! Must not know what the plan demands. Used by `flow`.

use super::facts::{Bit, Fact, Place};
use super::flow::{Flow, Mark, World};
use super::reads::{Eyes, RUN};
use super::values::{Sym, member, merged};
use crate::emit::parts::Deed;
use crate::emit::stepfunctions::naming;
use crate::model::Quorum;
use crate::proof::stepfunctions::machine::Template;
use crate::proof::stepfunctions::value::Value;
use crate::proof::symbolic::logic::Formula;
use std::rc::Rc;

impl Flow<'_, '_, '_> {
    /// A lock is taken, or released.
    pub(super) fn lock(&mut self, place: Place, resource: &str, arguments: &Template, world: &mut World) {
        let Some(Sym::Known(Value::Text(name))) = self.argument(place, arguments, world, "Name") else {
            return;
        };
        let is_lock = naming::locks(self.reader.release)
            .iter()
            .any(|(l, _)| **l == *name);
        let mark = match resource.rsplit(':').next() {
            Some("putParameter") if is_lock => Mark::Locked(name.to_string()),
            Some("deleteParameter") => Mark::Released(name.to_string()),
            _ => return,
        };
        Rc::make_mut(&mut world.marks).insert(mark, Formula::Const(true));
    }

    /// Somebody looks who holds a lock: one that another run has by now, or of which that cannot be told, need not be released.
    pub(super) fn holder(
        &mut self,
        place: Place,
        arguments: &Template,
        (works, fails): (&mut World, &mut World),
    ) -> Sym {
        let holder = self.reader.facts.opaque();
        if let Some(Sym::Known(Value::Text(name))) = self.argument(place, arguments, works, "Name") {
            let facts = &mut self.reader.facts;
            let own = facts.says(holder, format!("{:?}", Value::text(RUN)));
            for (world, free) in [(works, own.negate()), (fails, Formula::Const(true))] {
                let released = Mark::Released(name.to_string());
                let held = world.mark(&Mark::Locked(name.to_string()));
                let lost = facts.both(&held, &free);
                let either = facts.any(&[world.mark(&released), lost]);
                Rc::make_mut(&mut world.marks).insert(released, either);
            }
        }
        Sym::members([("Parameter", Sym::members([("Value", Sym::Opaque(holder))]))])
    }

    /// A flag is raised, where it is that.
    pub(super) fn raise(&mut self, place: Place, arguments: &Template, world: &World) {
        let Some(name) = self.argument(place, arguments, world, "Name") else {
            return;
        };
        let value = self.argument(place, arguments, world, "Value");
        if value != Some(Sym::Known(Value::text("yes"))) {
            return;
        }
        let works = self.reader.facts.is(Fact::Works(place));
        let raised = self.reader.facts.both(&world.pc, &works);
        self.flags
            .entry(format!("{name:?}"))
            .or_default()
            .raised
            .push(raised);
    }

    /// Somebody looks which flags are up.
    pub(super) fn flags(&mut self, place: Place, arguments: &Template, world: &mut World) -> Sym {
        let names = self
            .argument(place, arguments, world, "Names")
            .map(|n| n.opened());
        let Some(Sym::Bag(names)) = names else {
            return Sym::Opaque(self.reader.facts.opaque());
        };
        let written: Vec<String> = match arguments {
            Template::Object(members) => match members.iter().find(|(k, _)| **k == *"Names") {
                Some((_, Template::List(list))) => list.iter().map(|t| format!("{t:?}")).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut list = Vec::new();
        for (i, (guard, name)) in names.iter().enumerate() {
            let mut up = self.reader.facts.open();
            if let Some(written) = written.get(i)
                && !self.lowered.contains(written)
            {
                let mark = Mark::Up(format!("{name:?}"));
                up = self.reader.facts.any(&[world.mark(&mark), up]);
                Rc::make_mut(&mut world.marks).insert(mark, up.clone());
            }
            let flag = self.flags.entry(format!("{name:?}")).or_default();
            flag.seen.push(up.clone());
            let down = up.clone().negate();
            let value = [(up, "yes"), (down, "no")].map(|(g, t)| (g, Sym::Known(Value::text(t))));
            let value = merged(&mut self.reader.facts, value.to_vec());
            list.push((
                guard.clone(),
                Sym::members([("Name", name.clone()), ("Value", value)]),
            ));
        }
        Sym::members([("Parameters", Sym::Bag(Rc::new(list)))])
    }

    /// An argument of a call.
    fn argument(&mut self, place: Place, arguments: &Template, world: &World, name: &str) -> Option<Sym> {
        let template = match arguments {
            Template::Object(members) => members.iter().find(|(k, _)| **k == *name).map(|(_, t)| t)?,
            Template::Const(Value::Object(members)) => return members.get(name).cloned().map(Sym::Known),
            _ => return None,
        };
        let mut eyes = Eyes::new(world, place, Sym::nothing());
        Some(self.reader.fill(template, &mut eyes))
    }

    /// Somebody looks whether a question is answered.
    pub(super) fn look(&mut self, place: Place, arguments: &Template, world: &mut World) -> Sym {
        let facts = &mut self.reader.facts;
        let (status, outputs) = (facts.opaque(), facts.opaque());
        if let Some(id) = self.argument(place, arguments, world, "AutomationExecutionId") {
            let facts = &mut self.reader.facts;
            let yes = facts.says(status, format!("{:?}", Value::text("Success")));
            let no = facts.says(status, format!("{:?}", Value::text("Rejected")));
            self.answered(world, &id, &yes, Some((&no, outputs)));
        }
        let execution = Sym::members([
            ("AutomationExecutionStatus", Sym::Opaque(status)),
            ("Outputs", Sym::Opaque(outputs)),
        ]);
        Sym::members([("AutomationExecution", execution)])
    }

    /// Somebody looks at several questions at once: of those that were answered with yes.
    pub(super) fn look_at_all(&mut self, place: Place, arguments: &Template, world: &mut World) -> Sym {
        let mut ids = Vec::new();
        if let Some(Sym::Bag(filters)) = self
            .argument(place, arguments, world, "Filters")
            .map(|f| f.opened())
        {
            for (_, filter) in filters.iter() {
                let values = member(&mut self.reader.facts, filter, "Values");
                if let Sym::Bag(values) = values.opened() {
                    ids.extend(values.iter().map(|(_, v)| v.clone()));
                }
            }
        }
        let mut list = Vec::new();
        for id in ids {
            let yes = self.reader.facts.open();
            self.answered(world, &id, &yes, None);
            let no = yes.clone().negate();
            let status = [(yes, "Success"), (no, "InProgress")].map(|(g, t)| (g, Sym::Known(Value::text(t))));
            let status = merged(&mut self.reader.facts, status.to_vec());
            let one = Sym::members([
                ("AutomationExecutionId", id),
                ("AutomationExecutionStatus", status),
            ]);
            list.push((Formula::Const(true), one));
        }
        Sym::members([("AutomationExecutionMetadataList", Sym::Bag(Rc::new(list)))])
    }

    /// A question is answered, in the runs in which it is.
    fn answered(&mut self, world: &mut World, id: &Sym, yes: &Bit, told: Option<(&Bit, u32)>) {
        let one;
        let ids: &[(Bit, Sym)] = match id {
            Sym::Cases(list) => list,
            other => {
                one = [(Formula::Const(true), other.clone())];
                &one
            }
        };
        for (guard, id) in ids {
            let part = match id {
                Sym::Known(Value::Text(id)) => self.asked.get(id).cloned(),
                _ => None,
            };
            let Some(part) = part else { continue };
            let release = self.reader.release;
            let facts = &mut self.reader.facts;
            // A yes of too few is none.
            let enough = match (part.deed, told) {
                (Deed::Grant(a), Some((_, outputs))) => match release.approval(a).quorum {
                    Quorum::Count(n) => facts.many(outputs, n),
                    Quorum::All => Formula::Const(true),
                },
                _ => Formula::Const(true),
            };
            let yes = facts.both(yes, &enough);
            let no = told.map(|(no, _)| no.clone());
            let marks = [(Mark::Done(part.clone()), Some(yes)), (Mark::Failed(part), no)];
            for (mark, bit) in marks {
                let Some(bit) = bit else { continue };
                let known = world.mark(&mark);
                let now = facts.both(guard, &bit);
                let either = facts.any(&[known, now]);
                Rc::make_mut(&mut world.marks).insert(mark, either);
            }
        }
    }
}
