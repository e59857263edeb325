//! Where a piece of a shell command stands: bare, in double quotes, in single quotes, in a comment, in a here-document.
//!
//! Knows bash's quoting and nothing else. Called by `command`, which quotes each interpolated value for its place.

/// The place an interpolation stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Outside quotes. `word_start`: nothing of the word stands before it.
    Bare {
        /// Whether it begins a word.
        word_start: bool,
    },
    /// Inside double quotes. `word_start`: the quotes begin the word and hold nothing yet.
    Double {
        /// Whether it begins a word.
        word_start: bool,
    },
    /// Inside an unquoted here-document: like double quotes, but `"` is plain.
    HereDoc,
    /// Inside single quotes or a quoted here-document: nothing is expanded there.
    Single,
    /// Inside a comment.
    Comment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Frame {
    /// Bare text; `close` is what ends it: `)` of `$(`, a backquote, `}` of `${`.
    Bare {
        close: Option<char>,
        parens: u32,
    },
    Double,
    Single,
    Comment,
    Here {
        word: String,
        quoted: bool,
        strip_tabs: bool,
    },
}

/// Reads a command piece by piece.
#[derive(Debug)]
pub(crate) struct Reader {
    frames: Vec<Frame>,
    word_start: bool,
    /// Here-documents announced on this line, in order.
    pending: Vec<(String, bool, bool)>,
    line: String,
    escaped: bool,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Reader {
            frames: vec![Frame::Bare {
                close: None,
                parens: 0,
            }],
            word_start: true,
            pending: Vec::new(),
            line: String::new(),
            escaped: false,
        }
    }

    /// Where the next piece stands.
    pub(crate) fn place(&self) -> Place {
        match self.frames.last() {
            Some(Frame::Double) => Place::Double {
                word_start: self.word_start,
            },
            Some(Frame::Single) => Place::Single,
            Some(Frame::Comment) => Place::Comment,
            Some(Frame::Here { quoted: true, .. }) => Place::Single,
            Some(Frame::Here { .. }) => Place::HereDoc,
            Some(Frame::Bare { close: Some('}'), .. }) if self.frames.contains(&Frame::Double) => {
                Place::Double { word_start: false }
            }
            _ => Place::Bare {
                word_start: self.word_start,
            },
        }
    }

    /// The line that ends the here-document the reader stands in.
    pub(crate) fn here_word(&self) -> Option<&str> {
        match self.frames.last() {
            Some(Frame::Here { word, .. }) => Some(word),
            _ => None,
        }
    }

    /// Something was put where the reader stands.
    pub(crate) fn filled(&mut self) {
        self.word_start = false;
        self.escaped = false;
        if matches!(self.frames.last(), Some(Frame::Here { .. })) {
            self.line.push('\u{0}');
        }
    }

    /// Reads literal text of the command.
    pub(crate) fn read(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        let mut i = 0;
        while i < chars.len() {
            i += self.step(&chars, i);
        }
    }

    /// Reads at `i`; returns how many characters were taken.
    fn step(&mut self, chars: &[char], i: usize) -> usize {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        if self.escaped {
            self.escaped = false;
            if c != '\n' {
                self.word_start = false;
            }
            return 1;
        }
        match self.frames.last().cloned() {
            Some(Frame::Here {
                word,
                quoted,
                strip_tabs,
            }) => {
                if c == '\n' {
                    let line = std::mem::take(&mut self.line);
                    let line = if strip_tabs {
                        line.trim_start_matches('\t')
                    } else {
                        line.as_str()
                    };
                    if line == word {
                        self.frames.pop();
                        self.begin_here();
                        if !matches!(self.frames.last(), Some(Frame::Here { .. })) {
                            self.word_start = true;
                        }
                    }
                } else {
                    self.line.push(c);
                    if !quoted && c == '$' && next == Some('(') {
                        self.frames.push(Frame::Bare {
                            close: Some(')'),
                            parens: 0,
                        });
                        self.word_start = true;
                        return 2;
                    }
                    if !quoted && c == '\\' {
                        self.escaped = true;
                    }
                }
                1
            }
            Some(Frame::Single) => {
                if c == '\'' {
                    self.frames.pop();
                }
                1
            }
            Some(Frame::Comment) => {
                if c == '\n' {
                    self.frames.pop();
                    self.newline();
                }
                1
            }
            Some(Frame::Double) => self.double(c, next),
            Some(Frame::Bare { close, parens }) => self.bare(chars, i, close, parens),
            None => 1,
        }
    }

    fn double(&mut self, c: char, next: Option<char>) -> usize {
        match (c, next) {
            ('\\', _) => self.escaped = true,
            ('"', _) => {
                self.frames.pop();
                self.word_start = false;
            }
            ('$', Some('(')) => {
                self.frames.push(Frame::Bare {
                    close: Some(')'),
                    parens: 0,
                });
                self.word_start = true;
                return 2;
            }
            ('$', Some('{')) => {
                self.frames.push(Frame::Bare {
                    close: Some('}'),
                    parens: 0,
                });
                self.word_start = false;
                return 2;
            }
            ('`', _) => {
                self.frames.push(Frame::Bare {
                    close: Some('`'),
                    parens: 0,
                });
                self.word_start = true;
            }
            _ => self.word_start = false,
        }
        1
    }

    fn bare(&mut self, chars: &[char], i: usize, close: Option<char>, parens: u32) -> usize {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        if Some(c) == close && parens == 0 {
            self.frames.pop();
            self.word_start = false;
            return 1;
        }
        match (c, next) {
            ('\\', _) => self.escaped = true,
            ('\'', _) => {
                self.frames.push(Frame::Single);
                self.word_start = false;
            }
            ('$', Some('\'')) => {
                self.frames.push(Frame::Single);
                self.word_start = false;
                return 2;
            }
            ('"', _) => self.frames.push(Frame::Double),
            ('`', _) => {
                self.frames.push(Frame::Bare {
                    close: Some('`'),
                    parens: 0,
                });
                self.word_start = true;
            }
            ('$', Some('(')) => {
                self.frames.push(Frame::Bare {
                    close: Some(')'),
                    parens: 0,
                });
                self.word_start = true;
                return 2;
            }
            ('$', Some('{')) => {
                self.frames.push(Frame::Bare {
                    close: Some('}'),
                    parens: 0,
                });
                self.word_start = false;
                return 2;
            }
            ('(', _) => {
                self.set_parens(parens + 1);
                self.word_start = true;
            }
            (')', _) => {
                self.set_parens(parens.saturating_sub(1));
                self.word_start = true;
            }
            ('<', Some('<')) if chars.get(i + 2) != Some(&'<') => return self.announce_here(chars, i),
            ('<', Some('<')) => {
                self.word_start = true;
                return 3;
            }
            ('#', _) if self.word_start && close != Some('}') => self.frames.push(Frame::Comment),
            ('\n', _) => self.newline(),
            (' ' | '\t' | ';' | '|' | '&' | '<' | '>', _) => self.word_start = true,
            _ => self.word_start = false,
        }
        1
    }

    fn set_parens(&mut self, n: u32) {
        if let Some(Frame::Bare { parens, .. }) = self.frames.last_mut() {
            *parens = n;
        }
    }

    fn newline(&mut self) {
        self.word_start = true;
        self.begin_here();
    }

    fn begin_here(&mut self) {
        if !self.pending.is_empty() {
            let (word, quoted, strip_tabs) = self.pending.remove(0);
            self.line.clear();
            self.frames.push(Frame::Here {
                word,
                quoted,
                strip_tabs,
            });
        }
    }

    /// `<<WORD`, `<<-WORD`, `<<'WORD'`.
    fn announce_here(&mut self, chars: &[char], i: usize) -> usize {
        let mut at = i + 2;
        let strip_tabs = chars.get(at) == Some(&'-');
        if strip_tabs {
            at += 1;
        }
        while matches!(chars.get(at), Some(' ' | '\t')) {
            at += 1;
        }
        let mut word = String::new();
        let mut quoted = false;
        while let Some(c) = chars.get(at) {
            match c {
                '\'' | '"' | '\\' => quoted = true,
                c if c.is_whitespace() || ";|&()<>".contains(*c) => break,
                c => word.push(*c),
            }
            at += 1;
        }
        if !word.is_empty() {
            self.pending.push((word, quoted, strip_tabs));
        }
        self.word_start = false;
        at - i
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::shell::{Place, Reader};

    fn after(text: &str) -> Place {
        let mut r = Reader::new();
        r.read(text);
        r.place()
    }

    #[test]
    fn places_are_told_apart() {
        assert_eq!(after("aws --name "), Place::Bare { word_start: true });
        assert_eq!(after("aws --name="), Place::Bare { word_start: false });
        assert_eq!(after("echo \""), Place::Double { word_start: true });
        assert_eq!(after("echo \"a"), Place::Double { word_start: false });
        assert_eq!(after("echo '"), Place::Single);
        assert_eq!(after("echo 'a' "), Place::Bare { word_start: true });
        assert_eq!(after("true # it is "), Place::Comment);
        assert_eq!(after("cat <<EOF\nx "), Place::HereDoc);
        assert_eq!(after("cat <<'EOF'\nx "), Place::Single);
        assert_eq!(
            after("cat <<EOF\nx\nEOF\necho "),
            Place::Bare { word_start: true }
        );
        assert_eq!(after("echo \"$(date "), Place::Bare { word_start: true });
        assert_eq!(after("echo \"$(date)"), Place::Double { word_start: false });
        assert_eq!(after("echo a#"), Place::Bare { word_start: false });
        assert_eq!(after("cat <<< "), Place::Bare { word_start: true });
    }
}
