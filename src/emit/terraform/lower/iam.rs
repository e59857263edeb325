//! Roles: one for each stage, one for undoing, one for messages, one for what stands around, one for the machine, one for asking.
//!
//! What each may do is what `stepfunctions::permits` says; here stands who may take each on: the machine, builds that it
//! starts, and jobs of the workflow in the environment that they deploy to. Called by the entry point of `lower`.

use super::{Lower, arn, ident, versions::alias};
use crate::emit::environments::{Purpose, name as environment_name};
use crate::emit::stepfunctions::duties::{self, Extra, PLAN};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::emit::stepfunctions::permits::{Role, Statement};
use crate::emit::terraform::model::{Block, Item, Piece, Val};
use crate::model::{EnvId, Origin};
use std::collections::BTreeSet;

/// Who signs the identities of jobs at GitHub.
const ISSUER: &str = "token.actions.githubusercontent.com";

/// Where a role stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where<'a> {
    /// In the machine's own account.
    Home,
    /// In another account.
    Account(&'a str),
}

impl Where<'_> {
    fn suffix(self) -> String {
        match self {
            Where::Home => String::new(),
            Where::Account(a) => ["_", a].concat(),
        }
    }

    fn provider(self) -> Option<Val> {
        match self {
            Where::Home => None,
            Where::Account(a) => Some(Val::of(["aws.", &alias(a)].concat())),
        }
    }
}

impl Lower<'_> {
    /// `iam.tf`
    pub fn iam(&mut self) -> Vec<Block> {
        let mut blocks = arn::here();
        blocks.push(self.issuer(Where::Home));
        let roles = std::mem::take(&mut self.roles);
        for role in &roles {
            let key = self.role_key(role);
            match role.duty {
                Some(duty) => {
                    let foreign = self.only_elsewhere(duty);
                    let statements: Vec<Statement> = role
                        .statements
                        .iter()
                        .filter(|s| !(foreign && s.why == PLAN))
                        .cloned()
                        .collect();
                    blocks.extend(self.duty(duty, &role.name, &key, &statements, Where::Home));
                }
                None if role.name == naming::machine_role(self.release) => {
                    let trust = service("states.amazonaws.com");
                    let mut statements = blocks_of(&role.statements);
                    statements.extend(self.machine_rights());
                    blocks.extend(role_blocks(
                        &role.name,
                        &key,
                        vec![trust],
                        statements,
                        Where::Home,
                    ));
                }
                None => {
                    let trust = service("ssm.amazonaws.com");
                    let mut statements = blocks_of(&role.statements);
                    statements.push(key_rights("publish to the encrypted topic"));
                    blocks.extend(role_blocks(
                        &role.name,
                        &key,
                        vec![trust],
                        statements,
                        Where::Home,
                    ));
                }
            }
        }
        for extra in duties::of_workflow(self.plan) {
            blocks.extend(self.workflow_only(&extra));
        }
        let accounts: Vec<String> = self.foreign_accounts().into_keys().collect();
        for account in &accounts {
            blocks.extend(self.elsewhere(&roles, account));
        }
        self.roles = roles;
        blocks
    }

    /// What a role is called in the configuration.
    pub fn role_key(&self, role: &Role) -> String {
        match role.duty {
            Some(Duty::Stage(s)) => ["stage_", &ident(&self.release.stage(s).slug)].concat(),
            Some(duty) => ident(&duty.word(self.release)),
            None if role.name == naming::machine_role(self.release) => "machine".to_string(),
            None => "approvals".to_string(),
        }
    }

    /// Jobs of the workflow prove who they are to the provider that stands for GitHub in an account.
    fn issuer(&self, at: Where<'_>) -> Block {
        Block::data(
            "aws_iam_openid_connect_provider",
            &["github", &at.suffix()].concat(),
        )
        .maybe("provider", at.provider())
        .attr("url", ["https://", ISSUER].concat())
    }

    /// Whether everything a duty does is done in another account.
    fn only_elsewhere(&self, duty: Duty) -> bool {
        matches!(duty, Duty::Stage(s) if naming::foreign_account(self.release, self.release.stage(s).environment).is_some())
    }

    fn duty(
        &mut self,
        duty: Duty,
        name: &str,
        key: &str,
        statements: &[Statement],
        at: Where<'_>,
    ) -> Vec<Block> {
        let mut trust = Vec::new();
        match at {
            Where::Home => {
                let builds = statements.iter().any(duties::is_of_build);
                // Whoever stands in the trust of a role of the same account needs no other right to take it on.
                if self.used.assumed.contains(&(duty, None)) || !builds {
                    let machine = ["aws_iam_role.", MACHINE, ".arn"].concat();
                    trust.push(principal(
                        "the state machine",
                        "AWS",
                        vec![Val::of(machine)],
                        "sts:AssumeRole",
                    ));
                }
                if builds {
                    trust.push(service("codebuild.amazonaws.com"));
                }
            }
            Where::Account(_) => {
                let own = [naming::machine_role(self.release), name.to_string()];
                let arns = own
                    .iter()
                    .map(|r| arn::own("iam", false, &["role/", r].concat()))
                    .collect();
                trust.push(principal(
                    "the state machine, and builds that do the same duty",
                    "AWS",
                    arns,
                    "sts:AssumeRole",
                ));
            }
        }
        let environments = self.jobs_of(duty, at);
        if !environments.is_empty() {
            trust.push(self.jobs(&environments, at));
        }
        let mut rights = blocks_of(statements);
        if at == Where::Home && statements.iter().any(duties::is_of_build) {
            rights.push(self.source_rights());
            rights.push(key_rights("read and write what builds keep"));
        }
        let mut blocks = role_blocks(name, key, trust, rights, at);
        if let Some(origin) = self.origin_of(duty)
            && let Some(role) = blocks
                .iter_mut()
                .find(|b| b.labels.first().is_some_and(|l| l == "aws_iam_role"))
        {
            role.comments.push(self.place(&origin));
        }
        blocks
    }

    fn origin_of(&self, duty: Duty) -> Option<Origin> {
        match duty {
            Duty::Stage(s) => Some(self.release.stage(s).origin.clone()),
            _ => None,
        }
    }

    /// The environments at GitHub in which a duty is done, in one account.
    fn jobs_of(&self, duty: Duty, at: Where<'_>) -> BTreeSet<String> {
        let r = self.release;
        let places: Vec<EnvId> = match duty {
            Duty::Stage(s) => vec![r.stage(s).environment],
            Duty::Rollback => r.stages.iter().map(|s| s.environment).collect(),
            Duty::Around | Duty::Messages => vec![r.environment],
        };
        let here = |env: &EnvId| match (at, naming::foreign_account(r, *env)) {
            (Where::Home, found) => found.is_none(),
            (Where::Account(a), found) => found == Some(a),
        };
        let purpose = |env: EnvId| match duty {
            Duty::Messages => Purpose::Messages,
            _ => Purpose::Deploy(env),
        };
        places
            .into_iter()
            .filter(here)
            .map(|env| environment_name(r, &purpose(env)))
            .collect()
    }

    /// Jobs of the workflow, in these environments only.
    fn jobs(&mut self, environments: &BTreeSet<String>, at: Where<'_>) -> Block {
        let (owner, repository) = (self.github_owner(), self.github_repository());
        let subjects = environments
            .iter()
            .map(|e| {
                Val::template(vec![
                    "repo:".into(),
                    Piece::of(&*owner),
                    "/".into(),
                    Piece::of(&*repository),
                    [":environment:", e].concat().into(),
                ])
            })
            .collect();
        let provider = [
            "data.aws_iam_openid_connect_provider.github",
            &at.suffix(),
            ".arn",
        ]
        .concat();
        let what = "jobs of the workflow, in the environment they deploy to";
        principal(
            what,
            "Federated",
            vec![Val::of(provider)],
            "sts:AssumeRoleWithWebIdentity",
        )
        .block(condition(
            "StringEquals",
            &[ISSUER, ":aud"].concat(),
            Val::texts(&["sts.amazonaws.com"]),
        ))
        .block(condition(
            "StringEquals",
            &[ISSUER, ":sub"].concat(),
            Val::List(subjects),
        ))
    }

    /// What only the workflow does with a role of its own.
    fn workflow_only(&mut self, extra: &Extra) -> Vec<Block> {
        let account = naming::foreign_account(self.release, extra.environment).map(str::to_string);
        let at = account.as_deref().map_or(Where::Home, Where::Account);
        let statements: Vec<Statement> = extra
            .statements
            .iter()
            .filter(|s| !duties::is_of_build(s))
            .cloned()
            .collect();
        let environments = BTreeSet::from([environment_name(
            self.release,
            &Purpose::Deploy(extra.environment),
        )]);
        let trust = vec![self.jobs(&environments, at)];
        let key = [ident(&extra.word), at.suffix()].concat();
        role_blocks(&extra.name, &key, trust, blocks_of(&statements), at)
    }

    /// The roles of an account of its own.
    fn elsewhere(&mut self, roles: &[Role], account: &str) -> Vec<Block> {
        let at = Where::Account(account);
        let mut blocks = vec![self.issuer(at)];
        for role in roles {
            let Some(duty) = role.duty else { continue };
            let here = match duty {
                Duty::Stage(s) => {
                    naming::foreign_account(self.release, self.release.stage(s).environment) == Some(account)
                }
                Duty::Rollback => true,
                Duty::Around | Duty::Messages => false,
            };
            let statements: Vec<Statement> = role
                .statements
                .iter()
                .filter(|s| s.why == PLAN)
                .cloned()
                .collect();
            if here {
                let key = [self.role_key(role), at.suffix()].concat();
                blocks.extend(self.duty(duty, &role.name, &key, &statements, at));
            }
        }
        blocks
    }

    /// What the machine needs for its own log, traces and encryption.
    fn machine_rights(&self) -> Vec<Block> {
        vec![
            statement(
                "write the log of executions; the service knows no resource for these",
                &[
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ],
                vec![Val::from("*")],
            ),
            statement(
                "write traces; the service knows no resource for these",
                &[
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ],
                vec![Val::from("*")],
            ),
            key_rights("read and write what is encrypted"),
        ]
    }
}

/// What the machine's role is called in the configuration.
pub const MACHINE: &str = "machine";

/// The right to use the release's key.
pub fn key_rights(why: &str) -> Block {
    statement(
        why,
        &["kms:Decrypt", "kms:GenerateDataKey"],
        vec![Val::of("aws_kms_key.release.arn")],
    )
}

/// A statement of a policy.
pub fn statement(why: &str, actions: &[&str], resources: Vec<Val>) -> Block {
    Block::new("statement", &[])
        .above(why)
        .attr("actions", Val::texts(actions))
        .attr("resources", Val::List(resources))
}

/// A condition of a statement.
pub fn condition(test: &str, key: &str, values: Val) -> Block {
    Block::new("condition", &[])
        .attr("test", test)
        .attr("variable", key)
        .attr("values", values)
}

fn principal(who: &str, ty: &str, ids: Vec<Val>, action: &str) -> Block {
    Block::new("statement", &[])
        .above(who)
        .attr("actions", Val::texts(&[action]))
        .block(
            Block::new("principals", &[])
                .attr("type", ty)
                .attr("identifiers", Val::List(ids)),
        )
}

/// A service, for this account only.
pub fn service(name: &str) -> Block {
    principal(
        "the service, on behalf of this account only",
        "Service",
        vec![Val::from(name)],
        "sts:AssumeRole",
    )
    .block(condition(
        "StringEquals",
        "aws:SourceAccount",
        Val::List(vec![Val::of(arn::ACCOUNT)]),
    ))
}

fn blocks_of(statements: &[Statement]) -> Vec<Block> {
    statements
        .iter()
        .filter(|s| !s.on.is_empty())
        .map(|s| {
            let actions: Vec<&str> = s.actions.iter().map(String::as_str).collect();
            let block = statement(&s.why, &actions, s.on.iter().map(arn::resource).collect());
            s.conditions.iter().fold(block, |b, c| {
                b.block(condition(c.test, c.key, Val::texts(&c.values)))
            })
        })
        .collect()
}

/// A role with who may take it on and what it may do.
fn role_blocks(name: &str, key: &str, trust: Vec<Block>, rights: Vec<Block>, at: Where<'_>) -> Vec<Block> {
    let trust_key = [key, "_trust"].concat();
    let doc = |key: &str, list: Vec<Block>| {
        list.into_iter()
            .fold(Block::data("aws_iam_policy_document", key), Block::block)
    };
    let reference = |key: &str| Val::of(["data.aws_iam_policy_document.", key, ".json"].concat());
    let mut blocks = vec![
        doc(&trust_key, trust),
        Block::resource("aws_iam_role", key)
            .maybe("provider", at.provider())
            .attr("name", name)
            .attr("assume_role_policy", reference(&trust_key)),
    ];
    if rights.is_empty() {
        return blocks;
    }
    let mut document = doc(key, Vec::new());
    document
        .items
        .extend(excuses(&rights).into_iter().map(Item::Comment));
    let document = rights.into_iter().fold(document, Block::block);
    blocks.push(document);
    blocks.push(
        Block::resource("aws_iam_role_policy", key)
            .maybe("provider", at.provider())
            .attr("name", "release")
            .attr("role", Val::of(["aws_iam_role.", key, ".id"].concat()))
            .attr("policy", reference(key)),
    );
    blocks
}

/// What a linter is told about actions for which no resource can be named.
fn excuses(rights: &[Block]) -> Vec<String> {
    let all = rights.iter().any(|b| {
        b.items.iter().any(
            |i| matches!(i, Item::Attr(n, Val::List(l)) if n == "resources" && l.contains(&Val::from("*"))),
        )
    });
    if !all {
        return Vec::new();
    }
    ["CKV_AWS_111", "CKV_AWS_356"]
        .map(|id| {
            [
                "checkov:skip=",
                id,
                ":the plan and the service name no narrower resource for these actions",
            ]
            .concat()
        })
        .to_vec()
}
