//! The key of the release, and the bucket in which the evidence of every run is kept.

use super::iam::condition;
use super::variables::Variable;
use super::{Lower, arn};
use crate::emit::stepfunctions::naming;
use crate::emit::terraform::model::{Block, Piece, Val};

impl Lower<'_> {
    /// `evidence.tf`
    pub fn evidence(&mut self) -> Vec<Block> {
        let mut blocks = self.key();
        let days = self.variables.need(
            Variable::new(
                "evidence_days",
                "number",
                "For how many days nobody can delete or change the evidence of a run.",
            )
            .or(400),
        );
        let bucket = Val::of("aws_s3_bucket.evidence.id");
        let name = Val::template(vec![
            [&naming::bucket_prefix(self.release), "-"].concat().into(),
            Piece::of(arn::ACCOUNT),
        ]);
        blocks.push(
            Block::resource("aws_s3_bucket", "evidence")
                .above("What each run did, who approved what, and how it ended.")
                .note("checkov:skip=CKV_AWS_18:who reads the evidence is in the trail of the account")
                .note("checkov:skip=CKV_AWS_144:a copy in a second region is for the organisation to decide")
                .note("checkov:skip=CKV2_AWS_62:nothing waits for evidence to arrive")
                .attr("bucket", name)
                .attr("object_lock_enabled", true),
        );
        let of = |ty: &str| Block::resource(ty, "evidence").attr("bucket", bucket.clone());
        blocks.push(
            of("aws_s3_bucket_public_access_block")
                .attr("block_public_acls", true)
                .attr("block_public_policy", true)
                .attr("ignore_public_acls", true)
                .attr("restrict_public_buckets", true),
        );
        blocks.push(
            of("aws_s3_bucket_versioning")
                .block(Block::new("versioning_configuration", &[]).attr("status", "Enabled")),
        );
        blocks.push(
            of("aws_s3_bucket_server_side_encryption_configuration").block(
                Block::new("rule", &[]).attr("bucket_key_enabled", true).block(
                    Block::new("apply_server_side_encryption_by_default", &[])
                        .attr("sse_algorithm", "aws:kms")
                        .attr("kms_master_key_id", Val::of("aws_kms_key.release.arn")),
                ),
            ),
        );
        blocks.push(
            of("aws_s3_bucket_object_lock_configuration")
                .block(
                    Block::new("rule", &[]).block(
                        Block::new("default_retention", &[])
                            .attr("mode", "GOVERNANCE")
                            .attr("days", Val::of(days)),
                    ),
                )
                .gap()
                .attr(
                    "depends_on",
                    Val::List(vec![Val::of("aws_s3_bucket_versioning.evidence")]),
                ),
        );
        blocks.push(
            of("aws_s3_bucket_lifecycle_configuration").block(
                Block::new("rule", &[])
                    .attr("id", "unfinished-uploads")
                    .attr("status", "Enabled")
                    .block(Block::new("filter", &[]))
                    .block(
                        Block::new("abort_incomplete_multipart_upload", &[]).attr("days_after_initiation", 7),
                    ),
            ),
        );
        blocks.extend(in_transit());
        blocks
    }

    fn key(&self) -> Vec<Block> {
        let name = naming::machine(self.release);
        let root = Block::new("statement", &[])
            .above("the account, through its own policies")
            .attr("actions", Val::texts(&["kms:*"]))
            .attr("resources", Val::texts(&["*"]))
            .block(
                Block::new("principals", &[])
                    .attr("type", "AWS")
                    .attr("identifiers", Val::List(vec![arn::own("iam", false, "root")])),
            );
        let logs = user(
            "keep the logs",
            Val::template(vec![
                "logs.".into(),
                Piece::of(arn::REGION),
                ".amazonaws.com".into(),
            ]),
        )
        .block(condition(
            "ArnLike",
            "kms:EncryptionContext:aws:logs:arn",
            Val::List(vec![arn::own("logs", true, "log-group:*")]),
        ));
        let events = user("publish to the encrypted topic", "events.amazonaws.com".into()).block(condition(
            "StringEquals",
            "aws:SourceAccount",
            Val::List(vec![Val::of(arn::ACCOUNT)]),
        ));
        let policy = Block::data("aws_iam_policy_document", "key")
            .note("checkov:skip=CKV_AWS_109:this is the policy of the key itself, and * is that key")
            .note("checkov:skip=CKV_AWS_111:this is the policy of the key itself, and * is that key")
            .note("checkov:skip=CKV_AWS_356:this is the policy of the key itself, and * is that key")
            .block(root)
            .block(events)
            .block(logs);
        vec![
            policy,
            Block::resource("aws_kms_key", "release")
                .attr("description", ["Logs, messages and evidence of ", &name].concat())
                .attr("enable_key_rotation", true)
                .attr("deletion_window_in_days", 30)
                .attr("policy", Val::of("data.aws_iam_policy_document.key.json")),
            Block::resource("aws_kms_alias", "release")
                .attr("name", ["alias/", &name].concat())
                .attr("target_key_id", Val::of("aws_kms_key.release.id")),
        ]
    }
}

/// A service that uses the key on its own.
fn user(why: &str, service: Val) -> Block {
    Block::new("statement", &[])
        .above(why)
        .attr(
            "actions",
            Val::texts(&[
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
            ]),
        )
        .attr("resources", Val::texts(&["*"]))
        .block(
            Block::new("principals", &[])
                .attr("type", "Service")
                .attr("identifiers", Val::List(vec![service])),
        )
}

/// Only encrypted connections reach the bucket.
fn in_transit() -> Vec<Block> {
    let statement = Block::new("statement", &[])
        .above("only encrypted connections")
        .attr("effect", "Deny")
        .attr("actions", Val::texts(&["s3:*"]))
        .attr(
            "resources",
            Val::List(vec![
                Val::of("aws_s3_bucket.evidence.arn"),
                Val::template(vec![Piece::of("aws_s3_bucket.evidence.arn"), "/*".into()]),
            ]),
        )
        .block(
            Block::new("principals", &[])
                .attr("type", "*")
                .attr("identifiers", Val::texts(&["*"])),
        )
        .block(condition("Bool", "aws:SecureTransport", Val::texts(&["false"])));
    vec![
        Block::data("aws_iam_policy_document", "evidence").block(statement),
        Block::resource("aws_s3_bucket_policy", "evidence")
            .attr("bucket", Val::of("aws_s3_bucket.evidence.id"))
            .attr("policy", Val::of("data.aws_iam_policy_document.evidence.json")),
    ]
}
