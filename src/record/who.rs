//! Who somebody in a history is, in the plan's words.
//!
//! Knows logins and ARNs; must not judge. Called by the readers and the findings.

use crate::model::{Person, PersonId, Release, RoleId, Text};
use std::collections::BTreeMap;

/// Somebody, as a history names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// A login at GitHub, or the ARN of a principal at AWS.
    pub name: String,
    /// The person of the plan.
    pub person: Option<PersonId>,
    /// The role whose name the run was given for them, where the plan lists nobody.
    pub role: Option<RoleId>,
}

impl Who {
    /// By a login at GitHub; logins know no case.
    pub(super) fn login(release: &Release, login: &str) -> Who {
        Who::known(release, login, |p| p.github.as_ref())
    }

    /// By the ARN of a principal at AWS: as the plan says it, else as the run was told (`ana`, `role_leads`).
    pub(super) fn principal(release: &Release, arn: &str, told: &BTreeMap<String, String>) -> Who {
        let mut who = Who::known(release, arn, |p| p.aws.as_ref());
        let key = told.get(&arn.to_ascii_lowercase());
        if let (None, Some(key)) = (who.person, key) {
            who.person = release
                .people
                .iter()
                .position(|p| p.name == *key)
                .map(PersonId::at);
            let role = key.strip_prefix("role_");
            let role = role.and_then(|name| release.roles.iter().position(|r| r.name == name));
            who.role = role.map(RoleId::at);
        }
        who
    }

    fn known(release: &Release, name: &str, of: impl Fn(&Person) -> Option<&Text>) -> Who {
        let same = |p: &Person| {
            let written = of(p).and_then(Text::known);
            written.is_some_and(|n| n.trim_start_matches('@').eq_ignore_ascii_case(name))
        };
        Who {
            name: name.to_string(),
            person: release.people.iter().position(same).map(PersonId::at),
            role: None,
        }
    }

    /// How people read it: the name of the plan, or what the history says.
    pub fn shown(&self, release: &Release) -> String {
        match self.person {
            Some(p) => format!("`{}`", release.person(p).name),
            None => format!("`{}`", self.name),
        }
    }

    /// Whether two are the same person.
    pub fn same(&self, other: &Who) -> bool {
        match (self.person, other.person) {
            (Some(a), Some(b)) => a == b,
            _ => self.name.eq_ignore_ascii_case(&other.name),
        }
    }
}
