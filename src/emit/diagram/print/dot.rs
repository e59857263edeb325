//! DOT, for Graphviz.

use super::visible;
use crate::emit::diagram::{Diagram, Kind, Shape};

pub(in crate::emit::diagram) fn draw(d: &Diagram) -> String {
    let mut out = String::from("digraph release {\n");
    out.push_str(&format!(
        "  graph [label={}, labelloc=t, fontname=\"sans-serif\"];\n",
        quoted(&[&d.title])
    ));
    out.push_str("  node [shape=box, fontname=\"sans-serif\", fontsize=11];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for s in &d.shapes {
        out.push_str(&format!("  {} [label={}{}];\n", s.id, label(s), look(s.kind)));
    }
    for (i, frame) in d.frames.iter().enumerate() {
        let shapes: Vec<&str> = frame.shapes.iter().map(|i| d.shapes[*i].id.as_str()).collect();
        out.push_str(&format!(
            "  subgraph cluster_{i} {{\n    label={};\n",
            quoted(&[&frame.title])
        ));
        out.push_str(&format!("    {};\n  }}\n", shapes.join("; ")));
    }
    for arrow in &d.arrows {
        let (from, to) = (&d.shapes[arrow.from].id, &d.shapes[arrow.to].id);
        let label = if arrow.label.is_empty() {
            String::new()
        } else {
            format!(" [label={}]", quoted(&[&arrow.label]))
        };
        out.push_str(&format!("  {from} -> {to}{label};\n"));
    }
    out.push_str("}\n");
    out
}

fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Stage => "",
        Kind::Production => ", penwidth=3",
        Kind::Approval => ", style=rounded, peripheries=2",
        Kind::Decision => ", shape=hexagon",
    }
}

fn label(s: &Shape) -> String {
    let lines: Vec<&str> = std::iter::once(s.title.as_str())
        .chain(s.lines.iter().map(String::as_str))
        .collect();
    quoted(&lines)
}

/// A quoted string; lines are centred below each other.
fn quoted(lines: &[&str]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|l| visible(l).replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    format!("\"{}\"", lines.join("\\n"))
}
