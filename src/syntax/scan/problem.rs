//! What can be wrong with a token on its own.
//!
//! Knows no words for people. Found by the scanner, told by the recovery.

/// A token that is not what it should be.
#[derive(Debug, Clone, Copy)]
pub(in crate::syntax) struct Problem {
    /// The number of the token it was found at.
    pub(in crate::syntax) token: usize,
    /// The first byte of the place.
    pub(in crate::syntax) start: usize,
    /// The byte after the place.
    pub(in crate::syntax) end: usize,
    /// What is wrong.
    pub(in crate::syntax) what: What,
}

impl Problem {
    /// A problem at a token.
    pub(in crate::syntax) fn new(token: usize, start: usize, end: usize, what: What) -> Self {
        Problem {
            token,
            start,
            end,
            what,
        }
    }
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum What {
    /// `// comment`
    SlashComment,
    /// `/* comment */`
    BlockComment,
    /// `https://…` without quotes
    BareUrl,
    /// `“text”`
    CurlyQuotes,
    /// `“text”` with characters that quotes would give a meaning
    CurlyQuotesMixed,
    /// A backslash before a character it does not escape
    BadEscape,
    /// `\u` without one to six digits in braces
    BadUnicode,
    /// A string that does not end on its line
    EndlessString,
    /// A `${` that does not end on the line of its string
    EndlessHole,
    /// A heredoc that does not end
    EndlessHeredoc,
}
