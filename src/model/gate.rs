//! Metrics, gates and triggers.

use crate::model::{
    Act, Cond, DecisionId, Dur, FailureOutcome, Key, KeyUse, Origin, Question, RoleId, StageId, Step, Task,
    Text,
};
use crate::source::Rational;
use smol_str::SmolStr;

/// A metric with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// As it is called where it is used first: `cloudwatch.ratio_5xx`.
    pub name: SmolStr,
    /// The local name it was bound to by `let`, when it was.
    pub bound: Option<SmolStr>,
    /// Where it is used first.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// `percent ratio duration count rate bytes money`. The number read is 0 to 100 for `percent`, 0 to 1 for `ratio`,
    /// milliseconds for `duration`.
    pub unit: SmolStr,
    /// `lower` is better (`Some(true)`), `higher` is better (`Some(false)`).
    pub lower_is_better: Option<bool>,
    /// A command that prints the number. It reads `RELEASEC_OVER_SECONDS` (the span, whole seconds).
    pub run: Option<crate::model::Command>,
    /// A call that returns it.
    pub task: Option<Task>,
    /// How the number is taken from the output.
    pub extract: crate::model::Extract,
    /// Where a person looks.
    pub console: Option<Text>,
    /// What no data means; `None` when it is not said.
    pub no_data: Option<NoData>,
    /// The rights it needs.
    pub permits: Vec<crate::model::Permit>,
    /// Secrets it reads.
    pub secrets: Vec<SmolStr>,
    /// Command-line tools it needs.
    pub needs: Vec<crate::model::Tool>,
    /// The arguments, by name.
    pub args: Vec<(SmolStr, crate::model::Value)>,
}

impl Metric {
    /// The environment variable that carries the span, in whole seconds, to a metric's command. It is not in its `env`.
    pub const OVER_VAR: &'static str = "RELEASEC_OVER_SECONDS";
    /// The capture id that stands for the span, in whole seconds, inside a metric's `task`.
    pub const OVER: crate::model::CaptureId = crate::model::CaptureId(u32::MAX - 1);
}

/// What no data means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoData {
    /// The gate fails.
    Fail,
    /// The gate passes.
    Pass,
    /// A person is asked.
    Pause,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

impl Comparison {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
            Comparison::Eq => "==",
            Comparison::Ne => "!=",
        }
    }
}

/// A condition over metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricExpr {
    /// A constant condition, as `true`.
    Const(bool),
    /// All of them.
    And(Vec<MetricExpr>),
    /// Any of them.
    Or(Vec<MetricExpr>),
    /// Not.
    Not(Box<MetricExpr>),
    /// A metric against a bound.
    Compare {
        /// The metric.
        metric: crate::model::MetricId,
        /// The relation, the metric on the left.
        op: Comparison,
        /// The bound in the unit's base: shares as fractions, durations in milliseconds, else plain numbers; multiplied by
        /// the baseline when `of_baseline` is set.
        bound: Rational,
        /// The metric whose value over the same span before the start the bound is a multiple of.
        of_baseline: Option<crate::model::MetricId>,
        /// The bound as the author wrote it: `2.5s`, `1%`, `110% * baseline(errors)`.
        shown: String,
        /// Where it is written.
        origin: Origin,
    },
}

impl MetricExpr {
    /// Whether it says the same of the same metrics, wherever and however it is written.
    pub fn same_as(&self, other: &MetricExpr) -> bool {
        let all = |a: &[MetricExpr], b: &[MetricExpr]| {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same_as(y))
        };
        match (self, other) {
            (MetricExpr::Const(a), MetricExpr::Const(b)) => a == b,
            (MetricExpr::And(a), MetricExpr::And(b)) | (MetricExpr::Or(a), MetricExpr::Or(b)) => all(a, b),
            (MetricExpr::Not(a), MetricExpr::Not(b)) => a.same_as(b),
            (
                MetricExpr::Compare {
                    metric,
                    op,
                    bound,
                    of_baseline,
                    ..
                },
                MetricExpr::Compare {
                    metric: m,
                    op: o,
                    bound: b,
                    of_baseline: f,
                    ..
                },
            ) => (metric, op, bound, of_baseline) == (m, o, b, f),
            _ => false,
        }
    }

    /// Whether a bound of it is a multiple of what a metric was before the start.
    pub fn needs_baseline(&self) -> bool {
        match self {
            MetricExpr::Const(_) => false,
            MetricExpr::And(list) | MetricExpr::Or(list) => list.iter().any(MetricExpr::needs_baseline),
            MetricExpr::Not(e) => e.needs_baseline(),
            MetricExpr::Compare { of_baseline, .. } => of_baseline.is_some(),
        }
    }

    /// The metrics it reads, in order, baselines included, each once.
    pub fn metrics(&self) -> Vec<crate::model::MetricId> {
        let mut list = Vec::new();
        self.collect(&mut list);
        list
    }

    fn collect(&self, list: &mut Vec<crate::model::MetricId>) {
        match self {
            MetricExpr::Const(_) => {}
            MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().for_each(|e| e.collect(list)),
            MetricExpr::Not(e) => e.collect(list),
            MetricExpr::Compare {
                metric, of_baseline, ..
            } => {
                for m in std::iter::once(metric).chain(of_baseline) {
                    if !list.contains(m) {
                        list.push(*m);
                    }
                }
            }
        }
    }
}

/// A gate with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// What is judged.
    pub test: GateTest,
    /// The span a metric is judged over.
    pub over: Option<Dur>,
    /// Time between samples.
    pub every: Option<Dur>,
    /// How many samples; 1 when not said.
    pub samples: u32,
    /// Who answers or looks.
    pub owner: Option<RoleId>,
    /// What a failure means, when it is written.
    pub otherwise: Option<(GateOutcome, Origin)>,
    /// What it shows to work.
    pub exercises: Vec<KeyUse>,
    /// What it reads.
    pub reads: Vec<KeyUse>,
    /// When it is given up.
    pub timeout: Option<Dur>,
    /// It applies under this condition.
    pub when: Cond,
    /// The environment it is judged in, where that is not the one in which the stage works.
    pub environment: Option<crate::model::EnvId>,
}

/// What a gate judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateTest {
    /// A condition over metrics.
    Metrics(MetricExpr),
    /// A command: it passes when it exits with 0.
    Run(Box<Act>),
    /// An outside job.
    Job(Box<Act>),
    /// A person.
    Ask(Question),
}

/// What the failure of a gate means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateOutcome {
    /// As for a failing stage.
    Then(FailureOutcome),
    /// The decision is asked.
    Decision(DecisionId),
}

/// A standing condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// When it acts.
    pub test: TriggerTest,
    /// The span a metric is judged over.
    pub over: Option<Dur>,
    /// The stages it watches.
    pub during: Vec<StageId>,
    /// What it does.
    pub then: FailureOutcome,
    /// Where `then` is written.
    pub then_origin: Origin,
    /// Steps before `then`: messages.
    pub steps: Vec<Step>,
    /// The keys whose trouble it watches, for prose.
    pub watches: Vec<Key>,
}

/// When a trigger acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerTest {
    /// A condition over metrics.
    Metrics(MetricExpr),
    /// A person says so.
    Ask(Question),
}
