//! Messages: what is told when. A message never delays or fails a run.
//!
//! Must not know why a moment has come. Used all over `lower`.

use super::Lower;
use super::ask::catch_all;
use super::build::Label;
use super::call::{Hand, MESSAGE_SECONDS};
use super::vars::Scope;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Task};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::model::{
    Channel, ChannelId, EnvVar, Escalate, Moment, MomentKind, NotifyTarget, RoleId, RoleOrPerson, StageId,
    Value,
};

impl Lower<'_> {
    /// Everything that is told at a moment of the run or of a stage.
    pub fn moment(
        &mut self,
        kind: MomentKind,
        stage: Option<StageId>,
        scope: Scope,
        at: &Label,
        next: &Label,
    ) {
        let is = |m: &Moment| m.kind == kind && (m.stage == stage || (m.each && stage.is_some()));
        let release = self.release;
        let mut here = at.clone();
        let title = match stage {
            Some(s) => [release.stage(s).name.as_str(), " ", word(kind)].concat(),
            None => word(kind).to_string(),
        };
        let place = stage.map_or(At::Run, At::Stage);
        for (i, notify) in release
            .notifies
            .iter()
            .enumerate()
            .filter(|(_, n)| n.on.iter().any(is))
        {
            let (go, then) = (self.b.label(), self.b.label());
            let message = match &notify.message {
                Some(text) => self.text_expr(text, scope),
                None => self.standard(&title, scope),
            };
            let when = self.cond(&notify.when, scope);
            self.b
                .branch(&here, &["tell? ", &title].concat(), when, &go, &then);
            self.telling = Some(Purpose::new(place, format!("n{i}"), Deed::Tell(kind)));
            match notify.to {
                NotifyTarget::Channel(c) => {
                    let name = ["tell ", &self.shown(&release.channel(c).title), ": ", &title].concat();
                    self.send(c, message, &name, &go, &then);
                }
                NotifyTarget::Role(r) => {
                    let name = ["tell ", &release.role(r).name, ": ", &title].concat();
                    self.publish(r, message, &name, &go, &then);
                }
            }
            here = then;
        }
        for (i, escalate) in release
            .escalates
            .iter()
            .enumerate()
            .filter(|(_, e)| e.on.iter().any(is))
        {
            let then = self.b.label();
            self.telling = Some(Purpose::new(place, format!("e{i}"), Deed::Tell(kind)));
            let message = self.call_for_help(escalate, &title, scope);
            let name = [
                "escalate to ",
                &self.shown(&release.channel(escalate.channel).title),
                ": ",
                &title,
            ]
            .concat();
            self.send(escalate.channel, message, &name, &here, &then);
            here = then;
        }
        self.b.same(&here, next);
    }

    fn standard(&self, what: &str, scope: Scope) -> Expr {
        Expr::concat(vec![
            self.text_expr(&self.release.title, scope),
            Expr::Str([": ", what].concat()),
        ])
    }

    fn call_for_help(&self, escalate: &Escalate, title: &str, scope: Scope) -> Expr {
        let mut text = title.to_string();
        if let Some(severity) = &escalate.severity {
            text = [&text, ". Severity: ", severity].concat();
        }
        if let Some(unanswered) = escalate.unanswered {
            text = [&text, ". Answer within ", &unanswered.to_string()].concat();
        }
        if let Some(to) = escalate.to {
            let who = match to {
                RoleOrPerson::Role(r) => self.shown(&self.release.role(r).title),
                RoleOrPerson::Person(p) => self.shown(&self.release.person(p).full_name),
            };
            text = [&text, ", else call ", &who].concat();
        }
        self.standard(&text, scope)
    }

    /// Sends a message to a channel and goes on, whatever comes of it.
    pub fn send(&mut self, id: ChannelId, message: Expr, name: &str, at: &Label, next: &Label) {
        let channel = self.release.channel(id);
        let hand = Hand {
            duty: Duty::Messages,
            environment: self.release.environment,
            scope: super::vars::TOP,
        };
        self.message = Some(message.clone());
        let task = match (&channel.task, &channel.run) {
            (Some(call), _) => Some(self.call(call, hand)),
            (None, Some(run)) => {
                let mut run = run.clone();
                if !run.env.iter().any(|e| e.name == Channel::MESSAGE_VAR) {
                    run.env.push(EnvVar {
                        name: Channel::MESSAGE_VAR.into(),
                        value: Value::Sym(crate::model::Sym::Capture(Channel::MESSAGE)),
                    });
                }
                let mut task = self.build(&run, &channel.secrets, Vec::new(), hand, None);
                // Started and left alone: nobody waits for a message.
                task.resource = "arn:aws:states:::codebuild:startBuild".into();
                Some(task)
            }
            (None, None) => None,
        };
        self.message = None;
        match task {
            Some(task) => self.told(task, name, at, next),
            None => {
                self.telling = None;
                self.b.same(at, next);
            }
        }
    }

    /// Tells the people of a role through their topic.
    pub fn publish(&mut self, role: RoleId, message: Expr, name: &str, at: &Label, next: &Label) {
        let topic = self.arn_of_topic(role);
        let task = Task {
            resource: "arn:aws:states:::sns:publish".into(),
            arguments: Some(Data::object([
                ("TopicArn", Data::Expr(topic)),
                ("Message", Data::from(message)),
            ])),
            ..Task::default()
        };
        self.told(task, name, at, next);
    }

    fn arn_of_topic(&self, role: RoleId) -> Expr {
        let name = naming::role_topic(self.release, role);
        Expr::concat(vec![
            Expr::str("arn:"),
            Expr::var("partition"),
            Expr::str(":sns:"),
            Expr::var("region"),
            Expr::str(":"),
            Expr::var("account"),
            Expr::Str([":", &name].concat()),
        ])
    }

    fn told(&mut self, mut task: Task, name: &str, at: &Label, next: &Label) {
        task.retry.clear();
        task.timeout_seconds = Some(Data::int(MESSAGE_SECONDS));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), next)];
        task.next = next.some();
        match self.telling.take() {
            Some(part) => self.note(part, &task),
            None => self.note_around(&task),
        }
        self.b.put(at, name, State::Task(Box::new(task)));
    }
}

/// What a moment is called in a message.
fn word(kind: MomentKind) -> &'static str {
    match kind {
        MomentKind::Scheduled => "scheduled",
        MomentKind::Started => "started",
        MomentKind::Finished => "finished",
        MomentKind::Failed => "failed",
        MomentKind::RolledBack => "rolled back",
        MomentKind::Paused => "paused",
        MomentKind::Stopped => "stopped",
        MomentKind::NeedsHelp => "needs help",
        MomentKind::Approved => "approved",
        MomentKind::Rejected => "rejected",
    }
}
