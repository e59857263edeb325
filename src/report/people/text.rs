//! The people of a plan for people: sentences first, then a block for each case, in 100 columns.
//!
//! Called by `mod`.

use super::numbers::{Away, Production, Way};
use super::seats::SeatView;
use super::{CaseView, Document, Fact, Holder, Place};
use crate::report::counted;

/// The columns of a line.
const WIDTH: usize = 100;

/// The most names in one list.
const NAMES: usize = 12;

pub(super) fn print(document: &Document, shown: usize) -> String {
    let mut out = Page::default();
    let title = format!("People of `{}`", document.release);
    out.placed(0, &title, &document.place);
    out.blank();
    production(&mut out, &document.production);
    if let Some(why) = &document.undecided {
        out.blank();
        out.text(0, &format!("Undecided: who could sit where: {why}."));
    }
    let all = document.cases.len();
    for (i, case) in document.cases.iter().take(shown).enumerate() {
        out.blank();
        let head = match (&case.when, all) {
            (None, 1) => "In every run".to_string(),
            (when, _) => {
                let when = when.as_deref().unwrap_or("otherwise");
                format!("Case {} of {all}: {when}", i + 1)
            }
        };
        out.text(0, &head);
        one(&mut out, case);
    }
    if all > shown {
        out.blank();
        let rest = &document.cases[shown..];
        let count = |verdict: &str| rest.iter().filter(|c| c.verdict == verdict).count();
        let mut line = format!("{} not shown", counted(rest.len(), "more case"));
        for (verdict, words) in [
            ("impossible", "nobody can fill all seats"),
            ("undecided", "it is undecided"),
        ] {
            if count(verdict) > 0 {
                line.push_str(&format!("; in {} of them {words}", count(verdict)));
            }
        }
        out.text(0, &format!("{line}. `--all` shows them."));
    }
    out.text
}

/// How few people it takes, and who they are.
fn production(out: &mut Page, production: &Production) {
    let line = match (production.verdict, production.people) {
        ("nothing", _) => "Nothing here changes production.".to_string(),
        ("exactly", Some(1)) => "One person alone can take a change to production:".to_string(),
        ("exactly", Some(n)) => format!("{n} people together can take a change to production, and no fewer:"),
        ("at_most", Some(1)) => {
            "One person alone can take a change to production, as far as is known:".to_string()
        }
        ("at_most", Some(n)) => {
            format!("{n} people together can take a change to production; undecided: whether fewer can.")
        }
        ("impossible", _) => {
            "Nobody can take a change to production: not all seats can be filled.".to_string()
        }
        _ => "Undecided: how few people can take a change to production.".to_string(),
    };
    out.text(0, &line);
    let several = production.ways.len() > 1;
    for way in &production.ways {
        out.blank_if(several);
        if several {
            out.text(2, &way_head(way));
        }
        holders(out, if several { 4 } else { 2 }, &way.who);
    }
    out.blank_if(!production.unapproved.is_empty());
    for fact in &production.unapproved {
        let at = at(&fact.place);
        out.text(
            2,
            &format!("{} ({at}): whoever executes it needs nobody else.", fact.text),
        );
    }
}

fn way_head(way: &Way) -> String {
    let mut head: Vec<String> = Vec::new();
    head.extend(
        way.through
            .as_ref()
            .map(|o| format!("through the override `{o}`")),
    );
    head.extend(way.when.clone());
    if head.is_empty() {
        head.push("as planned".to_string());
    }
    let number = match (way.verdict, way.people) {
        ("exactly", Some(n)) => n.to_string(),
        ("at_most", Some(n)) => format!("at most {n}, at least {}", way.at_least.unwrap_or(1)),
        ("impossible", _) => "nobody can".to_string(),
        _ => "undecided".to_string(),
    };
    format!("{}: {number}", head.join(", "))
}

fn one(out: &mut Page, case: &CaseView) {
    match case.verdict {
        "possible" => {
            out.text(2, "All seats can be filled, for example so:");
            holders(out, 4, &case.witness);
        }
        "impossible" => {
            out.text(2, "Nobody can fill all seats:");
            for (i, core) in case.contradictions.iter().enumerate() {
                out.blank_if(i > 0);
                facts(out, 4, &core.facts);
                if !core.minimal {
                    out.text(4, "Perhaps fewer of these facts would do.");
                }
            }
        }
        _ => out.text(2, "Undecided: whether all seats can be filled."),
    }
    let absent = |v: &SeatView| matches!(v.seat.kind, "approver" | "override");
    if case.verdict != "impossible" && case.seats.iter().any(absent) {
        out.blank();
        case.away.iter().for_each(|a| away(out, a));
    }
    if !case.seats.is_empty() {
        out.blank();
    }
    for (i, view) in case.seats.iter().enumerate() {
        out.blank_if(i > 0);
        seat(out, view);
    }
}

/// Everybody with what they do, in two columns.
fn holders(out: &mut Page, indent: usize, list: &[Holder]) {
    let widest = list.iter().map(|h| h.person.chars().count()).max();
    let width = widest.unwrap_or(0).clamp(8, 36);
    for holder in list {
        let duties: Vec<&str> = holder.seats.iter().map(|s| s.words.as_str()).collect();
        out.row(indent, &holder.person, width, &duties.join(", "));
    }
}

fn away(out: &mut Page, away: &Away) {
    let any = match away.people {
        1 => "Any one approver may be away".to_string(),
        2 => "Any two approvers may be away".to_string(),
        n => format!("Any {n} approvers may be away"),
    };
    let line = match away.verdict {
        "holds" => format!("{any}: yes."),
        "blocked" => {
            let who = join(&away.who, "and");
            let are = if away.who.len() == 1 { "is" } else { "are" };
            format!("{any}: no, not all seats can be filled while {who} {are} away.")
        }
        "impossible" => format!("{any}: no, nobody can fill all seats anyway."),
        _ => format!("{any}: undecided."),
    };
    out.text(2, &line);
}

fn seat(out: &mut Page, view: &SeatView) {
    let mut head = format!("Who {}", view.seat.words);
    if view.count > 1 {
        head.push_str(&format!(" ({} seats)", view.count));
    }
    out.placed(2, &head, &view.place);
    let can = if view.stuck { "by role" } else { "can" };
    let list = |people: &[String]| join(people, "and");
    if view.eligible.is_empty() {
        out.row(4, can, 10, "nobody");
    } else {
        out.row(4, can, 10, &list(&view.eligible));
    }
    if !view.perhaps.is_empty() {
        let who = list(&view.perhaps);
        out.row(
            4,
            "perhaps",
            10,
            &format!("{who}: not everybody who may sit here is listed"),
        );
    }
    if !view.undecided.is_empty() {
        out.row(4, "undecided", 10, &list(&view.undecided));
    }
    let mut word = "cannot";
    for others in &view.others {
        let mut lines = vec![list(&others.people)];
        if !others.minimal {
            lines.push("perhaps not all of these are needed".to_string());
        }
        for (i, line) in lines.iter().enumerate() {
            out.row(4, if i == 0 { word } else { "" }, 10, line);
        }
        facts(out, 18, &others.why);
        word = "";
    }
}

fn facts(out: &mut Page, indent: usize, facts: &[Fact]) {
    for fact in facts {
        out.placed(indent, &fact.text, &fact.place);
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.path, place.line)
}

/// `a`, `b` and 3 more.
fn join(names: &[String], and: &str) -> String {
    let shown = names.len().min(NAMES);
    let rest = names.len() - shown;
    match (names[..shown].split_last(), rest) {
        (None, _) => String::new(),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} {and} {last}", others.join(", ")),
        (Some(_), n) => format!("{} {and} {n} more", names[..shown].join(", ")),
    }
}

/// Lines of at most so many columns.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn blank_if(&mut self, wanted: bool) {
        if wanted {
            self.blank();
        }
    }

    /// A paragraph; what does not fit goes on below.
    fn text(&mut self, indent: usize, text: &str) {
        for line in wrap(text, WIDTH - indent) {
            self.line(indent, &line);
        }
    }

    /// Two columns, both wrapped; a first that is just too long takes a line of its own.
    fn row(&mut self, indent: usize, left: &str, width: usize, right: &str) {
        let right_width = WIDTH.saturating_sub(indent + width + 2).max(20);
        let (left, right) = (wrap(left, width), wrap(right, right_width));
        for i in 0..left.len().max(right.len()) {
            let l = left.get(i).map_or("", String::as_str);
            let r = right.get(i).map_or("", String::as_str);
            let pad = width.saturating_sub(l.chars().count()) + 2;
            self.line(indent, &format!("{l}{}{r}", " ".repeat(pad)));
        }
    }

    /// A text with the place where it is said at the end of the line, or below it when there is no room.
    fn placed(&mut self, indent: usize, text: &str, place: &Place) {
        let place = at(place);
        let (n, m) = (indent + text.chars().count(), place.chars().count());
        if n + 2 + m <= WIDTH {
            self.line(indent, &format!("{text}{}{place}", " ".repeat(WIDTH - n - m)));
        } else {
            self.text(indent, text);
            self.line(WIDTH.saturating_sub(m).max(indent), &place);
        }
    }

    fn line(&mut self, indent: usize, line: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(line);
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

/// The words in lines of at most `width` columns; a word that is longer stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
