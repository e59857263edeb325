//! SVG: one self-contained picture without network, legible in black and white.

use super::visible;
use crate::emit::diagram::layout::{Size, layout};
use crate::emit::diagram::measure::{fit, width};
use crate::emit::diagram::{Diagram, Kind, Shape};
use std::collections::BTreeMap;

/// The height of a line, and the size of its letters.
const LINE: i32 = 16;
const LETTER: i32 = 12;
/// The size of the letters beside arrows.
const LABEL: i32 = 11;
/// Longer lines are cut off.
const LONGEST: usize = 48;

pub(in crate::emit::diagram) fn draw(d: &Diagram) -> String {
    let sizes: Vec<Size> = d.shapes.iter().map(size).collect();
    let l = layout(d, &sizes);
    let (wide, high) = (l.width.max(80), l.height.max(40));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    out.push_str(&format!("  <title>{}</title>\n", escape(&d.title)));
    out.push_str("  <defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L10 5 L0 10 z\"/></marker></defs>\n");
    out.push_str(&format!(
        "  <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n"
    ));
    for frame in &d.frames {
        out.push_str(&frame_around(&frame.title, &frame.shapes, &l.tops, &sizes));
    }
    for (arrow, bends) in d.arrows.iter().zip(&l.bends) {
        let (x1, y1) = l.tops[arrow.from];
        let start = (x1, y1 + sizes[arrow.from].height);
        let end = l.tops[arrow.to];
        let mut path = format!("M{} {}", start.0, start.1);
        let mut last = start;
        for &(x, y) in bends.iter().chain([&end]) {
            let half = (last.1 + y) / 2;
            path.push_str(&format!(" C{} {half} {x} {half} {x} {y}", last.0));
            last = (x, y);
        }
        out.push_str(&format!(
            "  <path d=\"{path}\" fill=\"none\" stroke=\"#000000\" marker-end=\"url(#arrow)\"/>\n"
        ));
    }
    // What is written beside arrows stands above the shape they reach, once for each shape: there nothing else is written.
    for (to, label) in labels(d) {
        let (x, y) = l.tops[to];
        let label = fit(&visible(&label), LABEL, false, sizes[to].width + 2 * 12);
        out.push_str(&format!(
            "  <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{LABEL}\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>\n",
            y - 26,
            escape(&label)
        ));
    }
    for ((s, size), top) in d.shapes.iter().zip(&sizes).zip(&l.tops) {
        out.push_str(&shape(s, *size, *top));
    }
    out.push_str("</svg>\n");
    out
}

/// What is written beside the arrows that reach a shape, by shape.
fn labels(d: &Diagram) -> BTreeMap<usize, String> {
    let mut by_shape: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for arrow in d.arrows.iter().filter(|a| !a.label.is_empty()) {
        let labels = by_shape.entry(arrow.to).or_default();
        if !labels.contains(&arrow.label.as_str()) {
            labels.push(&arrow.label);
        }
    }
    by_shape
        .into_iter()
        .map(|(to, labels)| (to, labels.join(", ")))
        .collect()
}

/// A dashed frame around shapes, with its title.
fn frame_around(title: &str, shapes: &[usize], tops: &[(i32, i32)], sizes: &[Size]) -> String {
    let left = shapes
        .iter()
        .map(|i| tops[*i].0 - sizes[*i].width / 2)
        .min()
        .unwrap_or(0)
        - 10;
    let right = shapes
        .iter()
        .map(|i| tops[*i].0 + sizes[*i].width / 2)
        .max()
        .unwrap_or(0)
        + 10;
    let top = shapes.iter().map(|i| tops[*i].1).min().unwrap_or(0) - 20;
    let bottom = shapes
        .iter()
        .map(|i| tops[*i].1 + sizes[*i].height)
        .max()
        .unwrap_or(0)
        + 10;
    let frame = format!(
        "  <rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#000000\" stroke-dasharray=\"4 3\"/>\n",
        right - left,
        bottom - top
    );
    let title = fit(&visible(&cut(title)), LETTER, false, right - left - 12);
    let label = format!(
        "  <text x=\"{}\" y=\"{}\" font-style=\"italic\">{}</text>\n",
        left + 6,
        top + 14,
        escape(&title)
    );
    frame + &label
}

fn size(s: &Shape) -> Size {
    let lines = s
        .lines
        .iter()
        .map(|l| width(&visible(&cut(l)), LETTER, false))
        .max();
    let widest = width(&visible(&cut(&s.title)), LETTER, true).max(lines.unwrap_or(0));
    let lines = i32::try_from(1 + s.lines.len()).unwrap_or(i32::MAX / 64);
    let room = if s.kind == Kind::Decision { 44 } else { 24 };
    Size {
        width: widest + room,
        height: lines * LINE + 14,
    }
}

fn shape(s: &Shape, size: Size, (x, y): (i32, i32)) -> String {
    let (left, w, h) = (x - size.width / 2, size.width, size.height);
    let rect = |inset: i32, round: i32, pen: i32| {
        format!(
            "  <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{round}\" fill=\"#ffffff\" stroke=\"#000000\" stroke-width=\"{pen}\"/>\n",
            left + inset,
            y + inset,
            w - 2 * inset,
            h - 2 * inset
        )
    };
    let mut out = match s.kind {
        Kind::Stage => rect(0, 3, 1),
        Kind::Production => rect(0, 3, 3),
        Kind::Approval => rect(0, h / 2, 1) + &rect(3, h / 2 - 3, 1),
        Kind::Decision => {
            let (right, middle, bottom) = (left + w, y + h / 2, y + h);
            format!(
                "  <polygon points=\"{left},{middle} {},{y} {},{y} {right},{middle} {},{bottom} {},{bottom}\" fill=\"#ffffff\" stroke=\"#000000\"/>\n",
                left + 16,
                right - 16,
                right - 16,
                left + 16
            )
        }
    };
    let mut line = y + 7 + 12;
    out.push_str(&text(x, line, &s.title, " font-weight=\"bold\""));
    for l in &s.lines {
        line += LINE;
        out.push_str(&text(x, line, l, ""));
    }
    out
}

/// A centred line of text.
fn text(x: i32, y: i32, line: &str, look: &str) -> String {
    let element = |look: &str| {
        format!(
            "  <text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\"{look}>{}</text>\n",
            escape(&cut(line))
        )
    };
    element(look)
}

/// A line, cut off when it is very long.
fn cut(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_string();
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Text between tags or in an attribute.
fn escape(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
