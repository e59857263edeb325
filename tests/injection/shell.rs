//! Bash, read into words: what is quoted is data, everything else is structure.
//!
//! Reads what the compiler writes, not all of bash: quotes, substitutions, expansions, here-documents, comments.

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A word: what a command gets, expansions as they are written.
    Word(Vec<Part>),
    /// An operator or a line break.
    Sign(char),
    /// A here-document whose end is quoted, read as a script of its own.
    Script(Vec<Token>),
    /// A comment.
    Comment,
}

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// A name or a glob that bash reads: `$x`, `${x}`, `$((…))`, `*`.
    Expansion(String),
    /// `$(…)`, `<(…)`, or backquotes.
    Command(Vec<Token>),
}

/// The words and signs of a script.
pub fn tokens(script: &str) -> Vec<Token> {
    let mut reader = Reader {
        chars: script.chars().collect(),
        at: 0,
        pending: Vec::new(),
    };
    reader.list(None)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    /// The ends of here-documents that begin on this line, and whether they are quoted.
    pending: Vec<(String, bool)>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c))
    }

    /// Tokens until `close`, which is taken.
    fn list(&mut self, close: Option<char>) -> Vec<Token> {
        let mut out = Vec::new();
        let mut depth = 0;
        let mut cases = 0;
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' => self.at += 1,
                '\n' => {
                    self.at += 1;
                    out.push(Token::Sign('\n'));
                    for (end, quoted) in std::mem::take(&mut self.pending) {
                        out.push(self.here(&end, quoted));
                    }
                }
                '\\' if self.peek(1) == Some('\n') => self.at += 2,
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                    out.push(Token::Comment);
                }
                c if Some(c) == close && depth == 0 && cases == 0 => {
                    self.at += 1;
                    return out;
                }
                '<' if self.starts("<<<") => {
                    self.at += 3;
                    out.extend(['<', '<', '<'].map(Token::Sign));
                }
                '<' if self.starts("<<") => {
                    self.at += 2;
                    let quoted = matches!(self.peek(0), Some('\'' | '"'));
                    let Token::Word(parts) = self.word() else { continue };
                    let end: String = parts
                        .iter()
                        .map(|p| if let Part::Text(t) = p { t.as_str() } else { "" })
                        .collect();
                    self.pending.push((end, quoted));
                    out.extend(['<', '<'].map(Token::Sign));
                }
                '<' | '>' if self.peek(1) == Some('(') => {
                    self.at += 2;
                    let inner = self.list(Some(')'));
                    out.push(Token::Word(vec![Part::Command(inner)]));
                }
                '(' | ')' | ';' | '&' | '|' | '<' | '>' => {
                    depth += i32::from(c == '(');
                    if c == ')' && depth > 0 {
                        depth -= 1;
                    }
                    self.at += 1;
                    out.push(Token::Sign(c));
                }
                _ => {
                    let word = self.word();
                    match plain(&word) {
                        Some("case") => cases += 1,
                        Some("esac") => cases -= 1,
                        _ => {}
                    }
                    out.push(word);
                }
            }
        }
        assert!(close.is_none(), "`{close:?}` is missing in a script");
        out
    }

    fn here(&mut self, end: &str, quoted: bool) -> Token {
        let mut body = String::new();
        loop {
            assert!(self.at < self.chars.len(), "a here-document has no end `{end}`");
            let mut line = String::new();
            while let Some(c) = self.peek(0) {
                self.at += 1;
                if c == '\n' {
                    break;
                }
                line.push(c);
            }
            if line == end {
                break;
            }
            body.push_str(&line);
            body.push('\n');
        }
        if quoted {
            Token::Script(tokens(&body))
        } else {
            Token::Word(vec![Part::Expansion(body)])
        }
    }

    fn word(&mut self) -> Token {
        let mut parts = Vec::new();
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' => break,
                '<' | '>' => break,
                '\'' => {
                    self.at += 1;
                    let mut text = String::new();
                    loop {
                        let c = self.peek(0).expect("a single quote is closed");
                        self.at += 1;
                        if c == '\'' {
                            break;
                        }
                        text.push(c);
                    }
                    push(&mut parts, &text);
                }
                '"' => {
                    self.at += 1;
                    self.double(&mut parts);
                }
                '$' if self.peek(1) == Some('\'') => {
                    self.at += 2;
                    self.ansi(&mut parts);
                }
                '\\' if self.peek(1) == Some('\n') => self.at += 2,
                '\\' => {
                    let c = self.peek(1).expect("something is escaped");
                    self.at += 2;
                    push(&mut parts, &c.to_string());
                }
                '$' | '`' => self.expansion(&mut parts),
                '*' | '?' | '[' | '~' | '{' | '}' | '!' => {
                    self.at += 1;
                    parts.push(Part::Expansion(c.to_string()));
                }
                c => {
                    self.at += 1;
                    push(&mut parts, &c.to_string());
                }
            }
        }
        Token::Word(parts)
    }

    fn double(&mut self, parts: &mut Vec<Part>) {
        push(parts, "");
        loop {
            let c = self.peek(0).expect("a double quote is closed");
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' if matches!(self.peek(1), Some('$' | '`' | '"' | '\\')) => {
                    let c = self.peek(1).expect("something is escaped");
                    self.at += 2;
                    push(parts, &c.to_string());
                }
                '\\' if self.peek(1) == Some('\n') => self.at += 2,
                '$' | '`' => self.expansion(parts),
                c => {
                    self.at += 1;
                    push(parts, &c.to_string());
                }
            }
        }
    }

    fn ansi(&mut self, parts: &mut Vec<Part>) {
        let mut text = String::new();
        loop {
            let c = self.peek(0).expect("a quote is closed");
            self.at += 1;
            match c {
                '\'' => break,
                '\\' => {
                    let c = self.peek(0).expect("something is escaped");
                    self.at += 1;
                    let hex = |reader: &mut Reader, most: usize| {
                        let mut n = 0;
                        for _ in 0..most {
                            let Some(d) = reader.peek(0).and_then(|c| c.to_digit(16)) else {
                                break;
                            };
                            n = n * 16 + d;
                            reader.at += 1;
                        }
                        char::from_u32(n).expect("a character")
                    };
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'a' => '\u{7}',
                        'b' => '\u{8}',
                        'e' => '\u{1b}',
                        'f' => '\u{c}',
                        'v' => '\u{b}',
                        'x' => hex(self, 2),
                        'u' => hex(self, 4),
                        'U' => hex(self, 8),
                        c => c,
                    });
                }
                c => text.push(c),
            }
        }
        push(parts, &text);
    }

    fn expansion(&mut self, parts: &mut Vec<Part>) {
        let start = self.at;
        if self.peek(0) == Some('`') {
            self.at += 1;
            let inner = self.list(Some('`'));
            parts.push(Part::Command(inner));
            return;
        }
        if self.starts("$((") {
            let mut depth = 0;
            while let Some(c) = self.peek(0) {
                self.at += 1;
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && c == ')' {
                    break;
                }
            }
        } else if self.starts("$(") {
            self.at += 2;
            let inner = self.list(Some(')'));
            parts.push(Part::Command(inner));
            return;
        } else if self.starts("${") {
            let mut depth = 0;
            while let Some(c) = self.peek(0) {
                self.at += 1;
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && c == '}' {
                    break;
                }
            }
        } else {
            self.at += 1;
            let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
            match self.peek(0) {
                Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                    while self.peek(0).is_some_and(named) {
                        self.at += 1;
                    }
                }
                Some(c) if "@*#?$!-0123456789".contains(c) => self.at += 1,
                _ => {
                    push(parts, "$");
                    return;
                }
            }
        }
        parts.push(Part::Expansion(self.chars[start..self.at].iter().collect()));
    }
}

fn push(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_string())),
    }
}

fn plain(word: &Token) -> Option<&str> {
    match word {
        Token::Word(parts) => match parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn words_are_read_as_bash_reads_them() {
    let read = |script: &str| -> Vec<Vec<String>> {
        tokens(script)
            .split(|t| *t == Token::Sign('\n'))
            .map(|line| line.iter().filter_map(plain).map(str::to_string).collect())
            .collect()
    };
    for script in [
        "a 'b c' \"d \\\" e\" f\\ g",
        "x 'it'\\''s' \"\\$(id)\"",
        "y # not read\nz ''",
    ] {
        let lines: Vec<Vec<String>> = script
            .split('\n')
            .map(|l| shlex::split(l).expect("shell words"))
            .collect();
        assert_eq!(read(script), lines, "{script}");
    }
}
