//! The plan as a picture: Mermaid, DOT and SVG of one and the same diagram.
//!
//! Not a target of its own: `releasec graph` prints it, and documents embed it. Must not know what a check found. Called
//! by the command line and by the targets for people.

mod layout;
mod lower;
pub(crate) mod measure;
mod print;
pub(crate) mod words;

use crate::model::{Cond, Quorum};
use crate::plan::Plan;
pub use print::svg::Page;

/// A way to draw.
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// One line about it, for the help text.
    pub about: &'static str,
    /// Draws.
    pub draw: fn(&Diagram) -> String,
}

/// Every way to draw, in the order the help text names them.
pub const FORMATS: &[Format] = &[
    Format {
        name: "mermaid",
        about: "for Markdown on GitHub and GitLab",
        draw: print::mermaid::draw,
    },
    Format {
        name: "dot",
        about: "for Graphviz",
        draw: print::dot::draw,
    },
    Format {
        name: "svg",
        about: "a picture, legible in black and white",
        draw: print::svg::draw,
    },
];

/// A diagram: what a reader sees of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagram {
    /// The title of the release.
    pub title: String,
    /// Shapes, each after everything it waits for.
    pub shapes: Vec<Shape>,
    /// Arrows, without those that others imply.
    pub arrows: Vec<Arrow>,
    /// Frames around shapes: the phases.
    pub frames: Vec<Frame>,
}

/// The picture, and its parts that can be read on printed pages; no parts where it need not be cut.
pub fn printed(diagram: &Diagram) -> (String, Vec<Page>) {
    print::svg::printed(diagram)
}

/// What a shape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A stage that leaves production alone.
    Stage,
    /// A stage in production.
    Production,
    /// An approval.
    Approval,
    /// A decision.
    Decision,
}

/// A shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Unique, `[a-z0-9_]`, and a keyword of no drawing language.
    pub id: String,
    /// What it stands for.
    pub kind: Kind,
    /// Its name.
    pub title: String,
    /// What else is said of it, a line each.
    pub lines: Vec<String>,
}

/// An arrow: `to` waits for `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Index of the shape it leaves.
    pub from: usize,
    /// Index of the shape it reaches.
    pub to: usize,
    /// What is written beside it; may be empty.
    pub label: String,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Unique, `[a-z0-9_]`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Indices of the shapes inside.
    pub shapes: Vec<usize>,
}

/// What is noted in a shape below its name, before it is put into words.
#[derive(Debug, Clone, Copy)]
pub enum Note<'a> {
    /// Where a stage takes place, and when it starts at the earliest.
    Place(&'a str, Option<&'a str>),
    /// When it applies.
    When(&'a Cond),
    /// The gates that judge it.
    Verified(&'a str),
    /// It cannot be undone.
    NoWayBack,
    /// How many of whom an approval asks.
    Asked(Quorum, &'a str),
    /// A decision that only a failure leads to: of these stages, or of anything when none is named.
    IfFails(&'a str),
}

/// Puts notes into words.
pub type Tell<'a> = &'a dyn Fn(Note<'_>) -> String;

/// The diagram of a plan.
pub fn diagram(plan: &Plan) -> Diagram {
    told(plan, &|note| words::english(plan.release(), note))
}

/// The same, told in other words.
pub fn told(plan: &Plan, tell: Tell<'_>) -> Diagram {
    lower::lower(plan, tell)
}

#[cfg(test)]
mod tests {
    use super::{Arrow, Diagram, FORMATS, Frame, Kind, Shape};

    fn sample() -> Diagram {
        let shape = |id: &str, kind, title: &str, lines: &[&str]| Shape {
            id: id.into(),
            kind,
            title: title.into(),
            lines: lines.iter().map(|l| (*l).to_string()).collect(),
        };
        let arrow = |from, to, label: &str| Arrow {
            from,
            to,
            label: label.into(),
        };
        Diagram {
            title: "Shop ${version} <\"1\">".into(),
            shapes: vec![
                shape("s_build", Kind::Stage, "build", &["in `staging`"]),
                shape("a_go", Kind::Approval, "go", &["2 of 4"]),
                shape("d_which", Kind::Decision, "which", &["which; way? #1 & 2"]),
                shape(
                    "s_eu",
                    Kind::Production,
                    "eu",
                    &["in production", "10 % → 100 %", "no way back \u{1b}[31m"],
                ),
                shape("s_us", Kind::Production, "us", &[]),
                shape("s_after", Kind::Stage, "after", &["日本語"]),
            ],
            arrows: vec![
                arrow(0, 1, ""),
                arrow(1, 2, ""),
                arrow(2, 3, "here"),
                arrow(2, 4, "there"),
                arrow(3, 5, ""),
                arrow(4, 5, ""),
                arrow(0, 5, "\"quoted\""),
            ],
            frames: vec![Frame {
                id: "p_regions".into(),
                title: "regions".into(),
                shapes: vec![3, 4],
            }],
        }
    }

    #[test]
    fn every_format_draws_the_sample() {
        for format in FORMATS {
            let drawn = (format.draw)(&sample());
            assert!(!drawn.contains('\u{1b}'), "{}", format.name);
            insta::assert_snapshot!(format.name, drawn);
        }
    }

    /// The boxes of the texts of a picture, as wide as they are drawn at most.
    fn boxes(svg: &str) -> Vec<(i32, i32, i32, i32, String)> {
        let attribute = |line: &str, name: &str| -> Option<i32> {
            let at = line.find(&format!(" {name}=\""))? + name.len() + 3;
            line[at..].split('"').next()?.parse().ok()
        };
        svg.lines()
            .filter(|l| l.trim_start().starts_with("<text"))
            .filter_map(|l| {
                let (x, y) = (attribute(l, "x")?, attribute(l, "y")?);
                let text = l.split('>').nth(1)?.split('<').next()?.to_string();
                let size = attribute(l, "font-size").unwrap_or(12);
                let w = super::measure::width(&text, size, l.contains("bold"));
                let left = if l.contains("middle") { x - w / 2 } else { x };
                Some((left, y - size * 3 / 4, left + w, y + size / 4, text))
            })
            .collect()
    }

    #[test]
    fn labels_do_not_collide() {
        for count in [5usize, 40, 200] {
            let shapes: Vec<Shape> = (0..count)
                .map(|i| Shape {
                    id: format!("s{i}"),
                    kind: if i % 7 == 0 {
                        Kind::Decision
                    } else {
                        Kind::Production
                    },
                    title: format!("WIDE stage number {i} of many, with a long name"),
                    lines: vec![
                        "in production, at T+30m".into(),
                        "verified by healthy, smoke".into(),
                    ],
                })
                .collect();
            let arrow = |from, to| Arrow {
                from,
                to,
                label: if from % 7 == 0 {
                    format!("option {to} mmm")
                } else {
                    String::new()
                },
            };
            let arrows = (1..count)
                .flat_map(|i| [arrow(i / 2, i), arrow(i - 1, i)])
                .collect();
            let d = Diagram {
                title: "Many".into(),
                shapes,
                arrows,
                frames: vec![Frame {
                    id: "p".into(),
                    title: "a phase with a title".into(),
                    shapes: vec![1, 2],
                }],
            };
            let boxes = boxes(&super::print::svg::draw(&d));
            assert!(boxes.len() > count * 3);
            for (i, a) in boxes.iter().enumerate() {
                for b in &boxes[i + 1..] {
                    let apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                    assert!(apart, "of {count}: {a:?} and {b:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_and_very_much_can_be_drawn() {
        let mut d = Diagram {
            title: String::new(),
            shapes: Vec::new(),
            arrows: Vec::new(),
            frames: Vec::new(),
        };
        for format in FORMATS {
            assert!(!(format.draw)(&d).is_empty());
        }
        for i in 0..3_000 {
            let (kind, lines) = (Kind::Stage, Vec::new());
            d.shapes.push(Shape {
                id: format!("s{i}"),
                kind,
                title: "x".into(),
                lines,
            });
            if i > 0 {
                d.arrows.push(Arrow {
                    from: i - 1,
                    to: i,
                    label: String::new(),
                });
                d.arrows.push(Arrow {
                    from: i / 2,
                    to: i,
                    label: String::new(),
                });
            }
        }
        for format in FORMATS {
            assert!((format.draw)(&d).len() < 10_000_000, "{}", format.name);
        }
    }
}
