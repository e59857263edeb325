//! A text cut into tokens, whatever it holds: what measures nesting, finds statements among mistakes, and keeps
//! comments for the formatter.
//!
//! Agrees with the grammar on every text the grammar accepts. Must not know statements. Called by the parser, the
//! recovery and the formatter.

mod figure;
mod heredoc;
mod problem;

pub(super) use problem::{Problem, What};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of a line.
    Newline,
    /// From `#` (or a mistaken `//`) to the end of the line.
    Comment,
    /// Letters, digits and `_`, beginning with no digit.
    Word,
    /// What begins with a digit.
    Figure,
    /// `(`, `[` or `{`
    Open,
    /// `)`, `]` or `}`
    Close,
    /// The delimiter that opens a string.
    Quote,
    /// The delimiter that closes it; empty when it is missing.
    Unquote,
    /// Text without the right delimiters, taken as one string.
    Text,
    /// A backslash in a string and what follows it.
    Escape,
    /// `${` in a string.
    Hole,
    /// The `}` that belongs to it.
    HoleEnd,
    /// An operator, a comma, a colon, a semicolon, an equals sign.
    Punct,
    /// A character the language does not use.
    Stray,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Its first byte.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
}

/// How a string is delimited, and what in it has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Line,
    Heredoc,
    Raw,
    RawHeredoc,
}

impl Style {
    fn delimiter(self) -> &'static str {
        match self {
            Style::Line => "\"",
            Style::Heredoc => "\"\"\"",
            Style::Raw => "'",
            Style::RawHeredoc => "'''",
        }
    }
}

/// What the scanner stands in.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// A string; the place of its delimiter.
    Text { style: Style, start: usize },
    /// An interpolation; its place and the braces open in it.
    Hole { start: usize, braces: usize },
}

/// Cuts a text into tokens, one at a time.
pub(super) struct Scanner<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    modes: Vec<Mode>,
    /// The outermost of them that is a string on one line.
    outer_line: Option<usize>,
    /// Brackets opened on this line and not closed on it: how far a string without an end may reach.
    line: Vec<u8>,
    /// What is wrong with the tokens themselves.
    problems: Vec<Problem>,
    /// How many tokens were handed out.
    count: usize,
    /// Heredocs known to have no end.
    endless: Vec<usize>,
    /// Closing delimiters still to be handed out for strings that ended together.
    owed: usize,
    /// The end of the token handed out last.
    last: usize,
    /// The end of the next block comment, as far as it was looked for.
    comment_end: usize,
}

/// All tokens of a text and what is wrong with them.
pub(super) struct Scan {
    /// The tokens in order.
    pub(super) tokens: Vec<Token>,
    /// The problems in the order of their tokens.
    pub(super) problems: Vec<Problem>,
}

/// How often a text is read again from a heredoc that turned out to have no end.
const MAX_REWINDS: usize = 8;

/// How many problems are kept: a text with more of them is not read to its end.
const MAX_PROBLEMS: usize = 2000;

/// Cuts a whole text into tokens. A heredoc without an end does not swallow what follows it.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner::new(text);
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 5);
    let mut rewinds = 0;
    loop {
        while let Some(token) = scanner.step() {
            tokens.push(token);
        }
        let Some((start, endless)) = scanner.endless_heredoc(&tokens) else {
            break;
        };
        if rewinds == MAX_REWINDS {
            let problem = Problem::new(tokens.len(), start, text.len(), What::EndlessHeredoc);
            scanner.problems.push(problem);
            break;
        }
        rewinds += 1;
        let keep = tokens.partition_point(|t| t.start < start);
        tokens.truncate(keep);
        scanner.endless.push(endless);
        scanner.rewind(start, keep);
    }
    let mut problems = scanner.problems;
    problems.sort_by_key(|p| p.token);
    Scan { tokens, problems }
}

/// Where brackets and interpolations first stand more than `limit` deep in one another.
pub(super) fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut scanner = Scanner::new(text);
    let mut depth = 0usize;
    while let Some(token) = scanner.step() {
        match token.kind {
            Kind::Open | Kind::Hole => {
                depth += 1;
                if depth > limit {
                    return Some(token.start);
                }
            }
            Kind::Close | Kind::HoleEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

impl<'s> Scanner<'s> {
    /// A scanner at the start of a text; a byte order mark is skipped.
    pub(super) fn new(text: &'s str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Scanner {
            text,
            bytes: text.as_bytes(),
            at,
            modes: Vec::new(),
            outer_line: None,
            line: Vec::new(),
            problems: Vec::new(),
            count: 0,
            endless: Vec::new(),
            owed: 0,
            last: at,
            comment_end: 0,
        }
    }

    fn rewind(&mut self, start: usize, count: usize) {
        self.problems.retain(|p| p.token < count);
        self.count = count;
        self.at = start;
        self.last = start;
        self.comment_end = 0;
        self.owed = 0;
        self.leave(0);
        self.line.clear();
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self, kind: Kind, len: usize) -> Token {
        let start = self.at;
        self.at += len;
        self.last = self.at;
        self.count += 1;
        Token {
            kind,
            start,
            end: self.at,
        }
    }

    fn problem(&mut self, start: usize, end: usize, what: What) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        self.problems.push(Problem::new(self.count, start, end, what));
    }

    /// The next token; none at the end of the text.
    pub(super) fn step(&mut self) -> Option<Token> {
        if self.owed > 0 {
            self.owed -= 1;
            return Some(self.token(Kind::Unquote, 0));
        }
        match self.modes.last() {
            Some(Mode::Text { style, .. }) => self.in_text(*style),
            _ => self.in_code(),
        }
    }

    fn in_code(&mut self) -> Option<Token> {
        while matches!(self.byte(0), b' ' | b'\t') {
            self.at += 1;
        }
        let Some(first) = self.bytes.get(self.at).copied() else {
            return self.outer_line.map(|i| self.endless_hole(i));
        };
        Some(match first {
            b'\n' => return Some(self.newline(1)),
            b'\r' if self.byte(1) == b'\n' => return Some(self.newline(2)),
            b'#' => {
                let len = self.line_rest();
                self.token(Kind::Comment, len)
            }
            b'/' if self.byte(1) == b'/' => {
                let len = self.line_rest();
                self.problem(self.at, self.at + 2, What::SlashComment);
                self.token(Kind::Comment, len)
            }
            b'/' if self.byte(1) == b'*' => {
                let len = self.block_comment();
                self.problem(self.at, self.at + len, What::BlockComment);
                self.token(Kind::Comment, len)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => {
                let len = figure::length(&self.bytes[self.at..]);
                self.token(Kind::Figure, len)
            }
            b'(' | b'[' | b'{' => {
                self.line.push(first);
                if let Some(Mode::Hole { braces, .. }) = self.modes.last_mut()
                    && first == b'{'
                {
                    *braces += 1;
                }
                self.token(Kind::Open, 1)
            }
            b')' | b']' | b'}' => self.close(first),
            b'"' | b'\'' => self.quote(first),
            _ => self.other(first),
        })
    }

    fn enter(&mut self, mode: Mode) {
        if self.outer_line.is_none()
            && matches!(
                mode,
                Mode::Text {
                    style: Style::Line,
                    ..
                }
            )
        {
            self.outer_line = Some(self.modes.len());
        }
        self.modes.push(mode);
    }

    /// Leaves all modes but the first `keep`.
    fn leave(&mut self, keep: usize) {
        self.modes.truncate(keep);
        self.outer_line = self.outer_line.filter(|i| *i < keep);
    }

    /// Ends a string on one line, and whatever is open in it, because of an interpolation that does not end.
    fn endless_hole(&mut self, string: usize) -> Token {
        if let Some(Mode::Hole { start, .. }) = self.modes.get(string + 1).copied() {
            self.problem(start, start + 2, What::EndlessHole);
        }
        let strings = self.modes[string..]
            .iter()
            .filter(|m| matches!(m, Mode::Text { .. }))
            .count();
        self.owed = strings.saturating_sub(1);
        self.leave(string);
        self.token(Kind::Unquote, 0)
    }

    fn newline(&mut self, len: usize) -> Token {
        if let Some(i) = self.outer_line {
            return self.endless_hole(i);
        }
        self.line.clear();
        self.token(Kind::Newline, len)
    }

    /// The length of what is left of the line, a carriage return before its end left out.
    fn line_rest(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        if len > 0 && rest[len - 1] == b'\r' && len < rest.len() {
            len - 1
        } else {
            len
        }
    }

    /// The length of `/* … */`; without an end it is the rest of the line.
    fn block_comment(&mut self) -> usize {
        if self.comment_end < self.at + 2 {
            let found = self.text[self.at + 2..].find("*/");
            self.comment_end = found.map_or(usize::MAX, |i| self.at + 4 + i);
        }
        if self.comment_end == usize::MAX {
            self.line_rest()
        } else {
            self.comment_end - self.at
        }
    }

    fn word(&mut self) -> Token {
        let rest = &self.bytes[self.at..];
        let len = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        if rest[len..].starts_with(b"://") {
            let end = |b: &u8| {
                matches!(
                    b,
                    b' ' | b'\t' | b'\n' | b'\r' | b';' | b',' | b')' | b']' | b'}' | b'"'
                )
            };
            let whole = rest.iter().position(end).unwrap_or(rest.len());
            self.problem(self.at, self.at + whole, What::BareUrl);
            return self.token(Kind::Text, whole);
        }
        self.token(Kind::Word, len)
    }

    fn close(&mut self, closer: u8) -> Token {
        self.line.pop();
        if closer == b'}'
            && let Some(Mode::Hole { braces, .. }) = self.modes.last_mut()
        {
            if *braces == 0 {
                self.leave(self.modes.len() - 1);
                return self.token(Kind::HoleEnd, 1);
            }
            *braces -= 1;
        }
        self.token(Kind::Close, 1)
    }

    fn other(&mut self, first: u8) -> Token {
        let second = self.byte(1);
        let len = match (first, second) {
            (b'=' | b'!' | b'<' | b'>', b'=') | (b'.', b'.') | (b'&', b'&') | (b'|', b'|') => 2,
            (
                b',' | b':' | b';' | b'=' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'.' | b'!' | b'&'
                | b'|',
                _,
            ) => 1,
            _ => 0,
        };
        if len > 0 {
            return self.token(Kind::Punct, len);
        }
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return self.token(Kind::Stray, 1);
        };
        if let Some(closer) = curly_partner(first) {
            let line = &rest[first.len_utf8()..];
            if let Some(i) = line
                .find([closer, first, '\n'])
                .filter(|i| !line[*i..].starts_with('\n'))
            {
                let body = &line[..i];
                let end = first.len_utf8() + i + line[i..].chars().next().map_or(0, char::len_utf8);
                let plain = !body.contains(['"', '\\']) && !body.contains("${");
                self.problem(
                    self.at,
                    self.at + end,
                    if plain {
                        What::CurlyQuotes
                    } else {
                        What::CurlyQuotesMixed
                    },
                );
                return self.token(Kind::Text, end);
            }
        }
        let len = first.len_utf8();
        self.token(Kind::Stray, len)
    }

    fn quote(&mut self, first: u8) -> Token {
        let start = self.at;
        let triple = self.byte(1) == first && self.byte(2) == first;
        let style = match (first, triple) {
            (b'"', false) => Style::Line,
            (b'"', true) => Style::Heredoc,
            (_, false) => Style::Raw,
            (_, true) => Style::RawHeredoc,
        };
        self.enter(Mode::Text { style, start });
        self.token(Kind::Quote, style.delimiter().len())
    }

    fn in_text(&mut self, style: Style) -> Option<Token> {
        let Some(Mode::Text { start, .. }) = self.modes.last().copied() else {
            return None;
        };
        if matches!(style, Style::Heredoc | Style::RawHeredoc) && self.endless.contains(&start) {
            return Some(self.endless_text(start));
        }
        loop {
            let rest = &self.bytes[self.at..];
            let stop = match style {
                Style::Line => rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'\n' | b'$')),
                Style::Heredoc => rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'$')),
                Style::Raw => rest.iter().position(|b| matches!(b, b'\'' | b'\n')),
                Style::RawHeredoc => rest.iter().position(|b| *b == b'\''),
            };
            self.at += stop.unwrap_or(rest.len());
            let Some(found) = self.bytes.get(self.at).copied() else {
                let on_one_line = matches!(style, Style::Line | Style::Raw);
                return on_one_line.then(|| self.unterminated(start));
            };
            match found {
                b'\n' => return Some(self.unterminated(start)),
                b'\\' => return Some(self.escape(style)),
                b'$' if self.byte(1) == b'{' && self.endless.contains(&self.at) => {
                    self.problem(self.at, self.at + 2, What::EndlessHole);
                    return Some(self.token(Kind::Escape, 2));
                }
                b'$' if self.byte(1) == b'{' => {
                    self.enter(Mode::Hole {
                        start: self.at,
                        braces: 0,
                    });
                    self.line.push(b'{');
                    return Some(self.token(Kind::Hole, 2));
                }
                b'"' | b'\'' if self.text[self.at..].starts_with(style.delimiter()) => {
                    self.leave(self.modes.len() - 1);
                    return Some(self.token(Kind::Unquote, style.delimiter().len()));
                }
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self, style: Style) -> Token {
        let rest = &self.text[self.at..];
        let mut chars = rest.chars().skip(1);
        let next = chars.next();
        let len = match next {
            Some('n' | 't' | '"' | '\\' | '$') => 2,
            Some('u') if rest.as_bytes().get(2) == Some(&b'{') => match unicode_escape(rest) {
                Some(len) => len,
                None if style == Style::Line => {
                    let end = rest
                        .find(['}', '"', '\n', ' '])
                        .map_or(3, |i| i + usize::from(rest[i..].starts_with('}')));
                    self.problem(self.at, self.at + end.max(3), What::BadUnicode);
                    end.max(3)
                }
                None => 1,
            },
            Some(c) if style == Style::Line => {
                // At the end of the line the string has no end, which says enough.
                let len = if c == '\n' || c == '\r' {
                    1
                } else {
                    1 + c.len_utf8()
                };
                if len > 1 {
                    self.problem(self.at, self.at + len, What::BadEscape);
                }
                len
            }
            _ => 1,
        };
        self.token(Kind::Escape, len)
    }

    /// Ends a one-line string that has no delimiter: at the end of the line, before the brackets that close
    /// what was opened on the line.
    fn unterminated(&mut self, start: usize) -> Token {
        if let Some(i) = self.outer_line
            && i + 1 < self.modes.len()
        {
            return self.endless_hole(i);
        }
        let floor = self.last;
        let mut end = floor + self.text[floor..self.at].trim_end().len();
        for open in &self.line {
            let body = self.text[floor..end].trim_end();
            let Some(rest) = body.strip_suffix(char::from(closer_of(*open))) else {
                break;
            };
            end = floor + rest.trim_end().len();
        }
        self.leave(self.modes.len() - 1);
        self.at = end;
        self.problem(start, end, What::EndlessString);
        self.token(Kind::Unquote, 0)
    }
}

/// The length of a `\u{…}` escape with one to six digits.
fn unicode_escape(rest: &str) -> Option<usize> {
    let digits = rest.bytes().skip(3).take_while(u8::is_ascii_hexdigit).count();
    ((1..=6).contains(&digits) && rest.as_bytes().get(3 + digits) == Some(&b'}')).then_some(4 + digits)
}

fn curly_partner(quote: char) -> Option<char> {
    Some(match quote {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '\u{201d}',
        '\u{2018}' | '\u{2019}' | '\u{201a}' => '\u{2019}',
        '\u{ab}' => '\u{bb}',
        '`' => '`',
        _ => return None,
    })
}

/// The bracket that closes what `open` opens.
pub(super) fn closer_of(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}
