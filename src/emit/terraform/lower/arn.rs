//! ARNs in the machine's own account, written with what Terraform knows of where it applies.
//!
//! Must not know who may do what. Used all over `lower`.

use crate::emit::stepfunctions::permits::Resource;
use crate::emit::terraform::model::{Block, Piece, Val};

/// The partition Terraform applies in.
pub const PARTITION: &str = "data.aws_partition.current.partition";
/// The account Terraform applies in.
pub const ACCOUNT: &str = "data.aws_caller_identity.current.account_id";
/// The region Terraform applies in.
pub const REGION: &str = "data.aws_region.current.region";

/// What the configuration asks about where it applies.
pub fn here() -> Vec<Block> {
    ["aws_caller_identity", "aws_partition", "aws_region"]
        .map(|ty| Block::data(ty, "current"))
        .to_vec()
}

/// An ARN in the machine's own account, and in its region when the service has regions.
pub fn own(service: &str, regional: bool, name: &str) -> Val {
    let mut parts: Vec<Piece> = vec![
        "arn:".into(),
        Piece::of(PARTITION),
        [":", service, ":"].concat().into(),
    ];
    if regional {
        parts.push(Piece::of(REGION));
    }
    parts.extend([":".into(), Piece::of(ACCOUNT), [":", name].concat().into()]);
    Val::template(parts)
}

/// A resource of a statement. A partition may not be a wildcard, so that the one at hand takes its place.
pub fn resource(on: &Resource) -> Val {
    match on {
        Resource::All => Val::from("*"),
        Resource::Own {
            service,
            regional,
            name,
        } => own(service, *regional, name),
        Resource::Arn(arn) => match arn.strip_prefix("arn:*:") {
            Some(rest) => Val::template(vec![
                "arn:".into(),
                Piece::of(PARTITION),
                [":", rest].concat().into(),
            ]),
            None => Val::from(arn.as_str()),
        },
    }
}
