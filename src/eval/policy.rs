//! Policies: an organisation's rules, kept as small expressions for the check that evaluates them.

use crate::diagnostic::Severity;
use crate::eval::find::Target;
use crate::eval::lower::{Lower, all, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{Limit, Origin, Policy, PolicyExpr, PolicyOp, PolicyRule, Quantifier};
use crate::resolve::Kind;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

const RANGES: &[&str] = &[
    "stages",
    "approvals",
    "gates",
    "people",
    "roles",
    "environments",
    "artifacts",
    "decisions",
    "checklists",
    "release",
];
const FUNCTIONS: &[&str] = &["len", "lower", "join", "major", "minor", "patch", "fraction"];

impl<'a> Lower<'a> {
    /// `policy NAME { … }` in a release or a module, or `policy NAME` for one that was imported.
    pub(crate) fn policy(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        if stmt.block.is_none() {
            let Some(expr) = stmt.args().first() else { return };
            if let Some(Target::Def(def)) = self.find(expr, &[Kind::Policy], "a policy", scope)
                && let Some((inner, _)) = self.enter(&def)
            {
                let name = crate::eval::things::def_name(&def);
                let origin = self.origin(stmt.head(), scope);
                self.policy_block(name, def.stmt, inner, origin);
            }
            return;
        }
        let Some((name, _)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let origin = self.origin(stmt.head(), scope);
        self.policy_block(name, stmt, scope, origin);
    }

    fn policy_block(&mut self, name: SmolStr, stmt: &'a Stmt, scope: ScopeId, origin: Origin) {
        let items = stmt.children();
        let mut vars: Vec<SmolStr> = Vec::new();
        let mut quantifiers = Vec::new();
        for s in all(items, "for") {
            let Some((var, list)) = s.args().first().and_then(crate::eval::step::for_head) else {
                self.report(errors::mismatch(
                    s.head(),
                    "`for s in stages`",
                    "it is something else",
                ));
                continue;
            };
            if let Some(over) = self.policy_expr(list, &vars, scope) {
                vars.push(var.clone());
                quantifiers.push(Quantifier {
                    var: var.clone(),
                    over,
                });
            }
        }
        let rules = |l: &mut Self, keyword: &'static str| -> Vec<PolicyRule> {
            let exprs: Vec<&'a Expr> = all(items, keyword).filter_map(|s| s.args().first()).collect();
            exprs
                .into_iter()
                .filter_map(|e| {
                    Some(PolicyRule {
                        expr: l.policy_expr(e, &vars, scope)?,
                        origin: l.origin(e.span, scope),
                    })
                })
                .collect()
        };
        let (filters, required) = (rules(self, "where"), rules(self, "require"));
        let mut limits = Vec::new();
        for s in all(items, "limit") {
            let [code, value] = s.args() else { continue };
            let (code, value) = (
                self.known_text(code, "the name of a diagnostic", scope),
                self.eval(value, scope),
            );
            if let (Some(code), Some(value)) = (code, value) {
                limits.push(Limit {
                    code: SmolStr::new(code),
                    value,
                    origin: self.origin(s.span, scope),
                });
            }
        }
        let severity = match self.word_of(items, "severity", &["error", "warning", "info"]) {
            Some("warning") => Severity::Warning,
            Some("info") => Severity::Info,
            _ => Severity::Error,
        };
        let because = match one(items, "because") {
            Some(_) => self.text_of(items, "because", scope),
            None => None,
        };
        self.r.policies.push(Policy {
            name,
            origin,
            quantifiers,
            filters,
            rules: required,
            because,
            severity,
            limits,
        });
    }

    fn policy_expr(&mut self, expr: &'a Expr, vars: &[SmolStr], scope: ScopeId) -> Option<PolicyExpr> {
        match &expr.kind {
            ExprKind::Paren(e) => self.policy_expr(e, vars, scope),
            ExprKind::Not(e) => Some(PolicyExpr::Not(Box::new(self.policy_expr(e, vars, scope)?))),
            ExprKind::Binary(op, _, a, b) => {
                let word = matches!(op, BinaryOp::Is);
                let left = self.policy_expr(a, vars, scope);
                let right = match &b.kind {
                    ExprKind::Ident(w) if word => Some(PolicyExpr::Word(w.clone())),
                    _ => self.policy_expr(b, vars, scope),
                };
                Some(PolicyExpr::Op(policy_op(*op), Box::new(left?), Box::new(right?)))
            }
            ExprKind::Member(base, name) if !self.is_module(base, scope) => {
                let base = self.policy_expr(base, vars, scope)?;
                Some(PolicyExpr::Field(Box::new(base), name.text.clone()))
            }
            ExprKind::List(items) => {
                let list: Vec<_> = items.iter().map(|e| self.policy_expr(e, vars, scope)).collect();
                list.into_iter().collect::<Option<Vec<_>>>().map(PolicyExpr::List)
            }
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Ident(f) if FUNCTIONS.contains(&f.as_str()) => {
                    let args: Vec<_> = args
                        .iter()
                        .map(|a| self.policy_expr(&a.value, vars, scope))
                        .collect();
                    Some(PolicyExpr::Call(
                        f.clone(),
                        args.into_iter().collect::<Option<Vec<_>>>()?,
                    ))
                }
                _ => {
                    self.report(errors::unknown_word(
                        callee.span,
                        self.source(callee.span),
                        FUNCTIONS.iter().copied(),
                    ));
                    None
                }
            },
            ExprKind::Ident(name) if vars.contains(name) || RANGES.contains(&name.as_str()) => {
                Some(PolicyExpr::Name(name.clone()))
            }
            ExprKind::Ident(name) if !matches!(self.local(name, scope), Some(Local::Value(_))) => {
                // A word of the schema where it is compared with one (`production`), else a thing of the plan.
                match self.quietly(|l| l.eval(expr, scope)) {
                    Some(v) if !is_word(name) => Some(PolicyExpr::Value(v)),
                    _ if is_word(name) => Some(PolicyExpr::Word(name.clone())),
                    _ => {
                        let words = vars
                            .iter()
                            .map(SmolStr::as_str)
                            .chain(RANGES.iter().copied())
                            .collect::<Vec<_>>();
                        let d = crate::resolve::errors::unknown_name(expr.span, name, "name", words);
                        let range = RANGES.iter().find(|r| r.strip_suffix('s') == Some(name.as_str()));
                        self.report(match range {
                            Some(range) => {
                                d.help(format!("say what the rule ranges over: `for {name} in {range}`"))
                            }
                            None => d,
                        });
                        None
                    }
                }
            }
            _ => self.eval(expr, scope).map(PolicyExpr::Value),
        }
    }

    fn is_module(&mut self, base: &Expr, scope: ScopeId) -> bool {
        matches!(&base.kind, ExprKind::Ident(n) if self.module_binding(n, scope).is_some())
    }
}

/// Whether a word is one the schema lists anywhere.
fn is_word(word: &str) -> bool {
    crate::schema::Block::ALL
        .iter()
        .flat_map(|b| b.statements())
        .flat_map(|s| s.args)
        .any(|a| match a.ty {
            crate::schema::Ty::Words(words) => words.contains(&word),
            _ => false,
        })
}

fn policy_op(op: BinaryOp) -> PolicyOp {
    match op {
        BinaryOp::Or => PolicyOp::Or,
        BinaryOp::And => PolicyOp::And,
        BinaryOp::Eq => PolicyOp::Eq,
        BinaryOp::Ne => PolicyOp::Ne,
        BinaryOp::Lt => PolicyOp::Lt,
        BinaryOp::Le => PolicyOp::Le,
        BinaryOp::Gt => PolicyOp::Gt,
        BinaryOp::Ge => PolicyOp::Ge,
        BinaryOp::In => PolicyOp::In,
        BinaryOp::Is => PolicyOp::Is,
        BinaryOp::Add => PolicyOp::Add,
        BinaryOp::Sub => PolicyOp::Sub,
        BinaryOp::Mul => PolicyOp::Mul,
        BinaryOp::Div => PolicyOp::Div,
    }
}
