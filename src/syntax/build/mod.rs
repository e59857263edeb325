//! From what `pest` matched to the syntax tree: statements, blocks and their forms.
//!
//! Must not read the text on its own, nor know what a keyword means beyond its form. Called by the parser and,
//! statement by statement, by the recovery.

mod expr;
mod strings;

use super::ast::{Arg, StrLit};
use super::ast::{
    Ast, Block, Doc, Expr, ExprKind, Form, Name, ParamDecl, Stmt, TypeArg, TypeExpr, UseDecl, UseItem,
    UseSource,
};
use super::docs::Docs;
use super::grammar::Rule;
use crate::diagnostic::Bag;
use crate::source::{FileId, Span};
use pest::iterators::{Pair, Pairs};
use smol_str::SmolStr;

/// Turns matched rules into the tree. Positions in the matched text become positions in the file.
pub(super) struct Builder<'s> {
    file: FileId,
    text: &'s str,
    base: usize,
    moves: &'s [Move],
    /// Whether an expression that is too long was reported.
    too_long: bool,
    /// Whether a string that has to stay on its line does not.
    pub(super) broken_line: bool,
    /// The mistakes that only show once operators have found their operands.
    pub(super) bag: Bag,
}

/// From `at` on, the matched text stands `by` bytes further than in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    /// The first byte of the matched text that has moved.
    pub(super) at: usize,
    /// How many bytes to take off a position to find it in the file.
    pub(super) by: isize,
}

/// Where a statement stands, as far as its form depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the top of a file or directly in a `release`.
    Outer,
    /// In any other block, where `rollout name(…) {` refers to a ladder and declares none.
    Inner,
}

impl Place {
    /// The place of the statements in a block of `keyword`.
    pub(super) fn inside(keyword: &str) -> Place {
        if keyword == "release" {
            Place::Outer
        } else {
            Place::Inner
        }
    }
}

/// A list of statements and the documentation found at its edges.
pub(super) struct Listed {
    /// The statements.
    pub(super) items: Vec<Stmt>,
    /// The documentation of what holds the list.
    pub(super) doc: Option<Doc>,
}

impl<'s> Builder<'s> {
    /// A builder over the whole text of a file.
    pub(super) fn new(file: FileId, text: &'s str) -> Self {
        Builder {
            file,
            text,
            base: 0,
            moves: &[],
            too_long: false,
            broken_line: false,
            bag: Bag::new(),
        }
    }

    /// A builder over a piece of a file that begins at `base`, perhaps mended by `moves`.
    pub(super) fn over(file: FileId, text: &'s str, base: usize, moves: &'s [Move]) -> Self {
        Builder {
            file,
            text,
            base,
            moves,
            too_long: false,
            broken_line: false,
            bag: Bag::new(),
        }
    }

    /// The tree of a whole file.
    pub(super) fn ast(&mut self, file: Pair<'s, Rule>) -> Ast {
        let listed = self.statements(file.into_inner(), Docs::of_file(self.text), Place::Outer);
        Ast {
            file: self.file,
            doc: listed.doc,
            items: listed.items,
        }
    }

    fn statements(&mut self, pairs: Pairs<'s, Rule>, mut docs: Docs<'s>, place: Place) -> Listed {
        let mut items: Vec<Stmt> = Vec::new();
        for pair in pairs {
            let (start, end) = range(&pair);
            match pair.as_rule() {
                Rule::comment => {
                    if let Some((from, to)) = docs.comment(start, end) {
                        let span = self.span(from, to);
                        if let Some(last) = items.last_mut() {
                            docs.append(&mut last.doc, (from, to), span);
                        }
                    }
                }
                Rule::statement => {
                    let above = docs
                        .statement(start, end)
                        .map(|(from, to)| docs.text(from, to, self.span(from, to)));
                    let mut stmt = self.statement(pair, place);
                    stmt.doc = Docs::join(above, stmt.doc.take());
                    items.push(stmt);
                }
                _ => {}
            }
        }
        let doc = docs
            .finish()
            .map(|(from, to)| docs.text(from, to, self.span(from, to)));
        // Statements are large and stay in memory: no room is kept for more of them.
        items.shrink_to_fit();
        Listed { items, doc }
    }

    fn statement(&mut self, pair: Pair<'s, Rule>, place: Place) -> Stmt {
        let span = self.pair_span(&pair);
        let keyword = self.keyword(range(&pair).0);
        let mut args = Vec::new();
        let mut form = None;
        let mut block = None;
        let mut doc = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::expr => {
                    if args.is_empty() {
                        // Most statements have one value.
                        args.reserve_exact(1);
                    }
                    args.push(self.expr(inner));
                }
                Rule::run_value => args.push(self.undo_value(inner, "run")),
                Rule::manual_value => args.push(self.undo_value(inner, "manual")),
                Rule::block => {
                    let span = self.pair_span(&inner);
                    let docs = Docs::of_block(self.text, range(&inner).0 + 1);
                    let listed = self.statements(inner.into_inner(), docs, Place::inside(&keyword.text));
                    doc = listed.doc;
                    block = Some(Block {
                        span,
                        items: listed.items,
                    });
                }
                Rule::comment => {}
                _ => form = Some(self.form(inner, &keyword, place)),
            }
        }
        let form = form.unwrap_or(Form::Plain(args));
        Stmt {
            span,
            keyword,
            form,
            block,
            doc,
        }
    }

    /// `run "command"` or `manual "work"` of an undo, as a call: the meaning is that of an action of that name with one argument.
    fn undo_value(&mut self, pair: Pair<'s, Rule>, word: &'static str) -> Expr {
        let span = self.pair_span(&pair);
        let callee = Expr {
            span: Span {
                end: span.start + word.len() as u32,
                ..span
            },
            kind: ExprKind::Ident(SmolStr::new_static(word)),
        };
        let args = pair
            .into_inner()
            .map(|command| Arg {
                name: None,
                value: self.string(command),
            })
            .collect();
        Expr {
            span,
            kind: ExprKind::Call(Box::new(callee), args),
        }
    }

    /// The statement of a `head` match, without its block.
    pub(super) fn head(&mut self, pair: Pair<'s, Rule>, place: Place) -> Stmt {
        let start = range(&pair).0;
        let keyword = self.keyword(start);
        let mut args = Vec::new();
        let mut form = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::expr => args.push(self.expr(inner)),
                Rule::run_value => args.push(self.undo_value(inner, "run")),
                Rule::manual_value => args.push(self.undo_value(inner, "manual")),
                Rule::comment | Rule::EOI => {}
                _ => form = Some(self.form(inner, &keyword, place)),
            }
        }
        let form = form.unwrap_or(Form::Plain(args));
        let mut stmt = Stmt {
            span: keyword.span,
            keyword,
            form,
            block: None,
            doc: None,
        };
        stmt.span = stmt.head();
        stmt
    }

    fn form(&mut self, pair: Pair<'s, Rule>, keyword: &Name, place: Place) -> Form {
        match pair.as_rule() {
            Rule::use_form => Form::Use(Box::new(self.use_decl(pair))),
            Rule::let_form => {
                let mut name = None;
                let mut value = None;
                for inner in pair.into_inner() {
                    match inner.as_rule() {
                        Rule::name => name = Some(self.name(&inner)),
                        Rule::expr => value = Some(self.expr(inner)),
                        _ => {}
                    }
                }
                let name = name.expect("internal: `let` has a name");
                Form::Let {
                    name,
                    value: value.expect("internal: `let` has a value"),
                }
            }
            Rule::param_form => {
                let parameter = pair.into_inner().find(|p| p.as_rule() == Rule::parameter);
                let ParamDecl {
                    name, ty, default, ..
                } = self.parameter(parameter.expect("internal: `param` has a parameter"));
                Form::Typed {
                    name,
                    ty: Some(ty),
                    default,
                }
            }
            Rule::capture_form => {
                let mut name = None;
                let mut ty = None;
                for inner in pair.into_inner() {
                    match inner.as_rule() {
                        Rule::name => name = Some(self.name(&inner)),
                        Rule::type_ => ty = Some(self.type_expr(inner)),
                        _ => {}
                    }
                }
                Form::Typed {
                    name: name.expect("internal: `capture` has a name"),
                    ty,
                    default: None,
                }
            }
            _ => self.definition(pair, keyword, place),
        }
    }

    fn definition(&mut self, pair: Pair<'s, Rule>, keyword: &Name, place: Place) -> Form {
        let span = self.pair_span(&pair);
        let mut name = None;
        let mut params = Vec::new();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::name => name = Some(self.name(&inner)),
                Rule::parameter => params.push(self.parameter(inner)),
                _ => {}
            }
        }
        let name = name.expect("internal: a definition has a name");
        if keyword.text == "rollout" && place == Place::Inner && params.iter().all(|p| p.default.is_none()) {
            return Form::Plain(vec![call_of(name, params, span)]);
        }
        Form::Define { name, params }
    }

    fn parameter(&mut self, pair: Pair<'s, Rule>) -> ParamDecl {
        let span = self.pair_span(&pair);
        let mut name = None;
        let mut ty = None;
        let mut default = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::name => name = Some(self.name(&inner)),
                Rule::type_ => ty = Some(self.type_expr(inner)),
                Rule::expr => default = Some(self.expr(inner)),
                _ => {}
            }
        }
        let name = name.expect("internal: a parameter has a name");
        ParamDecl {
            span,
            name,
            ty: ty.expect("internal: a parameter has a type"),
            default,
        }
    }

    fn type_expr(&mut self, pair: Pair<'s, Rule>) -> TypeExpr {
        let span = self.pair_span(&pair);
        let mut name = None;
        let mut args = Vec::new();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::name => name = Some(self.name(&inner)),
                Rule::type_ => args.push(TypeArg::Type(self.type_expr(inner))),
                Rule::comment => {}
                _ => args.push(TypeArg::Str(self.string(inner))),
            }
        }
        TypeExpr {
            span,
            name: name.expect("internal: a type has a name"),
            args,
        }
    }

    fn use_decl(&mut self, pair: Pair<'s, Rule>) -> UseDecl {
        let mut source = None;
        let mut alias = None;
        let mut items = None;
        let mut span = None;
        for inner in pair.into_inner() {
            let here = self.pair_span(&inner);
            span = Some(span.map_or(here, |s: Span| s.to(here)));
            match inner.as_rule() {
                Rule::path => {
                    source = Some(UseSource::Path(
                        inner.into_inner().map(|w| self.name(&w)).collect(),
                    ))
                }
                Rule::name => alias = Some(self.name(&inner)),
                Rule::use_items => items = Some(self.use_items(inner)),
                Rule::comment => {}
                _ => source = Some(UseSource::File(self.string(inner))),
            }
        }
        let source = source.expect("internal: `use` names a module");
        UseDecl {
            span: span.expect("internal: `use` names a module"),
            source,
            alias,
            items,
        }
    }

    fn use_items(&mut self, pair: Pair<'s, Rule>) -> Vec<UseItem> {
        let items = pair.into_inner().filter(|p| p.as_rule() == Rule::use_item);
        items
            .map(|item| {
                let mut names = item.into_inner();
                let name = self.name(&names.next().expect("internal: an import has a name"));
                UseItem {
                    name,
                    alias: names.next().map(|n| self.name(&n)),
                }
            })
            .collect()
    }

    /// The word that begins at `start` of the matched text.
    fn keyword(&self, start: usize) -> Name {
        let rest = &self.text.as_bytes()[start..];
        let len = rest
            .iter()
            .take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            .count();
        Name {
            text: SmolStr::new(&self.text[start..start + len]),
            span: self.span(start, start + len),
        }
    }

    fn name(&self, pair: &Pair<'s, Rule>) -> Name {
        Name {
            text: SmolStr::new(pair.as_str()),
            span: self.pair_span(pair),
        }
    }

    fn pair_span(&self, pair: &Pair<'s, Rule>) -> Span {
        let (start, end) = range(pair);
        self.span(start, end)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.at(start), self.at(end))
    }

    fn at(&self, position: usize) -> usize {
        let moved = self.moves.partition_point(|m| m.at <= position);
        let by = if moved == 0 { 0 } else { self.moves[moved - 1].by };
        (self.base + position).saturating_add_signed(-by)
    }
}

fn range(pair: &Pair<'_, Rule>) -> (usize, usize) {
    let span = pair.as_span();
    (span.start(), span.end())
}

/// `name(label: word, …)` as the call it is where nothing can be declared.
fn call_of(name: Name, params: Vec<ParamDecl>, form: Span) -> Expr {
    let callee = Expr {
        span: name.span,
        kind: ExprKind::Ident(name.text),
    };
    let args = params
        .into_iter()
        .map(|p| Arg {
            name: Some(p.name),
            value: value_of(p.ty),
        })
        .collect();
    Expr {
        span: callee.span.to(form.end_point()),
        kind: ExprKind::Call(Box::new(callee), args),
    }
}

/// A type read as the value it is spelled like.
fn value_of(ty: TypeExpr) -> Expr {
    let called = ty.span != ty.name.span;
    let name = Expr {
        span: ty.name.span,
        kind: ExprKind::Ident(ty.name.text),
    };
    if !called {
        return name;
    }
    let value = |arg| match arg {
        TypeArg::Type(t) => value_of(t),
        TypeArg::Str(e) => e,
    };
    let args = ty
        .args
        .into_iter()
        .map(|a| Arg {
            name: None,
            value: value(a),
        })
        .collect();
    Expr {
        span: ty.span,
        kind: ExprKind::Call(Box::new(name), args),
    }
}

/// A string literal is nothing but its parts.
fn literal(quote: super::ast::Quote, parts: Vec<super::ast::StrPart>) -> ExprKind {
    ExprKind::Str(StrLit { quote, parts })
}
