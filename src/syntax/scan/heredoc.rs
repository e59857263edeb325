//! Heredocs without an end: which one it is, and where reading goes on.

use super::{Kind, Mode, Scanner, Style, Token, What};

impl Scanner<'_> {
    /// At the end of the text: the heredoc that should have ended before, if one is still open, and what in it has
    /// no end: the heredoc itself or an interpolation.
    pub(super) fn endless_heredoc(&self, tokens: &[Token]) -> Option<(usize, usize)> {
        let (i, open) = self.modes.iter().enumerate().find_map(|(i, m)| match m {
            Mode::Text {
                style: Style::Heredoc | Style::RawHeredoc,
                start,
            } => Some((i, *start)),
            _ => None,
        })?;
        if self.endless.contains(&open) {
            return None;
        }
        if let Some(start) = self.swallower(tokens, open) {
            return Some((start, start));
        }
        // An interpolation that is still open has taken the end of the heredoc.
        match self.modes.get(i + 1) {
            Some(Mode::Hole { start, .. }) if !self.endless.contains(start) => Some((open, *start)),
            _ => Some((open, open)),
        }
    }

    /// An earlier heredoc whose end looks like the start of another one: the one that really has no end.
    fn swallower(&self, tokens: &[Token], open: usize) -> Option<usize> {
        let mut quotes: Vec<&Token> = Vec::new();
        for token in tokens.iter().take_while(|t| t.start < open) {
            match token.kind {
                Kind::Quote => quotes.push(token),
                Kind::Unquote => {
                    let start = quotes.pop()?;
                    let long = start.end - start.start == 3 && token.end - token.start == 3;
                    if long && !self.endless.contains(&start.start) && self.opens_again(start.start, token) {
                        return Some(start.start);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the heredoc at `start` ends with what looks like the start of another: words before the
    /// delimiter, nothing after it, and no deeper than the line the heredoc began on.
    fn opens_again(&self, start: usize, end: &Token) -> bool {
        // Looked for from the start of the text on only: many short texts may stand on one long line.
        let Some(newline) = self.text[start..end.start].rfind('\n') else {
            return false;
        };
        let before = &self.text[start + newline + 1..end.start];
        let after = &self.text[end.end..];
        let begins_with_word = before.trim_start().starts_with(|c: char| c.is_ascii_lowercase());
        let nothing_after = after.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
        begins_with_word && nothing_after && indent(before) <= self.indent_of_line(start)
    }

    fn indent_of_line(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        indent(&self.text[line..at])
    }

    /// Skips the text of a heredoc without an end: to the first line that is not deeper than its own.
    pub(super) fn endless_text(&mut self, start: usize) -> Token {
        let own = self.indent_of_line(start);
        let mut end = start
            + 3
            + self.text[start + 3..]
                .find('\n')
                .unwrap_or(self.text.len() - start - 3);
        while end < self.text.len() {
            let line = &self.text[end + 1..];
            let line = &line[..line.find('\n').unwrap_or(line.len())];
            if !line.trim().is_empty() && indent(line) <= own {
                break;
            }
            end += 1 + line.len();
        }
        let end = start + 3 + self.text[start + 3..end].trim_end().len();
        self.leave(self.modes.len().saturating_sub(1));
        self.at = end;
        self.problem(start, start + 3, What::EndlessHeredoc);
        self.token(Kind::Unquote, 0)
    }
}

/// How many spaces and tabs a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}
