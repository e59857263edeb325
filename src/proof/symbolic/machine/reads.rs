//! What expressions of a state machine come to, over all runs at once.
//!
//! What is the same in every run is worked out as in a single one; what is not understood is something of which nothing is known.
//! Must not know what the plan demands. Used by `flow` and `demands`.

use super::facts::{Bit, Fact, Facts, Place};
use super::flow::{Mark, World};
use super::values::{Sym, inside, member, merged, same, truth};
use crate::emit::parts::Test;
use crate::model::{Atom, Cond, Release};
use crate::proof::stepfunctions::jsonata::Expr;
use crate::proof::stepfunctions::machine::{Machine, Template};
use crate::proof::stepfunctions::value::{Reads, Value, eval};
use crate::proof::symbolic::logic::Formula;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the run is called.
pub const RUN: &str = "arn:aws:states:::execution:run";

/// Who reads.
pub struct Reader<'m> {
    /// The machine.
    pub machine: &'m Machine,
    /// The release.
    pub release: &'m Release,
    /// What is known.
    pub facts: Facts,
}

/// Where something is read.
pub struct Eyes<'w> {
    /// What holds there.
    pub world: &'w World,
    /// The state.
    pub place: Place,
    /// What a call answered, or branches came to.
    pub result: Sym,
    /// The parameter of a function around.
    pub bound: Option<(String, Sym)>,
    /// What was judged by what is measured.
    pub judged: Vec<(Mark, Bit)>,
}

impl<'w> Eyes<'w> {
    /// What a state sees.
    pub fn new(world: &'w World, place: Place, result: Sym) -> Eyes<'w> {
        Eyes {
            world,
            place,
            result,
            bound: None,
            judged: Vec::new(),
        }
    }
}

/// The most combinations of values that are looked at one by one.
const MOST: usize = 64;

impl Reader<'_> {
    /// JSON with its expressions worked out.
    pub fn fill(&mut self, template: &Template, eyes: &mut Eyes<'_>) -> Sym {
        match template {
            Template::Const(value) => Sym::Known(value.clone()),
            Template::Expr(e) => self.eval(e, eyes),
            Template::List(list) => {
                let items = list.iter().map(|t| (Formula::Const(true), self.fill(t, eyes)));
                Sym::Bag(Rc::new(items.collect()))
            }
            Template::Object(members) => {
                let mut out = BTreeMap::new();
                for (key, t) in members {
                    out.insert(key.clone(), self.fill(t, eyes));
                }
                Sym::Members(Rc::new(out))
            }
        }
    }

    /// Whether a condition holds.
    pub fn holds(&mut self, expr: &Expr, eyes: &mut Eyes<'_>) -> Bit {
        match expr {
            Expr::Op(sign, a, b) if sign == "and" || sign == "or" => {
                let two = [self.holds(a, eyes), self.holds(b, eyes)];
                if sign == "and" {
                    self.facts.all(&two)
                } else {
                    self.facts.any(&two)
                }
            }
            Expr::Call(name, args) if name == "not" && args.len() == 1 => self.holds(&args[0], eyes).negate(),
            Expr::Told(number) => self.told(*number, eyes),
            other => {
                let value = self.eval(other, eyes);
                truth(&mut self.facts, &value)
            }
        }
    }

    /// What an expression comes to.
    pub fn eval(&mut self, expr: &Expr, eyes: &mut Eyes<'_>) -> Sym {
        match expr {
            Expr::Const(value) => Sym::Known(value.clone()),
            Expr::Var(name) => self.var(name, eyes),
            Expr::Told(_) => Sym::bit(self.holds(expr, eyes)),
            Expr::Name(of, name) => match &**of {
                Expr::Var(var) if var == "states" => match name.as_str() {
                    "result" => eyes.result.clone(),
                    // What an engine calls a failure is none of the names that a machine gives one.
                    "errorOutput" => {
                        let text = |t: &str| Sym::Known(Value::text(t));
                        Sym::members([("Error", text("Failed")), ("Cause", text("a cause"))])
                    }
                    "context" => self.context(),
                    what => Sym::Opaque(self.facts.alike(["states.", what].concat())),
                },
                of => {
                    let of = self.eval(of, eyes);
                    member(&mut self.facts, &of, name)
                }
            },
            Expr::Index(of, index) => {
                let of = self.eval(of, eyes);
                self.element(&of, *index)
            }
            Expr::Where(of, key, text) => {
                let of = self.eval(of, eyes);
                match &of {
                    Sym::Bag(list) => {
                        let wanted = Sym::Known(Value::text(text.as_str()));
                        let mut out = Vec::new();
                        for (guard, value) in list.iter() {
                            let own = member(&mut self.facts, value, key);
                            let kept = same(&mut self.facts, &own, &wanted);
                            out.push((self.facts.both(guard, &kept), value.clone()));
                        }
                        Sym::Bag(Rc::new(out))
                    }
                    Sym::Known(_) => self.plain(|v| Expr::Where(v, key.clone(), text.clone()), &of),
                    _ => self.unknown(),
                }
            }
            Expr::If(test, then, other) => match self.holds(test, eyes) {
                Formula::Const(true) => self.eval(then, eyes),
                Formula::Const(false) => self.eval(other, eyes),
                bit => {
                    let two = [self.eval(then, eyes), self.eval(other, eyes)];
                    let [then, other] = two;
                    let no = bit.clone().negate();
                    merged(&mut self.facts, vec![(bit, then), (no, other)])
                }
            },
            Expr::List(list) => self.list(list, eyes),
            Expr::Object(members) => self.object(members, eyes),
            Expr::Op(sign, a, b) => self.binary(sign, a, b, eyes),
            Expr::Call(name, args) => self.call(name, args, eyes),
            Expr::Lambda(..) | Expr::Regex(_) => self.unknown(),
        }
    }

    /// Who runs: names are told apart by what stands around them, so that one run stands for all.
    fn context(&mut self) -> Sym {
        let text = |t: &str| Sym::Known(Value::text(t));
        let execution = [
            ("Name", text("run")),
            ("Id", text(RUN)),
            ("StartTime", Sym::Opaque(self.facts.alike("started".into()))),
        ];
        let machine = [("Id", text("arn:aws:states:r:1:stateMachine:m"))];
        Sym::members([
            ("Execution", Sym::members(execution)),
            ("StateMachine", Sym::members(machine)),
        ])
    }

    fn unknown(&mut self) -> Sym {
        Sym::Opaque(self.facts.opaque())
    }

    fn var(&mut self, name: &str, eyes: &Eyes<'_>) -> Sym {
        if let Some((own, value)) = &eyes.bound
            && own == name
        {
            return value.clone();
        }
        match eyes.world.vars.get(name) {
            Some(value) => value.clone(),
            None => self.unknown(),
        }
    }

    fn element(&mut self, of: &Sym, index: i64) -> Sym {
        if let Sym::Known(_) = of {
            return self.plain(|v| Expr::Index(v, index), of);
        }
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        match of {
            Sym::Bag(list) => {
                let sure = |(g, _): &(Bit, Sym)| *g == Formula::Const(true);
                let before = list.iter().take(at.saturating_add(1));
                match list.get(at) {
                    None => Sym::nothing(),
                    Some((_, value)) if before.clone().all(sure) => value.clone(),
                    _ if at == 0 => {
                        let mut rest = Formula::Const(true);
                        let mut cases = Vec::new();
                        for (guard, value) in list.iter() {
                            cases.push((self.facts.both(&rest, guard), value.clone()));
                            rest = self.facts.both(&rest, &guard.clone().negate());
                        }
                        cases.push((rest, Sym::nothing()));
                        merged(&mut self.facts, cases)
                    }
                    _ => self.unknown(),
                }
            }
            Sym::Opaque(id) => Sym::Opaque(self.facts.alike(format!("{id}[{index}]"))),
            _ => self.unknown(),
        }
    }

    /// Something that is worked out as in a single run.
    fn plain(&mut self, of: impl Fn(Box<Expr>) -> Expr, value: &Sym) -> Sym {
        let Sym::Known(value) = value else {
            return self.unknown();
        };
        match eval(&of(Box::new(Expr::Const(value.clone()))), &Nowhere) {
            Ok(Value::Open) | Err(_) => self.unknown(),
            Ok(value) => Sym::Known(value),
        }
    }

    fn list(&mut self, list: &[Expr], eyes: &mut Eyes<'_>) -> Sym {
        let mut out = Vec::new();
        for item in list {
            let value = self.eval(item, eyes);
            let own = match item {
                Expr::List(_) | Expr::Object(_) => true,
                Expr::Call(name, _) => name == "merge",
                _ => false,
            };
            match value.opened() {
                _ if own => out.push((Formula::Const(true), value)),
                Sym::Bag(inner) => out.extend(inner.iter().cloned()),
                Sym::Known(Value::Nothing) => {}
                // It may be many, or none.
                Sym::Opaque(id) if list.len() == 1 => return Sym::Opaque(self.facts.made("[]", id)),
                Sym::Opaque(_) => return self.unknown(),
                Sym::Cases(cases) => {
                    for (guard, value) in cases.iter() {
                        match value.opened() {
                            Sym::Bag(inner) => {
                                for (g, v) in inner.iter() {
                                    out.push((self.facts.both(guard, g), v.clone()));
                                }
                            }
                            Sym::Known(Value::Nothing) => {}
                            Sym::Opaque(_) => return self.unknown(),
                            _ => out.push((guard.clone(), value.clone())),
                        }
                    }
                }
                _ => out.push((Formula::Const(true), value)),
            }
        }
        Sym::Bag(Rc::new(out))
    }

    fn object(&mut self, members: &[(Expr, Expr)], eyes: &mut Eyes<'_>) -> Sym {
        let mut out = BTreeMap::new();
        for (key, value) in members {
            let Sym::Known(Value::Text(key)) = self.eval(key, eyes) else {
                return self.unknown();
            };
            out.insert(key, self.eval(value, eyes));
        }
        Sym::Members(Rc::new(out))
    }

    fn binary(&mut self, sign: &str, a: &Expr, b: &Expr, eyes: &mut Eyes<'_>) -> Sym {
        if let (Expr::Call(name, args), Expr::Const(Value::Num(n))) = (a, b)
            && name == "count"
            && args.len() == 1
        {
            let list = self.eval(&args[0], eyes);
            return Sym::bit(self.counted(&list, sign, *n));
        }
        match sign {
            "and" | "or" => {
                let whole = Expr::Op(sign.into(), Box::new(a.clone()), Box::new(b.clone()));
                Sym::bit(self.holds(&whole, eyes))
            }
            "=" | "!=" | "in" => {
                let (left, right) = (self.eval(a, eyes), self.eval(b, eyes));
                let bit = match sign {
                    "in" => inside(&mut self.facts, &left, &right),
                    _ => same(&mut self.facts, &left, &right),
                };
                Sym::bit(if sign == "!=" { bit.negate() } else { bit })
            }
            _ => {
                let values = [self.eval(a, eyes), self.eval(b, eyes)];
                let whole = |list: &[Value]| {
                    let [a, b] = [0, 1].map(|i| Box::new(Expr::Const(list[i].clone())));
                    Expr::Op(sign.into(), a, b)
                };
                self.each(&values, sign, &whole)
            }
        }
    }

    /// How many there are, compared with a number.
    fn counted(&mut self, list: &Sym, sign: &str, number: f64) -> Bit {
        if let (Sym::Opaque(id), ">=") = (list, sign)
            && let Some(count) = (0..100).find(|n| f64::from(*n) == number)
        {
            return self.facts.many(*id, count);
        }
        if let Sym::Cases(cases) = list {
            let mut bits = Vec::new();
            for (guard, value) in cases.iter() {
                let own = self.counted(value, sign, number);
                bits.push(self.facts.both(guard, &own));
            }
            return self.facts.any(&bits);
        }
        let Sym::Bag(elements) = list.opened() else {
            let key = format!("count {list:?} {sign} {number}");
            let id = self.facts.alike(key);
            return self.facts.is(Fact::Open(id));
        };
        let guards: Vec<Bit> = elements.iter().map(|(g, _)| g.clone()).collect();
        let sure = guards.iter().filter(|g| **g == Formula::Const(true)).count();
        let some = self.facts.any(&guards);
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let least = count(sure);
        let most = count(guards.len());
        match sign {
            "=" if number == 0.0 => some.negate(),
            ">" if number == 0.0 => some,
            ">=" if number == 1.0 => some,
            ">=" if least >= number => Formula::Const(true),
            ">=" if most < number => Formula::Const(false),
            ">" if least > number => Formula::Const(true),
            ">" if most <= number => Formula::Const(false),
            _ => self.facts.open(),
        }
    }

    /// Something of values that differ from run to run: worked out for each combination of what they can be.
    fn each(&mut self, values: &[Sym], name: &str, of: &dyn Fn(&[Value]) -> Expr) -> Sym {
        let mut all: Vec<(Bit, Vec<Value>)> = vec![(Formula::Const(true), Vec::new())];
        for value in values {
            let one;
            let cases: &[(Bit, Sym)] = match value {
                Sym::Cases(list) => list,
                other => {
                    one = [(Formula::Const(true), other.clone())];
                    &one
                }
            };
            if all.len() * cases.len() > MOST {
                return self.unknown();
            }
            let mut next = Vec::new();
            for (guard, so_far) in &all {
                for (g, v) in cases {
                    let Sym::Known(v) = v else {
                        return self.made_of(values, name);
                    };
                    let mut list = so_far.clone();
                    list.push(v.clone());
                    next.push((self.facts.both(guard, g), list));
                }
            }
            all = next;
        }
        let mut out = Vec::new();
        for (guard, list) in all {
            let value = match eval(&of(&list), &Nowhere) {
                Ok(Value::Open) | Err(_) => {
                    self.made_of(&list.into_iter().map(Sym::Known).collect::<Vec<_>>(), name)
                }
                Ok(value) => Sym::Known(value),
            };
            out.push((guard, value));
        }
        merged(&mut self.facts, out)
    }

    /// Something unknown, the same wherever it is made of the same.
    fn made_of(&mut self, values: &[Sym], name: &str) -> Sym {
        if let [Sym::Opaque(id)] = values {
            return Sym::Opaque(self.facts.made(name, *id));
        }
        let plain = |v: &Sym| matches!(v, Sym::Opaque(_) | Sym::Known(Value::Text(_) | Value::Num(_)));
        if values.iter().all(plain) {
            return Sym::Opaque(self.facts.alike(format!("{name} {values:?}")));
        }
        self.unknown()
    }

    fn call(&mut self, name: &str, args: &[Expr], eyes: &mut Eyes<'_>) -> Sym {
        match (name, args) {
            ("not", [_]) => {
                let whole = Expr::Call(name.into(), args.to_vec());
                return Sym::bit(self.holds(&whole, eyes));
            }
            ("millis", []) => return self.unknown(),
            ("filter", [list, Expr::Lambda(var, body)]) => {
                let list = self.eval(list, eyes);
                let Sym::Bag(list) = list.opened() else {
                    return self.unknown();
                };
                let mut out = Vec::new();
                for (guard, value) in list.iter() {
                    let before = eyes.bound.replace((var.clone(), value.clone()));
                    let kept = self.holds(body, eyes);
                    eyes.bound = before;
                    out.push((self.facts.both(guard, &kept), value.clone()));
                }
                return Sym::Bag(Rc::new(out));
            }
            ("merge", [Expr::List(list)]) => {
                let mut out = BTreeMap::new();
                for item in list {
                    match self.eval(item, eyes).opened() {
                        Sym::Members(m) => out.extend(m.iter().map(|(k, v)| (k.clone(), v.clone()))),
                        _ => return self.unknown(),
                    }
                }
                return Sym::Members(Rc::new(out));
            }
            ("exists", [of]) => {
                let of = self.eval(of, eyes);
                return match of {
                    Sym::Known(v) => Sym::Known(Value::Bool(v != Value::Nothing)),
                    Sym::Opaque(id) => {
                        let id = self.facts.alike(format!("exists {id}"));
                        Sym::bit(self.facts.is(Fact::Open(id)))
                    }
                    Sym::Cases(list) => {
                        let there = list.iter().filter(|(_, v)| *v != Sym::nothing());
                        let bits: Vec<Bit> = there.map(|(g, _)| g.clone()).collect();
                        Sym::bit(self.facts.any(&bits))
                    }
                    Sym::Bag(_) | Sym::Members(_) => Sym::Known(Value::Bool(true)),
                };
            }
            _ => {}
        }
        if let [of, Expr::Regex(_)] = args {
            let of = self.eval(of, eyes);
            return match of {
                Sym::Opaque(id) => Sym::Opaque(self.facts.made(&format!("{name} {:?}", args[1]), id)),
                _ => self.unknown(),
            };
        }
        if args
            .iter()
            .any(|a| matches!(a, Expr::Lambda(..) | Expr::Regex(_)))
        {
            return self.unknown();
        }
        let values: Vec<Sym> = args.iter().map(|a| self.eval(a, eyes)).collect();
        let whole =
            |list: &[Value]| Expr::Call(name.into(), list.iter().map(|v| Expr::Const(v.clone())).collect());
        self.each(&values, name, &whole)
    }

    /// A condition of the plan.
    fn told(&mut self, number: usize, eyes: &mut Eyes<'_>) -> Bit {
        let machine = self.machine;
        let tests = &machine.tests[number];
        for test in tests {
            match test {
                Test::Atom(Atom::Param { param, choice }) => {
                    return self.facts.param(self.release, *param, *choice);
                }
                // What the run has found out is in its variables.
                Test::Atom(Atom::Decision { .. } | Atom::Outcome { .. }) => {
                    return self.holds(&machine.exprs[number], eyes);
                }
                Test::Atom(atom) => return self.facts.is(Fact::Plan(atom.clone())),
                Test::Problem(_) | Test::Digest(_) | Test::Chosen(_) | Test::Unknown => {
                    return self.facts.is(Fact::Fixed(test.clone()));
                }
                _ => {}
            }
        }
        let bit = self.facts.is(Fact::Measured(eyes.place, number));
        for test in tests {
            if let Test::Holds(at, gate) = test {
                eyes.judged.push((Mark::Held(*at, *gate), bit.clone()));
            }
        }
        bit
    }

    /// A condition of the plan where something stands; what is not known there counts as `yes`.
    pub fn plan(&mut self, cond: &Cond, world: &World, yes: bool) -> Bit {
        match cond {
            Cond::True => Formula::Const(true),
            Cond::False => Formula::Const(false),
            Cond::Not(c) => self.plan(c, world, !yes).negate(),
            Cond::And(list) => {
                let bits: Vec<Bit> = list.iter().map(|c| self.plan(c, world, yes)).collect();
                self.facts.all(&bits)
            }
            Cond::Or(list) => {
                let bits: Vec<Bit> = list.iter().map(|c| self.plan(c, world, yes)).collect();
                self.facts.any(&bits)
            }
            Cond::Atom(Atom::Param { param, choice }) => self.facts.param(self.release, *param, *choice),
            Cond::Atom(atom @ (Atom::Decision { .. } | Atom::Outcome { .. })) => {
                self.found_out(atom, world, yes)
            }
            Cond::Atom(atom) => self.facts.is(Fact::Plan(atom.clone())),
        }
    }

    /// What the run has found out by now, as its own variables say: those of a branch before those around it.
    fn found_out(&mut self, atom: &Atom, world: &World, yes: bool) -> Bit {
        let machine = self.machine;
        let tells = |tests: &Vec<Test>| tests.iter().any(|t| matches!(t, Test::Atom(a) if a == atom));
        let known = (0..machine.tests.len())
            .filter(|n| tells(&machine.tests[*n]))
            .filter_map(|n| {
                let mut names = Vec::new();
                variables(&machine.exprs[n], &mut names);
                let all = names.iter().all(|v| world.vars.contains_key(v.as_str()));
                all.then(|| (names.iter().map(String::len).sum::<usize>(), n))
            });
        match known.max() {
            Some((_, number)) => {
                let mut eyes = Eyes::new(world, (0, 0), Sym::nothing());
                self.holds(&machine.exprs[number], &mut eyes)
            }
            None => Formula::Const(yes),
        }
    }
}

/// The variables of an expression.
fn variables(expr: &Expr, out: &mut Vec<String>) {
    match expr {
        Expr::Var(name) => out.push(name.clone()),
        Expr::Name(of, _) | Expr::Index(of, _) | Expr::Where(of, ..) | Expr::Lambda(_, of) => {
            variables(of, out)
        }
        Expr::Call(_, list) | Expr::List(list) => list.iter().for_each(|e| variables(e, out)),
        Expr::Op(_, a, b) => [a, b].into_iter().for_each(|e| variables(e, out)),
        Expr::If(a, b, c) => [a, b, c].into_iter().for_each(|e| variables(e, out)),
        Expr::Object(list) => list.iter().for_each(|(k, v)| {
            variables(k, out);
            variables(v, out);
        }),
        Expr::Const(_) | Expr::Regex(_) | Expr::Told(_) => {}
    }
}

/// Where nothing can be read.
struct Nowhere;

impl Reads for Nowhere {
    fn var(&self, _: &str) -> Option<Value> {
        None
    }

    fn states(&self, _: &str) -> Value {
        Value::Open
    }

    fn told(&self, _: usize) -> bool {
        false
    }

    fn now(&self) -> f64 {
        0.0
    }
}
