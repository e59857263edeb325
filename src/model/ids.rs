//! Index types: each names one thing of its kind in a [`crate::model::Release`].

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The place in the list of its kind.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the place `index`.
            pub fn at(index: usize) -> Self {
                $name(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    )*};
}

ids! {
    /// A person.
    PersonId,
    /// A role.
    RoleId,
    /// An environment.
    EnvId,
    /// An artifact.
    ArtifactId,
    /// A channel, with its arguments.
    ChannelId,
    /// A calendar.
    CalendarId,
    /// A metric, with its arguments.
    MetricId,
    /// A gate, with its arguments.
    GateId,
    /// A checklist.
    ChecklistId,
    /// An approval.
    ApprovalId,
    /// A decision.
    DecisionId,
    /// A stage.
    StageId,
    /// A phase.
    PhaseId,
    /// A hold.
    HoldId,
    /// A trigger.
    TriggerId,
    /// A parameter of the plan.
    ParamId,
    /// A captured output.
    CaptureId,
    /// A recorded prior state.
    PriorId,
}
