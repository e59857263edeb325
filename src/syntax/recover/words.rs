//! Small questions about words and operators.
//!
//! Knows text only. Called by the other parts of the recovery.

/// Whether a word joins or begins expressions.
pub(super) fn is_operator_word(text: &str) -> bool {
    matches!(text, "and" | "or" | "not" | "in" | "is" | "if" | "else")
}

/// Whether a mark stands between two values, and what it is.
pub(super) fn is_operator_mark(text: &str) -> bool {
    matches!(
        text,
        "+" | "-" | "*" | "/" | ".." | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "&" | "|"
    )
}

/// Whether a mark or a word may begin a line that goes on with the statement before.
pub(super) fn is_joiner(text: &str) -> bool {
    matches!(text, "and" | "or" | "+" | "-" | "*" | "/" | ".." | "&&" | "||")
}

/// Whether a word has the form of a name or a keyword.
pub(super) fn is_lower(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.contains(|c: char| c.is_ascii_uppercase())
}

/// The word as a name: `onFailure` as `on_failure`, `ALL` as `all`.
pub(super) fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let mut before = '_';
    for c in text
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
        .chars()
    {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    if out.is_empty() { "x".to_string() } else { out }
}

/// The keywords whose statements have a form of their own.
pub(super) fn has_own_form(keyword: &str) -> bool {
    matches!(keyword, "use" | "param" | "let" | "capture")
}

/// The keywords whose definitions may take parameters.
pub(super) fn is_definition(keyword: &str) -> bool {
    matches!(
        keyword,
        "action"
            | "metric"
            | "procedure"
            | "rollout"
            | "gate"
            | "checklist"
            | "channel"
            | "environment"
            | "artifact"
            | "calendar"
            | "policy"
    )
}

/// The units as they are written out.
const UNITS: &[&str] = &["seconds", "minutes", "hours", "percent", "workdays"];

/// The unit a person meant, as the language writes it.
pub(super) fn unit(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "millis" | "milliseconds" | "millisecond" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "wd" | "workday" | "workdays" => "wd",
        "percent" | "pct" => "%",
        // One letter wrong; short words are near to everything.
        other if other.len() > 4 => {
            let near = |name: &&&str| strsim::damerau_levenshtein(other, name) == 1;
            unit(UNITS.iter().find(near)?)?
        }
        _ => return None,
    })
}

/// Whether a token that begins with a digit is a literal of the language.
pub(super) fn is_literal(text: &str) -> bool {
    let b = text.as_bytes();
    let digits = |from: usize, to: usize| b.len() >= to && b[from..to].iter().all(u8::is_ascii_digit);
    let clock = |at: usize| digits(at, at + 2) && b.get(at + 2) == Some(&b':') && digits(at + 3, at + 5);
    if digits(0, 4) && b.get(4) == Some(&b'-') {
        let day = digits(5, 7) && b.get(7) == Some(&b'-') && digits(8, 10);
        return day
            && match b.len() {
                10 => true,
                16 => b[10] == b'T' && clock(11),
                17 => b[10] == b'T' && clock(11) && b[16] == b'Z',
                22 => b[10] == b'T' && clock(11) && matches!(b[16], b'+' | b'-') && clock(17),
                _ => false,
            };
    }
    if text.contains(':') {
        return b.len() == 5 && clock(0);
    }
    let mut rest = text;
    let mut parts = 0;
    loop {
        let Some((after, unit)) = quantity(rest) else {
            return false;
        };
        parts += 1;
        match unit {
            "" => return parts == 1 && after.is_empty(),
            "%" => return parts == 1 && after.is_empty(),
            _ if after.is_empty() => return true,
            _ => rest = after,
        }
    }
}

/// Splits a number and its unit off; the unit is empty, `%` or a unit of time.
fn quantity(text: &str) -> Option<(&str, &str)> {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 {
        return None;
    }
    let mut len = whole;
    if text.as_bytes().get(len) == Some(&b'.') {
        let fraction = text[len + 1..].bytes().take_while(u8::is_ascii_digit).count();
        if fraction == 0 {
            return None;
        }
        len += 1 + fraction;
    }
    let rest = &text[len..];
    let unit = ["ms", "wd", "s", "m", "h", "d", "%"]
        .into_iter()
        .find(|u| rest.starts_with(u))
        .unwrap_or("");
    if unit.is_empty() && !rest.is_empty() {
        return None;
    }
    Some((&rest[unit.len()..], unit))
}

/// What to write instead of a number that cannot be read, and the text when it is clear.
pub(super) fn number_advice(text: &str) -> (String, Option<String>) {
    let digits = text
        .bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b'.')
        .count();
    let (number, rest) = text.split_at(digits);
    if let Some(unit) = unit(rest) {
        let mended = format!("{number}{unit}");
        return (
            format!("write `{mended}`; units are `ms`, `s`, `m`, `h`, `d` and `wd`"),
            Some(mended),
        );
    }
    if let Some((h, m)) = text.split_once(':')
        && h.len() == 1
        && m.len() == 2
    {
        let mended = format!("0{text}");
        return (
            format!("write `{mended}`: a time of day has two digits on both sides"),
            Some(mended),
        );
    }
    if text.get(4..5) == Some("-") {
        return (
            "a date is written `2026-06-01`, a time `2026-06-01T02:00`, with `Z` or `-04:00` after it"
                .to_string(),
            None,
        );
    }
    if matches!(rest, "w" | "wk" | "week" | "weeks") {
        let days = number.parse::<u32>().ok().and_then(|n| n.checked_mul(7));
        let mended = days.map(|d| format!("{d}d"));
        return ("write weeks in days: `7d`".to_string(), mended);
    }
    if let Some(date) = continental(text) {
        return (
            format!("a date is written `{date}`: year, month, day"),
            Some(date),
        );
    }
    if text.bytes().filter(|b| *b == b'.').count() > 1 {
        return (
            format!("a version is a string: write `\"{text}\"`"),
            Some(format!("\"{text}\"")),
        );
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if plain != text && is_literal(&plain) {
        return (format!("write `{plain}`"), Some(plain));
    }
    (
        "write `42`, `2.5`, `5%`, `30m`, `1h30m`, `22:00` or `2026-06-01`; names begin with a letter"
            .to_string(),
        None,
    )
}

/// `02.10.2026` as `2026-10-02`.
fn continental(text: &str) -> Option<String> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let within = |t: &str, most: u32| {
        let n = t.parse::<u32>().ok().filter(|n| (1..=most).contains(n));
        n.filter(|_| t.len() <= 2)
    };
    let (d, m) = (within(day, 31)?, within(month, 12)?);
    let plain = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && parts.next().is_none();
    plain.then(|| format!("{year}-{m:02}-{d:02}"))
}
