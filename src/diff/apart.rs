//! Texts that differ, quoted so that a reader sees where: what is long is cut, but never at the place that tells two of them apart.
//!
//! Knows texts only, no plans. Called by the comparisons of this folder.

/// The most characters of a text that is shown whole.
const WHOLE: usize = 100;
/// The most characters of what differs.
const MIDDLE: usize = 100;
/// The most characters that are kept before and behind what differs.
const AROUND: usize = 24;
/// The most characters of a word that is not cut.
const WORD: usize = 60;
/// Beyond this many pairs the likeness of texts is not looked at.
const PAIRS: usize = 400;

/// Something to be quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quote {
    /// Words before the quoted text, with a space at their end.
    pub(super) lead: &'static str,
    /// What is quoted where nothing else reads like it.
    pub(super) brief: String,
    /// What is quoted where the brief text is that of another thing too.
    pub(super) whole: String,
}

impl Quote {
    pub(super) fn new(brief: impl Into<String>) -> Self {
        let brief = brief.into();
        Quote {
            lead: "",
            whole: brief.clone(),
            brief,
        }
    }

    /// The same with words before it.
    pub(super) fn after(self, lead: &'static str) -> Self {
        Quote { lead, ..self }
    }

    /// In words, for a sentence in which nothing else is quoted that could be taken for it.
    pub(super) fn alone(&self) -> String {
        format!("{}`{}`", self.lead, short(&self.brief))
    }

    fn showing(&self, text: &str) -> String {
        format!("{}`{text}`", self.lead)
    }
}

/// A text in one line.
fn line(text: &str) -> String {
    // A text in quotes has none of these quotes in it.
    let text = text.replace('`', "ˋ").replace("\\\n", " ");
    let lines = text.trim().lines().map(|l| {
        let words: Vec<&str> = l.split_whitespace().collect();
        words.join(" ")
    });
    lines.filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ↵ ")
}

/// A text in one line, without its middle when it is long: what it begins with says what it is, and its end what for.
pub(super) fn short(text: &str) -> String {
    let all: Vec<char> = line(text).chars().collect();
    if all.len() <= WHOLE {
        return all.into_iter().collect();
    }
    let head = word_end(&all, 60);
    let tail = word_start(&all, all.len() - 32);
    let (head, tail): (String, String) = (all[..head].iter().collect(), all[tail..].iter().collect());
    format!("{} … {}", head.trim_end(), tail.trim_start())
}

/// The end of the last word that ends at or before a place; the place itself inside a long word.
fn word_end(all: &[char], at: usize) -> usize {
    (at.saturating_sub(AROUND)..=at.min(all.len()))
        .rev()
        .find(|i| all.get(*i).is_none_or(|c| c.is_whitespace()))
        .unwrap_or(at.min(all.len()))
}

/// The start of the first word that starts at or behind a place; the place itself inside a long word.
fn word_start(all: &[char], at: usize) -> usize {
    (at..(at + AROUND).min(all.len()))
        .find(|i| i.checked_sub(1).is_none_or(|b| all[b].is_whitespace()))
        .unwrap_or(at.min(all.len()))
}

/// Two texts, each without its quotes, cut so that what differs is left.
pub(super) fn apart(old: &str, new: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (line(old).chars().collect(), line(new).chars().collect());
    if (a.len() <= WHOLE && b.len() <= WHOLE) || a == b {
        return (short(old), short(new));
    }
    let alike = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = (a.len() - alike).min(b.len() - alike);
    let ends = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(rest)
        .take_while(|(x, y)| x == y)
        .count();
    let briefly = (short(old), short(new));
    // Two texts that have little in common are told apart by what they are.
    if alike < AROUND && ends < AROUND && briefly.0 != briefly.1 {
        return briefly;
    }
    // Whole words, and the word before them: it says what they are.
    let word = word_at(&a, alike);
    let before = word_at(&a, word.saturating_sub(1));
    let start = if alike - before <= AROUND { before } else { word };
    let behind = (0..ends.min(AROUND))
        .find(|n| a.get(a.len() - ends + n).is_none_or(|c| c.is_whitespace()))
        .unwrap_or(ends.min(AROUND));
    let ends = ends - behind;
    (cut(&a, start, ends), cut(&b, start, ends))
}

/// Where the word begins in which a place stands, or nearer in a long word.
fn word_at(all: &[char], at: usize) -> usize {
    let start = (0..at).rev().find(|i| all[*i].is_whitespace());
    start.map_or(0, |i| i + 1).max(at.saturating_sub(WORD))
}

/// What a text begins with, what stands from a place up to so many characters before its end, and that end when it is short.
fn cut(all: &[char], start: usize, ends: usize) -> String {
    let text = |s: &[char]| s.iter().collect::<String>().trim().to_string();
    let begins = start <= AROUND * 2;
    let stop = (all.len() - ends).max(start);
    let (middle, gone) = if stop - start > MIDDLE {
        let last = word_end(all, start + MIDDLE).max(start + WORD + 1);
        (text(&all[if begins { 0 } else { start }..last]), true)
    } else if begins {
        (text(&all[..stop]), false)
    } else {
        (text(&all[start..stop]), false)
    };
    let mut parts: Vec<String> = Vec::new();
    if !begins {
        parts.push(text(&all[..word_end(all, AROUND)]));
        parts.push("…".into());
    }
    parts.push(middle);
    let tail = &all[stop..];
    if gone || tail.len() > AROUND {
        parts.push("…".into());
    }
    if tail.len() <= AROUND {
        parts.push(text(tail));
    }
    parts.retain(|p| !p.is_empty());
    parts.join(" ")
}

/// Two lists in words, each item so that it cannot be taken for one of the other list.
pub(super) fn lists(old: &[Quote], new: &[Quote]) -> (Vec<String>, Vec<String>) {
    let brief = |l: &[Quote]| l.iter().map(|q| short(&q.brief)).collect::<Vec<_>>();
    let (mut was, mut is) = (brief(old), brief(new));
    for (i, j) in alike(old, new) {
        let (a, b) = (&old[i], &new[j]);
        (was[i], is[j]) = if line(&a.brief) == line(&b.brief) {
            apart(&a.whole, &b.whole)
        } else {
            apart(&a.brief, &b.brief)
        };
    }
    let said = |l: &[Quote], texts: Vec<String>| l.iter().zip(texts).map(|(q, t)| q.showing(&t)).collect();
    (said(old, was), said(new, is))
}

/// Which items of two lists are most alike, each at most once.
fn alike(old: &[Quote], new: &[Quote]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > PAIRS {
        return (0..old.len().min(new.len())).map(|i| (i, i)).collect();
    }
    let common = |a: &str, b: &str| {
        let head = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
        let tail = a
            .bytes()
            .rev()
            .zip(b.bytes().rev())
            .take_while(|(x, y)| x == y)
            .count();
        head + tail
    };
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (i, a) in old.iter().enumerate() {
        for (j, b) in new.iter().enumerate() {
            pairs.push((common(&a.brief, &b.brief), i, j));
        }
    }
    pairs.sort_by_key(|(n, i, j)| (std::cmp::Reverse(*n), *i, *j));
    let (mut left, mut right) = (vec![true; old.len()], vec![true; new.len()]);
    let mut found = Vec::new();
    for (_, i, j) in pairs {
        if left[i] && right[j] {
            (left[i], right[j]) = (false, false);
            found.push((i, j));
        }
    }
    found
}

/// Words that are quoted already, in a sentence.
pub(super) fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Quote, apart, lists, short};

    const PSQL: &str = "psql --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --host orders.db.example --username migrator --file";

    #[test]
    fn what_differs_behind_a_long_beginning_is_kept() {
        let (a, b) = apart(
            &format!("{PSQL} sql/contract.sql"),
            &format!("{PSQL} sql/other.sql"),
        );
        assert_eq!(a, "psql --no-psqlrc … --file sql/contract.sql");
        assert_eq!(b, "psql --no-psqlrc … --file sql/other.sql");
    }

    #[test]
    fn what_is_added_at_the_end_is_kept() {
        let (a, b) = apart(&format!("{PSQL} x.sql"), &format!("{PSQL} x.sql || true"));
        assert_ne!(a, b);
        assert!(b.ends_with("x.sql || true"), "{b}");
    }

    #[test]
    fn what_differs_in_the_middle_keeps_its_surroundings() {
        let old = format!("{PSQL} x.sql");
        let (a, b) = apart(&old, &old.replace("orders.db", "billing.db"));
        assert_eq!(a, "psql --no-psqlrc … --host orders.db.example …");
        assert_eq!(b, "psql --no-psqlrc … --host billing.db.example …");
    }

    #[test]
    fn any_two_texts_that_differ_are_shown_differently() {
        let words = [
            "a",
            "aa",
            "a b",
            &"x".repeat(300),
            "",
            "é ü\nß",
            &"long word ".repeat(30),
        ];
        for head in words {
            for (x, y) in [
                ("p", "q"),
                ("", "q"),
                ("p", "p q"),
                (&"m".repeat(200), &"n".repeat(90)),
            ] {
                for tail in words {
                    let (old, new) = (format!("{head}{x}{tail}"), format!("{head}{y}{tail}"));
                    let (a, b) = apart(&old, &new);
                    assert_ne!(a, b, "{old}\n{new}");
                    assert!(a.chars().count() < 240 && !a.contains('\n'), "{a}");
                }
            }
        }
    }

    #[test]
    fn a_long_text_keeps_both_its_ends() {
        assert_eq!(
            short(&format!("{PSQL} sql/expand_down.sql")),
            "psql --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction … --file sql/expand_down.sql"
        );
    }

    #[test]
    fn lists_pair_what_is_alike() {
        let long = |t: &str| Quote::new(format!("{PSQL} {t}"));
        let (was, is) = lists(&[Quote::new("./a"), long("x")], &[long("y")]);
        assert_eq!(was, ["`./a`", "`psql --no-psqlrc … --file x`"]);
        assert_eq!(is, ["`psql --no-psqlrc … --file y`"]);
    }
}
