//! Every single thing that can go wrong, in one table: how each run ends, how long until all is safe, what is undone.
//!
//! Called by the command `simulate --all`.

use super::Brief;
use crate::plan::{Node, Plan, show};
use crate::run::points::Point;
use crate::run::trace::Final;
use std::fmt::Write as _;

/// The widest first column.
const WIDEST: usize = 64;

struct Row {
    what: Vec<String>,
    node: Option<Node>,
    cells: [String; 3],
}

/// The table; points of one stage that come to the same stand in one row, unless `every` is wanted.
pub fn table(plan: &Plan, wished: &[String], runs: &[(Point, Brief)], every: bool) -> String {
    let r = plan.release();
    let mut rows: Vec<Row> = Vec::new();
    for (point, brief) in runs {
        let cells = cells(plan, brief);
        let same = |row: &&mut Row| row.node == point.node && row.node.is_some() && row.cells == cells;
        match rows.iter_mut().rev().take(64).find(same) {
            Some(row) if !every => row.what.push(point.what.clone()),
            _ => rows.push(Row {
                what: vec![point.what.clone()],
                node: point.node,
                cells,
            }),
        }
    }
    let total = |row: &Row| runs.iter().filter(|(p, _)| p.node == row.node).count();
    let lines: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            let many = row.what.len();
            let what = match row.node {
                Some(Node::Stage(s)) if many > 1 && many == total(row) => {
                    format!("{}, at any of its {many} points", r.stage(s).name)
                }
                Some(Node::Approval(a)) if many > 1 => format!("{} is not granted", r.approval(a).name),
                _ if many > 1 => {
                    let more = format!(", and {} more", many - 1);
                    format!("{}{more}", clip(&row.what[0], WIDEST - more.len()))
                }
                _ => row.what[0].clone(),
            };
            let [ends, safe, undone] = row.cells.clone();
            [what, ends, safe, undone]
        })
        .collect();
    let mut out = show::prose(r, &r.title);
    let many = match runs.len() {
        1 => "1 single failure".to_string(),
        n => format!("{n} single failures"),
    };
    let _ = match wished {
        [] => writeln!(out, ": {many}\n"),
        wished => writeln!(out, ", with {}: {many} besides\n", wished.join(" ")),
    };
    let heads = [
        "when this goes wrong",
        "the run",
        "safe in",
        "undone, in this order",
    ];
    let width = |i: usize| {
        let cells = lines.iter().map(|l| l[i].chars().count().min(WIDEST));
        cells.chain([heads[i].len()]).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut line = |cells: [&str; 4]| {
        let [a, b, c] = widths;
        let text = format!(
            "{:<a$}  {:<b$}  {:<c$}  {}",
            clip(cells[0], WIDEST),
            cells[1],
            cells[2],
            cells[3]
        );
        let _ = writeln!(out, "{}", text.trim_end());
    };
    line(heads);
    for cells in &lines {
        line([&cells[0], &cells[1], &cells[2], &cells[3]]);
    }
    let came = |t: &&Brief| t.unreached.is_empty();
    let briefs = || runs.iter().map(|(_, t)| t).filter(came);
    let help = briefs().filter(|t| t.state == Final::NeedsHelp).count();
    let _ = match help {
        _ if briefs().next().is_none() => writeln!(out, "\nNone of them comes about."),
        0 => writeln!(out, "\nAfter each of them the run comes to a safe end by itself."),
        1 => writeln!(out, "\nAfter one of them a person must help."),
        n => writeln!(out, "\nAfter {n} of them a person must help."),
    };
    out
}

/// At most so many columns of a text.
fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn cells(plan: &Plan, brief: &Brief) -> [String; 3] {
    if !brief.unreached.is_empty() {
        let never = "does not come about";
        return [never.to_string(), "–".to_string(), "–".to_string()];
    }
    let mut undone = brief.undone_words(plan);
    if undone.is_empty() {
        let done = brief.state == Final::NeedsHelp && !brief.went_back;
        undone = if done {
            "nothing: every stage is done"
        } else {
            "nothing"
        }
        .to_string();
    }
    let stays = brief.stays_words(plan);
    if !stays.is_empty() {
        undone = format!("{undone}; stays: {stays}");
    }
    [brief.state.text().to_string(), brief.safe_words(), undone]
}
