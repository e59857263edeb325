//! Terraform's language: two configurations side by side.

use crate::compare::Comparison;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, StringTemplate};

/// Compares two files.
pub fn compare(comparison: &mut Comparison<'_>, path: &str, own: &str, got: &str) {
    let read = |text: &str| hcl_edit::parser::parse_body(text).map_err(|e| e.to_string());
    match (read(own), read(got)) {
        (Ok(a), Ok(b)) => body(comparison, path, &a, &b),
        (a, b) => comparison
            .problems
            .push(format!("{path}: {:?} {:?}", a.err(), b.err())),
    }
}

fn body(comparison: &mut Comparison<'_>, path: &str, own: &Body, got: &Body) {
    if own.len() != got.len() {
        comparison
            .problems
            .push(format!("{path}: {} parts became {}", own.len(), got.len()));
        return;
    }
    for (a, b) in own.iter().zip(got.iter()) {
        match (a, b) {
            (Structure::Attribute(a), Structure::Attribute(b)) => {
                comparison.data(&format!("{path} (name)"), a.key.as_str(), b.key.as_str());
                expression(
                    comparison,
                    &format!("{path}.{}", a.key.as_str()),
                    &a.value,
                    &b.value,
                );
            }
            (Structure::Block(a), Structure::Block(b)) => {
                let name = |block: &hcl_edit::structure::Block| {
                    let labels: Vec<&str> = block.labels.iter().map(|l| l.as_str()).collect();
                    format!("{}.{}", block.ident.as_str(), labels.join("."))
                };
                comparison.data(&format!("{path} (block)"), &name(a), &name(b));
                body(comparison, &format!("{path}.{}", name(a)), &a.body, &b.body);
            }
            _ => comparison.problems.push(format!("{path}: a part is another")),
        }
    }
}

/// A template as its texts and its code.
fn template(t: &StringTemplate) -> (Vec<String>, Vec<String>) {
    let mut texts = vec![String::new()];
    let mut code = Vec::new();
    for element in t.iter() {
        match element {
            Element::Literal(text) => texts.last_mut().expect("one is there").push_str(text),
            Element::Interpolation(i) => {
                code.push(i.expr.to_string());
                texts.push(String::new());
            }
            Element::Directive(d) => {
                code.push(format!("{d:?}"));
                texts.push(String::new());
            }
        }
    }
    (texts, code)
}

fn texts(e: &Expression) -> Option<(Vec<String>, Vec<String>)> {
    match e {
        Expression::String(s) => Some((vec![s.as_str().to_string()], Vec::new())),
        Expression::StringTemplate(t) => Some(template(t)),
        _ => None,
    }
}

fn expression(comparison: &mut Comparison<'_>, path: &str, own: &Expression, got: &Expression) {
    if let (Some((a, code)), Some((b, other))) = (texts(own), texts(got)) {
        if code != other || a.len() != b.len() {
            comparison
                .problems
                .push(format!("{path}: {code:?} became {other:?}"));
            return;
        }
        for (a, b) in a.iter().zip(&b) {
            let (a, b) = (
                serde_json::Value::from(a.as_str()),
                serde_json::Value::from(b.as_str()),
            );
            comparison.tree(path, &a, &b, &|_| crate::compare::Reading::Plain);
        }
        return;
    }
    match (own, got) {
        (Expression::Array(a), Expression::Array(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b.iter()) {
                expression(comparison, path, a, b);
            }
        }
        (Expression::Object(a), Expression::Object(b)) if a.len() == b.len() => {
            for ((ka, va), (kb, vb)) in a.iter().zip(b.iter()) {
                let key = |k: &hcl_edit::expr::ObjectKey| match k {
                    hcl_edit::expr::ObjectKey::Expression(Expression::String(s)) => s.as_str().to_string(),
                    k => k
                        .as_ident()
                        .map_or_else(|| format!("{k:?}"), |i| i.as_str().to_string()),
                };
                comparison.data(&format!("{path} (key)"), &key(ka), &key(kb));
                expression(comparison, &format!("{path}.{}", key(ka)), va.expr(), vb.expr());
            }
        }
        (Expression::Parenthesis(a), Expression::Parenthesis(b)) => {
            expression(comparison, path, a.inner(), b.inner());
        }
        (Expression::FuncCall(a), Expression::FuncCall(b)) if a.args.len() == b.args.len() => {
            comparison.data(path, a.name.name.as_str(), b.name.name.as_str());
            for (a, b) in a.args.iter().zip(b.args.iter()) {
                expression(comparison, path, a, b);
            }
        }
        (Expression::BinaryOp(a), Expression::BinaryOp(b)) if a.operator.value() == b.operator.value() => {
            expression(comparison, path, &a.lhs_expr, &b.lhs_expr);
            expression(comparison, path, &a.rhs_expr, &b.rhs_expr);
        }
        (Expression::Conditional(a), Expression::Conditional(b)) => {
            expression(comparison, path, &a.cond_expr, &b.cond_expr);
            expression(comparison, path, &a.true_expr, &b.true_expr);
            expression(comparison, path, &a.false_expr, &b.false_expr);
        }
        (a, b) => comparison.data(path, a.to_string().trim(), b.to_string().trim()),
    }
}
