//! Who can be asked: people as GitHub knows them, and the names of the roles jobs assume at AWS.
//!
//! Must not know how a target writes either. Called by the targets `github` and `terraform`.

use crate::model::{Manual, PersonId, Question, Release, RoleId, RoleOrPerson, StageId, Text};

/// What a person is asked.
#[derive(Debug, Clone, Copy)]
pub enum Askable<'a> {
    /// To do something.
    Manual(&'a Manual),
    /// To answer something.
    Question(&'a Question),
}

/// Who may say yes, as GitHub knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reviewers {
    /// Logins in lower case, each once.
    pub users: Vec<String>,
    /// `org/slug`, each once: asked instead of the members that the role also lists.
    pub teams: Vec<String>,
    /// Every login the plan permits, in lower case: `users` and the listed members of the teams.
    pub permitted: Vec<String>,
    /// Somebody may belong who is not listed: a role without members.
    pub open: bool,
    /// People without a login: GitHub cannot recognise them.
    pub strangers: Vec<PersonId>,
}

impl Reviewers {
    /// The people and teams behind a list of roles and people.
    pub fn of(release: &Release, who: &[RoleOrPerson]) -> Self {
        let mut found = Reviewers::default();
        for one in who {
            match one {
                RoleOrPerson::Person(p) => found.person(release, *p, true),
                RoleOrPerson::Role(r) => found.role(release, *r),
            }
        }
        found
    }

    /// How many entries the environment's list of reviewers needs.
    pub fn entries(&self) -> usize {
        self.users.len() + self.teams.len()
    }

    fn role(&mut self, release: &Release, role: RoleId) {
        let team = release.role(role).team.as_ref().and_then(Text::known);
        if let Some(team) = team {
            push(&mut self.teams, team.to_string());
        }
        let members = members(release, role);
        self.open |= members.is_empty();
        for person in members {
            self.person(release, person, team.is_none());
        }
    }

    fn person(&mut self, release: &Release, person: PersonId, listed: bool) {
        let login = release.person(person).github.as_ref().and_then(Text::known);
        let Some(login) = login else {
            if !self.strangers.contains(&person) {
                self.strangers.push(person);
            }
            return;
        };
        let login = login.trim_start_matches('@').to_ascii_lowercase();
        push(&mut self.permitted, login.clone());
        if listed {
            push(&mut self.users, login);
        }
    }
}

fn push(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The people of a role, nested roles included, each once, in the order written.
pub fn members(release: &Release, role: RoleId) -> Vec<PersonId> {
    let mut people = Vec::new();
    let mut seen = vec![role];
    let mut open = vec![role];
    while let Some(next) = open.pop() {
        for member in &release.role(next).members {
            match member.who {
                RoleOrPerson::Person(p) if !people.contains(&p) => people.push(p),
                RoleOrPerson::Role(r) if !seen.contains(&r) => {
                    seen.push(r);
                    open.push(r);
                }
                _ => {}
            }
        }
    }
    people
}

/// The name of the IAM role that jobs of one duty (a stage, `messages`, `rollback`) assume: at most 64 characters.
pub fn iam_role(release: &Release, duty: &str) -> String {
    const LONGEST: usize = 64;
    let full = format!("{}-{}", release.name, duty.replace('_', "-"));
    if full.len() <= LONGEST {
        return full;
    }
    let tail = format!("-{:08x}", fnv(&full));
    let kept: String = full.chars().take(LONGEST - tail.len()).collect();
    kept + &tail
}

/// The duties that no stage stands for; those of holds begin with `hold_`.
const DUTIES: [&str; 10] = [
    "approvals",
    "around",
    "baseline",
    "finally",
    "machine",
    "messages",
    "preflight",
    "rollback",
    "scheduler",
    "watch",
];

/// The duty of a stage: its name, unless another duty of the release is called so.
pub fn stage_duty(release: &Release, id: StageId) -> String {
    let slug = release.stage(id).slug.as_str();
    if !DUTIES.contains(&slug) && !slug.starts_with("hold_") {
        return slug.to_string();
    }
    let mut duty = ["stage_", slug].concat();
    while release.stages.iter().any(|s| s.slug == duty) {
        duty.push('_');
    }
    duty
}

/// A short, stable number for a name that must be cut.
fn fnv(text: &str) -> u32 {
    text.bytes()
        .fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
