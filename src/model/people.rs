//! People and roles.

use crate::model::{Origin, ParamId, PersonId, RoleId, Text};
use smol_str::SmolStr;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name in the plan.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// The name people know.
    pub full_name: Text,
    /// Address for mail.
    pub email: Option<Text>,
    /// Login at GitHub.
    pub github: Option<Text>,
    /// Handle at Slack.
    pub slack: Option<Text>,
    /// ARN of the AWS principal.
    pub aws: Option<Text>,
    /// IANA zone.
    pub zone: Option<Text>,
    /// Telephone.
    pub phone: Option<Text>,
    /// A bot is not a person: it fills no seat that counts people.
    pub bot: bool,
}

/// What a role is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoleKind {
    /// `security`
    Security,
    /// `operations`
    Operations,
    /// `quality`
    Quality,
    /// `product`
    Product,
    /// `business`
    Business,
}

impl RoleKind {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            RoleKind::Security => "security",
            RoleKind::Operations => "operations",
            RoleKind::Quality => "quality",
            RoleKind::Product => "product",
            RoleKind::Business => "business",
        }
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The name in the plan.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// The name people know.
    pub title: Text,
    /// What it is there for.
    pub kind: Option<RoleKind>,
    /// Its members as written: people and roles, with the place of each.
    pub members: Vec<Member>,
    /// Whether a `members` statement is written (a role may have an empty one).
    pub members_written: bool,
    /// `org/slug` at GitHub.
    pub team: Option<Text>,
    /// ARN of the AWS role.
    pub aws: Option<Text>,
    /// How many people it has when they are not listed.
    pub at_least: Option<(u32, Origin)>,
    /// Roles that may share nobody with it.
    pub excludes: Vec<(RoleId, Origin)>,
}

/// A member of a role as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub who: RoleOrPerson,
    /// Where it is written.
    pub origin: Origin,
}

/// A person or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleOrPerson {
    /// A role.
    Role(RoleId),
    /// A person.
    Person(PersonId),
}

/// A person, or a parameter that will be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonRef {
    /// A person.
    Person(PersonId),
    /// Whoever the run is started with: checked for everyone.
    Param(ParamId),
}
