//! The source map: every text of a compilation, and spans into them.
//!
//! Knows bytes and lines only. Called by every layer that reports a place.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A file of the compilation, by index into the [`SourceMap`]; a module of the embedded library has the same id in every map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// The ids from here on are those of the embedded library: behind those of every file that was read.
const LIBRARY: u32 = 1 << 31;

impl FileId {
    /// The id of a module of the embedded library, by its number there.
    pub fn of_library(number: usize) -> Self {
        FileId(LIBRARY.saturating_add(to_u32(number)))
    }

    /// Whether the file is a module of the embedded library.
    pub fn is_library(self) -> bool {
        self.0 >= LIBRARY
    }
}

/// A range of bytes in one file: `start` included, `end` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file the range lies in.
    pub file: FileId,
    /// First byte of the range.
    pub start: u32,
    /// First byte after the range.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            file,
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The smallest span that holds both; `self` when they lie in different files.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at the first byte of this one.
    #[must_use]
    pub fn start_point(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The empty span just after this one.
    #[must_use]
    pub fn end_point(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The bytes as a range of `usize`.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A line and a column for people: both count from 1, the column in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// One text with its name and the index of its lines.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as it is shown to people: relative to where the user stands, `/` between parts, or `std/aws/lambda.release`.
    pub path: String,
    /// The whole text. A byte order mark is not part of it.
    pub text: Arc<str>,
    /// Whether the file belongs to the embedded library.
    pub library: bool,
    /// Made when a place is first asked for: a plan without findings asks for few.
    lines: OnceLock<Lines>,
}

/// Where lines begin, and how many characters stand before.
#[derive(Debug, Clone)]
struct Lines {
    starts: Vec<u32>,
    /// Characters before each block of [`BLOCK`] bytes; empty for a text of one byte per character.
    chars_before: Vec<u32>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.match_indices('\n')
                .map(|(i, _)| u32::try_from(i + 1).unwrap_or(u32::MAX)),
        );
        let mut chars_before = Vec::new();
        if !text.is_ascii() {
            let mut seen = 0u32;
            for block in text.as_bytes().chunks(BLOCK) {
                chars_before.push(seen);
                seen = seen.saturating_add(to_u32(block.iter().filter(|b| begins_char(**b)).count()));
            }
        }
        Lines { starts, chars_before }
    }
}

/// How many bytes are counted at most to find a column, so that one enormous line costs no more than many short ones.
const BLOCK: usize = 1024;

/// Whether a byte begins a character.
fn begins_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

impl SourceFile {
    /// A module of the embedded library, which many compilations share.
    pub fn of_library(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self::new(path.into(), text.into(), true)
    }

    fn new(path: String, text: Arc<str>, library: bool) -> Self {
        SourceFile {
            path,
            text,
            library,
            lines: OnceLock::new(),
        }
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }

    /// How many characters begin before a byte offset.
    fn chars_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let known = &self.lines().chars_before;
        let Some(seen) = known.get(block.min(known.len().saturating_sub(1))) else {
            return offset;
        };
        let start = block.min(known.len() - 1) * BLOCK;
        let rest = self.text.as_bytes().get(start..offset).unwrap_or(&[]);
        *seen as usize + rest.iter().filter(|b| begins_char(**b)).count()
    }

    /// The line and column of a byte offset (clamped to the text).
    pub fn line_col(&self, offset: u32) -> LineCol {
        let offset = (offset as usize).min(self.text.len());
        let line = self
            .lines()
            .starts
            .partition_point(|s| *s as usize <= offset)
            .max(1)
            - 1;
        let start = self.lines().starts[line] as usize;
        let column = self.chars_before(offset) - self.chars_before(start);
        LineCol {
            line: to_u32(line + 1),
            column: to_u32(column + 1),
        }
    }

    /// The text of a line (from 1) without its line break; empty when there is no such line.
    pub fn line(&self, line: u32) -> &str {
        self.text.get(self.line_range(line)).unwrap_or("")
    }

    /// The bytes of a line (from 1) without its line break; empty, at the end, when there is no such line.
    pub fn line_range(&self, line: u32) -> std::ops::Range<usize> {
        let i = (line as usize).saturating_sub(1);
        let Some(start) = self.lines().starts.get(i) else {
            return self.text.len()..self.text.len();
        };
        let end = self
            .lines()
            .starts
            .get(i + 1)
            .map_or(self.text.len(), |e| *e as usize);
        let start = *start as usize;
        start
            ..start
                + self
                    .text
                    .get(start..end)
                    .unwrap_or("")
                    .trim_end_matches(['\n', '\r'])
                    .len()
    }

    /// How many lines the text has (at least one).
    pub fn line_count(&self) -> usize {
        self.lines().starts.len()
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Every text of a compilation: those that were read in the order they were added, then the modules of the library.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    library: BTreeMap<FileId, Arc<SourceFile>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the name people will see; a leading byte order mark is dropped.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => Arc::from(rest),
            None => text,
        };
        let id = FileId(to_u32(self.files.len()));
        self.files.push(SourceFile::new(path.into(), text, false));
        id
    }

    /// Adds the module of the embedded library that has this number there.
    pub fn add_library(&mut self, number: usize, module: Arc<SourceFile>) -> FileId {
        let id = FileId::of_library(number);
        self.library.insert(id, module);
        id
    }

    /// Adds every module of the library that another map holds.
    pub fn add_library_of(&mut self, other: &SourceMap) {
        let modules = other.library.iter().map(|(id, file)| (*id, Arc::clone(file)));
        self.library.extend(modules);
    }

    /// The file of an id made by this map.
    pub fn file(&self, id: FileId) -> &SourceFile {
        if id.is_library() {
            return &self.library[&id];
        }
        &self.files[id.0 as usize]
    }

    /// All files with their ids, in order.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        let read = self.files.iter().enumerate().map(|(i, f)| (FileId(to_u32(i)), f));
        read.chain(self.library.iter().map(|(id, f)| (*id, f.as_ref())))
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or("")
    }

    /// Line and column where a span starts.
    pub fn line_col(&self, span: Span) -> LineCol {
        self.file(span.file).line_col(span.start)
    }

    /// `path:line` of a span, as people write it.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.file(span.file).path, self.line_col(span).line)
    }
}

#[cfg(test)]
mod tests {
    use super::{LineCol, SourceMap, to_u32};

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut map = SourceMap::new();
        let id = map.add("a.release", "\u{feff}é b\r\nc");
        let file = map.file(id);
        assert_eq!(file.line_col(0), LineCol { line: 1, column: 1 });
        assert_eq!(file.line_col(3), LineCol { line: 1, column: 3 });
        assert_eq!(file.line_col(6), LineCol { line: 2, column: 1 });
        assert_eq!(file.line(1), "é b");
        assert_eq!(file.line(3), "");
    }

    #[test]
    fn columns_in_long_lines_are_counted_from_the_nearest_block() {
        let text = "aé€".repeat(2_000);
        let mut map = SourceMap::new();
        let id = map.add("a.release", format!("é\n{text}"));
        let file = map.file(id);
        for chars in [0usize, 1, 3, 1_024, 5_999] {
            let bytes: usize = text.chars().take(chars).map(char::len_utf8).sum();
            assert_eq!(
                file.line_col(to_u32(bytes + 3)),
                LineCol {
                    line: 2,
                    column: to_u32(chars + 1)
                }
            );
        }
    }
}
