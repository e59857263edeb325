//! Where things stand: values in a column, braces of neighbours in a column, comments in a column.
//!
//! A *group* is what stands between two blank lines; a *run* is a row of statements of one class in a group. In a run
//! of plain statements the values begin two columns after the longest keyword. A run in which every statement has a
//! value and a block on its line is a table: the braces align, and so do the cells when all rows have the same ones.
//! Must not know what keywords mean. Called by the formatter.

use super::atoms::{Atom, atoms};
use super::lines::{Writer, width};
use super::tree::{Class, Item, Source, Statement, What};

/// A block is written on one line only up to this width.
const MAX_WIDTH: usize = 180;

/// What stands at least between a statement and the comment after it.
const COMMENT_GAP: usize = 3;

/// Lines longer than this do not push the comments of their neighbours away.
const MAX_COMMENT_COLUMN: usize = 100;

/// A piece of the output.
enum Piece<'s> {
    /// A line, and the comment that stands after it.
    Line(String, Option<&'s str>),
    /// A line whose comment is in no column.
    Lone(String, Option<&'s str>),
    /// Finished lines.
    Done(String),
}

/// A statement on its way out.
struct Entry<'a, 's> {
    statement: &'a Statement<'s>,
    atoms: Vec<Atom<'s>>,
    /// How many atoms stand before the column of values.
    lead: usize,
    /// The block on one line, when it is written so.
    flat: Option<String>,
}

impl Entry<'_, '_> {
    fn lead_text(&self) -> String {
        one_line(&self.atoms[..self.lead])
    }

    fn has_value(&self) -> bool {
        self.atoms.len() > self.lead
    }

    fn head_on_one_line(&self) -> bool {
        self.atoms
            .iter()
            .all(|a| a.newlines == 0 && !a.text.contains('\n'))
    }

    /// A value and a block over several lines: such a statement is in no run.
    fn stands_alone(&self) -> bool {
        let has_block = self.statement.block.is_some();
        has_block && self.has_value() && (self.flat.is_none() || !self.head_on_one_line())
    }

    fn is_row(&self) -> bool {
        self.has_value() && self.flat.is_some() && self.head_on_one_line()
    }
}

/// How a run is laid out.
enum Run {
    /// One space everywhere.
    Loose,
    /// The values begin in this column after the indentation.
    Column(usize),
    /// The braces stand in this column after the indentation; the widths of the cells in each row.
    Table(usize, Vec<usize>),
}

/// Writes statements and comments at an indentation.
pub(super) fn write(out: &mut String, source: &Source<'_>, items: &[Item<'_>], indent: usize) {
    let mut from = 0;
    while from < items.len() {
        let to = (from + 1..items.len())
            .find(|i| items[*i].blank)
            .unwrap_or(items.len());
        if from > 0 {
            out.push('\n');
        }
        group(out, source, &items[from..to], indent);
        from = to;
    }
}

fn group(out: &mut String, source: &Source<'_>, items: &[Item<'_>], indent: usize) {
    let mut pieces = Vec::new();
    let mut waiting: Vec<Entry<'_, '_>> = Vec::new();
    let mut comments: Vec<(usize, &str)> = Vec::new();
    for item in items {
        match &item.what {
            What::Comment(text) => comments.push((waiting.len(), text)),
            What::Statement(statement) => {
                let entry = entry(source, statement, indent);
                let breaks = waiting.last().is_some_and(|last| {
                    last.statement.class != entry.statement.class
                        || last.stands_alone()
                        || entry.stands_alone()
                });
                if breaks {
                    let later = comments.iter().filter(|c| c.0 == waiting.len()).count();
                    let rest = comments.split_off(comments.len() - later);
                    flush(&mut pieces, source, &mut waiting, &mut comments, indent);
                    comments = rest.into_iter().map(|(_, text)| (0, text)).collect();
                }
                waiting.push(entry);
            }
        }
    }
    flush(&mut pieces, source, &mut waiting, &mut comments, indent);
    let column = pieces.iter().filter_map(comment_column).max().unwrap_or(0);
    for piece in pieces {
        match piece {
            Piece::Done(text) => out.push_str(&text),
            Piece::Line(text, comment) => line(out, &text, comment, column),
            Piece::Lone(text, comment) => line(out, &text, comment, 0),
        }
    }
}

fn comment_column(piece: &Piece<'_>) -> Option<usize> {
    match piece {
        Piece::Line(text, Some(_)) => Some(width(text) + COMMENT_GAP).filter(|c| *c <= MAX_COMMENT_COLUMN),
        _ => None,
    }
}

fn line(out: &mut String, text: &str, comment: Option<&str>, column: usize) {
    out.push_str(text);
    if let Some(comment) = comment {
        let here = width(text);
        let gap = column.saturating_sub(here).max(COMMENT_GAP);
        out.push_str(&" ".repeat(gap));
        out.push_str(comment);
    }
    out.push('\n');
}

/// Writes the entries of a run with the comments between them.
fn flush<'s>(
    pieces: &mut Vec<Piece<'s>>,
    source: &Source<'s>,
    run: &mut Vec<Entry<'_, 's>>,
    comments: &mut Vec<(usize, &'s str)>,
    indent: usize,
) {
    let margin = " ".repeat(indent);
    let layout = layout(run, source);
    let mut between = comments.drain(..).peekable();
    for (i, entry) in run.drain(..).enumerate() {
        while let Some((_, text)) = between.next_if(|c| c.0 <= i) {
            pieces.push(Piece::Done(format!("{margin}{text}\n")));
        }
        statement(pieces, source, &entry, &layout, indent);
    }
    for (_, text) in between {
        pieces.push(Piece::Done(format!("{margin}{text}\n")));
    }
}

fn entry<'a, 's>(source: &Source<'s>, statement: &'a Statement<'s>, indent: usize) -> Entry<'a, 's> {
    let atoms = atoms(source, statement.head.0, statement.head.1);
    let lead = match statement.class {
        Class::Use => atoms.len(),
        Class::Param => 3,
        Class::Let => 2,
        Class::Plain => 1,
    };
    let lead = lead.min(atoms.len());
    let mut entry = Entry {
        statement,
        atoms,
        lead,
        flat: None,
    };
    if let Some(block) = &statement.block
        && block.flat
    {
        let text = flat_block(source, &block.items);
        let head: usize = entry
            .atoms
            .iter()
            .map(|a| width(a.text) + usize::from(a.spaced))
            .sum();
        if !entry.head_on_one_line() || indent + head + 1 + width(&text) <= MAX_WIDTH {
            entry.flat = Some(text);
        }
    }
    entry
}

fn layout(run: &[Entry<'_, '_>], source: &Source<'_>) -> Run {
    let Some(first) = run.first() else {
        return Run::Loose;
    };
    let widest = |of: &dyn Fn(&Entry<'_, '_>) -> usize| run.iter().map(of).max().unwrap_or(0);
    match first.statement.class {
        Class::Use => Run::Loose,
        Class::Param | Class::Let => Run::Column(widest(&|e| width(&e.lead_text())) + 1),
        Class::Plain if run.iter().all(Entry::is_row) => Run::Table(
            widest(&|e| width(&one_line(&e.atoms))) + 1,
            cell_widths(run, source),
        ),
        Class::Plain => {
            let valued = |e: &&Entry<'_, '_>| e.has_value() || e.statement.block.is_some();
            let keywords: Vec<&str> = run.iter().filter(valued).map(|e| e.atoms[0].text).collect();
            let same = keywords.iter().all(|k| Some(k) == keywords.first());
            let longest = keywords.iter().map(|k| width(k)).max().unwrap_or(0);
            Run::Column(longest + if same { 1 } else { 2 })
        }
    }
}

/// The widths of the cells of a table, when every row has the same keywords as far as it goes.
fn cell_widths(run: &[Entry<'_, '_>], source: &Source<'_>) -> Vec<usize> {
    let mut keywords: Vec<&str> = Vec::new();
    let mut widths: Vec<usize> = Vec::new();
    for entry in run {
        let items = entry.statement.block.as_ref().map_or(&[][..], |b| &b.items);
        for (i, item) in items.iter().enumerate() {
            let What::Statement(cell) = &item.what else {
                return Vec::new();
            };
            let keyword = source.str(&source.tokens[cell.head.0]);
            match keywords.get(i) {
                Some(k) if *k != keyword => return Vec::new(),
                Some(_) => {}
                None => {
                    keywords.push(keyword);
                    widths.push(0);
                }
            }
            if i + 1 < items.len() {
                widths[i] = widths[i].max(width(&flat(source, cell)));
            }
        }
    }
    widths
}

fn statement<'s>(
    pieces: &mut Vec<Piece<'s>>,
    source: &Source<'s>,
    entry: &Entry<'_, 's>,
    layout: &Run,
    indent: usize,
) {
    let margin = " ".repeat(indent);
    let statement = entry.statement;
    let mut writer = Writer::new(margin.clone(), indent);
    writer.atoms(&entry.atoms[..entry.lead]);
    if let Run::Column(column) = layout
        && (entry.has_value() || statement.block.is_some())
        && !entry.stands_alone()
    {
        writer.pad(indent + column);
    } else if entry.has_value() {
        writer.push(" ");
    }
    writer.hang_here();
    if statement.class == Class::Let && entry.has_value() {
        writer.hang_after(2);
    }
    writer.atoms(&entry.atoms[entry.lead..]);
    if let Some(block) = &statement.block {
        match layout {
            Run::Table(column, _) => writer.pad(indent + column),
            Run::Column(_) if !entry.has_value() => {}
            _ => writer.push(" "),
        }
        match (&entry.flat, layout) {
            (Some(_), Run::Table(_, widths)) if !widths.is_empty() => {
                writer.push(&cells(source, &block.items, widths))
            }
            (Some(text), _) => writer.push(text),
            (None, _) => writer.push("{"),
        }
    }
    let mut lines = writer.lines;
    let last = lines.pop().unwrap_or_default();
    for line in lines {
        pieces.push(Piece::Done(format!("{line}\n")));
    }
    match (&statement.block, &entry.flat) {
        (Some(block), None) => {
            pieces.push(Piece::Line(last, block.comment));
            let mut inner = String::new();
            write(&mut inner, source, &block.items, indent + 2);
            pieces.push(Piece::Done(inner));
            pieces.push(Piece::Lone(format!("{margin}}}"), statement.tail));
        }
        _ => pieces.push(Piece::Line(last, statement.tail)),
    }
}

/// A block on one line.
fn flat_block(source: &Source<'_>, items: &[Item<'_>]) -> String {
    cells(source, items, &[])
}

/// A block on one line, its statements filled up to these widths.
fn cells(source: &Source<'_>, items: &[Item<'_>], widths: &[usize]) -> String {
    if items.is_empty() {
        return "{}".to_string();
    }
    let mut out = String::from("{ ");
    for (i, item) in items.iter().enumerate() {
        let What::Statement(cell) = &item.what else {
            continue;
        };
        let text = flat(source, cell);
        out.push_str(&text);
        if i + 1 < items.len() {
            out.push_str("; ");
            let missing = widths.get(i).map_or(0, |w| w.saturating_sub(width(&text)));
            out.push_str(&" ".repeat(missing));
        }
    }
    out.push_str(" }");
    out
}

/// A statement on one line.
fn flat(source: &Source<'_>, statement: &Statement<'_>) -> String {
    let mut out = one_line(&atoms(source, statement.head.0, statement.head.1));
    if let Some(block) = &statement.block {
        out.push(' ');
        out.push_str(&flat_block(source, &block.items));
    }
    out
}

fn one_line(atoms: &[Atom<'_>]) -> String {
    let mut out = String::new();
    for (i, atom) in atoms.iter().enumerate() {
        if i > 0 && atom.spaced {
            out.push(' ');
        }
        out.push_str(atom.text);
    }
    out
}
