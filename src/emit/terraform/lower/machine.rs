//! The state machine with its log, traces, encryption and alias, and who is told when an execution is aborted.

use super::messages::topic_key;
use super::{Lower, arn};
use crate::emit::stepfunctions::permits::Role;
use crate::emit::stepfunctions::{duties, naming};
use crate::emit::terraform::model::{Block, Piece, Val};

impl Lower<'_> {
    /// `statemachine.tf`
    pub fn state_machine(&mut self) -> Vec<Block> {
        let release = self.release;
        let name = naming::machine(release);
        let file = Val::template(vec![
            Piece::of("path.module"),
            ["/../stepfunctions/", &release.name, ".asl.json"].concat().into(),
        ]);
        let log = Block::resource("aws_cloudwatch_log_group", "machine")
            .attr("name", ["/aws/vendedlogs/states/", &name].concat())
            .attr("retention_in_days", 400)
            .attr("kms_key_id", Val::of("aws_kms_key.release.arn"));
        let machine = Block::resource("aws_sfn_state_machine", "release")
            .attr("name", name)
            .attr("role_arn", Val::of("aws_iam_role.machine.arn"))
            .attr("definition", Val::Call("file", vec![file]))
            .attr("publish", true)
            .block(
                Block::new("logging_configuration", &[])
                    .attr(
                        "log_destination",
                        Val::template(vec![
                            Piece::of("aws_cloudwatch_log_group.machine.arn"),
                            ":*".into(),
                        ]),
                    )
                    .attr("include_execution_data", true)
                    .attr("level", "ALL"),
            )
            .block(Block::new("tracing_configuration", &[]).attr("enabled", true))
            .block(
                Block::new("encryption_configuration", &[])
                    .attr("type", "CUSTOMER_MANAGED_KMS_KEY")
                    .attr("kms_key_id", Val::of("aws_kms_key.release.arn"))
                    .attr("kms_data_key_reuse_period_seconds", 300),
            )
            .gap()
            .attr(
                "depends_on",
                Val::List(vec![Val::of("aws_iam_role_policy.machine")]),
            );
        let alias = Block::resource("aws_sfn_alias", "live")
            .above("What schedules and people start: the version that was applied last.")
            .attr("name", "live")
            .block(
                Block::new("routing_configuration", &[])
                    .attr(
                        "state_machine_version_arn",
                        Val::of("aws_sfn_state_machine.release.state_machine_version_arn"),
                    )
                    .attr("weight", 100),
            );
        let mut blocks = vec![log, self.from(&release.origin, machine), alias];
        blocks.extend(self.aborted());
        blocks
    }

    /// An execution that is aborted runs no more states: its owner is told.
    fn aborted(&self) -> Vec<Block> {
        let release = self.release;
        let topic = topic_key(&release.role(release.owner).name);
        let pattern = Val::object([
            ("source", Val::texts(&["aws.states"])),
            (
                "detail-type",
                Val::texts(&["Step Functions Execution Status Change"]),
            ),
            (
                "detail",
                Val::object([
                    ("status", Val::texts(&["ABORTED", "TIMED_OUT"])),
                    (
                        "stateMachineArn",
                        Val::List(vec![Val::of("aws_sfn_state_machine.release.arn")]),
                    ),
                ]),
            ),
        ]);
        vec![
            Block::resource("aws_cloudwatch_event_rule", "aborted")
                .above("An execution that is aborted runs no more states, so neither exits nor the end: its owner is told.")
                .attr("name", [naming::machine(release).as_str(), "-aborted"].concat())
                .attr("event_pattern", Val::Call("jsonencode", vec![pattern])),
            Block::resource("aws_cloudwatch_event_target", "aborted")
                .attr("rule", Val::of("aws_cloudwatch_event_rule.aborted.name"))
                .attr("arn", Val::of(["aws_sns_topic.", &topic, ".arn"].concat())),
        ]
    }

    /// `approvals.tf`
    pub fn approvals(&mut self) -> Vec<Block> {
        let release = self.release;
        let parameter =
            |ty: &str, what: &str| Val::object([("type", Val::from(ty)), ("description", Val::from(what))]);
        let step = Val::object([
            ("name", "ask".into()),
            ("action", "aws:approve".into()),
            ("timeoutSeconds", Val::Num(2_592_000)),
            ("onFailure", "Abort".into()),
            (
                "inputs",
                Val::object([
                    ("NotificationArn", Val::of("aws_sns_topic.ask.arn")),
                    ("Message", "{{ Message }}".into()),
                    ("MinRequiredApprovals", "{{ MinimumApprovals }}".into()),
                    ("Approvers", "{{ Approvers }}".into()),
                ]),
            ),
        ]);
        let content = Val::object([
            ("schemaVersion", "0.3".into()),
            ("description", "Asks named people, and says who answered.".into()),
            ("assumeRole", Val::of("aws_iam_role.approvals.arn")),
            (
                "parameters",
                Val::object([
                    ("Approvers", parameter("StringList", "Principals that may answer")),
                    ("MinimumApprovals", parameter("Integer", "How many must say yes")),
                    ("Message", parameter("String", "What is asked")),
                ]),
            ),
            ("mainSteps", Val::List(vec![step])),
            (
                "outputs",
                Val::texts(&["ask.ApprovalStatus", "ask.ApproverDecisions"]),
            ),
        ]);
        let mut blocks = vec![
            Block::resource("aws_ssm_document", "ask")
                .above("Whoever answers is known to Systems Manager by their principal; the state machine names who may.")
                .attr("name", naming::document(release))
                .attr("document_type", "Automation")
                .attr("document_format", "JSON")
                .attr("content", Val::Call("jsonencode", vec![content])),
        ];
        if self.roster.is_empty() {
            return blocks;
        }
        let roster = std::mem::take(&mut self.roster);
        let table = roster
            .iter()
            .map(|(key, one)| (key.clone(), Val::of(self.principal(key, *one))))
            .collect();
        self.roster = roster;
        blocks.push(
            Block::resource("aws_ssm_parameter", "principals")
                .above("Who is who at AWS, for those of whom the plan does not say it.")
                .note("checkov:skip=CKV2_AWS_34:these are names of principals and no secret; the machine reads them as they are")
                .attr("name", naming::principals_parameter(release))
                .attr("type", "String")
                .attr("value", Val::Call("jsonencode", vec![Val::Object(table)])),
        );
        blocks
    }

    /// `codebuild.tf`
    pub fn builds(&mut self) -> Vec<Block> {
        let release = self.release;
        if !self.builds {
            return Vec::new();
        }
        let project = naming::project(release);
        let connection = self.code_connection();
        let (owner, repository) = (self.github_owner(), self.github_repository());
        let location = Val::template(vec![
            "https://github.com/".into(),
            Piece::of(owner),
            "/".into(),
            Piece::of(repository),
            ".git".into(),
        ]);
        let refuse = Val::object([
            ("version", Val::of("0.2")),
            (
                "phases",
                Val::object([(
                    "build",
                    Val::object([(
                        "commands",
                        Val::texts(&["echo 'only the state machine starts builds'", "exit 1"]),
                    )]),
                )]),
            ),
        ]);
        let log = ["/aws/codebuild/", &project].concat();
        // CodeBuild makes no project whose role it may not take on, though each build gets a role of its own.
        let runs = |r: &&Role| r.statements.iter().any(duties::is_of_build);
        let role = self.roles.iter().find(runs);
        let role = role.map_or_else(String::new, |r| self.role_key(r));
        vec![
            Block::resource("aws_cloudwatch_log_group", "steps")
                .attr("name", log)
                .attr("retention_in_days", 400)
                .attr("kms_key_id", Val::of("aws_kms_key.release.arn")),
            Block::resource("aws_codebuild_project", "steps")
                .above("Commands of the plan. Each build gets its own commands, and the role of the stage it belongs to.")
                .attr("name", project)
                .attr("description", "Runs the commands of the release, one step a build")
                .attr("service_role", Val::of(["aws_iam_role.", &role, ".arn"].concat()))
                .attr("encryption_key", Val::of("aws_kms_key.release.arn"))
                .attr("build_timeout", self.build_minutes)
                .attr("queued_timeout", 60)
                .block(Block::new("artifacts", &[]).attr("type", "NO_ARTIFACTS"))
                .block(
                    Block::new("environment", &[])
                        .attr("compute_type", "BUILD_GENERAL1_SMALL")
                        .attr("image", "aws/codebuild/amazonlinux-x86_64-standard:5.0")
                        .attr("type", "LINUX_CONTAINER"),
                )
                .block(
                    Block::new("logs_config", &[]).block(
                        Block::new("cloudwatch_logs", &[])
                            .attr("group_name", Val::of("aws_cloudwatch_log_group.steps.name")),
                    ),
                )
                .block(
                    Block::new("source", &[])
                        .attr("type", "GITHUB")
                        .attr("location", location)
                        .attr("git_clone_depth", 1)
                        .attr("buildspec", Val::Call("jsonencode", vec![refuse]))
                        .block(
                            Block::new("auth", &[])
                                .attr("type", "CODECONNECTIONS")
                                .attr("resource", Val::of(connection)),
                        ),
                ),
        ]
    }

    /// What reading the repository takes.
    pub fn source_rights(&mut self) -> Block {
        let connection = self.code_connection();
        super::iam::statement(
            "read the repository",
            &[
                "codeconnections:GetConnection",
                "codeconnections:GetConnectionToken",
            ],
            vec![Val::of(connection)],
        )
    }

    fn code_connection(&mut self) -> String {
        self.variables.need(
            super::variables::Variable::new(
                "code_connection_arn",
                "string",
                "ARN of the connection through which builds read the repository.",
            )
            .like("^arn:", "This is the ARN of a connection."),
        )
    }

    /// `checks.tf`
    pub fn checks(&mut self) -> Vec<Block> {
        let release = self.release;
        let mut blocks = Vec::new();
        let facts = [
            (
                "account",
                naming::account(release, release.environment),
                arn::ACCOUNT,
            ),
            (
                "region",
                naming::region(release, release.environment),
                arn::REGION,
            ),
        ];
        for (what, known, actual) in facts {
            let Some(known) = known else { continue };
            let assert = Block::new("assert", &[])
                .attr(
                    "condition",
                    Val::Equal(Box::new(Val::of(actual)), Box::new(Val::from(known))),
                )
                .attr(
                    "error_message",
                    ["The plan was written for another ", what, "."].concat(),
                );
            let origin = release.env(release.environment).origin.clone();
            let block = Block::new("check", &[what]).block(assert);
            blocks.push(self.from(&origin, block));
        }
        let digest = Val::Call(
            "strcontains",
            vec![
                Val::of("aws_sfn_state_machine.release.definition"),
                Val::from(self.context.digest),
            ],
        );
        blocks.push(
            Block::new("check", &["plan"])
                .above("The state machine and this configuration are of the same plan.")
                .block(Block::new("assert", &[]).attr("condition", digest).attr(
                    "error_message",
                    "The state machine was written from another plan.",
                )),
        );
        blocks
    }
}
