//! Expressions as GitHub reads them.
//!
//! Must not know plans. Called by `print::yaml`.

use crate::emit::github::model::{Expr, Field, Part, Status};

/// How tightly an operator binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Compare,
    Not,
    Atom,
}

fn binding(e: &Expr) -> Binding {
    match e {
        Expr::Or(_) => Binding::Or,
        Expr::And(_) => Binding::And,
        Expr::Eq(..) | Expr::Ne(..) => Binding::Compare,
        Expr::Not(_) => Binding::Not,
        _ => Binding::Atom,
    }
}

/// The expression without its braces.
pub fn expr(e: &Expr) -> String {
    match e {
        Expr::Bool(b) => b.to_string(),
        Expr::Str(s) => format!("'{}'", s.replace('\'', "''")),
        Expr::Input(name) => format!("inputs{}", member(name)),
        Expr::Context(path) => (*path).to_string(),
        Expr::Var(name) => format!("vars{}", member(name)),
        Expr::Secret(name) => format!("secrets{}", member(name)),
        Expr::Result(job) => format!("needs{}.result", member(job)),
        Expr::Output(job, name) => format!("needs{}.outputs{}", member(job), member(name)),
        Expr::StepOutput(step, name) => format!("steps{}.outputs{}", member(step), member(name)),
        Expr::Member(of, name) => format!("{}{}", within(of, Binding::Atom), member(name)),
        Expr::ToJson(context) => format!("toJSON({context})"),
        Expr::FromJson(of) => format!("fromJSON({})", expr(of)),
        Expr::Contains(list, item) => format!("contains({}, {})", expr(list), expr(item)),
        Expr::Status(Status::Always) => "always()".to_string(),
        Expr::Status(Status::Cancelled) => "cancelled()".to_string(),
        Expr::Status(Status::Success) => "success()".to_string(),
        Expr::Eq(a, b) => format!("{} == {}", within(a, Binding::Not), within(b, Binding::Not)),
        Expr::Ne(a, b) => format!("{} != {}", within(a, Binding::Not), within(b, Binding::Not)),
        Expr::Not(of) => format!("!{}", within(of, Binding::Atom)),
        Expr::And(list) => joined(list, " && ", Binding::Compare),
        Expr::Or(list) => joined(list, " || ", Binding::And),
    }
}

fn joined(list: &[Expr], sign: &str, least: Binding) -> String {
    let parts: Vec<_> = list.iter().map(|e| within(e, least)).collect();
    parts.join(sign)
}

fn within(e: &Expr, least: Binding) -> String {
    let text = expr(e);
    if binding(e) < least {
        format!("({text})")
    } else {
        text
    }
}

/// `.name`, or `['name']` where a name cannot stand behind a dot.
fn member(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain {
        format!(".{name}")
    } else {
        format!("['{}']", name.replace('\'', "''"))
    }
}

/// The expression in its braces.
pub fn braced(e: &Expr) -> String {
    format!("${{{{ {} }}}}", expr(e))
}

/// The text of a field: what is text stays text, whatever it holds.
pub fn field(f: &Field) -> String {
    f.parts
        .iter()
        .map(|p| match p {
            Part::Text(t) => inert(t),
            Part::Expr(e) => braced(e),
        })
        .collect()
}

/// What GitHub makes of a field with expressions in it, one call of `format`: how many characters that has, and how many values. Nothing
/// where nothing is evaluated.
pub fn formatted(f: &Field) -> (usize, usize) {
    if let [Part::Expr(e)] = f.parts.as_slice() {
        return (expr(e).encode_utf16().count(), 1);
    }
    let (mut text, mut values) = (String::new(), Vec::new());
    for part in &f.parts {
        match part {
            Part::Text(t) => {
                for (i, piece) in t.split("${{").enumerate() {
                    if i > 0 {
                        values.push("'${{'".to_string());
                    }
                    text.push_str(piece);
                }
            }
            Part::Expr(e) => values.push(expr(e)),
        }
    }
    if values.is_empty() {
        return (0, 0);
    }
    let doubled = text.chars().filter(|c| matches!(c, '\'' | '{' | '}')).count();
    let places: usize = (0..values.len()).map(|n| format!("{{{n}}}").len()).sum();
    let given: usize = values.iter().map(|v| v.encode_utf16().count() + 2).sum();
    let call = "format('')".len();
    (
        call + text.encode_utf16().count() + doubled + places + given,
        values.len(),
    )
}

/// A text in a place that GitHub evaluates, so written that it evaluates to itself.
pub fn inert(text: &str) -> String {
    text.replace("${{", "${{ '${{' }}")
}

/// A text in a place where GitHub admits no expression: it refuses a file that has the beginning of one there.
pub fn unevaluated(text: &str) -> String {
    text.replace("${{", "$ {{")
}

#[cfg(test)]
mod tests {
    use super::{expr, formatted, inert};
    use crate::emit::github::model::{Expr, Field};

    #[test]
    fn operators_keep_their_grouping() {
        let a = || Expr::succeeded("stage-a");
        let b = || Expr::Input("b".to_string());
        let e = Expr::And(vec![
            Expr::not_cancelled(),
            Expr::Or(vec![a(), Expr::Not(Box::new(Expr::And(vec![a(), b()])))]),
        ]);
        assert_eq!(
            expr(&e),
            "!cancelled() && (needs.stage-a.result == 'success' || !(needs.stage-a.result == 'success' && inputs.b))"
        );
    }

    #[test]
    fn text_never_becomes_an_expression() {
        assert_eq!(inert("a ${{ github.token }}"), "a ${{ '${{' }} github.token }}");
        assert_eq!(expr(&Expr::str("it's")), "'it''s'");
    }

    #[test]
    fn a_text_with_expressions_is_one_call() {
        assert_eq!(formatted(&Field::text("it's {x}")), (0, 0));
        assert_eq!(formatted(&Field::expr(Expr::Input("b".to_string()))), (8, 1));
        // format('it''s {0} x }}', '${{')
        assert_eq!(formatted(&Field::text("it's ${{ x }")), (31, 1));
    }
}
