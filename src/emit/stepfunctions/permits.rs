//! The rights the state machine and the roles it works with need: what the actions say, and what carrying them out needs.
//!
//! Least privilege: one role per stage, one for undoing, one for what stands around, one for messages, one for asking people,
//! one for the machine itself. Must not know Terraform, which writes them down.

use super::duties::duties;
use super::naming::{self, Duty};
use crate::model::{NotifyTarget, Release, StageId, Task, Text, TextPart};
use crate::plan::{Plan, StageUndo};
use std::collections::BTreeSet;

/// What a statement allows, on what, under which conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is for.
    pub why: String,
    /// `lambda:UpdateAlias`
    pub actions: Vec<String>,
    /// The resources.
    pub on: Vec<Resource>,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// As the plan writes it; what is not known yet stands as `*`.
    Arn(String),
    /// In the machine's own account, and region where the service has regions.
    Own {
        /// `ssm`
        service: &'static str,
        /// Whether the service has regions.
        regional: bool,
        /// `parameter/releasec/…`
        name: String,
    },
    /// Everything: the service knows no resource for it.
    All,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `StringEquals`
    pub test: &'static str,
    /// `iam:PassedToService`
    pub key: &'static str,
    /// The values.
    pub values: Vec<String>,
}

/// A role with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whose it is; `None` for the machine's own and for the one that asks people.
    pub duty: Option<Duty>,
    /// What it may do.
    pub statements: Vec<Statement>,
}

/// The roles that a machine works with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Those it makes calls with, and the account of each that does not stand in its own.
    pub assumed: BTreeSet<(Duty, Option<String>)>,
    /// Those it gives to builds.
    pub passed: BTreeSet<Duty>,
}

/// The rights of every role of the plan: the machine's first, then the one that asks people, then the duties'. `asked` is whether
/// the machine must be told who somebody is at AWS.
pub fn permits(plan: &Plan, asked: bool, used: &Used) -> Vec<Role> {
    let release = plan.release();
    let duties = duties(plan);
    let mut roles = vec![
        Role {
            name: naming::machine_role(release),
            duty: None,
            statements: machine(plan, asked, used),
        },
        Role {
            name: naming::approvals_role(release),
            duty: None,
            statements: vec![allow(
                "tell people that they are asked",
                &["sns:Publish"],
                vec![own("sns", true, naming::ask_topic(release))],
            )],
        },
    ];
    roles.extend(duties);
    roles
}

/// A statement without conditions.
pub fn allow(why: &str, actions: &[&str], on: Vec<Resource>) -> Statement {
    Statement {
        why: why.to_string(),
        actions: actions.iter().map(|a| (*a).to_string()).collect(),
        on,
        conditions: Vec::new(),
    }
}

/// A resource of the machine's own account.
pub fn own(service: &'static str, regional: bool, name: impl Into<String>) -> Resource {
    Resource::Own {
        service,
        regional,
        name: name.into(),
    }
}

/// The machine itself: what its own states call.
fn machine(plan: &Plan, asked: bool, used: &Used) -> Vec<Statement> {
    let release = plan.release();
    let document = naming::document(release);
    let mut list = vec![
        allow(
            "ask people",
            &["ssm:StartAutomationExecution"],
            vec![
                own("ssm", true, ["document/", &document].concat()),
                own("ssm", true, ["automation-definition/", &document, ":*"].concat()),
            ],
        ),
        allow(
            "see their answers, and withdraw questions",
            &["ssm:GetAutomationExecution", "ssm:StopAutomationExecution"],
            vec![own("ssm", true, "automation-execution/*")],
        ),
        allow(
            "see the answers of questions with several options",
            &["ssm:DescribeAutomationExecutions"],
            vec![Resource::All],
        ),
        Statement {
            conditions: vec![Condition {
                test: "StringEquals",
                key: "iam:PassedToService",
                values: vec!["ssm.amazonaws.com".into()],
            }],
            ..allow(
                "let the document tell people",
                &["iam:PassRole"],
                vec![own(
                    "iam",
                    false,
                    ["role/", &naming::approvals_role(release)].concat(),
                )],
            )
        },
        allow(
            "keep the flags and answers of a run",
            &[
                "ssm:DeleteParameters",
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:PutParameter",
            ],
            vec![own(
                "ssm",
                true,
                ["parameter", &naming::runs_prefix(release), "*"].concat(),
            )],
        ),
        allow(
            "keep the evidence",
            &["s3:PutObject"],
            vec![Resource::Arn(
                ["arn:*:s3:::", &naming::bucket_prefix(release), "-*/runs/*"].concat(),
            )],
        ),
    ];
    let locks = naming::locks(release);
    if !locks.is_empty() {
        list.push(allow(
            "hold the locks",
            &["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
            locks
                .iter()
                .flat_map(|(name, _)| {
                    let claims = ["parameter", &naming::claims_prefix(name), "*"].concat();
                    [["parameter", name].concat(), claims]
                })
                .map(|name| own("ssm", true, name))
                .collect(),
        ));
        list.push(allow(
            "see whether the holder of a lock has ended",
            &["states:DescribeExecution"],
            vec![own("states", true, "execution:*:*")],
        ));
    }
    let mut read = Vec::new();
    if asked {
        read.push(own(
            "ssm",
            true,
            ["parameter", &naming::principals_parameter(release)].concat(),
        ));
    }
    if recurring(plan) {
        read.push(own(
            "ssm",
            true,
            ["parameter", &naming::window_parameter(release)].concat(),
        ));
    }
    if !read.is_empty() {
        list.push(allow(
            "read what the infrastructure says",
            &["ssm:GetParameter"],
            read,
        ));
    }
    list.extend(work(plan.release(), used));
    list.extend(requests(plan));
    let topics: Vec<Resource> = topics(plan).into_iter().map(|t| own("sns", true, t)).collect();
    if !topics.is_empty() {
        list.push(allow("tell roles", &["sns:Publish"], topics));
    }
    list
}

/// Builds, and calls made with the roles of stages: with those of them that the machine's states name.
fn work(release: &Release, used: &Used) -> Vec<Statement> {
    let own_role = |duty: &Duty| own("iam", false, ["role/", &duty.role(release)].concat());
    let assumed: Vec<Resource> = used
        .assumed
        .iter()
        .map(|(duty, account)| match account {
            Some(account) => Resource::Arn(["arn:*:iam::", account, ":role/", &duty.role(release)].concat()),
            None => own_role(duty),
        })
        .collect();
    let mut list = Vec::new();
    if !assumed.is_empty() {
        list.push(allow(
            "work with the rights of a stage",
            &["sts:AssumeRole"],
            assumed,
        ));
    }
    if used.passed.is_empty() {
        return list;
    }
    list.push(allow(
        "run commands",
        &[
            "codebuild:BatchGetBuilds",
            "codebuild:StartBuild",
            "codebuild:StopBuild",
        ],
        vec![own(
            "codebuild",
            true,
            ["project/", &naming::project(release)].concat(),
        )],
    ));
    list.push(allow(
        "see when a build has ended",
        &["events:DescribeRule", "events:PutRule", "events:PutTargets"],
        vec![own(
            "events",
            true,
            "rule/StepFunctionsGetEventForCodeBuildStartBuildRule",
        )],
    ));
    list.push(Statement {
        conditions: vec![Condition {
            test: "StringEquals",
            key: "iam:PassedToService",
            values: vec!["codebuild.amazonaws.com".into()],
        }],
        ..allow(
            "run commands with the rights of a stage",
            &["iam:PassRole"],
            used.passed.iter().map(own_role).collect(),
        )
    });
    list
}

/// The roles of stages in accounts of their own.
pub fn foreign_roles(plan: &Plan) -> Vec<String> {
    let release = plan.release();
    let mut list = Vec::new();
    for (i, stage) in release.stages.iter().enumerate() {
        if let Some(account) = naming::foreign_account(release, stage.environment) {
            for duty in [Duty::Stage(StageId::at(i)), Duty::Rollback] {
                let arn = ["arn:*:iam::", account, ":role/", &duty.role(release)].concat();
                if !list.contains(&arn) {
                    list.push(arn);
                }
            }
        }
    }
    list
}

/// HTTP requests: each address with its method, and the credentials behind the connections.
fn requests(plan: &Plan) -> Vec<Statement> {
    let release = plan.release();
    let mut endpoints: Vec<(String, String)> = Vec::new();
    let mut see = |task: Option<&Task>| {
        if let Some(Task::Http { method, url, .. }) = task {
            let one = (starred(url), method.to_string());
            if !endpoints.contains(&one) {
                endpoints.push(one);
            }
        }
    };
    release.acts().iter().for_each(|a| see(a.task.as_ref()));
    release.metrics.iter().for_each(|m| see(m.task.as_ref()));
    release.channels.iter().for_each(|c| see(c.task.as_ref()));
    release.priors.iter().for_each(|p| see(p.task.as_ref()));
    if endpoints.is_empty() {
        return Vec::new();
    }
    let mut list: Vec<Statement> = endpoints
        .into_iter()
        .map(|(url, method)| Statement {
            conditions: vec![
                Condition {
                    test: "StringLike",
                    key: "states:HTTPEndpoint",
                    values: vec![url],
                },
                Condition {
                    test: "StringEquals",
                    key: "states:HTTPMethod",
                    values: vec![method],
                },
            ],
            ..allow(
                "make HTTP requests",
                &["states:InvokeHTTPEndpoint"],
                vec![own(
                    "states",
                    true,
                    ["stateMachine:", &naming::machine(release)].concat(),
                )],
            )
        })
        .collect();
    list.push(allow(
        "use the connections",
        &[
            "events:DescribeConnection",
            "events:RetrieveConnectionCredentials",
        ],
        vec![own("events", true, "connection/*")],
    ));
    list.push(allow(
        "read the credentials behind the connections",
        &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        vec![own("secretsmanager", true, "secret:events!connection/*")],
    ));
    list
}

/// The topics of roles that are told something.
pub fn topics(plan: &Plan) -> Vec<String> {
    let release = plan.release();
    let mut roles: Vec<crate::model::RoleId> = release
        .notifies
        .iter()
        .filter_map(|n| match n.to {
            NotifyTarget::Role(r) => Some(r),
            NotifyTarget::Channel(_) => None,
        })
        .collect();
    for (i, stage) in release.stages.iter().enumerate() {
        match plan.undo(StageId::at(i)) {
            StageUndo::Written(w) => roles.push(w.owner.unwrap_or(stage.owner)),
            StageUndo::Derived(_) => roles.push(stage.owner),
            _ => {}
        }
    }
    for o in &release.overrides {
        roles.extend(o.notify.iter().filter_map(|n| match n {
            NotifyTarget::Role(r) => Some(*r),
            NotifyTarget::Channel(_) => None,
        }));
    }
    let mut names: Vec<String> = Vec::new();
    for role in roles {
        let name = naming::role_topic(release, role);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether the window comes again, so that a schedule keeps it.
pub fn recurring(plan: &Plan) -> bool {
    plan.release()
        .window
        .as_ref()
        .is_some_and(|w| !w.days.is_empty() || w.hours.is_some())
}

/// A text with `*` for what is not known yet.
pub fn starred(text: &Text) -> String {
    text.parts
        .iter()
        .map(|p| match p {
            TextPart::Lit(t) => t.as_str(),
            TextPart::Sym(_) => "*",
        })
        .collect()
}
