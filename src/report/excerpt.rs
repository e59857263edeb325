//! The few lines of a file that a finding shows: cleaned, clipped, and with its places moved along.
//!
//! Terminal renderers work on an excerpt and never on the whole text, so that a finding costs the same in a file of
//! thirty megabytes or in a line of that length. Must not know any rendering library. Called by the terminal renderers.

use super::clean;
use crate::source::{LineCol, SourceFile, Span};
use std::ops::Range;

/// Places longer than this many lines are shown by their first line.
const LONGEST: u32 = 6;
/// Lines longer than this many bytes are clipped around what is marked in them.
const WIDEST: usize = 320;
/// How many bytes of a clipped line stand before its first mark.
const LEAD: usize = 60;

/// One line of an excerpt.
pub(super) struct Row {
    /// Its number in the file, from 1.
    pub(super) number: u32,
    /// Where it starts in the text of the excerpt.
    pub(super) start: usize,
    /// Where it ends there, line break excluded.
    pub(super) end: usize,
    /// Rows of one section follow each other in the file.
    pub(super) section: usize,
}

/// Lines of one file and the places marked in them.
pub(super) struct Excerpt {
    /// The file's name, cleaned.
    pub(super) path: String,
    /// The cleaned lines, each ended by a newline.
    pub(super) text: String,
    /// The lines.
    pub(super) rows: Vec<Row>,
    /// For each place asked for, its range in `text`.
    pub(super) ranges: Vec<Range<usize>>,
    /// For each place asked for, where it starts in the file.
    pub(super) starts: Vec<LineCol>,
}

/// A place within one file, reduced to what is shown.
struct Mark {
    first: u32,
    last: u32,
    start: usize,
    end: usize,
}

impl Excerpt {
    /// The lines of `file` around `spans`, with `context` lines above and below each.
    pub(super) fn new(file: &SourceFile, spans: &[Span], context: u32) -> Excerpt {
        let marks: Vec<Mark> = spans.iter().map(|s| mark(file, *s)).collect();
        let last_line = u32::try_from(file.line_count()).unwrap_or(u32::MAX);
        let mut numbers: Vec<u32> = Vec::new();
        for m in &marks {
            numbers.extend(
                m.first.saturating_sub(context).max(1)..=m.last.saturating_add(context).min(last_line),
            );
        }
        numbers.sort_unstable();
        numbers.dedup();

        let mut excerpt = Excerpt {
            path: clean::path(&file.path),
            text: String::new(),
            rows: Vec::new(),
            ranges: vec![0..0; spans.len()],
            starts: spans.iter().map(|s| file.line_col(s.start)).collect(),
        };
        let mut section = 0;
        for number in numbers {
            if excerpt.rows.last().is_some_and(|r| r.number + 1 != number) {
                section += 1;
            }
            excerpt.push_line(file, number, section, &marks);
        }
        for range in &mut excerpt.ranges {
            range.end = range.end.max(range.start);
        }
        excerpt
    }

    /// Adds a line, clipped and cleaned, and moves the ends of the places that lie in it.
    fn push_line(&mut self, file: &SourceFile, number: u32, section: usize, marks: &[Mark]) {
        let bytes = file.line_range(number);
        let line = file.line(number);
        // Offsets within the line: (where, which place, whether it is the end).
        let mut ends: Vec<(usize, usize, bool)> = Vec::new();
        for (i, m) in marks.iter().enumerate() {
            if m.first == number {
                ends.push((m.start.saturating_sub(bytes.start).min(line.len()), i, false));
            }
            if m.last == number {
                ends.push((m.end.saturating_sub(bytes.start).min(line.len()), i, true));
            }
        }
        ends.sort_unstable();

        let start = self.text.len();
        let window = window(line, ends.first().map_or(0, |e| e.0));
        if window.start > 0 {
            self.text.push('…');
        }
        let mut waiting = ends.iter().peekable();
        let mut place = |text: &String, upto: usize, ranges: &mut Vec<Range<usize>>| {
            while let Some((_, i, is_end)) = waiting.next_if(|(at, _, _)| *at <= upto) {
                if *is_end {
                    ranges[*i].end = text.len();
                } else {
                    ranges[*i].start = text.len();
                }
            }
        };
        for (at, c) in line[window.clone()].char_indices() {
            place(&self.text, window.start + at, &mut self.ranges);
            self.text.push(clean::visible(c));
        }
        place(&self.text, usize::MAX, &mut self.ranges);
        if window.end < line.len() {
            self.text.push('…');
        }
        self.rows.push(Row {
            number,
            start,
            end: self.text.len(),
            section,
        });
        self.text.push('\n');
    }

    /// The row that holds a byte of `text`; the last one for a byte behind the text.
    pub(super) fn row_at(&self, offset: usize) -> usize {
        self.rows.partition_point(|r| r.start <= offset).saturating_sub(1)
    }

    /// The column in the file (from 1) of a byte of `text`: exact where a place starts.
    pub(super) fn column_at(&self, offset: usize) -> usize {
        if let Some(i) = self.ranges.iter().position(|r| r.start == offset) {
            return self.starts[i].column as usize;
        }
        let row = &self.rows[self.row_at(offset)];
        self.text
            .get(row.start..offset.min(row.end))
            .map_or(1, |s| s.chars().count() + 1)
    }
}

/// The part of a line that is shown: all of it, unless it is very long; then what stands around its first mark.
pub(super) fn window(line: &str, first_mark: usize) -> Range<usize> {
    if line.len() <= WIDEST {
        return 0..line.len();
    }
    let start = floor(line, first_mark.saturating_sub(LEAD).min(line.len() - WIDEST));
    start..floor(line, start + WIDEST)
}

/// The nearest boundary of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A span as it is shown: clamped to its file; long ones end with their first line, and one that ends just behind a
/// line break ends before it.
fn mark(file: &SourceFile, span: Span) -> Mark {
    let start = floor(&file.text, span.start as usize);
    let end = floor(&file.text, span.end as usize).max(start);
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let first = file.line_col(clamp(start)).line;
    let mut last = file.line_col(clamp(end)).line;
    let mut end = end;
    if last > first && file.line_range(last).start == end {
        last -= 1;
        end = file.line_range(last).end;
    }
    if last - first >= LONGEST {
        last = first;
        end = file.line_range(first).end;
    }
    Mark {
        first,
        last,
        start,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::Excerpt;
    use crate::source::{SourceMap, Span};

    #[test]
    fn places_move_with_the_text_they_mark() {
        let mut map = SourceMap::new();
        let text = format!(
            "a\r\n\u{1b}x \u{202e}bad é\r\n{}mark{}\r\nz",
            "é".repeat(500),
            "y".repeat(500)
        );
        let id = map.add("a.release", text.clone());
        let find = |what: &str| {
            let at = text.find(what).expect("is there");
            Span::new(id, at, at + what.len())
        };
        let end = Span::new(id, text.len(), text.len());
        let excerpt = Excerpt::new(map.file(id), &[find("bad"), find("mark"), end], 0);
        let shown: Vec<&str> = excerpt.ranges.iter().map(|r| &excerpt.text[r.clone()]).collect();
        assert_eq!(shown, ["bad", "mark", ""]);
        assert!(excerpt.text.starts_with("\u{241b}x \u{fffd}bad é\n…"));
        assert!(excerpt.text.ends_with("…\nz\n"));
        assert_eq!(excerpt.column_at(excerpt.ranges[1].start), 501);
        assert!(!excerpt.text.contains('\r'));
    }

    #[test]
    fn long_blocks_show_their_first_line_only() {
        let mut map = SourceMap::new();
        let id = map.add(
            "a.release",
            "stage a {\n".to_string() + &"  x\n".repeat(50) + "}\n",
        );
        let excerpt = Excerpt::new(map.file(id), &[Span::new(id, 0, 212)], 0);
        assert_eq!(excerpt.text, "stage a {\n");
        assert_eq!(excerpt.rows.len(), 1);
    }
}
