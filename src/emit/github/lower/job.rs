//! A job as it is put together: steps gather what the job needs (a checkout, credentials, rights, earlier jobs).
//!
//! Called by all of `lower`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::names;
use crate::emit::github::lower::values::Vars;
use crate::emit::github::model::{Action, Body, Expr, Field, Job, Part, Permission, Status, Step};
use crate::emit::github::script::{Fixed, Script};
use crate::emit::parts::At;
use crate::emit::people::iam_role;
use crate::model::{EnvId, Tool};
use std::collections::BTreeSet;

/// A job as it is put together.
pub struct JobBuilder<'c, 'a> {
    /// What is looked up.
    pub ctx: &'c Ctx<'a>,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its steps so far.
    pub steps: Vec<Step>,
    /// The jobs before it.
    pub needs: BTreeSet<String>,
    /// What it leaves, each name with where it may come from, last first.
    outputs: Vec<(String, Vec<Expr>)>,
    /// It runs commands of the repository.
    pub checkout: bool,
    /// It calls AWS.
    pub cloud: bool,
    /// It sends messages, with the secrets and the role that are for messages only.
    pub speaks: bool,
    tools: Vec<Tool>,
    permissions: Vec<Permission>,
    source: Option<String>,
    /// The longest it may take, in seconds.
    pub seconds: i64,
    /// Where in a run it does something.
    pub at: At,
    /// The jobs that have ended when it starts, where others may not have: what comes out only later is not known to it.
    pub before: Option<BTreeSet<String>>,
}

impl<'c, 'a> JobBuilder<'c, 'a> {
    /// A job without steps.
    pub fn new(ctx: &'c Ctx<'a>, id: impl Into<String>, name: impl Into<String>) -> Self {
        JobBuilder {
            ctx,
            id: id.into(),
            name: name.into(),
            steps: Vec::new(),
            needs: BTreeSet::new(),
            outputs: Vec::new(),
            checkout: false,
            cloud: false,
            speaks: false,
            tools: Vec::new(),
            permissions: Vec::new(),
            source: None,
            seconds: 0,
            at: At::Run,
            before: None,
        }
    }

    /// Where the plan says it.
    pub fn from(&mut self, origin: &crate::model::Origin) {
        self.source = Some(self.ctx.place(origin));
    }

    /// Another job before it.
    pub fn need(&mut self, job: impl Into<String>) {
        self.needs.insert(job.into());
    }

    /// Whether it enters a hold, and an earlier run may have done a part of that.
    pub fn at_entry(&self) -> bool {
        matches!(self.at, At::Enter(_)) && self.ctx.side == crate::emit::github::lower::context::Side::Release
    }

    /// A right of its token.
    pub fn permit(&mut self, scope: &'static str, write: bool, why: &'static str) {
        match self.permissions.iter_mut().find(|p| p.scope == scope) {
            Some(p) if write && !p.write => {
                p.write = true;
                p.why = why;
            }
            Some(_) => {}
            None => self.permissions.push(Permission { scope, write, why }),
        }
    }

    /// Tools its commands need.
    pub fn tools(&mut self, tools: &[Tool]) {
        for tool in tools {
            if !self.tools.contains(tool) {
                self.tools.push(tool.clone());
            }
        }
    }

    /// Variables for a step of this job.
    pub fn vars(&self, prefix: &str) -> Vars<'c, 'a> {
        Vars::new(self.ctx, &self.id, prefix)
    }

    /// A step, with the variables gathered for it.
    pub fn step(
        &mut self,
        id: Option<&str>,
        name: impl Into<String>,
        cond: Option<Expr>,
        vars: Vars<'c, 'a>,
        script: Script,
    ) {
        self.needs.extend(vars.needs);
        self.steps.push(Step {
            id: id.map(str::to_string),
            name: name.into(),
            cond,
            env: vars.env,
            body: Body::Run(script),
            parts: vars.parts,
            reads: vars.reads,
        });
    }

    /// A fixed script.
    pub fn fixed(
        &mut self,
        id: Option<&str>,
        name: &str,
        cond: Option<Expr>,
        vars: Vars<'c, 'a>,
        script: Fixed,
    ) {
        self.step(id, name, cond, vars, Script::Fixed(script));
    }

    /// Something it leaves for later jobs; what comes from a later step counts before what comes from an earlier one.
    pub fn leave(&mut self, name: &str, from: Expr) {
        match self.outputs.iter_mut().find(|(n, _)| n == name) {
            Some((_, list)) => list.insert(0, from),
            None => self.outputs.push((name.to_string(), vec![from])),
        }
    }

    /// A kept value that a step of it makes.
    pub fn leave_kept(&mut self, kept: Kept, step: &str) {
        let name = self.ctx.kept_name(kept);
        self.leave(&name.clone(), Expr::StepOutput(step.to_string(), name));
    }

    /// The job: a checkout, tools and credentials first, where its steps need them.
    pub fn finish(
        mut self,
        cond: Expr,
        environment: Option<String>,
        place: Option<EnvId>,
        duty: &str,
    ) -> Job {
        let mut head = Vec::new();
        if self.checkout {
            self.permit("contents", false, "to read the repository its commands stand in");
            head.push(checkout());
        }
        if !self.tools.is_empty() {
            let mut vars = self.vars("V");
            vars.text("TOOLS", tools_json(&self.tools));
            head.push(Step {
                id: None,
                name: "The tools are there".to_string(),
                cond: None,
                env: vars.env,
                body: Body::Run(Script::Fixed(Fixed::Tools)),
                parts: Vec::new(),
                reads: Vec::new(),
            });
        }
        if let Some(place) = place.filter(|_| self.cloud)
            && let Some(step) = credentials(self.ctx, &self.id, place, duty)
        {
            self.permit("id-token", true, "to assume its role at AWS without keys");
            head.push(step);
        }
        head.append(&mut self.steps);
        let source = self.source.map(|place| format!("The plan: {place}"));
        self.needs.remove(&self.id);
        Job {
            timeout_minutes: (self.seconds / 60 + 15).clamp(10, 360),
            id: self.id,
            name: self.name,
            source,
            needs: self.needs.into_iter().collect(),
            cond,
            permissions: self.permissions,
            environment: environment.map(Field::text),
            outputs: self
                .outputs
                .into_iter()
                .map(|(n, list)| (n, Expr::first(list)))
                .collect(),
            steps: head,
        }
    }

    /// The job, in the environment for messages when it sends any.
    pub fn speaking(self, cond: Expr) -> Job {
        let place = self.ctx.release.environment;
        let environment = self.speaks.then(|| self.ctx.environment(&Purpose::Messages));
        let place = self.speaks.then_some(place);
        self.finish(cond, environment, place, "messages")
    }
}

fn checkout() -> Step {
    let with = vec![("persist-credentials".to_string(), Field::text("false"))];
    Step {
        id: None,
        name: "Check out the repository".to_string(),
        cond: None,
        env: Vec::new(),
        body: Body::Uses {
            action: Action::Checkout,
            with,
        },
        parts: Vec::new(),
        reads: Vec::new(),
    }
}

/// Credentials of the role for a duty, in the account and region of an environment; none where no account is said.
fn credentials(ctx: &Ctx<'_>, job: &str, place: EnvId, duty: &str) -> Option<Step> {
    let env = ctx.release.env(place);
    let account = env.account.as_ref()?;
    let mut vars = Vars::new(ctx, job, "V");
    vars.bind_text("ACCOUNT", account);
    let region = match &env.region {
        Some(region) => {
            vars.bind_text("REGION", region);
            field_of(&vars, "REGION")
        }
        None => Field::expr(Expr::Var("AWS_REGION".to_string())),
    };
    let mut role = Field::text("arn:aws:iam::");
    role.parts.extend(field_of(&vars, "ACCOUNT").parts);
    let role = role.then(Part::Text(format!(":role/{}", iam_role(ctx.release, duty))));
    let session = Field::text(format!("{}-", ctx.release.name.replace('_', "-")))
        .then(Part::Expr(Expr::Context("github.run_id")));
    Some(Step {
        id: None,
        name: "Assume the role of this job".to_string(),
        cond: None,
        env: Vec::new(),
        body: Body::Uses {
            action: Action::AwsCredentials,
            with: vec![
                ("role-to-assume".to_string(), role),
                ("role-session-name".to_string(), session),
                ("aws-region".to_string(), region),
                ("mask-aws-account-id".to_string(), Field::text("true")),
            ],
        },
        parts: Vec::new(),
        reads: Vec::new(),
    })
}

fn field_of(vars: &Vars<'_, '_>, name: &str) -> Field {
    let found = vars.env.iter().find(|(n, _)| n == name);
    found.map(|(_, f)| f.clone()).unwrap_or_default()
}

fn tools_json(tools: &[Tool]) -> String {
    let list: Vec<serde_json::Value> = tools
        .iter()
        .map(|t| {
            let written = t.version.as_deref().unwrap_or("").trim();
            let at = written
                .find(|c: char| !matches!(c, '<' | '>' | '='))
                .unwrap_or(written.len());
            let (sign, version) = written.split_at(at);
            serde_json::json!({"name": t.name.as_str(), "sign": sign, "version": version.trim()})
        })
        .collect();
    serde_json::Value::Array(list).to_string()
}

/// A step that uploads a file as evidence.
pub fn upload(cond: Option<Expr>, name: Field, path: Field) -> Step {
    Step {
        id: None,
        name: "Keep the evidence".to_string(),
        cond,
        env: Vec::new(),
        body: Body::Uses {
            action: Action::UploadArtifact,
            with: vec![
                ("name".to_string(), name),
                ("path".to_string(), path),
                ("if-no-files-found".to_string(), Field::text("error")),
                ("overwrite".to_string(), Field::text("true")),
                ("retention-days".to_string(), Field::text("90")),
            ],
        },
        parts: Vec::new(),
        reads: Vec::new(),
    }
}

/// A file in the runner's temporary folder, as a field.
pub fn temporary(file: &str) -> Field {
    Field::expr(Expr::Context("runner.temp")).then(Part::Text(format!("/{file}")))
}

/// `always()`
pub fn always() -> Expr {
    Expr::Status(Status::Always)
}

/// `success()` and more.
pub fn success_and(list: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    match Expr::all(list) {
        Expr::Bool(true) => None,
        e => Some(Expr::all([Expr::Status(Status::Success), e])),
    }
}

/// Moments, as a JSON list of texts: those that are not known are empty.
pub fn moments(list: &[Expr]) -> Field {
    if list.is_empty() {
        return Field::text("[]");
    }
    let mut field = Field::text("[\"");
    for (i, moment) in list.iter().enumerate() {
        if i > 0 {
            field = field.then(Part::Text("\",\"".to_string()));
        }
        field = field.then(Part::Expr(moment.clone()));
    }
    field.then(Part::Text("\"]".to_string()))
}

/// The variables every script that speaks to GitHub needs.
pub fn token(vars: &mut Vars<'_, '_>) {
    vars.expr("GH_TOKEN", Expr::Context("github.token"));
}

/// The job that holds what the run was begun with, as variables.
pub fn begun(vars: &mut Vars<'_, '_>) {
    vars.needs.insert("preflight".to_string());
    vars.expr("STARTER", Expr::Output("preflight".into(), "starter".into()));
    vars.expr("START", Expr::Output("preflight".into(), "start".into()));
}

/// Names of a list as JSON.
pub fn json_list(items: impl IntoIterator<Item = impl Into<String>>) -> String {
    let list: Vec<serde_json::Value> = items
        .into_iter()
        .map(|i| serde_json::Value::String(i.into()))
        .collect();
    serde_json::Value::Array(list).to_string()
}

/// A job's name that people and the API read: the kind of thing first.
pub fn job_name(kind: &str, name: &str) -> String {
    format!("{kind} {}", names::line(name))
}
