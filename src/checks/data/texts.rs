//! Every command and every text of a plan that people or machines read, with its place.
//!
//! Called by the checks of what texts say.

use crate::model::{
    Act, ActSource, Command, GateTest, Manual, Origin, Question, Release, Rollback, Step, StepKind, Text,
    TextPart, Value, WaitTest,
};

/// A text and where it is written.
pub(super) struct Written<'a> {
    /// The parts that are known.
    pub parts: Vec<&'a str>,
    /// The statement it stands in.
    pub origin: &'a Origin,
    /// It is a shell command: `<` and `>` mean something.
    pub command: bool,
}

/// Every step of a plan, wherever it stands.
pub(super) fn steps(release: &Release) -> Vec<&Step> {
    let mut list: Vec<&Step> = Vec::new();
    for stage in &release.stages {
        list.extend(stage.forward_steps());
        if let Rollback::Written(w) = &stage.rollback {
            list.extend(&w.steps);
        }
        list.extend(stage.on_failure.iter().flat_map(|f| &f.steps));
    }
    for hold in &release.holds {
        list.extend(hold.enter.iter().chain(&hold.exit));
    }
    list.extend(release.triggers.iter().flat_map(|t| &t.steps));
    list.extend(release.on_failure.iter().flat_map(|f| &f.steps));
    list.extend(&release.finally);
    list
}

/// Every act of a plan, undos and pairs included.
pub(in crate::checks) fn acts(release: &Release) -> Vec<&Act> {
    let mut open: Vec<&Act> = Vec::new();
    for step in steps(release) {
        match &step.kind {
            StepKind::Act(act) => open.push(act),
            StepKind::WaitFor(wait) => match &wait.test {
                WaitTest::Run(act) | WaitTest::Job(act) => open.push(act),
                WaitTest::Ask(_) => {}
            },
            _ => {}
        }
    }
    for gate in &release.gates {
        if let GateTest::Run(act) | GateTest::Job(act) = &gate.test {
            open.push(act);
        }
    }
    let items = release.checklists.iter().flat_map(|c| &c.items);
    open.extend(items.filter_map(|i| i.check.as_deref()));
    open.reverse();
    let mut list = Vec::new();
    while let Some(act) = open.pop() {
        list.push(act);
        open.extend(act.companions());
    }
    list
}

/// Every shell command of a plan.
pub(super) fn commands(release: &Release) -> Vec<&Command> {
    let mut list: Vec<&Command> = acts(release).into_iter().filter_map(|a| a.run.as_ref()).collect();
    list.extend(release.metrics.iter().filter_map(|m| m.run.as_ref()));
    list.extend(release.channels.iter().filter_map(|c| c.run.as_ref()));
    list.extend(release.priors.iter().filter_map(|p| p.run.as_ref()));
    list
}

/// Every text of a plan.
pub(super) fn texts(release: &Release) -> Vec<Written<'_>> {
    let mut all = Texts { list: Vec::new() };
    all.release(release);
    all.things(release);
    all.consent(release);
    all.around(release);
    for stage in &release.stages {
        all.text(&stage.title, &stage.origin);
        if let Rollback::Irreversible { why, origin } | Rollback::Harmless { why, origin } = &stage.rollback {
            all.text(why, origin);
        }
    }
    for step in steps(release) {
        all.step(step);
    }
    for act in acts(release) {
        all.act(act);
    }
    for command in commands(release) {
        all.list.push(Written {
            parts: vec![command.display.as_str()],
            origin: &command.origin,
            command: true,
        });
    }
    all.list
}

struct Texts<'a> {
    list: Vec<Written<'a>>,
}

impl<'a> Texts<'a> {
    fn text(&mut self, text: &'a Text, origin: &'a Origin) {
        let parts: Vec<&str> = text
            .parts
            .iter()
            .filter_map(|p| match p {
                TextPart::Lit(t) => Some(t.as_str()),
                TextPart::Sym(_) => None,
            })
            .collect();
        if !parts.is_empty() {
            self.list.push(Written {
                parts,
                origin,
                command: false,
            });
        }
    }

    fn all(&mut self, texts: impl IntoIterator<Item = &'a Option<Text>>, origin: &'a Origin) {
        for text in texts.into_iter().flatten() {
            self.text(text, origin);
        }
    }

    fn release(&mut self, r: &'a Release) {
        self.text(&r.title, &r.origin);
        self.text(&r.version, &r.origin);
        self.all([&r.replaces, &r.summary], &r.origin);
        r.docs.iter().for_each(|d| self.text(d, &r.origin));
        if let Some(tested) = &r.tested {
            self.all([&tested.evidence, &tested.digest], &tested.origin);
        }
        if let Some(window) = &r.window {
            self.all([&window.because], &window.origin);
        }
        if let Some(change) = &r.change {
            self.text(&change.id, &change.origin);
            self.all(
                [
                    &change.justification,
                    &change.benefit,
                    &change.impact,
                    &change.ticket,
                ],
                &change.origin,
            );
            change
                .components
                .iter()
                .for_each(|c| self.text(c, &change.origin));
            for risk in &change.risks {
                self.text(&risk.what, &risk.origin);
                self.all([&risk.mitigation], &risk.origin);
            }
        }
    }

    fn things(&mut self, r: &'a Release) {
        for p in &r.people {
            self.text(&p.full_name, &p.origin);
            self.all(
                [&p.email, &p.github, &p.slack, &p.aws, &p.zone, &p.phone],
                &p.origin,
            );
        }
        for role in &r.roles {
            self.text(&role.title, &role.origin);
            self.all([&role.team, &role.aws], &role.origin);
        }
        for e in &r.environments {
            self.all([&e.region, &e.account, &e.url, &e.iac, &e.encryption], &e.origin);
        }
        for a in &r.artifacts {
            self.all([&a.digest, &a.version, &a.signed_by, &a.store], &a.origin);
        }
        for m in &r.metrics {
            m.args.iter().for_each(|(_, v)| self.value(v, &m.origin));
        }
    }

    fn consent(&mut self, r: &'a Release) {
        for list in &r.checklists {
            self.text(&list.title, &list.origin);
            for item in &list.items {
                self.text(&item.what, &item.origin);
                self.all([&item.evidence], &item.origin);
            }
        }
        for a in &r.approvals {
            self.text(&a.title, &a.origin);
            self.all([&a.evidence], &a.origin);
        }
        for d in &r.decisions {
            self.question(&d.question);
            d.options.iter().for_each(|o| self.text(&o.title, &o.origin));
        }
        for g in &r.gates {
            self.text(&g.title, &g.origin);
            if let GateTest::Ask(q) = &g.test {
                self.question(q);
            }
        }
    }

    fn around(&mut self, r: &'a Release) {
        for hold in &r.holds {
            self.text(&hold.title, &hold.origin);
        }
        r.impacts.iter().for_each(|i| self.text(&i.what, &i.origin));
        for n in &r.notifies {
            self.all([&n.message], &n.origin);
        }
        r.obligations.iter().for_each(|o| self.text(&o.what, &o.origin));
        for a in &r.allows {
            self.all([&a.because], &a.origin);
        }
        for p in &r.policies {
            self.all([&p.because], &p.origin);
        }
    }

    fn question(&mut self, q: &'a Question) {
        self.text(&q.ask, &q.origin);
        self.all([&q.expect, &q.default, &q.console, &q.evidence], &q.origin);
    }

    fn step(&mut self, step: &'a Step) {
        self.all([&step.expect], &step.origin);
        match &step.kind {
            StepKind::WaitFor(wait) => {
                self.text(&wait.what, &step.origin);
                if let WaitTest::Ask(q) = &wait.test {
                    self.question(q);
                }
            }
            StepKind::Tell(_, message) => self.text(message, &step.origin),
            _ => {}
        }
    }

    fn act(&mut self, act: &'a Act) {
        self.all([&act.expect], &act.origin);
        if let Some(Manual { what, console }) = &act.manual {
            self.text(what, &act.origin);
            self.all([console], &act.origin);
        }
        if let ActSource::Action { args, .. } = &act.source {
            args.iter().for_each(|(_, v)| self.value(v, &act.origin));
        }
    }

    fn value(&mut self, value: &'a Value, origin: &'a Origin) {
        match value {
            Value::Text(t) => self.text(t, origin),
            Value::List(l) => l.iter().for_each(|v| self.value(v, origin)),
            Value::Object(o) => o.iter().for_each(|(_, v)| self.value(v, origin)),
            _ => {}
        }
    }
}
