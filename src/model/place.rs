//! Where a release takes place and what it ships: environments, artifacts, channels, windows, rehearsals.

use crate::model::{CaptureId, Civil, Command, EnvId, Origin, RoleId, StageId, Task, Text, Weekday};
use jiff::civil;
use smol_str::SmolStr;

/// What kind of place an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EnvironmentKind {
    /// `test`
    Test,
    /// `staging`
    Staging,
    /// `recovery`
    Recovery,
    /// `production`
    Production,
}

impl EnvironmentKind {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            EnvironmentKind::Test => "test",
            EnvironmentKind::Staging => "staging",
            EnvironmentKind::Recovery => "recovery",
            EnvironmentKind::Production => "production",
        }
    }
}

/// How closely data is guarded, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Classification {
    /// `public`
    Public,
    /// `internal`
    Internal,
    /// `confidential`
    Confidential,
    /// `restricted`
    Restricted,
}

impl Classification {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Classification::Public => "public",
            Classification::Internal => "internal",
            Classification::Confidential => "confidential",
            Classification::Restricted => "restricted",
        }
    }
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// What kind of place it is.
    pub kind: EnvironmentKind,
    /// Region of the cloud.
    pub region: Option<Text>,
    /// Account of the cloud.
    pub account: Option<Text>,
    /// Address.
    pub url: Option<Text>,
    /// Repository and tag of its infrastructure.
    pub iac: Option<Text>,
    /// How closely its data is guarded.
    pub classification: Option<Classification>,
    /// Key its data is encrypted with: the alias given to `kms(…)`, or the text written.
    pub encryption: Option<Text>,
    /// The production environment it stands for.
    pub mirrors: Option<EnvId>,
}

/// Something that is shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Its digest.
    pub digest: Option<Text>,
    /// Its version.
    pub version: Option<Text>,
    /// Who signed it.
    pub signed_by: Option<Text>,
    /// Where it lies.
    pub store: Option<Text>,
    /// How closely it is guarded.
    pub classification: Option<Classification>,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// As it is called where it is used first, or the name it was bound to.
    pub name: SmolStr,
    /// Unique, `[a-z][a-z0-9_]*`.
    pub slug: SmolStr,
    /// Where it is used first.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// How a message is sent: the command reads `RELEASEC_MESSAGE`.
    pub run: Option<Command>,
    /// The call that sends it: the message stands in it as `Sym::Capture(Channel::MESSAGE)`.
    pub task: Option<Task>,
    /// Secrets it reads.
    pub secrets: Vec<SmolStr>,
    /// The rights it needs.
    pub permits: Vec<crate::model::Permit>,
}

impl Channel {
    /// The environment variable that carries a message to a channel's command. It is not in its `env`.
    pub const MESSAGE_VAR: &'static str = "RELEASEC_MESSAGE";
    /// The capture id that stands for the message inside a channel's `task` and `run`.
    pub const MESSAGE: CaptureId = CaptureId(u32::MAX);

    /// Whether its command refuses a message that it would read as an option.
    pub fn refuses_options(&self) -> bool {
        let guard = ["case \"${", Channel::MESSAGE_VAR, "}\" in -*)"].concat();
        self.run.as_ref().is_some_and(|run| run.script.contains(&guard))
    }
}

/// When a release may take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Where it is written.
    pub origin: Origin,
    /// First moment.
    pub opens: Option<Civil>,
    /// First moment after it.
    pub closes: Option<Civil>,
    /// Recurring days; empty when it opens once.
    pub days: Vec<Weekday>,
    /// Recurring hours.
    pub hours: Option<(civil::Time, civil::Time)>,
    /// IANA zone.
    pub zone: Option<SmolStr>,
    /// Where the zone is written.
    pub zone_origin: Option<Origin>,
    /// The stages it covers; empty means every stage in production.
    pub covers: Vec<StageId>,
    /// Why it was chosen.
    pub because: Option<Text>,
}

/// How a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartedBy {
    /// Somebody of the role starts it.
    Role(RoleId),
    /// A clock starts it.
    Schedule {
        /// Five fields.
        cron: SmolStr,
        /// IANA zone.
        zone: Option<SmolStr>,
    },
    /// The end of another workflow starts it.
    Completed(SmolStr),
}

/// The plan last approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// A path or a Git revision.
    pub reference: Text,
    /// Where it is written.
    pub origin: Origin,
}

/// `lock "name" { busy wait }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: Text,
    /// A second run is dropped instead of waiting.
    pub drop: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// A rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Where.
    pub environment: Option<EnvId>,
    /// When.
    pub on: Option<civil::Date>,
    /// What shows it.
    pub evidence: Option<Text>,
    /// The digest of what was rehearsed, when said.
    pub digest: Option<Text>,
    /// Where it is written.
    pub origin: Origin,
}
