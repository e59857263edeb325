//! Versions and providers: one provider for each account and region that the plan works in.

use super::variables::Variable;
use super::{Lower, ident};
use crate::emit::stepfunctions::naming;
use crate::emit::terraform::model::{Block, Val};
use crate::model::EnvId;
use std::collections::BTreeMap;

/// The oldest Terraform that reads what is written.
const TERRAFORM: &str = ">= 1.9";
/// The providers: name, where they come from, the versions that fit.
const PROVIDERS: [(&str, &str, &str); 2] = [
    ("aws", "hashicorp/aws", "~> 6.0"),
    ("github", "integrations/github", "~> 6.0"),
];

impl Lower<'_> {
    /// `versions.tf`
    pub fn versions(&mut self) -> Vec<Block> {
        let providers = PROVIDERS
            .into_iter()
            .fold(Block::new("required_providers", &[]), |b, p| {
                b.attr(
                    p.0,
                    Val::object([("source", p.1.into()), ("version", p.2.into())]),
                )
            });
        let mut list = vec![
            Block::new("terraform", &[])
                .attr("required_version", TERRAFORM)
                .block(providers),
        ];
        let home = self.release.environment;
        let provider = self.provider(home).maybe("region", Some(self.region()));
        list.push(self.tagged(provider));
        for (account, env) in self.foreign_accounts() {
            list.push(self.foreign_provider(&account, env));
        }
        let owner = self.github_owner();
        list.push(Block::new("provider", &["github"]).attr("owner", Val::of(owner)));
        list
    }

    fn provider(&mut self, env: EnvId) -> Block {
        let account = self.account();
        let origin = self.release.env(env).origin.clone();
        let block = Block::new("provider", &["aws"]).attr("allowed_account_ids", Val::List(vec![account]));
        self.from(&origin, block)
    }

    fn foreign_provider(&mut self, account: &str, env: EnvId) -> Block {
        let name = ["administrator_", account, "_arn"].concat();
        let about = [
            "ARN of the role that Terraform takes on in account ",
            account,
            ".",
        ]
        .concat();
        let role = self.variables.need(Variable::new(name, "string", about).like(
            "^arn:aws[a-z-]*:iam::[0-9]{12}:role/",
            "This is the ARN of a role.",
        ));
        let origin = self.release.env(env).origin.clone();
        let region = match naming::region(self.release, env) {
            Some(known) => Val::from(known),
            None => self.region(),
        };
        let block = Block::new("provider", &["aws"])
            .attr("alias", alias(account))
            .attr("allowed_account_ids", Val::texts(&[account]))
            .attr("region", region)
            .block(Block::new("assume_role", &[]).attr("role_arn", Val::of(role)));
        let block = self.tagged(block);
        self.from(&origin, block)
    }

    fn tagged(&mut self, block: Block) -> Block {
        let tags = self.variables.need(
            Variable::new("tags", "map(string)", "Tags that everything at AWS carries.").or(Val::object([])),
        );
        let own = Val::object([
            ("release", Val::from(self.release.name.as_str())),
            ("written_by", "releasec".into()),
        ]);
        block
            .block(Block::new("default_tags", &[]).attr("tags", Val::Call("merge", vec![own, Val::of(tags)])))
    }

    /// The account the machine stands in.
    pub fn account(&mut self) -> Val {
        match naming::account(self.release, self.release.environment) {
            Some(known) => Val::from(known),
            None => Val::of(
                self.variables.need(
                    Variable::new("account_id", "string", "The account the release takes place in.")
                        .like("^[0-9]{12}$", "An account has twelve digits."),
                ),
            ),
        }
    }

    /// The region the machine stands in.
    pub fn region(&mut self) -> Val {
        match naming::region(self.release, self.release.environment) {
            Some(known) => Val::from(known),
            None => Val::of(self.variables.need(Variable::new(
                "region",
                "string",
                "The region the release takes place in.",
            ))),
        }
    }

    /// Who owns the repository.
    pub fn github_owner(&mut self) -> String {
        let variable = Variable::new(
            "github_owner",
            "string",
            "The organisation or person at GitHub that owns the repository of the release.",
        )
        .some("Somebody owns the repository.");
        let teams = self.release.roles.iter().filter_map(|r| r.team.as_ref());
        let owner = teams
            .filter_map(|t| t.known())
            .find_map(|t| t.split_once('/'))
            .map(|(owner, _)| owner.to_string());
        // The plan's teams belong to the owner, so that they say who it is.
        self.variables.need(match owner {
            Some(owner) => variable.or(owner),
            None => variable,
        })
    }

    /// The repository, without its owner.
    pub fn github_repository(&mut self) -> String {
        self.variables.need(
            Variable::new(
                "github_repository",
                "string",
                "The name of the repository whose workflows run the release, without its owner.",
            )
            .like("^[A-Za-z0-9_.-]+$", "This is a name without the owner before it."),
        )
    }

    /// Accounts besides the machine's own, each with an environment that stands there.
    pub fn foreign_accounts(&self) -> BTreeMap<String, EnvId> {
        let mut list = BTreeMap::new();
        for stage in &self.release.stages {
            if let Some(account) = naming::foreign_account(self.release, stage.environment) {
                list.entry(account.to_string()).or_insert(stage.environment);
            }
        }
        list
    }
}

/// What the provider of another account is called.
pub fn alias(account: &str) -> String {
    ident(&["account_", account].concat())
}
