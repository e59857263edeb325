//! String literals as they stand in the source: which characters of the text are the author's, and where.
//!
//! Knows how the language delimits strings, nothing of what they say. Called by the checks that point at characters.

use crate::source::{SourceMap, Span};

/// How a literal is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// `"…"`
    Double,
    /// `"""…"""`
    Heredoc,
    /// `'…'` and `'''…'''`
    Raw,
}

/// One character of a literal's text, with its place. Interpolations and escapes are left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Char {
    /// The character.
    pub c: char,
    /// Where it stands.
    pub span: Span,
    /// It is written as an escape.
    pub escaped: bool,
}

/// The characters of the literal at a place; an interpolation is one character, `\0`. `None` when there is no literal.
pub(super) fn characters(sources: &SourceMap, literal: Span) -> Option<(Quote, Vec<Char>)> {
    let text = sources.text(literal);
    let (quote, open) = if text.starts_with("\"\"\"") {
        (Quote::Heredoc, 3)
    } else if text.starts_with("'''") {
        (Quote::Raw, 3)
    } else if text.starts_with('"') {
        (Quote::Double, 1)
    } else if text.starts_with('\'') {
        (Quote::Raw, 1)
    } else {
        return None;
    };
    if text.len() < 2 * open {
        return None;
    }
    let end = text.len() - open;
    let mut list = Vec::new();
    let mut at = open;
    while at < end {
        let Some(c) = text[at..].chars().next() else { break };
        let mut length = c.len_utf8();
        let mut shown = c;
        let mut escaped = false;
        if c == '\\' && quote != Quote::Raw {
            if let Some((value, len)) = escape(&text[at..end]) {
                (shown, length, escaped) = (value, len, true);
            }
        } else if c == '$' && quote != Quote::Raw && text[at..end].starts_with("${") {
            length = interpolation(&text[at..end]);
            (shown, escaped) = ('\0', true);
        }
        list.push(Char {
            c: shown,
            span: Span::new(
                literal.file,
                literal.start as usize + at,
                literal.start as usize + at + length,
            ),
            escaped,
        });
        at += length;
    }
    Some((quote, list))
}

/// The character an escape stands for, and how long the escape is.
fn escape(text: &str) -> Option<(char, usize)> {
    let mut rest = text.chars();
    rest.next();
    let next = rest.next()?;
    let plain = match next {
        'n' => '\n',
        't' => '\t',
        '"' | '\\' | '$' => next,
        'u' => {
            let end = text.find('}')?;
            let code = u32::from_str_radix(text.get(3..end)?, 16).ok()?;
            return Some((char::from_u32(code)?, end + 1));
        }
        _ => return None,
    };
    Some((plain, 2))
}

/// How long an interpolation is, its closing brace included.
fn interpolation(text: &str) -> usize {
    let mut depth = 0usize;
    let mut inside: Option<char> = None;
    for (i, c) in text.char_indices().skip(1) {
        match (inside, c) {
            (Some(q), c) if c == q => inside = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => inside = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Quote, characters};
    use crate::source::{SourceMap, Span};

    fn read(literal: &str) -> (Quote, String) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.release", literal);
        let (quote, list) = characters(&sources, Span::new(file, 0, literal.len())).expect("a literal");
        for c in list.iter().filter(|c| !c.escaped) {
            assert_eq!(sources.text(c.span), c.c.to_string());
        }
        (quote, list.iter().map(|c| c.c).collect())
    }

    #[test]
    fn escapes_are_resolved_and_interpolations_are_one_character() {
        assert_eq!(
            read(r#""a \"b\" ${c("}")} \u{2013}""#),
            (Quote::Double, "a \"b\" \0 –".to_string())
        );
        assert_eq!(read(r"'a \n ${b}'"), (Quote::Raw, r"a \n ${b}".to_string()));
        assert_eq!(read("\"\"\"\nx é\n\"\"\"").1, "\nx é\n");
    }

    #[test]
    fn what_is_no_literal_is_none() {
        let mut sources = SourceMap::new();
        let file = sources.add("a.release", "name \"");
        assert!(characters(&sources, Span::new(file, 0, 4)).is_none());
        assert!(characters(&sources, Span::new(file, 5, 6)).is_none());
    }
}
