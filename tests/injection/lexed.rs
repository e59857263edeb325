//! Texts with expressions in them, cut into code and data.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Evaluated.
    Code(String),
    /// A literal.
    Data(String),
}

impl Piece {
    /// The piece as it is shown.
    pub fn words(&self) -> &str {
        match self {
            Piece::Code(_) => "‹code›",
            Piece::Data(text) => text,
        }
    }
}

fn data(out: &mut Vec<Piece>, text: &str) {
    match out.last_mut() {
        Some(Piece::Data(last)) => last.push_str(text),
        _ => out.push(Piece::Data(text.to_string())),
    }
}

/// A string that GitHub evaluates: an expression that is nothing but a literal is data.
pub fn github(text: &str) -> Vec<Piece> {
    let mut out = vec![Piece::Data(String::new())];
    let mut rest = text;
    while let Some(start) = rest.find("${{") {
        data(&mut out, &rest[..start]);
        rest = &rest[start + 3..];
        let mut pieces: Vec<Piece> = Vec::new();
        let mut code = String::new();
        loop {
            if rest.starts_with("}}") {
                rest = &rest[2..];
                break;
            }
            let Some(c) = rest.chars().next() else {
                pieces.push(Piece::Code(format!("{code} without an end")));
                return pieces;
            };
            if c == '\'' {
                let (literal, after) = quoted(&rest[1..]);
                pieces.push(Piece::Code(std::mem::take(&mut code).trim().to_string()));
                pieces.push(Piece::Data(literal));
                rest = after;
            } else {
                code.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        pieces.push(Piece::Code(code.trim().to_string()));
        pieces.retain(|p| *p != Piece::Code(String::new()));
        match pieces.as_slice() {
            [Piece::Data(literal)] => data(&mut out, literal),
            _ => {
                out.extend(pieces);
                out.push(Piece::Data(String::new()));
            }
        }
    }
    data(&mut out, rest);
    out
}

/// A literal of an expression of GitHub's behind its opening quote, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find('\'') else {
            return (format!("{literal}{rest}"), "");
        };
        literal.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(after) = rest.strip_prefix('\'') {
            literal.push('\'');
            rest = after;
        } else {
            return (literal, rest);
        }
    }
}

/// A string of a state machine: JSONata when it stands between `{%` and `%}`, else data.
pub fn jsonata(text: &str) -> Vec<Piece> {
    let inner = text.strip_prefix("{%").and_then(|t| t.strip_suffix("%}"));
    let Some(inner) = inner else {
        return vec![Piece::Data(text.to_string())];
    };
    let chars: Vec<char> = inner.chars().collect();
    let mut out = Vec::new();
    let mut code = String::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let begins = code
            .trim_end()
            .chars()
            .last()
            .is_none_or(|b| "(,=:[{&|?~>;".contains(b));
        match c {
            '"' | '\'' => {
                out.push(Piece::Code(std::mem::take(&mut code)));
                let mut raw = String::from("\"");
                i += 1;
                while i < chars.len() && chars[i] != c {
                    if chars[i] == '\\' {
                        raw.push(chars[i]);
                        i += 1;
                    } else if chars[i] == '"' {
                        raw.push('\\');
                    }
                    raw.push(chars[i]);
                    i += 1;
                }
                raw.push('"');
                match serde_json::from_str::<String>(&raw) {
                    Ok(text) => out.push(Piece::Data(text)),
                    Err(error) => out.push(Piece::Code(format!("{raw} is no literal: {error}"))),
                }
            }
            '`' => {
                out.push(Piece::Code(std::mem::take(&mut code)));
                i += 1;
                let start = i;
                while i < chars.len() && chars[i] != '`' {
                    i += 1;
                }
                out.push(Piece::Data(chars[start..i.min(chars.len())].iter().collect()));
            }
            '/' if begins => {
                code.push(c);
                i += 1;
                while i < chars.len() && chars[i] != '/' {
                    if chars[i] == '\\' {
                        code.push(chars[i]);
                        i += 1;
                    }
                    code.extend(chars.get(i));
                    i += 1;
                }
                code.push('/');
            }
            c => code.push(c),
        }
        i += 1;
    }
    out.push(Piece::Code(code));
    let blank = |p: &Piece| matches!(p, Piece::Code(c) if c.trim().is_empty());
    match out.as_slice() {
        [a, Piece::Data(text), b] if blank(a) && blank(b) => vec![Piece::Data(text.clone())],
        _ => out,
    }
}

#[test]
fn code_and_data_are_told_apart() {
    let data = |t: &str| Piece::Data(t.to_string());
    let code = |t: &str| Piece::Code(t.to_string());
    assert_eq!(github("a ${{ '${{' }} x }}"), [data("a ${{ x }}")]);
    assert_eq!(
        github("a ${{ x == 'it''s' }}"),
        [data("a "), code("x =="), data("it's"), data("")]
    );
    assert_eq!(jsonata("$x"), [data("$x")]);
    assert_eq!(
        jsonata("{% $x & \"a'b\" %}"),
        [code(" $x & "), data("a'b"), code(" ")]
    );
}
