//! Terraform configuration as typed data: files, blocks, attributes, values.
//!
//! A text of the plan is always [`Val::Str`] or a literal part of a template; only `print` quotes it. Must not know a plan.

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `iam.tf`
    pub name: &'static str,
    /// What stands in it, for its head.
    pub about: String,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Lines above it.
    pub comments: Vec<String>,
    /// `resource`
    pub kind: String,
    /// `"aws_iam_role" "machine"`
    pub labels: Vec<String>,
    /// What stands in it.
    pub items: Vec<Item>,
}

/// A part of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `name = value`
    Attr(String, Val),
    /// A block inside.
    Block(Block),
    /// An empty line.
    Gap,
    /// A line for people, or for a tool that reads comments.
    Comment(String),
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// A text, as it is.
    Str(String),
    /// A text with references inside.
    Template(Vec<Piece>),
    /// A reference or an expression of our own making; never a text of the plan.
    Ref(String),
    /// A number.
    Num(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Val>),
    /// An object.
    Object(Vec<(String, Val)>),
    /// A function of values.
    Call(&'static str, Vec<Val>),
    /// Whether two values are the same.
    Equal(Box<Val>, Box<Val>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text, as it is.
    Lit(String),
    /// A reference of our own making.
    Ref(String),
}

impl Block {
    /// A block without parts.
    pub fn new(kind: &str, labels: &[&str]) -> Block {
        Block {
            kind: kind.to_string(),
            labels: labels.iter().map(|l| (*l).to_string()).collect(),
            ..Block::default()
        }
    }

    /// `resource "type" "name"`
    pub fn resource(ty: &str, name: &str) -> Block {
        Block::new("resource", &[ty, name])
    }

    /// `data "type" "name"`
    pub fn data(ty: &str, name: &str) -> Block {
        Block::new("data", &[ty, name])
    }

    /// Adds a line above it.
    #[must_use]
    pub fn above(mut self, line: impl Into<String>) -> Block {
        self.comments.push(line.into());
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attr(mut self, name: &str, value: impl Into<Val>) -> Block {
        self.items.push(Item::Attr(name.to_string(), value.into()));
        self
    }

    /// Adds an attribute when there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<Val>) -> Block {
        match value {
            Some(v) => self.attr(name, v),
            None => self,
        }
    }

    /// Adds a block inside, with an empty line before it where something stands before it.
    #[must_use]
    pub fn block(mut self, block: Block) -> Block {
        if !self.items.is_empty() {
            self.items.push(Item::Gap);
        }
        self.items.push(Item::Block(block));
        self
    }

    /// Adds an empty line.
    #[must_use]
    pub fn gap(mut self) -> Block {
        self.items.push(Item::Gap);
        self
    }

    /// Adds a line for people.
    #[must_use]
    pub fn note(mut self, line: impl Into<String>) -> Block {
        self.items.push(Item::Comment(line.into()));
        self
    }
}

impl Val {
    /// A reference or an expression of our own making.
    pub fn of(text: impl Into<String>) -> Val {
        Val::Ref(text.into())
    }

    /// Parts one after the other; texts beside each other become one, and a template without references a text.
    pub fn template(pieces: Vec<Piece>) -> Val {
        let mut list: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (list.last_mut(), piece) {
                (Some(Piece::Lit(a)), Piece::Lit(b)) => a.push_str(&b),
                (_, Piece::Lit(t)) if t.is_empty() => {}
                (_, piece) => list.push(piece),
            }
        }
        match list.as_slice() {
            [] => Val::Str(String::new()),
            [Piece::Lit(text)] => Val::Str(text.clone()),
            _ => Val::Template(list),
        }
    }

    /// A list of texts.
    pub fn texts<S: AsRef<str>>(list: &[S]) -> Val {
        Val::List(list.iter().map(|s| Val::from(s.as_ref())).collect())
    }

    /// An object.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Val)>) -> Val {
        Val::Object(members.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Val {
        Val::Str(text.to_string())
    }
}

impl From<String> for Val {
    fn from(text: String) -> Val {
        Val::Str(text)
    }
}

impl From<bool> for Val {
    fn from(b: bool) -> Val {
        Val::Bool(b)
    }
}

impl From<i64> for Val {
    fn from(n: i64) -> Val {
        Val::Num(n)
    }
}

impl From<&str> for Piece {
    fn from(text: &str) -> Piece {
        Piece::Lit(text.to_string())
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Piece {
        Piece::Lit(text)
    }
}

impl Piece {
    /// A reference of our own making.
    pub fn of(text: impl Into<String>) -> Piece {
        Piece::Ref(text.into())
    }
}
