//! What the state machine and the infrastructure around it are called: one list for both.
//!
//! Must not know how either is written. Called by `lower`, `permits` and the target `terraform`.

use crate::emit::people::{iam_role, stage_duty};
use crate::model::{EnvId, Release, RoleId, RoleOrPerson, StageId};

/// Who does something, as far as rights go: each has an IAM role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// The steps of a stage.
    Stage(StageId),
    /// Undos, and what follows a failure.
    Rollback,
    /// Holds, `finally` and checks that no stage owns.
    Around,
    /// Messages.
    Messages,
}

impl Duty {
    /// The word in the role's name.
    pub fn word(self, release: &Release) -> String {
        match self {
            Duty::Stage(s) => stage_duty(release, s),
            Duty::Rollback => "rollback".to_string(),
            Duty::Around => "around".to_string(),
            Duty::Messages => "messages".to_string(),
        }
    }

    /// The name of its IAM role.
    pub fn role(self, release: &Release) -> String {
        iam_role(release, &self.word(release))
    }
}

/// The state machine.
pub fn machine(release: &Release) -> String {
    plain(release, "release", 80)
}

/// The role the machine itself runs with.
pub fn machine_role(release: &Release) -> String {
    iam_role(release, "machine")
}

/// The role that the document which asks people runs with.
pub fn approvals_role(release: &Release) -> String {
    iam_role(release, "approvals")
}

/// The CodeBuild project that runs commands.
pub fn project(release: &Release) -> String {
    plain(release, "steps", 150)
}

/// The Systems Manager document that asks people.
pub fn document(release: &Release) -> String {
    plain(release, "ask", 128)
}

/// The topic that tells people they are asked. Systems Manager wants this beginning.
pub fn ask_topic(release: &Release) -> String {
    format!("Automation-{}", plain(release, "ask", 200))
}

/// The topic of a role.
pub fn role_topic(release: &Release, role: RoleId) -> String {
    plain(release, &release.role(role).name, 200)
}

/// The parameter that says who is who at AWS, for people of whom the plan does not say it.
pub fn principals_parameter(release: &Release) -> String {
    format!("/releasec/{}/principals", release.name)
}

/// The parameter that says whether a recurring window is open.
pub fn window_parameter(release: &Release) -> String {
    format!("/releasec/{}/window", release.name)
}

/// Where the parameters of runs stand.
pub fn runs_prefix(release: &Release) -> String {
    format!("/releasec/{}/runs/", release.name)
}

/// The parameters that let only one run at a time change something: one per production environment and per `lock`.
pub fn locks(release: &Release) -> Vec<(String, bool)> {
    let mut list: Vec<(String, bool)> = Vec::new();
    let environments = release
        .stages
        .iter()
        .map(|s| s.environment)
        .chain([release.environment]);
    for env in environments.filter(|e| release.is_production(*e)) {
        let name = lock_parameter(&release.env(env).name);
        if !list.iter().any(|(n, _)| *n == name) {
            list.push((name, false));
        }
    }
    for lock in &release.locks {
        let name = lock_parameter(lock.name.known().unwrap_or("named"));
        match list.iter_mut().find(|(n, _)| *n == name) {
            Some((_, drop)) => *drop |= lock.drop,
            None => list.push((name, lock.drop)),
        }
    }
    list
}

fn lock_parameter(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "_.-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    format!("/releasec/locks/{safe}")
}

/// Where the claims stand of those who take a lock over: one parameter for each run that left it behind.
pub fn claims_prefix(lock: &str) -> String {
    format!("{lock}/after/")
}

/// How an approver is named in the plan: the key into the principals.
pub fn who(release: &Release, one: RoleOrPerson) -> String {
    match one {
        RoleOrPerson::Person(p) => release.person(p).name.to_string(),
        RoleOrPerson::Role(r) => format!("role_{}", release.role(r).name),
    }
}

/// Where evidence lies, without the account that ends the name.
pub fn bucket_prefix(release: &Release) -> String {
    let name: String = release
        .name
        .chars()
        .map(|c| if c == '_' { '-' } else { c })
        .collect();
    let cut: String = name.chars().take(40).collect();
    format!("{}-evidence", cut.trim_end_matches('-'))
}

/// The account of an environment, when the plan says it.
pub fn account(release: &Release, env: EnvId) -> Option<&str> {
    release.env(env).account.as_ref().and_then(|t| t.known())
}

/// The region of an environment, when the plan says it.
pub fn region(release: &Release, env: EnvId) -> Option<&str> {
    release.env(env).region.as_ref().and_then(|t| t.known())
}

/// The account of an environment when it is not the one the machine stands in.
pub fn foreign_account(release: &Release, env: EnvId) -> Option<&str> {
    let own = account(release, release.environment);
    account(release, env).filter(|a| own.is_some_and(|o| o != *a))
}

/// The region of an environment when it is not the one the machine stands in.
pub fn foreign_region(release: &Release, env: EnvId) -> Option<&str> {
    let own = region(release, release.environment);
    region(release, env).filter(|r| own.is_some_and(|o| o != *r))
}

fn plain(release: &Release, what: &str, limit: usize) -> String {
    let full = format!("{}-{}", release.name, what.replace('_', "-"));
    full.chars().take(limit).collect()
}
