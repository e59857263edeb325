//! Scopes: what a name means where it stands.

use crate::model::{
    ApprovalId, CaptureId, DecisionId, HoldId, Origin, PhaseId, PriorId, StageId, Value, Via,
};
use crate::resolve::{Kind, ModuleId};
use crate::source::hash::Map;
use crate::source::{Rational, Span};
use crate::syntax::ast::Stmt;
use smol_str::SmolStr;
use std::sync::Arc;

/// A scope, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ScopeId(pub usize);

/// Where names are looked up, innermost first.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub parent: Option<ScopeId>,
    pub module: ModuleId,
    pub locals: Vec<(SmolStr, Local)>,
    pub entities: Map<(Kind, SmolStr), Entity<'a>>,
    /// The use of a library definition whose body this is: its origin and what it is called there.
    pub call: Option<(Origin, SmolStr)>,
}

/// A name inside a definition, a stage or a `for`.
#[derive(Debug, Clone)]
pub(crate) enum Local {
    /// A parameter of a definition, or the variable of a `for`.
    Value(Value),
    /// An output captured by the same stage, hold or action.
    Capture(CaptureId),
    /// The states recorded before the action, by name.
    Priors(Vec<(SmolStr, PriorId)>),
    /// The rollout of the stage.
    Rollout(RolloutView),
    /// Something that was wrong where it was defined; it was reported there.
    Poison,
}

/// What `rollout` means at a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct RolloutView {
    pub weight: Option<Rational>,
    pub step: SmolStr,
    pub weights: Vec<Rational>,
}

/// A thing of the release, or a definition inside it.
#[derive(Debug, Clone)]
pub(crate) enum Entity<'a> {
    Stage(StageId),
    /// The stages a `for` made of one block, by key.
    Stages(Vec<(SmolStr, StageId)>),
    Phase(PhaseId, ScopeId),
    /// The phases a `for` made of one block, by key.
    Phases(Vec<(SmolStr, PhaseId, ScopeId)>),
    Approval(ApprovalId),
    Decision(DecisionId),
    Hold(HoldId),
    Trigger,
    /// A gate, a checklist or a policy defined inside the release.
    Def(&'a Stmt, ScopeId),
}

impl Scope<'_> {
    pub(crate) fn new(parent: Option<ScopeId>, module: ModuleId) -> Self {
        Scope {
            parent,
            module,
            locals: Vec::new(),
            entities: Map::default(),
            call: None,
        }
    }
}

/// The origin of a place inside a definition that was used at `call`.
pub(crate) fn through(call: &Origin, name: &SmolStr, span: Span) -> Origin {
    fn append(via: Option<&Arc<Via>>, last: Via) -> Arc<Via> {
        match via {
            None => Arc::new(last),
            Some(v) => Arc::new(Via {
                name: v.name.clone(),
                span: v.span,
                next: Some(append(v.next.as_ref(), last)),
            }),
        }
    }
    let last = Via {
        name: name.clone(),
        span,
        next: None,
    };
    Origin {
        span: call.span,
        via: Some(append(call.via.as_ref(), last)),
    }
}
