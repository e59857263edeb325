//! Mermaid flowcharts, as GitHub and GitLab draw them in Markdown.

use super::visible;
use crate::emit::diagram::{Diagram, Kind, Shape};

pub(in crate::emit::diagram) fn draw(d: &Diagram) -> String {
    let mut out = String::from("flowchart TD\n");
    let mut framed = vec![false; d.shapes.len()];
    for frame in &d.frames {
        out.push_str(&format!(
            "  subgraph {}[\"{}\"]\n",
            frame.id,
            escape(&frame.title)
        ));
        for &i in &frame.shapes {
            if !std::mem::replace(&mut framed[i], true) {
                out.push_str(&format!("    {}\n", shape(&d.shapes[i])));
            }
        }
        out.push_str("  end\n");
    }
    for (s, _) in d.shapes.iter().zip(&framed).filter(|(_, framed)| !**framed) {
        out.push_str(&format!("  {}\n", shape(s)));
    }
    for arrow in &d.arrows {
        let (from, to) = (&d.shapes[arrow.from].id, &d.shapes[arrow.to].id);
        if arrow.label.is_empty() {
            out.push_str(&format!("  {from} --> {to}\n"));
        } else {
            out.push_str(&format!("  {from} -->|\"{}\"| {to}\n", escape(&arrow.label)));
        }
    }
    let production: Vec<&str> = d
        .shapes
        .iter()
        .filter(|s| s.kind == Kind::Production)
        .map(|s| s.id.as_str())
        .collect();
    if !production.is_empty() {
        out.push_str("  classDef production stroke-width:3px\n");
        for ids in production.chunks(50) {
            out.push_str(&format!("  class {} production\n", ids.join(",")));
        }
    }
    out
}

fn shape(s: &Shape) -> String {
    let mut label = format!("<b>{}</b>", escape(&s.title));
    for line in &s.lines {
        label.push_str("<br/>");
        label.push_str(&escape(line));
    }
    let (open, close) = match s.kind {
        Kind::Stage | Kind::Production => ("[", "]"),
        Kind::Approval => ("([", "])"),
        Kind::Decision => ("{{", "}}"),
    };
    format!("{}{open}\"{label}\"{close}", s.id)
}

/// A text inside quotes: everything Mermaid or HTML would read becomes an entity of Mermaid's.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | ' '
            | '_'
            | '-'
            | '.'
            | ','
            | ':'
            | '/'
            | '%'
            | '+'
            | '('
            | ')'
            | '?'
            | '!'
            | '=' => {
                out.push(c);
            }
            c if c.is_ascii() => out.push_str(&format!("#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
