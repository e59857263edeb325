//! SVG: one self-contained picture without network, legible in black and white.

use super::visible;
use crate::emit::diagram::layout::{Size, layout};
use crate::emit::diagram::{Diagram, Kind, Shape};

/// The height of a line, and the width that one narrow character is taken to have.
const LINE: i32 = 16;
const CHAR: i32 = 7;
/// Longer lines are cut off.
const LONGEST: usize = 48;

pub(in crate::emit::diagram) fn draw(d: &Diagram) -> String {
    let sizes: Vec<Size> = d.shapes.iter().map(size).collect();
    let l = layout(d, &sizes);
    let (width, height) = (l.width.max(80), l.height.max(40));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    out.push_str(&format!("  <title>{}</title>\n", escape(&d.title)));
    out.push_str("  <defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L10 5 L0 10 z\"/></marker></defs>\n");
    out.push_str(&format!(
        "  <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
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
        if !arrow.label.is_empty() {
            let (x, y) = (i32::midpoint(start.0, end.0), i32::midpoint(start.1, end.1));
            out.push_str(&text(
                x,
                y,
                &arrow.label,
                " font-size=\"11\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\"",
            ));
        }
    }
    for ((s, size), top) in d.shapes.iter().zip(&sizes).zip(&l.tops) {
        out.push_str(&shape(s, *size, *top));
    }
    out.push_str("</svg>\n");
    out
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
    let label = format!(
        "  <text x=\"{}\" y=\"{}\" font-style=\"italic\">{}</text>\n",
        left + 6,
        top + 14,
        escape(&cut(title))
    );
    frame + &label
}

fn size(s: &Shape) -> Size {
    let widest = s
        .lines
        .iter()
        .chain([&s.title])
        .map(|l| columns(&cut(l)))
        .max()
        .unwrap_or(0);
    let lines = i32::try_from(1 + s.lines.len()).unwrap_or(i32::MAX / 64);
    let room = if s.kind == Kind::Decision { 44 } else { 24 };
    Size {
        width: widest * CHAR + room,
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

/// How many narrow characters a text is as wide as.
fn columns(text: &str) -> i32 {
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum()
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
