//! Acts as steps: prior states first, then the command with its guards, its tries and what it keeps.
//!
//! Called by `stage`, `around`, `rollback` and everything else that does something.

use crate::emit::github::lower::context::{Kept, Side, producer};
use crate::emit::github::lower::job::JobBuilder;
use crate::emit::github::lower::names;
use crate::emit::github::lower::segments::{once_seconds, pauses};
use crate::emit::github::lower::values::{Vars, state_with};
use crate::emit::github::model::Expr;
use crate::emit::github::script::{Assert, Extraction, Failing, Keep, Known, Script, Source, Tries, Work};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{
    Act, CaptureId, CaptureType, ChannelId, Command, Cond, Dur, Extract, PriorId, Retry, Step, StepKind,
    Task, Text, Value, WaitTest,
};

/// How an act is run.
pub struct How {
    /// The id of its step.
    pub id: String,
    /// When it runs; `None` when all before it ended well.
    pub cond: Option<Expr>,
    /// Looks whether something else has failed before it begins.
    pub guarded: bool,
    /// The stage as a whole is given up at `RELEASEC_DEADLINE`, which this expression holds.
    pub deadline: Option<Expr>,
    /// When it is given up, when the step says so.
    pub timeout: Option<Dur>,
    /// How often it is tried again, when the step says so.
    pub retry: Option<Retry>,
    /// How it is tried, when neither step nor act decides it.
    pub tries: Option<Tries>,
    /// What it captures.
    pub captures: Vec<CaptureId>,
    /// What its failure means.
    pub failing: Failing,
    /// The output that says `passed` or `failed`.
    pub verdict: Option<String>,
    /// What kind of part of the plan it is.
    pub deed: Deed,
    /// Which, where it is not called after its step.
    pub part: Option<Purpose>,
}

impl How {
    /// Once, after everything before it ended well.
    pub fn plain(id: impl Into<String>) -> Self {
        How {
            id: id.into(),
            cond: None,
            guarded: false,
            deadline: None,
            timeout: None,
            retry: None,
            tries: None,
            captures: Vec::new(),
            failing: Failing::Job,
            verdict: None,
            deed: Deed::Act,
            part: None,
        }
    }

    /// As a step says it.
    pub fn of(step: &Step) -> Self {
        let tries = match &step.kind {
            StepKind::WaitFor(w) => Some(Tries::Until {
                every: w.every.map_or(60, Dur::as_seconds).max(1),
                within: w.within.or(step.timeout).map_or(3600, Dur::as_seconds).max(1),
            }),
            _ => None,
        };
        How {
            timeout: step.timeout,
            retry: step.retry.clone(),
            tries,
            captures: step.captures.clone(),
            deed: match step.kind {
                StepKind::WaitFor(_) => Deed::Await,
                _ => Deed::Act,
            },
            ..How::plain(step.slug.as_str())
        }
    }
}

impl<'c, 'a> JobBuilder<'c, 'a> {
    /// The steps of a step that acts or sends a message; a question, a gate or a wait is none of its business.
    pub fn do_step(&mut self, step: &'a Step, how: How) {
        match &step.kind {
            StepKind::Act(act) => self.act(act, how),
            StepKind::WaitFor(w) => match &w.test {
                WaitTest::Run(act) => self.act(act, how),
                WaitTest::Job(act) => self.act(act, How { tries: None, ..how }),
                WaitTest::Ask(_) => {}
            },
            StepKind::Tell(channel, message) => {
                let part = Purpose::new(self.at, &step.slug, Deed::Say);
                self.tell(*channel, message, (how.id, vec![part]), how.cond);
            }
            StepKind::VerifyArtifact(artifact) => {
                let artifact = self.ctx.release.artifact(*artifact);
                let mut vars = self.vars("RELEASEC_V");
                vars.text("NAME", artifact.name.as_str());
                let digest = artifact
                    .digest
                    .clone()
                    .or_else(|| artifact.version.clone())
                    .unwrap_or_default();
                vars.bind_text("DIGEST", &digest);
                if artifact.digest.is_some() && vars.compute.is_empty() {
                    let name = format!("What is shipped is named by its digest: {}", artifact.name);
                    self.fixed(
                        Some(&how.id),
                        &name,
                        how.cond,
                        vars,
                        crate::emit::github::script::Fixed::Shipped,
                    );
                }
            }
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::VerifyGate(_) => {}
        }
    }

    /// The steps of an act that a machine can do.
    pub fn act(&mut self, act: &'a Act, how: How) {
        self.tools(&act.needs);
        self.cloud |= self.touches_cloud(act);
        for prior in &act.priors {
            self.prior(*prior, act, &how);
        }
        let mut vars = self.vars("RELEASEC_V");
        let Some(source) = self.source(&mut vars, act.run.as_ref(), act.task.as_ref(), &act.secrets) else {
            return;
        };
        vars.parts = vec![
            how.part
                .clone()
                .unwrap_or_else(|| Purpose::new(self.at, &how.id, how.deed)),
        ];
        let known = self.known(&mut vars, how.deed);
        let timeout = how.timeout.or(act.timeout);
        let retry = how.retry.as_ref().or(act.retry.as_ref());
        let tries = how.tries.clone().unwrap_or_else(|| Tries::Again(pauses(retry)));
        self.seconds += match &tries {
            Tries::Until { within, .. } => *within,
            Tries::Again(pauses) => {
                let times = i64::try_from(pauses.len()).unwrap_or(i64::MAX).saturating_add(1);
                let all = once_seconds(act, timeout).saturating_mul(times);
                pauses.iter().fold(all, |sum, p| sum.saturating_add(*p))
            }
        };
        let keeps = self.keeps(&mut vars, &how.captures);
        for c in &how.captures {
            self.leave_kept(Kept::Capture(*c), &how.id);
        }
        let asserts = asserts(&mut vars, act);
        let prints = prints(&mut vars, act.run.as_ref());
        let git = act.needs.iter().any(|t| t.name == "git");
        if git {
            self.permit("contents", false, "to read the repository its commands stand in");
        }
        if let Some(deadline) = how.deadline.clone() {
            if let Expr::Output(job, _) = &deadline {
                vars.needs.insert(job.clone());
            }
            vars.expr("RELEASEC_DEADLINE", deadline);
        }
        self.guard(&mut vars, how.guarded, git);
        let folder = folder(&mut vars, act.run.as_ref());
        let own = timeout.map(Dur::as_seconds);
        let limit = match &tries {
            // A look that hangs takes no longer than all looks together may.
            Tries::Until { within, .. } => Some(own.map_or(*within, |o| o.min(*within))),
            Tries::Again(_) => own,
        };
        let work = Work {
            file: how.id.clone(),
            source,
            compute: Vec::new(),
            asserts,
            known,
            guarded: how.guarded,
            limit,
            deadline: how.deadline.is_some(),
            tries,
            prints,
            keeps,
            folder,
            git,
            failing: how.failing,
            verdict: how.verdict,
        };
        let name = names::title(self.ctx.release, &act.title);
        self.finish_work(&how.id, name, how.cond, vars, work);
    }

    /// What has to be recorded for a way back to be done. Going forward, a value is surely set where it is used (`data/unset_capture`), unless
    /// somebody let the run go past what sets it.
    fn known(&self, vars: &mut Vars<'c, 'a>, deed: Deed) -> Vec<Known> {
        let unit = match self.at {
            At::Exit(h) if self.ctx.side == Side::Release => {
                Some(format!("hold.{}", self.ctx.release.hold(h).name))
            }
            At::Exit(_) | At::Undo(_) => None,
            At::Stage(_) if deed == Deed::Act => return self.gone_past(vars),
            _ => return Vec::new(),
        };
        let mut list = Vec::new();
        for kept in std::mem::take(&mut vars.kept) {
            let (state, jobs) = state_with(self.ctx, kept);
            vars.needs.extend(jobs);
            list.push(Known {
                state: vars.numbered("RELEASEC_KNOWN", state),
                name: self.ctx.kept_name(kept),
                unit: unit.clone(),
                forward: false,
            });
        }
        list
    }

    /// The values that may not be known because the run went past what records them.
    fn gone_past(&self, vars: &mut Vars<'c, 'a>) -> Vec<Known> {
        let mut list = Vec::new();
        for kept in std::mem::take(&mut vars.kept) {
            if matches!(kept, Kept::Capture(c) if self.ctx.release.may_lack(c)) {
                let value = vars.kept(kept);
                list.push(Known {
                    state: vars.variable(value),
                    name: self.ctx.kept_name(kept),
                    unit: None,
                    forward: true,
                });
            }
        }
        list
    }

    /// What must hold before a person does something.
    pub fn may(&mut self, act: &'a Act, id: &str, cond: Option<Expr>) {
        let mut vars = self.vars("RELEASEC_V");
        let list = asserts(&mut vars, act);
        vars.compute.clear();
        let name = format!(
            "Before it is done: {}",
            names::title(self.ctx.release, &act.title)
        );
        self.step(Some(id), name, cond, vars, Script::Asserts(list));
    }

    /// A message to a channel: it never fails anything.
    pub fn tell(
        &mut self,
        channel: ChannelId,
        message: &Text,
        (id, parts): (String, Vec<Purpose>),
        cond: Option<Expr>,
    ) {
        let release = self.ctx.release;
        let channel = release.channel(channel);
        let mut vars = self.vars("RELEASEC_V");
        vars.parts = parts;
        vars.message = Some(message.clone());
        vars.bind_text(crate::model::Channel::MESSAGE_VAR, message);
        let Some(source) = self.source(
            &mut vars,
            channel.run.as_ref(),
            channel.task.as_ref(),
            &channel.secrets,
        ) else {
            return;
        };
        self.cloud |= !channel.permits.is_empty()
            || matches!(channel.task, Some(Task::Aws { .. }) if channel.run.is_none());
        self.seconds += 180;
        let work = Work {
            file: id.clone(),
            source,
            compute: Vec::new(),
            asserts: Vec::new(),
            known: Vec::new(),
            guarded: false,
            limit: Some(60),
            deadline: false,
            tries: Tries::Again(vec![5]),
            prints: false,
            keeps: Vec::new(),
            folder: false,
            git: false,
            failing: Failing::Nothing,
            verdict: None,
        };
        let name = format!("Tell {}", names::title(release, &channel.title));
        self.finish_work(&id, name, cond, vars, work);
    }

    fn finish_work(
        &mut self,
        id: &str,
        name: String,
        cond: Option<Expr>,
        mut vars: Vars<'c, 'a>,
        work: Work,
    ) {
        let compute = std::mem::take(&mut vars.compute);
        let work = Work { compute, ..work };
        self.step(Some(id), name, cond, vars, Script::Work(Box::new(work)));
    }

    /// Records a prior state, just before the act that changes it.
    fn prior(&mut self, id: PriorId, act: &'a Act, how: &How) {
        let prior = self.ctx.release.prior(id);
        let mut vars = self.vars("RELEASEC_V");
        let Some(source) = self.source(&mut vars, prior.run.as_ref(), prior.task.as_ref(), &act.secrets)
        else {
            return;
        };
        vars.parts = vec![Purpose::new(self.at, &how.id, Deed::Record(id))];
        let kept = Kept::Prior(id);
        let step = producer(kept, &how.id);
        let name = self.ctx.kept_name(kept);
        let extraction = extraction(&mut vars, &prior.extract, "RELEASEC_TAKE");
        self.guard(&mut vars, how.guarded, false);
        let folder = folder(&mut vars, prior.run.as_ref());
        self.seconds += 3 * 300 + 10 + 30;
        self.leave_kept(kept, &step);
        let work = Work {
            file: step.clone(),
            source,
            compute: Vec::new(),
            asserts: Vec::new(),
            known: Vec::new(),
            guarded: how.guarded,
            limit: Some(300),
            deadline: false,
            tries: Tries::Again(vec![10, 30]),
            prints: false,
            keeps: vec![Keep {
                name,
                how: extraction,
                shape: None,
            }],
            folder,
            git: false,
            failing: Failing::Job,
            verdict: None,
        };
        let title = format!("Record `{}`, to return to", prior.name);
        self.finish_work(&step, title, how.cond.clone(), vars, work);
    }

    /// The bash of a command or a call, with its variables; the command line is preferred.
    pub fn source(
        &mut self,
        vars: &mut Vars<'c, 'a>,
        run: Option<&Command>,
        task: Option<&Task>,
        secrets: &[smol_str::SmolStr],
    ) -> Option<Source> {
        for secret in secrets {
            vars.expr(secret, Expr::Secret(secret.to_string()));
        }
        if let Some(command) = run {
            for var in &command.env {
                vars.bind(&var.name, &var.value);
            }
            self.checkout = true;
            return Some(command_source(vars, &command.script, "RELEASEC_COMMAND"));
        }
        match task? {
            Task::Aws {
                service,
                operation,
                args,
                ..
            } => {
                let input = vars.json(args);
                Some(Source::Aws {
                    service: cli_service(service),
                    operation: kebab(operation),
                    input,
                })
            }
            Task::Http {
                method,
                url,
                body,
                connection,
                ..
            } => {
                vars.bind_text("RELEASEC_URL", url);
                let secret = secret_name(&names::shown(self.ctx.release, connection));
                vars.expr("RELEASEC_AUTHORIZATION", Expr::Secret(secret));
                let body = body.as_ref().map(|b| vars.json(b));
                Some(Source::Http {
                    method: method.to_string(),
                    body,
                })
            }
        }
    }

    /// What a guarded script, or one that speaks to the repository, needs.
    pub fn guard(&mut self, vars: &mut Vars<'c, 'a>, guarded: bool, git: bool) {
        if guarded {
            self.permit(
                "actions",
                false,
                "to see whether another part of the run has failed",
            );
        }
        if guarded || git {
            vars.expr("RELEASEC_TOKEN", Expr::Context("github.token"));
        }
    }

    fn keeps(&mut self, vars: &mut Vars<'c, 'a>, captures: &[CaptureId]) -> Vec<Keep> {
        captures
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let capture = self.ctx.release.capture(*c);
                Keep {
                    name: self.ctx.kept_name(Kept::Capture(*c)),
                    how: extraction(vars, &capture.extract, &format!("RELEASEC_TAKE_{}", i + 1)),
                    shape: shape(&capture.ty),
                }
            })
            .collect()
    }

    /// Whether an act needs credentials of the cloud: it says so, or it is a command in a place that has an account.
    fn touches_cloud(&self, act: &Act) -> bool {
        !act.permits.is_empty() || matches!(act.task, Some(Task::Aws { .. })) || act.run.is_some()
    }
}

fn asserts(vars: &mut Vars<'_, '_>, act: &Act) -> Vec<Assert> {
    let mut list = Vec::new();
    for assertion in &act.assertions {
        if assertion.holds == Cond::True {
            continue;
        }
        let message = format!("RELEASEC_ASSERT_{}", list.len() + 1);
        vars.bind_text(&message, &assertion.message);
        let holds = vars.condition(&assertion.holds);
        list.push(Assert { holds, message });
    }
    list
}

fn prints(vars: &mut Vars<'_, '_>, run: Option<&Command>) -> bool {
    match run.and_then(|r| r.prints.as_ref()) {
        Some((pattern, _)) => {
            vars.text("RELEASEC_PRINTS", pattern.as_str());
            true
        }
        None => false,
    }
}

fn folder(vars: &mut Vars<'_, '_>, run: Option<&Command>) -> bool {
    match run.and_then(|r| r.folder.as_ref()) {
        Some(folder) => {
            vars.bind("RELEASEC_FOLDER", &Value::Text(folder.clone()));
            true
        }
        None => false,
    }
}

/// A command as it is, or held by a variable where GitHub would read an expression in it.
pub fn command_source(vars: &mut Vars<'_, '_>, script: &str, var: &str) -> Source {
    if !script.contains("${{") {
        return Source::Bash(script.to_string());
    }
    vars.text(var, script);
    Source::Held(var.to_string())
}

/// How a value is taken from an output; a pattern or a path stands in the variable `var`.
pub fn extraction(vars: &mut Vars<'_, '_>, extract: &Extract, var: &str) -> Extraction {
    match extract {
        Extract::Output => Extraction::All,
        Extract::Regex(pattern) => {
            vars.text(var, pattern.as_str());
            Extraction::Pattern(var.to_string())
        }
        Extract::Json(path) => {
            vars.text(var, path.as_str());
            Extraction::Json(var.to_string())
        }
    }
}

/// The pattern that values of a type match, as bash writes it.
fn shape(ty: &CaptureType) -> Option<&'static str> {
    match ty {
        CaptureType::Int => Some(r"^-?[0-9]+$"),
        CaptureType::Number => Some(r"^-?[0-9]+(\.[0-9]+)?$"),
        CaptureType::Percent => Some(r"^-?[0-9]+(\.[0-9]+)?%?$"),
        CaptureType::Duration => Some(r"^([0-9]+(\.[0-9]+)?(ms|wd|d|h|m|s))+$"),
        CaptureType::Bool => Some(r"^(true|false)$"),
        CaptureType::Version => Some(r"^v?[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]+)?$"),
        CaptureType::Time => Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        CaptureType::Url => Some(r"^https?://"),
        CaptureType::Text | CaptureType::OneOf(_) => None,
    }
}

/// A name as GitHub's secrets have it: upper case, `_` between words.
fn secret_name(connection: &str) -> String {
    let plain: String = connection
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("CONNECTION_{plain}")
}

/// The command of a service, which is not always what the SDK calls it.
fn cli_service(service: &str) -> String {
    const OTHER: &[(&str, &str)] = &[
        ("applicationautoscaling", "application-autoscaling"),
        ("cloudwatchlogs", "logs"),
        ("codedeploy", "deploy"),
        ("cognitoidentity", "cognito-identity"),
        ("cognitoidentityprovider", "cognito-idp"),
        ("config", "configservice"),
        ("costexplorer", "ce"),
        ("databasemigration", "dms"),
        ("elasticloadbalancing", "elb"),
        ("elasticloadbalancingv2", "elbv2"),
        ("eventbridge", "events"),
        ("resourcegroupstaggingapi", "resourcegroupstaggingapi"),
        ("route53recoverycluster", "route53-recovery-cluster"),
        ("s3", "s3api"),
        ("servicediscovery", "servicediscovery"),
        ("sfn", "stepfunctions"),
    ];
    let lower = service.to_ascii_lowercase();
    OTHER
        .iter()
        .find(|(sdk, _)| *sdk == lower)
        .map_or(lower.clone(), |(_, cli)| (*cli).to_string())
}

/// `updateAlias` as the command line has it: `update-alias`; runs of capitals are one word, as in `updateWebACL`.
fn kebab(operation: &str) -> String {
    let chars: Vec<char> = operation.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|j| chars[j]);
        let after = chars.get(i + 1);
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cli_service, kebab};

    #[test]
    fn operations_are_what_the_command_line_calls_them() {
        for (sdk, cli) in [
            ("updateAlias", "update-alias"),
            ("updateWebACL", "update-web-acl"),
            ("createDBSnapshot", "create-db-snapshot"),
            ("PutItem", "put-item"),
            ("getMetricData", "get-metric-data"),
        ] {
            assert_eq!(kebab(sdk), cli);
        }
        assert_eq!(cli_service("codedeploy"), "deploy");
    }
}
