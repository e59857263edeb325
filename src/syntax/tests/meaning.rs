//! What a text means, without its places: what the formatter may not change.

use crate::source::FileId;
use crate::syntax::ast::{Ast, Doc, Expr, ExprKind, Form, Key, Stmt, StrPart, TypeArg, TypeExpr, UseSource};
use crate::syntax::parse;
use std::fmt::Write;

/// The tree of a text as text, places left out, literals and documentation included.
pub(super) fn meaning(text: &str) -> String {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (ast, _) = parse(FileId(0), bare);
    let mut out = String::new();
    Writer {
        text: bare,
        out: &mut out,
    }
    .ast(&ast);
    out
}

struct Writer<'a> {
    text: &'a str,
    out: &'a mut String,
}

impl Writer<'_> {
    fn put(&mut self, text: impl std::fmt::Display) {
        let _ = write!(self.out, "{text}");
    }

    fn ast(&mut self, ast: &Ast) {
        self.doc(&ast.doc);
        for stmt in &ast.items {
            self.stmt(stmt);
        }
    }

    fn doc(&mut self, doc: &Option<Doc>) {
        if let Some(doc) = doc {
            self.put(format_args!("##{:?}\n", doc.text));
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.doc(&stmt.doc);
        self.put(&stmt.keyword.text);
        match &stmt.form {
            Form::Plain(args) => {
                for arg in args {
                    self.put(" ");
                    self.expr(arg);
                }
            }
            Form::Use(u) => {
                match &u.source {
                    UseSource::Path(p) => p.iter().for_each(|n| self.put(format_args!(".{}", n.text))),
                    UseSource::File(f) => self.expr(f),
                }
                self.put(format_args!(" as {:?}", u.alias.as_ref().map(|a| &a.text)));
                for item in u.items.iter().flatten() {
                    self.put(format_args!(
                        " {} as {:?}",
                        item.name.text,
                        item.alias.as_ref().map(|a| &a.text)
                    ));
                }
            }
            Form::Typed { name, ty, default } => {
                self.put(format_args!(" {}:", name.text));
                ty.iter().for_each(|t| self.ty(t));
                default.iter().for_each(|d| self.expr(d));
            }
            Form::Let { name, value } => {
                self.put(format_args!(" {} =", name.text));
                self.expr(value);
            }
            Form::Define { name, params } => {
                self.put(format_args!(" {} (", name.text));
                for p in params {
                    self.put(format_args!(" {}:", p.name.text));
                    self.ty(&p.ty);
                    p.default.iter().for_each(|d| self.expr(d));
                }
                self.put(")");
            }
        }
        if stmt.block.is_some() {
            self.put(" {\n");
            stmt.children().iter().for_each(|c| self.stmt(c));
            self.put("}");
        }
        self.put("\n");
    }

    fn ty(&mut self, ty: &TypeExpr) {
        self.put(format_args!("{}<", ty.name.text));
        for arg in &ty.args {
            match arg {
                TypeArg::Type(t) => self.ty(t),
                TypeArg::Str(e) => self.expr(e),
            }
        }
        self.put(">");
    }

    fn exprs<'e>(&mut self, name: &str, all: impl IntoIterator<Item = &'e Expr>) {
        self.put(format_args!("({name}"));
        for e in all {
            self.put(" ");
            self.expr(e);
        }
        self.put(")");
    }

    fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Str(lit) => {
                self.put(format_args!("{:?}[", lit.quote));
                for part in &lit.parts {
                    match part {
                        StrPart::Text { text, .. } => self.put(format_args!("{text:?}")),
                        StrPart::Interpolation(e) => self.expr(e),
                    }
                }
                self.put("]");
            }
            ExprKind::Ident(n) => self.put(n),
            ExprKind::Member(a, n) => {
                self.expr(a);
                self.put(format_args!(".{}", n.text));
            }
            ExprKind::Index(a, b) => self.exprs("index", [&**a, &**b]),
            ExprKind::Call(f, args) => {
                self.expr(f);
                self.put("(");
                for arg in args {
                    self.put(format_args!(" {}", arg.name.as_ref().map_or("", |n| &n.text)));
                    self.put(":");
                    self.expr(&arg.value);
                }
                self.put(")");
            }
            ExprKind::List(v) => self.exprs("list", v),
            ExprKind::Object(entries) => {
                self.put("{");
                for entry in entries {
                    match &entry.key {
                        Key::Word(n) => self.put(&n.text),
                        Key::Str(e) | Key::Computed(e) => self.expr(e),
                    }
                    self.put(":");
                    self.expr(&entry.value);
                }
                self.put("}");
            }
            ExprKind::Paren(a) => self.exprs("paren", [&**a]),
            ExprKind::Not(a) => self.exprs("not", [&**a]),
            ExprKind::Neg(a) => self.exprs("neg", [&**a]),
            ExprKind::Binary(op, _, a, b) => self.exprs(&format!("{op:?}"), [&**a, &**b]),
            ExprKind::If {
                value,
                condition,
                otherwise,
            } => self.exprs("if", [&**condition, &**value, &**otherwise]),
            ExprKind::Range(a, b) => self.exprs("range", [&**a, &**b]),
            _ => self.put(self.text[e.span.range()].to_string()),
        }
    }
}
