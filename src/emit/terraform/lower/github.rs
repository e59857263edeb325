//! Environments at GitHub: those the workflow deploys to, bound to a branch, and those where it asks people.
//!
//! The list is the one the workflow is written from. Must not know who may do what in the plan.

use super::variables::Variable;
use super::{Lower, ident};
use crate::emit::environments::{GithubEnvironment, LONGEST_TIMER, Purpose, environments};
use crate::emit::people::Reviewers;
use crate::emit::terraform::model::{Block, Val};
use crate::model::{Origin, Release};
use std::collections::BTreeSet;

impl Lower<'_> {
    /// `github.tf`
    pub fn github(&mut self) -> Vec<Block> {
        let list = environments(self.plan);
        let repository = self.github_repository();
        let branch = self.variables.need(
            Variable::new(
                "github_branch",
                "string",
                "The branch that releases run from; nothing else may deploy.",
            )
            .or("main"),
        );
        let mut blocks = self.people(&list);
        for env in &list {
            blocks.push(self.environment(env, &repository));
            if !closed(env) {
                blocks.push(policy(env, &repository, &branch));
            }
        }
        blocks
    }

    /// Everybody who is asked somewhere, looked up.
    fn people(&mut self, list: &[GithubEnvironment]) -> Vec<Block> {
        let asked: Vec<&Reviewers> = list.iter().filter_map(|e| e.reviewers.as_ref()).collect();
        let users: BTreeSet<&str> = asked.iter().flat_map(|r| &r.users).map(String::as_str).collect();
        let teams: BTreeSet<&str> = asked.iter().flat_map(|r| &r.teams).map(String::as_str).collect();
        let mut blocks = Vec::new();
        for login in users {
            blocks.push(Block::data("github_user", &user(login)).attr("username", login));
        }
        for team in teams {
            let slug = team.rsplit('/').next().unwrap_or(team);
            blocks.push(Block::data("github_team", &ident(team)).attr("slug", slug));
        }
        blocks
    }

    fn environment(&mut self, env: &GithubEnvironment, repository: &str) -> Block {
        let mut block = Block::resource("github_repository_environment", &ident(&env.name))
            .attr("repository", Val::of(repository))
            .attr("environment", env.name.as_str())
            .attr("prevent_self_review", env.no_self_review)
            .attr("can_admins_bypass", false);
        if let Purpose::Wait(minutes) = env.purpose {
            block = block.attr("wait_timer", minutes.clamp(0, LONGEST_TIMER));
        }
        if closed(env) {
            block = block
                .above("Nobody of those asked here has a login or a team in the plan. No branch is let in, so that nothing passes:")
                .above("say in the plan who they are at GitHub.");
        } else if let Some(people) = &env.reviewers {
            block = self.reviewed(block, people);
        }
        block = block.block(
            Block::new("deployment_branch_policy", &[])
                .attr("protected_branches", false)
                .attr("custom_branch_policies", true),
        );
        match origin(self.release, &env.purpose) {
            Some(origin) => self.from(&origin, block),
            None => block,
        }
    }

    fn reviewed(&mut self, block: Block, people: &Reviewers) -> Block {
        let users: Vec<Val> = people
            .users
            .iter()
            .map(|u| Val::of(["data.github_user.", &user(u), ".id"].concat()))
            .collect();
        let teams: Vec<Val> = people
            .teams
            .iter()
            .map(|t| Val::of(["data.github_team.", &ident(t), ".id"].concat()))
            .collect();
        let mut reviewers = Block::new("reviewers", &[]);
        if !users.is_empty() {
            reviewers = reviewers.attr("users", Val::List(users));
        }
        if !teams.is_empty() {
            reviewers = reviewers.attr("teams", Val::List(teams));
        }
        let mut block = block.block(reviewers);
        let owners: BTreeSet<&str> = people
            .teams
            .iter()
            .filter_map(|t| t.split_once('/'))
            .map(|(o, _)| o)
            .collect();
        let mut conditions = Block::new("lifecycle", &[]);
        for owner in owners {
            let own = self.github_owner();
            conditions = conditions.block(
                Block::new("precondition", &[])
                    .attr(
                        "condition",
                        Val::Equal(
                            Box::new(Val::Call("lower", vec![Val::of(own)])),
                            Box::new(Val::from(owner.to_ascii_lowercase())),
                        ),
                    )
                    .attr(
                        "error_message",
                        "A team that is asked belongs to another organisation.",
                    ),
            );
        }
        if !conditions.items.is_empty() {
            block = block.block(conditions);
        }
        block
    }
}

/// Whether somebody must be asked and nobody can be.
fn closed(env: &GithubEnvironment) -> bool {
    env.reviewers.as_ref().is_some_and(|r| r.entries() == 0)
}

fn policy(env: &GithubEnvironment, repository: &str, branch: &str) -> Block {
    let name = ident(&env.name);
    Block::resource("github_repository_environment_deployment_policy", &name)
        .attr("repository", Val::of(repository))
        .attr(
            "environment",
            Val::of(["github_repository_environment.", &name, ".environment"].concat()),
        )
        .attr("branch_pattern", Val::of(branch))
}

fn user(login: &str) -> String {
    ident(&["login_", login].concat())
}

/// Where an environment comes from.
fn origin(release: &Release, purpose: &Purpose) -> Option<Origin> {
    let found = match purpose {
        Purpose::Deploy(e) => &release.env(*e).origin,
        Purpose::Approve(a) => &release.approval(*a).origin,
        Purpose::Decide(d) => &release.decision(*d).origin,
        Purpose::Override(i) => &release.overrides[*i].origin,
        Purpose::Ready(c, _) => &release.checklist(*c).origin,
        Purpose::Gate(g) => &release.gate(*g).origin,
        Purpose::Start(s) | Purpose::Step(s, _) | Purpose::Pause(s) => &release.stage(*s).origin,
        Purpose::Hold(h) | Purpose::HoldStep(h, _) => &release.hold(*h).origin,
        Purpose::Wait(_) | Purpose::Messages | Purpose::PauseRun | Purpose::Finally(_) => return None,
    };
    Some(found.clone())
}
