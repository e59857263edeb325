//! The syntax tree: what the author wrote, statement by statement, with the place of everything.
//!
//! Must not know what keywords mean, nor `pest`. Literals keep no value: their text is the text of their span.

use crate::source::{FileId, Span};
use smol_str::SmolStr;

/// A file as it was written.
#[derive(Debug, Clone)]
pub struct Ast {
    /// The file.
    pub file: FileId,
    /// The documentation of the module, when the file begins with a `##` block and a blank line.
    pub doc: Option<Doc>,
    /// Its statements, in order. Statements that could not be read are left out.
    pub items: Vec<Stmt>,
}

/// Text of `##` comments, lines joined by newlines, markers removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// An identifier and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The identifier.
    pub text: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// A statement: a keyword, its arguments, and perhaps a block.
#[derive(Debug, Clone)]
pub struct Stmt {
    /// From the keyword to the end of the statement, its block included.
    pub span: Span,
    /// The first word.
    pub keyword: Name,
    /// What stands between the keyword and the block.
    pub form: Form,
    /// The block, when one is written.
    pub block: Option<Block>,
    /// Its `##` documentation, from above, from the end of its line, or from the start of its block.
    pub doc: Option<Doc>,
}

impl Stmt {
    /// The arguments of a plain statement; empty for the other forms.
    pub fn args(&self) -> &[Expr] {
        match &self.form {
            Form::Plain(args) => args,
            _ => &[],
        }
    }

    /// The statements of the block; empty without one.
    pub fn children(&self) -> &[Stmt] {
        self.block.as_ref().map_or(&[], |b| &b.items)
    }

    /// The keyword and its arguments, without the block.
    pub fn head(&self) -> Span {
        let end = match &self.form {
            Form::Plain(args) => args.last().map_or(self.keyword.span, |a| a.span),
            Form::Use(u) => u.span,
            Form::Typed { name, ty, default } => default
                .as_ref()
                .map_or(ty.as_ref().map_or(name.span, |t| t.span), |d| d.span),
            Form::Let { value, .. } => value.span,
            Form::Define { name, params } => params.last().map_or(name.span, |p| p.span),
        };
        self.keyword.span.to(end)
    }
}

/// What stands between a keyword and its block.
#[derive(Debug, Clone)]
pub enum Form {
    /// `keyword argument, …`
    Plain(Vec<Expr>),
    /// `use path [as name] [{ item [as name], … }]`
    Use(Box<UseDecl>),
    /// `param name: type = default`, `capture name: type` (a capture may leave its type out).
    Typed {
        /// The name declared.
        name: Name,
        /// Its type.
        ty: Option<TypeExpr>,
        /// The value when none is given.
        default: Option<Expr>,
    },
    /// `let name = value`
    Let {
        /// The name declared.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `action name(p: type = default, …) { … }`, and the same for the other definitions.
    Define {
        /// The name declared.
        name: Name,
        /// Its parameters.
        params: Vec<ParamDecl>,
    },
}

/// The statements between braces.
#[derive(Debug, Clone)]
pub struct Block {
    /// From `{` to `}`.
    pub span: Span,
    /// The statements, in order.
    pub items: Vec<Stmt>,
}

/// What a `use` names.
#[derive(Debug, Clone)]
pub struct UseDecl {
    /// From the path to the end.
    pub span: Span,
    /// `std.aws.lambda` or `"./people.release"`.
    pub source: UseSource,
    /// `as name`.
    pub alias: Option<Name>,
    /// `{ a, b as c }`; `None` when the module itself is bound.
    pub items: Option<Vec<UseItem>>,
}

/// Where a module comes from.
#[derive(Debug, Clone)]
pub enum UseSource {
    /// `std.aws.lambda`
    Path(Vec<Name>),
    /// A relative path in a string literal (its span includes the quotes).
    File(Expr),
}

/// One imported name.
#[derive(Debug, Clone)]
pub struct UseItem {
    /// The name in the module.
    pub name: Name,
    /// The name here.
    pub alias: Option<Name>,
}

/// A parameter of a definition.
#[derive(Debug, Clone)]
pub struct ParamDecl {
    /// From the name to the end of the default.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// The value when none is given.
    pub default: Option<Expr>,
}

/// A type as written: `string`, `one_of("a", "b")`, `list(int)`.
#[derive(Debug, Clone)]
pub struct TypeExpr {
    /// The whole type.
    pub span: Span,
    /// Its first word.
    pub name: Name,
    /// What stands in the parentheses.
    pub args: Vec<TypeArg>,
}

/// An argument of a type.
#[derive(Debug, Clone)]
pub enum TypeArg {
    /// A nested type.
    Type(TypeExpr),
    /// A string literal, of `one_of`.
    Str(Expr),
}

/// An expression and its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// The whole expression.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms of expressions. A literal's value is the text of the span.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A string of any kind, escapes already resolved, indentation of heredocs already removed.
    Str(StrLit),
    /// `42`, `2.5` (a sign is a unary operator).
    Number,
    /// `5%`, `0.1%`
    Percent,
    /// `500ms`, `1h30m`, `5wd`
    Duration,
    /// `22:00`
    TimeOfDay,
    /// `2026-06-01`
    Date,
    /// `2026-06-01T02:00`, with `Z` or an offset
    DateTime,
    /// `true` or `false`
    Bool(bool),
    /// `T`, the start
    Start,
    /// A name.
    Ident(SmolStr),
    /// `a.b`
    Member(Box<Expr>, Name),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, name: b)`
    Call(Box<Expr>, Vec<Arg>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ Key: value, (expr): value }`
    Object(Vec<Entry>),
    /// `(a)`
    Paren(Box<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// `-a`
    Neg(Box<Expr>),
    /// `a + b`; the span of the operator comes along.
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `value if condition else otherwise`
    If {
        /// The value when the condition holds.
        value: Box<Expr>,
        /// The condition.
        condition: Box<Expr>,
        /// The value when it does not.
        otherwise: Box<Expr>,
    },
    /// `a .. b`
    Range(Box<Expr>, Box<Expr>),
}

/// The binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
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
    /// `in`
    In,
    /// `is`
    Is,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Arg {
    /// `name:` when it is written.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An entry of an object.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Expr,
}

/// The key of an entry.
#[derive(Debug, Clone)]
pub enum Key {
    /// `FunctionName:` (any letters)
    Word(Name),
    /// `"text":`
    Str(Expr),
    /// `(expr):`
    Computed(Expr),
}

/// How a string is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// `"…"`
    Double,
    /// `"""…"""`
    Heredoc,
    /// `'…'`
    Raw,
    /// `'''…'''`
    RawHeredoc,
}

/// A string literal.
#[derive(Debug, Clone)]
pub struct StrLit {
    /// How it is delimited.
    pub quote: Quote,
    /// Its parts: never two texts beside each other; empty for `""`.
    pub parts: Vec<StrPart>,
}

impl StrLit {
    /// The text, when nothing is interpolated.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [StrPart::Text { text, .. }] => Some(text),
            _ => None,
        }
    }
}

/// A part of a string literal.
#[derive(Debug, Clone)]
pub enum StrPart {
    /// Text with its escapes resolved.
    Text {
        /// The text.
        text: String,
        /// Where it stands in the source (its length may differ from the text's).
        span: Span,
    },
    /// `${expr}`
    Interpolation(Expr),
}
