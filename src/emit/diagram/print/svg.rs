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

/// The widest and the highest part of a picture that can be read on a printed page.
const PAGE: (i32, i32) = (960, 1200);
/// A picture of more parts than this is not printed in parts: nobody lays so many pages side by side.
const MOST: usize = 60;
/// More shapes than this stand on no page.
const CROWDED: usize = 60;
/// Space that is kept beside a shape at the edge of a page.
const GAP: i32 = 16;
/// Space that is kept above a shape, for what is written there.
const ABOVE: i32 = 40;

pub(in crate::emit::diagram) fn draw(d: &Diagram) -> String {
    whole(d, &Drawn::new(d), &[])
}

/// The picture, and its parts for printed pages: they are marked in it, each with its number, which shows in print only.
pub(in crate::emit::diagram) fn printed(d: &Diagram) -> (String, Vec<Page>) {
    let drawn = Drawn::new(d);
    let pages = pages(d, &drawn);
    (whole(d, &drawn, &pages), pages)
}

fn whole(d: &Diagram, drawn: &Drawn, pages: &[Page]) -> String {
    let (wide, high) = drawn.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    out.push_str(&format!("  <title>{}</title>\n", escape(&d.title)));
    out.push_str("  <defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L10 5 L0 10 z\"/></marker></defs>\n");
    out.push_str(&format!(
        "  <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n"
    ));
    drawn.pieces.iter().for_each(|p| out.push_str(&p.drawn));
    out.push_str(&map(pages));
    out.push_str("</svg>\n");
    out
}

/// Where the parts stand in the whole.
fn map(pages: &[Page]) -> String {
    if pages.is_empty() {
        return String::new();
    }
    let wide = pages.iter().map(|p| p.left + p.width).max().unwrap_or(0);
    let high = pages.iter().map(|p| p.top + p.height).max().unwrap_or(0);
    // Read in a whole that is shrunk to one page, however wide or high it is.
    let letter = (wide.max(high) / 32).max(24);
    let mut out = String::from("<g class=\"parts\" aria-hidden=\"true\">\n");
    for (i, p) in pages.iter().enumerate() {
        let (middle, line) = (p.left + p.width / 2, p.top + p.height / 2 + letter / 3);
        out.push_str(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/><text x=\"{middle}\" y=\"{line}\" text-anchor=\"middle\" style=\"font-size: {letter}px\">{}</text>\n",
            p.left,
            p.top,
            p.width,
            p.height,
            i + 1
        ));
    }
    out.push_str("</g>\n");
    out
}

/// Where the rows of pages begin and end: as few as there can be, and among those as even as can be, so that the last is not left with
/// a row or two.
fn bands(drawn: &Drawn) -> Vec<(i32, i32)> {
    let shapes = || drawn.pieces.iter().filter(|p| p.kind == Drawing::Shape);
    let cut = |limit: i32| {
        let mut bands = Vec::new();
        let mut top = 0;
        while top < drawn.size.1 {
            // A page ends above the first row that does not fit it.
            let cut = shapes()
                .filter(|p| p.top >= top && p.bottom > top + limit)
                .map(|p| p.top - ABOVE)
                .min();
            let bottom = cut.filter(|c| *c > top).unwrap_or(top + limit).min(drawn.size.1);
            bands.push((top, bottom));
            top = bottom;
        }
        bands
    };
    let tallest = shapes().map(|p| p.bottom - p.top).max().unwrap_or(0);
    let least = (tallest + ABOVE + GAP).clamp(PAGE.1 / 4, PAGE.1);
    let fewest = cut(PAGE.1);
    let even = (least..PAGE.1).step_by(16).map(cut);
    even.into_iter()
        .find(|b| b.len() <= fewest.len())
        .unwrap_or(fewest)
}

/// The picture in parts for printed pages, each beside or below another. Every shape stands whole in one of them. Nothing where the whole
/// can be read on one page, and where the parts would be too many.
fn pages(d: &Diagram, drawn: &Drawn) -> Vec<Page> {
    if d.shapes.len() > MOST * CROWDED {
        return Vec::new();
    }
    let (wide, high) = drawn.size;
    if wide <= PAGE.0 && high <= PAGE.1 {
        return Vec::new();
    }
    let shapes = || drawn.pieces.iter().filter(|p| p.kind == Drawing::Shape);
    let mut pages: Vec<Page> = Vec::new();
    for (top, bottom) in bands(drawn) {
        let mut open: Vec<&Piece> = shapes().filter(|p| p.top >= top && p.top < bottom).collect();
        open.sort_by_key(|p| p.left);
        // The next page begins with the first shape that does not stand whole in those before it.
        while let Some(first) = open.first() {
            if pages.len() == MOST {
                return Vec::new();
            }
            let left = (first.left - GAP).max(0);
            let (edge, last) = (left + PAGE.0, first.right);
            let whole = open.iter().map(|p| p.right).filter(|r| *r + GAP <= edge).max();
            let right = (whole.unwrap_or(last).max(last) + GAP).min(edge);
            open.remove(0);
            open.retain(|p| p.right > right);
            pages.push(Page {
                left,
                top,
                width: right - left,
                height: bottom - top,
                drawn: String::new(),
            });
        }
    }
    if pages.len() < 2 {
        return Vec::new();
    }
    for page in &mut pages {
        let (right, bottom) = (page.left + page.width, page.top + page.height);
        let mut out = format!(
            "<svg role=\"img\" width=\"{}\" height=\"{}\" viewBox=\"{} {} {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n",
            page.width, page.height, page.left, page.top, page.width, page.height
        );
        // A shape that stands whole in another page is not drawn cut, nor is what is written above it.
        let whole = |p: &Piece| p.left >= page.left && p.right <= right || p.right - p.left > PAGE.0 - GAP;
        let meets =
            |p: &Piece| p.left < right && p.right > page.left && p.top < bottom && p.bottom > page.top;
        let here = |p: &&Piece| meets(p) && (p.kind == Drawing::Line || whole(p));
        drawn
            .pieces
            .iter()
            .filter(here)
            .for_each(|p| out.push_str(&p.drawn));
        out.push_str("</svg>\n");
        page.drawn = out;
    }
    pages
}

/// A part of a picture that fits a printed page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it stands in the whole, and how large it is.
    pub left: i32,
    /// From the upper edge of the whole.
    pub top: i32,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// The part itself.
    pub drawn: String,
}

/// Something drawn, with the edges of the place it takes.
struct Piece {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
    kind: Drawing,
    drawn: String,
}

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawing {
    /// An arrow or a frame, of which a part can be shown.
    Line,
    /// What is written above a shape.
    Label,
    Shape,
}

/// Everything that is drawn, what is drawn over it after it.
struct Drawn {
    size: (i32, i32),
    pieces: Vec<Piece>,
}

impl Drawn {
    fn new(d: &Diagram) -> Self {
        let sizes: Vec<Size> = d.shapes.iter().map(size).collect();
        let l = layout(d, &sizes);
        let size = (l.width.max(80), l.height.max(40));
        let mut pieces = Vec::new();
        let mut titles = Vec::new();
        for frame in &d.frames {
            let (around, title) = frame_around(&frame.title, &frame.shapes, &l.tops, &sizes);
            titles.push(title);
            pieces.push(Piece {
                left: 0,
                top: 0,
                right: size.0,
                bottom: size.1,
                kind: Drawing::Line,
                drawn: around,
            });
        }
        for (arrow, bends) in d.arrows.iter().zip(&l.bends) {
            let (x1, y1) = l.tops[arrow.from];
            let start = (x1, y1 + sizes[arrow.from].height);
            let end = l.tops[arrow.to];
            let mut path = format!("M{} {}", start.0, start.1);
            let mut last = start;
            let (mut left, mut right) = (start.0, start.0);
            for &(x, y) in bends.iter().chain([&end]) {
                let half = (last.1 + y) / 2;
                path.push_str(&format!(" C{} {half} {x} {half} {x} {y}", last.0));
                last = (x, y);
                (left, right) = (left.min(x), right.max(x));
            }
            pieces.push(Piece {
                left: left - 8,
                top: start.1,
                right: right + 8,
                bottom: end.1,
                kind: Drawing::Line,
                drawn: format!(
                    "  <path d=\"{path}\" fill=\"none\" stroke=\"#000000\" marker-end=\"url(#arrow)\"/>\n"
                ),
            });
        }
        // Over the arrows, which may cross a frame where its title stands.
        pieces.extend(titles);
        // What is written beside arrows stands above the shape they reach, once for each shape: there nothing else is written.
        for (to, label) in labels(d) {
            let (x, y) = l.tops[to];
            let room = sizes[to].width + 2 * 12;
            let label = fit(&visible(&label), LABEL, false, room);
            pieces.push(Piece {
                left: x - room / 2,
                top: y - ABOVE,
                right: x + room / 2,
                bottom: y,
                kind: Drawing::Label,
                drawn: format!(
                    "  <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{LABEL}\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>\n",
                    y - 26,
                    escape(&label)
                ),
            });
        }
        for ((s, size), top) in d.shapes.iter().zip(&sizes).zip(&l.tops) {
            pieces.push(Piece {
                left: top.0 - size.width / 2,
                top: top.1,
                right: top.0 + size.width / 2,
                bottom: top.1 + size.height,
                kind: Drawing::Shape,
                drawn: shape(s, *size, *top),
            });
        }
        Drawn { size, pieces }
    }
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

/// A dashed frame around shapes, and its title.
fn frame_around(title: &str, shapes: &[usize], tops: &[(i32, i32)], sizes: &[Size]) -> (String, Piece) {
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
        "  <text x=\"{}\" y=\"{}\" font-style=\"italic\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>\n",
        left + 6,
        top + 14,
        escape(&title)
    );
    let label = Piece {
        left: left + 6,
        top,
        right: left + 6 + width(&title, LETTER, false),
        bottom: top + LINE,
        kind: Drawing::Label,
        drawn: label,
    };
    (frame, label)
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

#[cfg(test)]
mod tests {
    use super::{Drawing, Drawn, PAGE, draw, printed};
    use crate::emit::diagram::{Arrow, Diagram, Kind, Shape};

    /// Stages in so many regions side by side, one after another within a region.
    fn regions(stages: usize, regions: usize, title: &str) -> Diagram {
        let shape = |i: usize| Shape {
            id: format!("s{i}"),
            kind: Kind::Production,
            title: format!("{title} {i}"),
            lines: vec!["in production, at T+30m".into(); i % 4],
        };
        let arrow = |i: usize| Arrow {
            from: i - regions,
            to: i,
            label: if i.is_multiple_of(5) {
                "when it is wanted".into()
            } else {
                String::new()
            },
        };
        Diagram {
            title: "Many".into(),
            shapes: (0..stages).map(shape).collect(),
            arrows: (regions..stages).map(arrow).collect(),
            frames: Vec::new(),
        }
    }

    #[test]
    fn every_shape_stands_whole_in_a_part_that_fits_a_page() {
        for (stages, beside) in [(12, 12), (40, 4), (200, 17), (200, 1), (700, 60)] {
            for title in [
                "move",
                "a title that is as long as one may be on a shape of the picture, and then longer",
            ] {
                let d = regions(stages, beside, title);
                let drawn = Drawn::new(&d);
                let (whole, pages) = printed(&d);
                let what = format!("{stages} stages, {beside} beside each other, `{title}`");
                assert!(pages.len() > 1, "{what}: cut");
                let heights = || pages.iter().map(|p| p.height);
                let (least, most) = (heights().min().unwrap_or(0), heights().max().unwrap_or(0));
                assert!(least * 5 >= most * 2, "{what}: {least} beside {most}");
                for p in &pages {
                    assert!(
                        p.width <= PAGE.0 && p.height <= PAGE.1,
                        "{what}: {}×{}",
                        p.width,
                        p.height
                    );
                    let (wide, high) = drawn.size;
                    assert!(p.left >= 0 && p.top >= 0, "{what}: begins outside");
                    assert!(p.left <= wide && p.top + p.height <= high, "{what}: ends outside");
                }
                for piece in drawn.pieces.iter().filter(|p| p.kind != Drawing::Line) {
                    let holds = |p: &super::Page| {
                        p.left <= piece.left
                            && piece.right <= p.left + p.width
                            && p.top <= piece.top
                            && piece.bottom <= p.top + p.height
                    };
                    let shown: Vec<_> = pages.iter().filter(|p| p.drawn.contains(&piece.drawn)).collect();
                    assert!(!shown.is_empty(), "{what}: nowhere: {}", piece.drawn);
                    assert!(shown.iter().all(|p| holds(p)), "{what}: cut: {}", piece.drawn);
                }
                // The map names each.
                assert_eq!(
                    whole.matches("<rect x=\"").count() - d.shapes.len(),
                    pages.len(),
                    "{what}: the map"
                );
                assert!(!draw(&d).contains("class=\"parts\""));
                // Its numbers are read in a whole that is shrunk to one page.
                let longest = pages
                    .iter()
                    .map(|p| (p.left + p.width).max(p.top + p.height))
                    .max();
                let letter = whole
                    .split("font-size: ")
                    .nth(1)
                    .and_then(|s| s.split("px").next());
                let letter: i32 = letter.and_then(|n| n.parse().ok()).unwrap_or(0);
                assert!(
                    letter >= longest.unwrap_or(0) / 40,
                    "{what}: numbers of {letter} pixels"
                );
            }
        }
    }

    #[test]
    fn what_fits_a_page_or_no_stack_of_pages_is_not_cut() {
        for (stages, beside) in [(1, 1), (6, 3), (5_000, 50)] {
            let d = regions(stages, beside, "move");
            assert_eq!(printed(&d), (draw(&d), Vec::new()), "{stages}");
        }
    }
}
