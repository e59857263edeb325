//! An organisation's rules over any plan, as small typed expressions that `checks::policy` evaluates.

use crate::diagnostic::Severity;
use crate::model::{Origin, Text, Value};
use smol_str::SmolStr;

/// A `policy` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// `for s in stages`, outermost first.
    pub quantifiers: Vec<Quantifier>,
    /// `where` conditions.
    pub filters: Vec<PolicyRule>,
    /// `require` conditions.
    pub rules: Vec<PolicyRule>,
    /// Why the rule exists.
    pub because: Option<Text>,
    /// How bad a violation is.
    pub severity: Severity,
    /// Thresholds of checks.
    pub limits: Vec<Limit>,
}

/// `for s in stages`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantifier {
    /// The variable.
    pub var: SmolStr,
    /// What it ranges over.
    pub over: PolicyExpr,
}

/// A condition with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    /// The condition.
    pub expr: PolicyExpr,
    /// Where it is written.
    pub origin: Origin,
}

/// `limit "group/name", VALUE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The diagnostic.
    pub code: SmolStr,
    /// The threshold.
    pub value: Value,
    /// Where it is written.
    pub origin: Origin,
}

/// An expression of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyExpr {
    /// A constant, or an entity of the plan.
    Value(Value),
    /// A word of the schema where it is compared with one (`production`).
    Word(SmolStr),
    /// `stages`, `approvals`, `gates`, `people`, or a variable.
    Name(SmolStr),
    /// `s.guards`
    Field(Box<PolicyExpr>, SmolStr),
    /// `len(x)` and the other built-in functions.
    Call(SmolStr, Vec<PolicyExpr>),
    /// A list.
    List(Vec<PolicyExpr>),
    /// `not x`
    Not(Box<PolicyExpr>),
    /// Two operands.
    Op(PolicyOp, Box<PolicyExpr>, Box<PolicyExpr>),
}

/// The operators of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyOp {
    /// `and`
    And,
    /// `or`
    Or,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `is`
    Is,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

impl PolicyOp {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            PolicyOp::And => "and",
            PolicyOp::Or => "or",
            PolicyOp::Eq => "==",
            PolicyOp::Ne => "!=",
            PolicyOp::Lt => "<",
            PolicyOp::Le => "<=",
            PolicyOp::Gt => ">",
            PolicyOp::Ge => ">=",
            PolicyOp::In => "in",
            PolicyOp::Is => "is",
            PolicyOp::Add => "+",
            PolicyOp::Sub => "-",
            PolicyOp::Mul => "*",
            PolicyOp::Div => "/",
        }
    }
}
