//! JSONata expressions and JSON that may hold them, as typed data.
//!
//! A text of the plan is always data here ([`Expr::Str`], [`Data::Str`]); only `print` turns it into source, quoted.

use indexmap::IndexMap;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A text.
    Str(String),
    /// A number, in decimal digits of our own making.
    Num(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `$name`.
    Var(String),
    /// Members of a value, each by its exact name.
    Path(Box<Expr>, Vec<Part>),
    /// `$function(arguments)`.
    Call(&'static str, Vec<Expr>),
    /// Two operands and what stands between them.
    Op(&'static str, Box<Expr>, Box<Expr>),
    /// One of two values.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A list; lists inside it are spliced in, as the language has it.
    List(Vec<Expr>),
    /// An object.
    Object(Vec<(Expr, Expr)>),
    /// A regular expression, already safe to stand between slashes.
    Regex(String),
    /// `$function(list, function($name) { body })`.
    Lambda(&'static str, Box<Expr>, &'static str, Box<Expr>),
    /// `(… ; …)`: names bound in order, then the value.
    Block(Vec<(&'static str, Expr)>, Box<Expr>),
}

/// A part of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A member.
    Name(String),
    /// An index; negative counts from the end.
    Index(i64),
    /// The elements whose member equals a text.
    Where(&'static str, String),
}

/// JSON in which any value may be an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Num(serde_json::Number),
    /// A text: never read as an expression.
    Str(String),
    /// A list.
    List(Vec<Data>),
    /// An object.
    Object(IndexMap<String, Data>),
    /// An expression.
    Expr(Expr),
    /// An expression read back from a file, without its brackets.
    Source(String),
}

impl Expr {
    /// A text.
    pub fn str(text: impl Into<String>) -> Expr {
        Expr::Str(text.into())
    }

    /// A whole number.
    pub fn int(n: i64) -> Expr {
        Expr::Num(n.to_string())
    }

    /// `$name`
    pub fn var(name: impl Into<String>) -> Expr {
        Expr::Var(name.into())
    }

    /// `$states.…` by member names.
    pub fn states(path: &[&str]) -> Expr {
        Expr::var("states").dot(path)
    }

    /// Members of this value.
    #[must_use]
    pub fn dot(self, names: &[&str]) -> Expr {
        self.parts(names.iter().map(|n| Part::Name((*n).to_string())).collect())
    }

    /// Parts of this value.
    #[must_use]
    pub fn parts(self, more: Vec<Part>) -> Expr {
        match self {
            Expr::Path(base, mut parts) => {
                parts.extend(more);
                Expr::Path(base, parts)
            }
            base if more.is_empty() => base,
            base => Expr::Path(Box::new(base), more),
        }
    }

    /// Two operands.
    pub fn op(left: Expr, sign: &'static str, right: Expr) -> Expr {
        Expr::Op(sign, Box::new(left), Box::new(right))
    }

    /// `left = right`
    pub fn eq(left: Expr, right: Expr) -> Expr {
        Expr::op(left, "=", right)
    }

    /// All of them; `true` for none.
    pub fn all(list: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::fold(list, "and", true)
    }

    /// Any of them; `false` for none.
    pub fn any(list: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::fold(list, "or", false)
    }

    fn fold(list: impl IntoIterator<Item = Expr>, sign: &'static str, neutral: bool) -> Expr {
        let mut result = None;
        for e in list {
            match e {
                Expr::Bool(b) if b == neutral => {}
                Expr::Bool(b) => return Expr::Bool(b),
                e => result = Some(result.map_or(e.clone(), |r| Expr::op(r, sign, e))),
            }
        }
        result.unwrap_or(Expr::Bool(neutral))
    }

    /// The opposite of a condition.
    #[must_use]
    pub fn negated(self) -> Expr {
        match self {
            Expr::Bool(b) => Expr::Bool(!b),
            Expr::Call("not", mut args) if args.len() == 1 => args.remove(0),
            e => Expr::Call("not", vec![e]),
        }
    }

    /// `if c then a else b`
    pub fn cond(c: Expr, a: Expr, b: Expr) -> Expr {
        match c {
            Expr::Bool(true) => a,
            Expr::Bool(false) => b,
            c => Expr::If(Box::new(c), Box::new(a), Box::new(b)),
        }
    }

    /// Texts one after the other.
    pub fn concat(parts: Vec<Expr>) -> Expr {
        let mut list = parts.into_iter();
        let Some(first) = list.next() else {
            return Expr::str("");
        };
        list.fold(first, |a, b| Expr::op(a, "&", b))
    }

    /// An object with known keys.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Expr)>) -> Expr {
        Expr::Object(members.into_iter().map(|(k, v)| (Expr::str(k), v)).collect())
    }

    /// Milliseconds since 1970, now.
    pub fn now() -> Expr {
        Expr::Call("millis", Vec::new())
    }
}

impl Data {
    /// A text.
    pub fn str(text: impl Into<String>) -> Data {
        Data::Str(text.into())
    }

    /// A whole number.
    pub fn int(n: i64) -> Data {
        Data::Num(n.into())
    }

    /// An object.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Data)>) -> Data {
        Data::Object(members.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
    }

    /// Whether no part of it is an expression.
    pub fn is_constant(&self) -> bool {
        match self {
            Data::Expr(_) | Data::Source(_) => false,
            Data::List(l) => l.iter().all(Data::is_constant),
            Data::Object(o) => o.values().all(Data::is_constant),
            _ => true,
        }
    }

    /// The same as one expression.
    pub fn into_expr(self) -> Expr {
        match self {
            Data::Null => Expr::Null,
            Data::Bool(b) => Expr::Bool(b),
            Data::Num(n) => Expr::Num(n.to_string()),
            Data::Str(s) | Data::Source(s) => Expr::Str(s),
            Data::List(l) => Expr::List(l.into_iter().map(Data::into_expr).collect()),
            Data::Object(o) => Expr::Object(
                o.into_iter()
                    .map(|(k, v)| (Expr::Str(k), v.into_expr()))
                    .collect(),
            ),
            Data::Expr(e) => e,
        }
    }
}

impl From<Expr> for Data {
    /// A constant becomes plain JSON.
    fn from(e: Expr) -> Data {
        match e {
            Expr::Str(s) => Data::Str(s),
            Expr::Bool(b) => Data::Bool(b),
            Expr::Null => Data::Null,
            Expr::Num(n) => n.parse().map_or(Data::Expr(Expr::Num(n)), Data::Num),
            Expr::List(l) if l.is_empty() => Data::List(Vec::new()),
            Expr::Object(o) if o.is_empty() => Data::Object(IndexMap::new()),
            e => Data::Expr(e),
        }
    }
}
