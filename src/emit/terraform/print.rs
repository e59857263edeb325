//! Configuration as text, as `terraform fmt` would write it.
//!
//! Values become the expressions of `hcl-edit`, which quotes them; what is ours is where lines break and where equals signs
//! stand. Must not know what is configured.

use super::model::{Block, File, Item, Piece, Val};
use crate::source::is_hidden;
use hcl_edit::expr::{
    Array, BinaryOp, BinaryOperator, Expression, FuncArgs, FuncCall, Object, ObjectKey, ObjectValue,
    ObjectValueTerminator,
};
use hcl_edit::structure::{Attribute, Block as HclBlock, BlockLabel, Body, Structure};
use hcl_edit::template::{Element, Interpolation, StringTemplate};
use hcl_edit::{Decorate, Decorated, Ident};

/// Spaces a level is indented by.
const STEP: usize = 2;
/// Widest line of a list.
const WIDTH: usize = 120;

/// A file, with its head.
pub fn file(file: &File, head: &[String]) -> String {
    let mut body = Body::new();
    for (i, block) in file.blocks.iter().enumerate() {
        let mut before = String::new();
        if i > 0 {
            before.push('\n');
        }
        body.push(Structure::Block(hcl_block(block, 0, before)));
    }
    let mut text = String::new();
    for line in head.iter().chain([&file.about]) {
        text.push_str(&comment(line, 0));
    }
    text.push('\n');
    text.push_str(&visible(&body.to_string()));
    text
}

/// Configuration in which every character can be seen: only quoted texts can hold others, and there they can be escaped.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            c if is_hidden(c) && (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if is_hidden(c) => out.push_str(&format!("\\U{:08X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// A comment of one line, whatever stands in it.
fn comment(line: &str, indent: usize) -> String {
    let plain: String = line.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let mark = if plain.starts_with("checkov:") { "#" } else { "# " };
    let mut text = " ".repeat(indent);
    text.push_str(mark);
    text.push_str(plain.trim());
    text.push('\n');
    text
}

fn hcl_block(block: &Block, indent: usize, mut before: String) -> HclBlock {
    for line in &block.comments {
        before.push_str(&comment(line, indent));
    }
    before.push_str(&" ".repeat(indent));
    let mut out = HclBlock::new(Decorated::new(ident(&block.kind)));
    out.decor_mut().set_prefix(before);
    for label in &block.labels {
        out.labels.push(BlockLabel::String(Decorated::new(label.clone())));
    }
    out.body = body(&block.items, indent + STEP);
    if block.items.is_empty() {
        out.body.set_prefer_oneline(true);
    } else {
        out.body.decor_mut().set_suffix(" ".repeat(indent));
    }
    out
}

/// The parts of a block, equals signs below each other where lines without breaks follow each other.
fn body(items: &[Item], indent: usize) -> Body {
    let widths = widths(items, indent);
    let mut body = Body::new();
    let mut before = String::new();
    for (item, width) in items.iter().zip(widths) {
        match item {
            Item::Gap => before.push('\n'),
            Item::Comment(line) => before.push_str(&comment(line, indent)),
            Item::Attr(name, value) => {
                let mut key = Decorated::new(ident(name));
                key.decor_mut().set_suffix(" ".repeat(width - name.len() + 1));
                let mut value = expression(value, indent);
                value.decor_mut().set_prefix(" ");
                let mut attr = Attribute::new(key, value);
                attr.decor_mut()
                    .set_prefix([&std::mem::take(&mut before), " ".repeat(indent).as_str()].concat());
                body.push(Structure::Attribute(attr));
            }
            Item::Block(block) => {
                body.push(Structure::Block(hcl_block(
                    block,
                    indent,
                    std::mem::take(&mut before),
                )));
            }
        }
    }
    body
}

/// How wide the name of each attribute must be.
fn widths(items: &[Item], indent: usize) -> Vec<usize> {
    let chain: Vec<Option<usize>> = items
        .iter()
        .map(|item| match item {
            Item::Attr(name, value) if !shown(value, indent).contains('\n') => Some(name.len()),
            _ => None,
        })
        .collect();
    let own = |i: usize| match &items[i] {
        Item::Attr(name, _) => name.len(),
        _ => 0,
    };
    align(&chain, own)
}

/// The widest of each run of lines that stand below each other.
fn align(chain: &[Option<usize>], own: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut widths = vec![0; chain.len()];
    let mut i = 0;
    while i < chain.len() {
        let mut end = i;
        let mut widest = 0;
        while let Some(Some(w)) = chain.get(end) {
            widest = widest.max(*w);
            end += 1;
        }
        if end == i {
            widths[i] = own(i);
            i += 1;
        } else {
            widths[i..end].iter_mut().for_each(|w| *w = widest);
            i = end;
        }
    }
    widths
}

fn shown(value: &Val, indent: usize) -> String {
    expression(value, indent).to_string()
}

fn ident(name: &str) -> Ident {
    Ident::new(name)
}

fn expression(value: &Val, indent: usize) -> Expression {
    match value {
        Val::Str(text) => string(text),
        Val::Num(n) => Expression::from(*n),
        Val::Bool(b) => Expression::from(*b),
        Val::Ref(text) => reference(text),
        Val::Template(pieces) => Expression::from(template(pieces)),
        Val::List(list) => Expression::from(array(list, indent)),
        Val::Object(members) => Expression::from(object(members, indent)),
        Val::Call(name, args) => {
            let mut list = FuncArgs::new();
            for arg in args {
                list.push(expression(arg, indent));
            }
            Expression::from(FuncCall::new(Decorated::new(ident(name)), list))
        }
        Val::Equal(a, b) => {
            // The operator brings the blanks on both of its sides.
            let same = Decorated::new(BinaryOperator::Eq);
            Expression::from(BinaryOp::new(expression(a, indent), same, expression(b, indent)))
        }
    }
}

fn reference(text: &str) -> Expression {
    let mut e: Expression = text
        .parse()
        .expect("internal: a reference of our own making is an expression");
    e.decor_mut().clear();
    e
}

/// A text in quotes.
fn string(text: &str) -> Expression {
    if !text.contains("${") && !text.contains("%{") {
        return Expression::from(text);
    }
    let mut out = StringTemplate::new();
    literals(text, &mut out);
    Expression::from(out)
}

/// A text, cut before every `${` and `%{`: the printer escapes a marker at the beginning of a literal, and overlooks one behind
/// another `$` or `%`.
fn literals(text: &str, out: &mut StringTemplate) {
    let mut start = 0;
    for (at, _) in text
        .match_indices("${")
        .chain(text.match_indices("%{"))
        .collect::<std::collections::BTreeSet<_>>()
    {
        if at > start {
            out.push(Element::Literal(text[start..at].to_string().into()));
        }
        start = at;
    }
    if start < text.len() || text.is_empty() {
        out.push(Element::Literal(text[start..].to_string().into()));
    }
}

fn template(pieces: &[Piece]) -> StringTemplate {
    let mut out = StringTemplate::new();
    for piece in pieces {
        match piece {
            // Beside what is interpolated a `$` would escape it.
            Piece::Lit(text) if text.ends_with('$') => {
                literals(text.trim_end_matches('$'), &mut out);
                let signs = &text[text.trim_end_matches('$').len()..];
                let mut inner = Expression::from(signs);
                inner.decor_mut().set_prefix("");
                inner.decor_mut().set_suffix("");
                out.push(Element::Interpolation(Interpolation::new(inner)));
            }
            Piece::Lit(text) => literals(text, &mut out),
            Piece::Ref(text) => {
                let mut inner = reference(text);
                inner.decor_mut().set_prefix("");
                inner.decor_mut().set_suffix("");
                out.push(Element::Interpolation(Interpolation::new(inner)));
            }
        }
    }
    out
}

/// A list on one line where it fits and holds nothing that breaks lines, else one line for each value.
fn array(list: &[Val], indent: usize) -> Array {
    let mut out = Array::new();
    let flat: Vec<String> = list.iter().map(|v| shown(v, indent + STEP)).collect();
    let width: usize = flat.iter().map(|t| t.len() + 2).sum();
    let broken = list.len() > 1 && (width + indent > WIDTH || flat.iter().any(|t| t.contains('\n')));
    for (i, v) in list.iter().enumerate() {
        let mut e = expression(v, if broken { indent + STEP } else { indent });
        if broken {
            e.decor_mut()
                .set_prefix(["\n", &" ".repeat(indent + STEP)].concat());
        } else if i > 0 {
            e.decor_mut().set_prefix(" ");
        }
        out.push(e);
    }
    if broken {
        out.set_trailing_comma(true);
        out.set_trailing(["\n", &" ".repeat(indent)].concat());
    }
    out
}

fn object(members: &[(String, Val)], indent: usize) -> Object {
    let mut out = Object::new();
    if members.is_empty() {
        return out;
    }
    let inner = indent + STEP;
    let keys: Vec<String> = members.iter().map(|(k, _)| key_text(k)).collect();
    let chain: Vec<Option<usize>> = members
        .iter()
        .zip(&keys)
        .map(|((_, v), k)| (!shown(v, inner).contains('\n')).then_some(k.len()))
        .collect();
    let widths = align(&chain, |i| keys[i].len());
    for (i, (k, v)) in members.iter().enumerate() {
        let pad = [" ".repeat(widths[i] - keys[i].len()).as_str(), " "].concat();
        let before = [if i == 0 { "\n" } else { "" }, " ".repeat(inner).as_str()].concat();
        let mut key = if plain_key(k) {
            ObjectKey::Ident(Decorated::new(ident(k)))
        } else {
            ObjectKey::Expression(string(k))
        };
        key.decor_mut().set_prefix(before);
        key.decor_mut().set_suffix(pad);
        let mut value = expression(v, inner);
        value.decor_mut().set_prefix(" ");
        let mut value = ObjectValue::new(value);
        value.set_terminator(ObjectValueTerminator::Newline);
        out.insert(key, value);
    }
    out.set_trailing(" ".repeat(indent));
    out
}

fn plain_key(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn key_text(key: &str) -> String {
    if plain_key(key) {
        key.to_string()
    } else {
        string(key).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::file;
    use crate::emit::terraform::model::{Block, File, Piece, Val};

    #[test]
    fn a_text_is_never_a_template() {
        let block = Block::resource("x", "y")
            .attr("a", "${file(\"/etc/passwd\")} %{ if true } \"quoted\"\nline")
            .attr("b", "%${x} $%{ if true } $${x}")
            .attr(
                "c",
                Val::template(vec![Piece::Lit("a$".into()), Piece::Ref("var.a".into())]),
            )
            .attr(
                "longer",
                Val::template(vec![Piece::Lit("${x}".into()), Piece::Ref("var.a".into())]),
            );
        let text = file(
            &File {
                name: "a.tf",
                about: "About\nthis".into(),
                blocks: vec![block],
            },
            &[],
        );
        insta::assert_snapshot!(text, @r#"
        # About this

        resource "x" "y" {
          a      = "$${file(\"/etc/passwd\")} %%{ if true } \"quoted\"\nline"
          b      = "%$${x} $%%{ if true } $$${x}"
          c      = "a${"$"}${var.a}"
          longer = "$${x}${var.a}"
        }
        "#);
    }

    #[test]
    fn lines_break_and_align_as_the_formatter_has_it() {
        let block = Block::resource("x", "y")
            .attr("a", 1)
            .attr("tags", Val::object([("A", "1".into()), ("long-key", "2".into())]))
            .attr("bb", true)
            .attr("list", Val::texts(&["x".repeat(80), "y".repeat(80)]))
            .block(Block::new("inner", &[]).attr("c", Val::of("var.c")));
        let text = file(
            &File {
                name: "a.tf",
                about: "About".into(),
                blocks: vec![block],
            },
            &[],
        );
        assert!(
            text.contains("  tags = {\n    A          = \"1\"\n    \"long-key\" = \"2\"\n  }\n  bb = true\n"),
            "{text}"
        );
        assert!(text.contains("\n  inner {\n    c = var.c\n  }\n}\n"), "{text}");
    }
}
