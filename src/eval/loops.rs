//! The variables of `for` that nothing in their blocks speaks of.
//!
//! Looks at the tree only: a repetition that does the same every time shows before anything is evaluated. Called by `lower`.

use crate::diagnostic::Bag;
use crate::resolve::errors;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Form, Key, Stmt, StrPart};

/// Reports them, for the statements of one file.
pub(super) fn report_unused(items: &[Stmt], bag: &mut Bag) {
    let mut todo: Vec<&Stmt> = items.iter().rev().collect();
    while let Some(stmt) = todo.pop() {
        todo.extend(stmt.children().iter().rev());
        // Without a block it is a quantifier of a policy, and speaks of what stands beside it.
        let looped = stmt.keyword.text == "for" && stmt.block.is_some();
        if looped
            && let Some(ExprKind::Binary(BinaryOp::In, _, variable, _)) = stmt.args().first().map(|a| &a.kind)
            && let ExprKind::Ident(name) = &variable.kind
            && !spoken_of(name, stmt.children())
        {
            bag.push(errors::unused_variable(variable.span, name));
        }
    }
}

/// Whether any expression of the statements names it.
fn spoken_of(name: &str, items: &[Stmt]) -> bool {
    let mut stmts: Vec<&Stmt> = items.iter().collect();
    let mut exprs: Vec<&Expr> = Vec::new();
    while let Some(stmt) = stmts.pop() {
        stmts.extend(stmt.children());
        match &stmt.form {
            Form::Plain(args) => exprs.extend(args),
            Form::Let { value, .. } => exprs.push(value),
            Form::Typed { default, .. } => exprs.extend(default),
            Form::Define { params, .. } => exprs.extend(params.iter().filter_map(|p| p.default.as_ref())),
            Form::Use(_) => {}
        }
        while let Some(expr) = exprs.pop() {
            if matches!(&expr.kind, ExprKind::Ident(n) if n == name) {
                return true;
            }
            parts(expr, &mut exprs);
        }
    }
    false
}

/// The expressions directly inside an expression.
fn parts<'e>(expr: &'e Expr, into: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Str(text) => into.extend(text.parts.iter().filter_map(|part| match part {
            StrPart::Interpolation(inner) => Some(inner),
            StrPart::Text { .. } => None,
        })),
        ExprKind::Member(a, _) | ExprKind::Paren(a) | ExprKind::Not(a) | ExprKind::Neg(a) => into.push(a),
        ExprKind::Index(a, b) | ExprKind::Binary(_, _, a, b) | ExprKind::Range(a, b) => {
            into.extend([&**a, &**b])
        }
        ExprKind::Call(callee, args) => {
            into.push(callee);
            into.extend(args.iter().map(|a| &a.value));
        }
        ExprKind::List(items) => into.extend(items),
        ExprKind::Object(entries) => {
            for entry in entries {
                if let Key::Str(key) | Key::Computed(key) = &entry.key {
                    into.push(key);
                }
                into.push(&entry.value);
            }
        }
        ExprKind::If {
            value,
            condition,
            otherwise,
        } => into.extend([&**value, &**condition, &**otherwise]),
        ExprKind::Number
        | ExprKind::Percent
        | ExprKind::Duration
        | ExprKind::TimeOfDay
        | ExprKind::Date
        | ExprKind::DateTime
        | ExprKind::Bool(_)
        | ExprKind::Start
        | ExprKind::Ident(_) => {}
    }
}
