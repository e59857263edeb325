//! What templates leave behind is taken away: blanks, empty lines, and columns of tables in which nobody has said anything.
//!
//! Knows the shape of Markdown's tables and fences. Called by `render` only.

use crate::emit::runbook::escape::BLANK;

/// A Markdown document without trailing blanks, two empty lines in a row, and empty columns; one newline at the end.
pub(super) fn markdown(page: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut table: Vec<String> = Vec::new();
    let mut fence: Option<String> = None;
    for line in page.lines() {
        if let Some(open) = &fence {
            out.push(line.to_string());
            if line == open {
                fence = None;
            }
            continue;
        }
        let line = line.trim_end();
        if line.starts_with('|') {
            table.push(line.to_string());
            continue;
        }
        out.append(&mut columns(&std::mem::take(&mut table)));
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        if ticks.len() >= 3 && !line[ticks.len()..].contains('`') {
            fence = Some(ticks);
        }
        if !line.is_empty() || out.last().is_some_and(|l| !l.is_empty()) {
            out.push(line.replace(BLANK, ""));
        }
    }
    out.append(&mut columns(&table));
    while out.last().is_some_and(|l| l.trim().is_empty()) {
        out.pop();
    }
    out.join("\n") + "\n"
}

/// A page of HTML without blanks at the ends of lines and without empty lines.
pub(super) fn html(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut verbatim = false;
    for line in page.lines() {
        if verbatim || !line.trim().is_empty() {
            out.push_str(if verbatim { line } else { line.trim_end() });
            out.push('\n');
        }
        // A command may hold empty lines.
        let (opened, closed) = (line.rfind("<pre"), line.rfind("</pre>"));
        verbatim = match (opened, closed) {
            (Some(o), Some(c)) => o > c,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => verbatim,
        };
    }
    out
}

/// A table without the columns that are empty in every row; a column to be filled in stays.
fn columns(table: &[String]) -> Vec<String> {
    if table.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> = table.iter().map(|l| cells(l)).collect();
    let titled = rows
        .first()
        .is_some_and(|head| head.iter().any(|c| !c.is_empty()));
    let keeps = |k: usize| {
        !titled
            || rows
                .iter()
                .skip(2)
                .any(|r| r.get(k).is_some_and(|c| !c.is_empty()))
    };
    let kept: Vec<bool> = (0..rows[0].len()).map(keeps).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&kept)
                .filter(|(_, kept)| **kept)
                .map(|(c, _)| match c.replace(BLANK, "").as_str() {
                    "" => " ".to_string(),
                    c => format!(" {c} "),
                })
                .collect();
            format!("|{}|", cells.join("|"))
        })
        .collect()
}

/// The cells of a row; an escaped bar does not end one.
fn cells(row: &str) -> Vec<String> {
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in row.chars() {
        if c == '|' && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    if cells.last().is_some_and(|c| c.trim().is_empty()) {
        cells.pop();
    }
    cells.iter().map(|c| c.trim().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::tidy::{html, markdown};

    #[test]
    fn a_column_nobody_filled_goes_and_one_to_fill_stays() {
        let page = "| A | B | C |\n| --- | --- | --- |\n| x | | \u{e000} |\n| y \\| z | | \u{e000} |\n";
        assert_eq!(
            markdown(page),
            "| A | C |\n| --- | --- |\n| x | |\n| y \\| z | |\n"
        );
    }

    #[test]
    fn what_stands_in_a_fence_stays_as_it_is() {
        let page = "```bash\n| a |  | b |  \n\n\n```\n\n\nx  \n";
        assert_eq!(markdown(page), "```bash\n| a |  | b |  \n\n\n```\n\nx\n");
        assert_eq!(
            html("<p>\n\n<pre>a\n\nb</pre>\n\n</p>\n"),
            "<p>\n<pre>a\n\nb</pre>\n</p>\n"
        );
    }
}
