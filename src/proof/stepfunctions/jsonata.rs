//! JSONata read back: exactly the forms that state machines are written in, anything else is not understood.
//!
//! Must not know states. Used by the machine and by whoever ties conditions to the plan.

use super::value::Value;
use std::sync::Arc;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Const(Value),
    /// `$name`
    Var(String),
    /// A member of each element.
    Name(Box<Expr>, String),
    /// An element.
    Index(Box<Expr>, i64),
    /// The elements whose member is a text.
    Where(Box<Expr>, String, String),
    /// A function.
    Call(String, Vec<Expr>),
    /// `function($name) { body }`
    Lambda(String, Box<Expr>),
    /// Two operands.
    Op(String, Box<Expr>, Box<Expr>),
    /// One of two values.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// An object.
    Object(Vec<(Expr, Expr)>),
    /// A regular expression.
    Regex(Pattern),
    /// A condition of the plan, by its number.
    Told(usize),
}

/// A regular expression, made once.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Arc<regex_lite::Regex>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Pattern, String> {
        let regex = regex_lite::Regex::new(text);
        let regex = regex.map_err(|_| ["the pattern `", text, "` is not understood"].concat())?;
        Ok(Pattern {
            text: text.to_string(),
            regex: Arc::new(regex),
        })
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Where it is found in a text.
    pub fn finds<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.regex.find_iter(text).map(|m| m.as_str())
    }
}

/// Reads an expression.
///
/// # Errors
/// What is not understood.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let expr = reader.expr(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.here());
    }
    Ok(expr)
}

/// Deepest nesting that is read.
const DEEPEST: usize = 400;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn here(&self) -> String {
        let rest: String = self.text[self.at..].chars().take(40).collect();
        ["an expression is not understood at `", &rest, "`"].concat()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let trimmed = self.rest().trim_start().len();
        self.at = self.text.len() - trimmed;
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn want(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(self.here()) }
    }

    /// The operator that stands here, with how tightly it binds.
    fn operator(&mut self) -> Option<(&'static str, u8)> {
        const SIGNS: [(&str, u8); 16] = [
            ("or", 2),
            ("and", 3),
            ("in", 4),
            ("!=", 4),
            ("<=", 4),
            (">=", 4),
            ("=", 4),
            ("<", 4),
            (">", 4),
            ("&", 5),
            ("+", 5),
            ("-", 5),
            ("*", 6),
            ("/", 6),
            ("?", 1),
            ("", 0),
        ];
        self.space();
        let rest = self.rest();
        let (sign, power) = SIGNS.into_iter().find(|(s, _)| {
            rest.starts_with(s)
                && (!s.starts_with(char::is_alphabetic)
                    || !rest[s.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })?;
        (power > 0).then_some((sign, power))
    }

    fn expr(&mut self, least: u8) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("an expression is nested too deeply".into());
        }
        let mut left = self.postfix()?;
        while let Some((sign, power)) = self.operator() {
            if power < least {
                break;
            }
            self.at += sign.len();
            if sign == "?" {
                let then = self.expr(1)?;
                self.want(":")?;
                let other = self.expr(1)?;
                left = Expr::If(Box::new(left), Box::new(then), Box::new(other));
                continue;
            }
            let right = self.expr(power + 1)?;
            left = Expr::Op(sign.into(), Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn postfix(&mut self) -> Result<Expr, String> {
        let mut value = self.primary()?;
        loop {
            if self.rest().starts_with('.') {
                self.at += 1;
                let name = if self.rest().starts_with('"') {
                    self.string()?
                } else {
                    self.word()?
                };
                value = Expr::Name(Box::new(value), name);
            } else if self.rest().starts_with('[') {
                self.at += 1;
                let rest = self.rest();
                if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                    let len = rest
                        .find(|c: char| !(c.is_ascii_digit() || c == '-'))
                        .unwrap_or(rest.len());
                    let index = rest[..len].parse().map_err(|_| self.here())?;
                    self.at += len;
                    value = Expr::Index(Box::new(value), index);
                } else {
                    let member = self.word()?;
                    self.want("=")?;
                    self.space();
                    let text = self.string()?;
                    value = Expr::Where(Box::new(value), member, text);
                }
                self.want("]")?;
            } else {
                return Ok(value);
            }
        }
    }

    fn word(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let len = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        if len == 0 {
            return Err(self.here());
        }
        let word = rest[..len].to_string();
        self.at += len;
        Ok(word)
    }

    /// A text between quotes: written as JSON writes it.
    fn string(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let mut escaped = false;
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    let text = serde_json::from_str(&rest[..=i]).map_err(|_| self.here())?;
                    self.at += i + 1;
                    return Ok(text);
                }
                _ => {}
            }
        }
        Err(self.here())
    }

    fn list(&mut self, close: &str) -> Result<Vec<Expr>, String> {
        let mut list = Vec::new();
        if self.eat(close) {
            return Ok(list);
        }
        loop {
            list.push(self.expr(1)?);
            if self.eat(close) {
                return Ok(list);
            }
            self.want(",")?;
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        self.space();
        let rest = self.rest();
        match rest.chars().next() {
            Some('"') => Ok(Expr::Const(Value::text(self.string()?))),
            Some('$') => {
                self.at += 1;
                let name = self.word()?;
                if self.rest().starts_with('(') {
                    self.at += 1;
                    return Ok(Expr::Call(name, self.list(")")?));
                }
                Ok(Expr::Var(name))
            }
            Some('(') => {
                self.at += 1;
                let inner = self.expr(0)?;
                self.want(")")?;
                Ok(inner)
            }
            Some('[') => {
                self.at += 1;
                Ok(Expr::List(self.list("]")?))
            }
            Some('{') => {
                self.at += 1;
                let mut members = Vec::new();
                if self.eat("}") {
                    return Ok(Expr::Object(members));
                }
                loop {
                    let key = self.expr(2)?;
                    self.want(":")?;
                    members.push((key, self.expr(1)?));
                    if self.eat("}") {
                        return Ok(Expr::Object(members));
                    }
                    self.want(",")?;
                }
            }
            Some('/') => self.regex(),
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let len = rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, c)| !(c.is_ascii_digit() || *c == '.'))
                    .map_or(rest.len(), |(i, _)| i);
                let number: serde_json::Value =
                    serde_json::from_str(&rest[..len]).map_err(|_| self.here())?;
                self.at += len;
                Ok(Expr::Const(Value::from_json(&number)))
            }
            _ => self.named(),
        }
    }

    fn named(&mut self) -> Result<Expr, String> {
        match self.word()?.as_str() {
            "true" => Ok(Expr::Const(Value::Bool(true))),
            "false" => Ok(Expr::Const(Value::Bool(false))),
            "null" => Ok(Expr::Const(Value::Null)),
            "function" => {
                self.want("(")?;
                self.want("$")?;
                let name = self.word()?;
                self.want(")")?;
                self.want("{")?;
                let body = self.expr(0)?;
                self.want("}")?;
                Ok(Expr::Lambda(name, Box::new(body)))
            }
            _ => Err(self.here()),
        }
    }

    /// The scanner of the language looks for the slash at which no bracket is open.
    fn regex(&mut self) -> Result<Expr, String> {
        let rest = self.rest();
        let (mut depth, mut escaped) = (0i32, false);
        for (i, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '/' if depth == 0 => {
                    let pattern = Pattern::new(&rest[1..i])?;
                    self.at += i + 1;
                    return Ok(Expr::Regex(pattern));
                }
                _ => {}
            }
        }
        Err(self.here())
    }
}

impl Expr {
    /// The same, with every part that `tell` knows replaced by what it says.
    #[must_use]
    pub fn told(self, tell: &dyn Fn(&Expr) -> Option<usize>) -> Expr {
        if let Some(n) = tell(&self) {
            return Expr::Told(n);
        }
        let one = |e: Box<Expr>| Box::new(e.told(tell));
        let all = |l: Vec<Expr>| l.into_iter().map(|e| e.told(tell)).collect();
        match self {
            Expr::Name(e, n) => Expr::Name(one(e), n),
            Expr::Index(e, i) => Expr::Index(one(e), i),
            Expr::Where(e, m, t) => Expr::Where(one(e), m, t),
            Expr::Call(f, l) => Expr::Call(f, all(l)),
            Expr::Lambda(n, e) => Expr::Lambda(n, one(e)),
            Expr::Op(s, a, b) => Expr::Op(s, one(a), one(b)),
            Expr::If(a, b, c) => Expr::If(one(a), one(b), one(c)),
            Expr::List(l) => Expr::List(all(l)),
            Expr::Object(m) => Expr::Object(m.into_iter().map(|(k, v)| (k, v.told(tell))).collect()),
            other => other,
        }
    }
}
