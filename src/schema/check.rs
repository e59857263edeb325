//! The structural check: every statement stands where the table lets it, as often and in the form it says.
//!
//! Must not look at what arguments mean. Called once per module, before names are resolved.

use crate::diagnostic::Bag;
use crate::schema::{Block, Body, Count, FormSpec, Occurs, Statement, Ty, errors};
use crate::source::Span;
use crate::syntax::ast::{Ast, Expr, ExprKind, Form, Stmt};
use std::collections::BTreeMap;

/// Checks a module. `dropped` are the first words of lines that could not be read, with their places: a statement that was
/// written but not understood is not missing.
pub fn check(ast: &Ast, dropped: &[(Span, String)]) -> Bag {
    let mut bag = Bag::new();
    let checker = Checker { dropped };
    checker.block(&ast.items, Block::Module, None, false, &mut bag);
    bag
}

struct Checker<'a> {
    dropped: &'a [(Span, String)],
}

impl Checker<'_> {
    fn block(&self, items: &[Stmt], block: Block, owner: Option<&Stmt>, repeated_body: bool, bag: &mut Bag) {
        let mut seen: BTreeMap<&'static str, Span> = BTreeMap::new();
        let mut excused: Vec<&'static str> = Vec::new();
        // What may have been meant for the block that a statement before it lacks.
        let mut unopened: Option<Block> = None;
        for stmt in items {
            let Some(row) = block.statement(&stmt.keyword.text) else {
                if unopened.is_some_and(|b| b.statement(&stmt.keyword.text).is_some()) {
                    continue;
                }
                excused.extend(errors::suggestion(&stmt.keyword.text, block));
                bag.push(unknown_or_misplaced(stmt, block));
                continue;
            };
            let once = matches!(row.occurs, Occurs::Once | Occurs::Optional);
            match seen.get(row.keyword) {
                Some(first) if once => bag.push(errors::repeated(stmt, *first, block)),
                Some(_) => {}
                None => {
                    seen.insert(row.keyword, stmt.keyword.span);
                }
            }
            unopened = match (&stmt.block, row.body) {
                (None, Body::Required(kind)) => Some(kind),
                _ => None,
            };
            self.statement(stmt, row, bag);
        }
        let Some(owner) = owner.filter(|_| !repeated_body) else {
            return;
        };
        for row in block.statements() {
            let required = matches!(row.occurs, Occurs::Once | Occurs::OneOrMore);
            if required
                && !seen.contains_key(row.keyword)
                && !excused.contains(&row.keyword)
                && !self.was_dropped(owner, row)
            {
                bag.push(errors::missing(owner.head(), block, row));
            }
        }
    }

    fn was_dropped(&self, owner: &Stmt, row: &Statement) -> bool {
        self.dropped.iter().any(|(span, word)| {
            span.file == owner.span.file
                && span.start >= owner.span.start
                && span.start <= owner.span.end
                && word == row.keyword
        })
    }

    fn statement(&self, stmt: &Stmt, row: &'static Statement, bag: &mut Bag) {
        let form_fits = match (&stmt.form, row.form) {
            (Form::Plain(args), FormSpec::Plain | FormSpec::Define) => {
                let unopened = stmt.block.is_none() && matches!(row.body, Body::Required(_));
                // What stands where the block belongs is no argument too many.
                if !unopened || args.len() < row.args.len() {
                    arguments(stmt, row, args.len(), bag);
                }
                named(row, args)
            }
            (Form::Use(_), FormSpec::Use)
            | (Form::Typed { .. }, FormSpec::Param | FormSpec::Capture)
            | (Form::Let { .. }, FormSpec::Let)
            | (Form::Define { .. }, FormSpec::Define) => true,
            _ => false,
        };
        if !form_fits {
            bag.push(errors::wrong_form(stmt, row));
        }
        match (&stmt.block, row.body) {
            (None, Body::Required(_)) if form_fits => bag.push(errors::missing_block(stmt, row)),
            (Some(_), Body::None) => bag.push(errors::unexpected_block(stmt, row)),
            (Some(block), Body::Optional(kind) | Body::Required(kind)) => {
                self.block(&block.items, kind, Some(stmt), row.keyword == "for", bag);
            }
            _ => {}
        }
    }
}

/// Whether what must be a new name is one.
fn named(row: &Statement, args: &[Expr]) -> bool {
    let name = row.args.first().is_some_and(|a| a.ty == Ty::Name);
    !name || args.first().is_none_or(|a| matches!(a.kind, ExprKind::Ident(_)))
}

fn arguments(stmt: &Stmt, row: &Statement, found: usize, bag: &mut Bag) {
    let least = row.args.iter().filter(|a| a.count != Count::Optional).count();
    let most = if row.args.iter().any(|a| a.count == Count::Many) {
        usize::MAX
    } else {
        row.args.len()
    };
    if found < least {
        bag.push(errors::arguments(stmt, row, stmt.keyword.span, found));
    } else if found > most {
        let at = stmt.args().get(most).map_or(stmt.keyword.span, |a| a.span);
        bag.push(errors::arguments(stmt, row, at, found));
    }
}

fn unknown_or_misplaced(stmt: &Stmt, block: Block) -> crate::diagnostic::Diagnostic {
    let homes: Vec<Block> = Block::ALL
        .iter()
        .copied()
        .filter(|b| b.statement(&stmt.keyword.text).is_some())
        .collect();
    if homes.is_empty() {
        errors::unknown(stmt, block)
    } else {
        errors::misplaced(stmt, block, &homes)
    }
}
