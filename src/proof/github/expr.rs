//! The grammar of GitHub's expressions: text to a tree.
//!
//! Must not know what an expression is about. Used by `workflow`, which reads every field through [`template`] and [`condition`].

use std::sync::Arc;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Num(f64),
    /// A text.
    Text(Arc<str>),
    /// A context and the names behind it: `needs.a.result`.
    Path(Arc<str>, Vec<Arc<str>>),
    /// `a[b]`, where `a` is no path or `b` no text.
    Index(Box<Expr>, Box<Expr>),
    /// A function.
    Call(Func, Vec<Expr>),
    /// `!a`
    Not(Box<Expr>),
    /// `a && b`
    And(Vec<Expr>),
    /// `a || b`
    Or(Vec<Expr>),
    /// `a == b`, `a < b` and their like.
    Compare(Op, Box<Expr>, Box<Expr>),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Func {
    /// `contains(search, item)`
    Contains,
    /// `startsWith(search, start)`
    StartsWith,
    /// `endsWith(search, end)`
    EndsWith,
    /// `format(text, …)`
    Format,
    /// `join(list, by)`
    Join,
    /// `toJSON(value)`
    ToJson,
    /// `fromJSON(text)`
    FromJson,
    /// `success()`
    Success,
    /// `failure()`
    Failure,
    /// `cancelled()`
    Cancelled,
    /// `always()`
    Always,
}

/// The functions, with the fewest and the most they are given.
const FUNCTIONS: [(&str, Func, usize, usize); 11] = [
    ("contains", Func::Contains, 2, 2),
    ("startswith", Func::StartsWith, 2, 2),
    ("endswith", Func::EndsWith, 2, 2),
    ("format", Func::Format, 1, 255),
    ("join", Func::Join, 1, 2),
    ("tojson", Func::ToJson, 1, 1),
    ("fromjson", Func::FromJson, 1, 1),
    ("success", Func::Success, 0, 0),
    ("failure", Func::Failure, 0, 0),
    ("cancelled", Func::Cancelled, 0, 0),
    ("always", Func::Always, 0, 0),
];

impl Expr {
    /// How many parts it has.
    pub fn size(&self) -> usize {
        1 + match self {
            Expr::Call(_, list) | Expr::And(list) | Expr::Or(list) => list.iter().map(Expr::size).sum(),
            Expr::Index(a, b) | Expr::Compare(_, a, b) => a.size() + b.size(),
            Expr::Not(a) => a.size(),
            _ => 0,
        }
    }

    /// Every path of a context that it reads.
    pub fn paths<'e>(&'e self, out: &mut Vec<(&'e str, &'e [Arc<str>])>) {
        match self {
            Expr::Path(root, path) => out.push((root, path)),
            Expr::Call(_, list) | Expr::And(list) | Expr::Or(list) => list.iter().for_each(|e| e.paths(out)),
            Expr::Index(a, b) | Expr::Compare(_, a, b) => {
                a.paths(out);
                b.paths(out);
            }
            Expr::Not(a) => a.paths(out),
            Expr::Null | Expr::Bool(_) | Expr::Num(_) | Expr::Text(_) => {}
        }
    }

    /// What it comes to whatever the contexts hold, when only this is known of what came before: whether it ended well, whether
    /// anything was cancelled, whether anything failed. Nothing where that depends on more.
    pub fn whatever(&self, before: Before) -> Option<bool> {
        match self {
            Expr::Bool(b) => Some(*b),
            Expr::Null => Some(false),
            Expr::Call(Func::Always, _) => Some(true),
            Expr::Call(Func::Success, _) => before.success,
            Expr::Call(Func::Failure, _) => before.failure,
            Expr::Call(Func::Cancelled, _) => Some(before.cancelled),
            Expr::Not(e) => e.whatever(before).map(|b| !b),
            Expr::Compare(op @ (Op::Eq | Op::Ne), a, b) => {
                let (Expr::Path(root, path), Expr::Text(text)) = (&**a, &**b) else {
                    return None;
                };
                let attempt = &**root == "github" && path.iter().map(|p| &**p).eq(["run_attempt"]);
                let first = attempt && &**text == "1";
                first.then_some((*op == Op::Eq) == before.first)
            }
            Expr::And(list) => {
                let all: Vec<_> = list.iter().map(|e| e.whatever(before)).collect();
                match () {
                    () if all.contains(&Some(false)) => Some(false),
                    () if all.contains(&None) => None,
                    () => Some(true),
                }
            }
            Expr::Or(list) => {
                let all: Vec<_> = list.iter().map(|e| e.whatever(before)).collect();
                match () {
                    () if all.contains(&Some(true)) => Some(true),
                    () if all.contains(&None) => None,
                    () => Some(false),
                }
            }
            _ => None,
        }
    }

    /// Whether it asks how what came before has ended; then nothing is added to it.
    pub fn asks_status(&self) -> bool {
        match self {
            Expr::Call(Func::Success | Func::Failure | Func::Cancelled | Func::Always, _) => true,
            Expr::Call(_, list) | Expr::And(list) | Expr::Or(list) => list.iter().any(Expr::asks_status),
            Expr::Index(a, b) | Expr::Compare(_, a, b) => a.asks_status() || b.asks_status(),
            Expr::Not(a) => a.asks_status(),
            _ => false,
        }
    }
}

/// What is known of what came before, for an expression that is looked at in every run at once.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    /// Whether all of it ended well.
    pub success: Option<bool>,
    /// Whether anything failed.
    pub failure: Option<bool>,
    /// Whether the run, or the job, was cancelled.
    pub cancelled: bool,
    /// Whether the run is done for the first time.
    pub first: bool,
}

/// A field: text with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// An expression.
    Expr(Expr),
}

/// A condition of a job or a step, with what GitHub adds to it.
///
/// # Errors
/// What is no expression.
pub fn condition(text: &str) -> Result<Expr, String> {
    let parts = template(text)?;
    let own = match parts.as_slice() {
        [] => Expr::Bool(true),
        [Part::Expr(e)] => e.clone(),
        [Part::Text(t)] => parse(t)?,
        // An expression with text around it is a text, which is not empty.
        several => {
            let asks = several
                .iter()
                .any(|p| matches!(p, Part::Expr(e) if e.asks_status()));
            if asks {
                return Err("a condition is a text with an expression in it, which always holds".into());
            }
            Expr::Bool(true)
        }
    };
    Ok(if own.asks_status() {
        own
    } else {
        Expr::And(vec![Expr::Call(Func::Success, Vec::new()), own])
    })
}

/// Whether a condition says itself how what came before has to have ended, so that GitHub adds nothing.
///
/// # Errors
/// What is no expression.
pub fn says_when(text: &str) -> Result<bool, String> {
    Ok(match template(text)?.as_slice() {
        [Part::Expr(e)] => e.asks_status(),
        [Part::Text(t)] => parse(t)?.asks_status(),
        _ => false,
    })
}

/// A field: what stands in `${{ }}` is an expression.
///
/// # Errors
/// What is no expression.
pub fn template(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    let blank = |t: &str| t.chars().all(char::is_whitespace);
    while let Some(at) = rest.find("${{") {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_string()));
        }
        let inner = &rest[at + 3..];
        let end = close(inner).ok_or_else(|| ["`", rest, "` does not end"].concat())?;
        parts.push(Part::Expr(parse(&inner[..end])?));
        rest = &inner[end + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_string()));
    }
    // Blanks around a single expression are no text.
    if parts.iter().filter(|p| matches!(p, Part::Expr(_))).count() == 1
        && parts.iter().all(|p| !matches!(p, Part::Text(t) if !blank(t)))
    {
        parts.retain(|p| matches!(p, Part::Expr(_)));
    }
    Ok(parts)
}

/// Where `}}` stands that is in no text.
fn close(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    for (i, b) in bytes.iter().enumerate() {
        match b {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(i + 1) == Some(&b'}') => return Some(i),
            _ => {}
        }
    }
    None
}

/// A token.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Sign(&'static str),
    Num(f64),
    Text(String),
    Name(String),
}

const SIGNS: [&str; 16] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "*",
];

/// Deepest nesting that is read.
const DEEPEST: usize = 200;

/// An expression without its braces.
///
/// # Errors
/// What is no expression.
pub fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.or()?;
    if parser.at < tokens.len() {
        return Err(["`", text.trim(), "` goes on where an expression ends"].concat());
    }
    Ok(expr)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out: Vec<Token> = Vec::new();
    let mut rest = text;
    'next: loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return Ok(out);
        };
        if first == '\'' {
            let mut value = String::new();
            let mut inner = rest[1..].chars();
            loop {
                match inner.next() {
                    Some('\'') if inner.as_str().starts_with('\'') => {
                        inner.next();
                        value.push('\'');
                    }
                    Some('\'') => break,
                    Some(c) => value.push(c),
                    None => return Err(["`", text, "` holds a text that does not end"].concat()),
                }
            }
            out.push(Token::Text(value));
            rest = inner.as_str();
            continue;
        }
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c| !name(c)).unwrap_or(rest.len());
            out.push(Token::Name(rest[..end].to_string()));
            rest = &rest[end..];
            continue;
        }
        let value = |c: char| c.is_ascii_digit() || c == '-' || c == '+' || c == '.';
        let after_value = matches!(
            out.last(),
            Some(Token::Name(_) | Token::Text(_) | Token::Num(_) | Token::Sign(")" | "]" | "*"))
        );
        if value(first) && !(first == '.' && after_value) {
            let end = rest
                .find(|c: char| !name(c) && c != '.' && c != '+')
                .unwrap_or(rest.len());
            let number = super::value::number(&rest[..end]);
            if number.is_nan() {
                return Err(["`", &rest[..end], "` is no number"].concat());
            }
            out.push(Token::Num(number));
            rest = &rest[end..];
            continue;
        }
        for sign in SIGNS {
            if let Some(after) = rest.strip_prefix(sign) {
                out.push(Token::Sign(sign));
                rest = after;
                continue 'next;
            }
        }
        return Err(["`", text.trim(), "` is no expression"].concat());
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(["`", sign, "` is missing in an expression"].concat())
        }
    }

    fn or(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("an expression is nested too deeply".into());
        }
        let mut list = vec![self.and()?];
        while self.eat("||") {
            list.push(self.and()?);
        }
        self.depth -= 1;
        Ok(one_or(list, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut list = vec![self.equal()?];
        while self.eat("&&") {
            list.push(self.equal()?);
        }
        Ok(one_or(list, Expr::And))
    }

    fn equal(&mut self) -> Result<Expr, String> {
        let mut left = self.order()?;
        loop {
            let op = match () {
                () if self.eat("==") => Op::Eq,
                () if self.eat("!=") => Op::Ne,
                () => return Ok(left),
            };
            left = Expr::Compare(op, Box::new(left), Box::new(self.order()?));
        }
    }

    fn order(&mut self) -> Result<Expr, String> {
        let mut left = self.unary()?;
        loop {
            let op = match () {
                () if self.eat("<=") => Op::Le,
                () if self.eat(">=") => Op::Ge,
                () if self.eat("<") => Op::Lt,
                () if self.eat(">") => Op::Gt,
                () => return Ok(left),
            };
            left = Expr::Compare(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr, String> {
        let mut signs = 0;
        while self.eat("!") {
            signs += 1;
        }
        let mut expr = self.postfix()?;
        for _ in 0..signs {
            expr = Expr::Not(Box::new(expr));
        }
        Ok(expr)
    }

    fn postfix(&mut self) -> Result<Expr, String> {
        let mut expr = self.primary()?;
        loop {
            let key = if self.eat(".") {
                match self.tokens.get(self.at) {
                    Some(Token::Name(name)) => {
                        self.at += 1;
                        Expr::Text(name.as_str().into())
                    }
                    _ => return Err("a name is missing behind `.`".into()),
                }
            } else if self.eat("[") {
                let key = self.or()?;
                self.expect("]")?;
                key
            } else {
                return Ok(expr);
            };
            expr = match (expr, key) {
                (Expr::Path(root, mut path), Expr::Text(name)) => {
                    path.push(name);
                    Expr::Path(root, path)
                }
                (of, key) => Expr::Index(Box::new(of), Box::new(key)),
            };
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        if self.eat("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Num(n)) => Ok(Expr::Num(n)),
            Some(Token::Text(t)) => Ok(Expr::Text(t.into())),
            Some(Token::Name(name)) => {
                if self.eat("(") {
                    return self.call(&name);
                }
                Ok(match name.as_str() {
                    "null" => Expr::Null,
                    "true" => Expr::Bool(true),
                    "false" => Expr::Bool(false),
                    "NaN" => Expr::Num(f64::NAN),
                    "Infinity" => Expr::Num(f64::INFINITY),
                    _ => Expr::Path(name.to_ascii_lowercase().into(), Vec::new()),
                })
            }
            _ => Err("an expression ends too early, or has something that is not understood".into()),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr, String> {
        let mut list = Vec::new();
        if !self.eat(")") {
            loop {
                list.push(self.or()?);
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let lower = name.to_ascii_lowercase();
        let found = FUNCTIONS.iter().find(|(n, ..)| *n == lower);
        let Some((_, func, least, most)) = found else {
            return Err(["the function `", name, "` is not understood"].concat());
        };
        if list.len() < *least || list.len() > *most {
            return Err(["`", name, "` is given too little or too much"].concat());
        }
        Ok(Expr::Call(*func, list))
    }
}

fn one_or(mut list: Vec<Expr>, make: impl Fn(Vec<Expr>) -> Expr) -> Expr {
    if list.len() == 1 {
        list.remove(0)
    } else {
        make(list)
    }
}
