//! How something is undone, as it is written: `undo`, `irreversible` or `harmless`.
//!
//! Must not know what is undone when. Called by `act`, for everything that can be done.

use crate::eval::act::first_line;
use crate::eval::lower::{Lower, Owner};
use crate::eval::scope::ScopeId;
use crate::model::{Act, ActSource, Manual, Origin, Text, Undo};
use crate::syntax::ast::{Expr, ExprKind, Stmt};
use crate::types::errors;

impl<'a> Lower<'a> {
    /// `undo`, `irreversible` or `harmless` of a block.
    pub(crate) fn undo_of(&mut self, items: &'a [Stmt], owner: Owner, scope: ScopeId) -> Undo {
        let said: Vec<&'a Stmt> = items
            .iter()
            .filter(|s| ["undo", "irreversible", "harmless"].contains(&s.keyword.text.as_str()))
            .collect();
        let [stmt] = said.as_slice() else {
            if let [first, second, ..] = said.as_slice() {
                let help = "say how it is undone, or that it cannot be, or that it need not be";
                self.report(errors::not_both(first, second, help));
            }
            return Undo::None;
        };
        let origin = self.origin(stmt.span, scope);
        let Some(expr) = stmt.args().first() else {
            return Undo::None;
        };
        match stmt.keyword.text.as_str() {
            "undo" => {
                let inner = stmt.children();
                let written = undo_written(expr);
                self.undo_fits(&written, inner);
                let made = match written {
                    UndoWritten::Run(command) => self.undo_run(command, inner, origin.clone(), scope),
                    UndoWritten::Manual(what) => self.undo_manual(what, inner, origin.clone(), scope),
                    UndoWritten::Action => self
                        .action(expr, owner, true, scope)
                        .and_then(|mut m| m.pop())
                        .map(|m| self.undo_action(m.act, inner, scope)),
                };
                let lasts = self.dur_of(inner, "lasts", scope);
                match made {
                    Some(mut act) => {
                        act.idempotent |= self.flag(inner, "idempotent", scope);
                        Undo::By {
                            act: Box::new(act),
                            lasts,
                            origin,
                        }
                    }
                    None => Undo::None,
                }
            }
            word => match self.text(expr, scope) {
                Some(why) if word == "harmless" => Undo::Harmless { why, origin },
                Some(why) => Undo::Irreversible { why, origin },
                None => Undo::None,
            },
        }
    }

    fn undo_run(
        &mut self,
        command: &'a Expr,
        items: &'a [Stmt],
        origin: Origin,
        scope: ScopeId,
    ) -> Option<Act> {
        let command = self.command_of(command, items, scope)?;
        let title = Text::lit(first_line(&command.display));
        let mut act = self.blank(origin.clone(), ActSource::Run, title);
        act.run = Some(command);
        act.effects = self.effects(items, scope);
        self.assume(&mut act.effects, &origin);
        self.details(&mut act, items, scope);
        Some(act)
    }

    /// Says which statements of an `undo` do not go with how it is written.
    fn undo_fits(&mut self, written: &UndoWritten<'_>, items: &'a [Stmt]) {
        for stmt in items {
            let word = stmt.keyword.text.as_str();
            let (fits, why) = match word {
                "folder" | "env" => (
                    matches!(written, UndoWritten::Run(_)),
                    "only `undo run` can say it",
                ),
                "console" => (
                    matches!(written, UndoWritten::Manual(_)),
                    "only `undo manual` can say it",
                ),
                "within" => (
                    matches!(written, UndoWritten::Manual(_)),
                    "only `undo manual` can say it; the time of anything else is its `timeout`",
                ),
                "changes" => (
                    !matches!(written, UndoWritten::Action),
                    "an action says itself what it changes",
                ),
                _ => continue,
            };
            if !fits {
                let message = format!("`{word}` does not go with this undo");
                let d = errors::one_of(stmt.span, &message, &format!("take it out: {why}"));
                self.report(d.here("does not go with it"));
            }
        }
    }

    /// An action as an undo, with what its block says instead of the action.
    fn undo_action(&mut self, mut act: Act, items: &'a [Stmt], scope: ScopeId) -> Act {
        act.expect = self.text_of(items, "expect", scope).or(act.expect);
        act.takes = self.dur_range(items, "takes", scope).or(act.takes);
        act.timeout = self.dur_of(items, "timeout", scope).or(act.timeout);
        act
    }

    fn undo_manual(
        &mut self,
        what: &'a Expr,
        items: &'a [Stmt],
        origin: Origin,
        scope: ScopeId,
    ) -> Option<Act> {
        let what = self.text(what, scope)?;
        let mut act = self.blank(origin.clone(), ActSource::Manual, what.clone());
        act.manual = Some(Manual {
            what,
            console: self.text_of(items, "console", scope),
        });
        act.effects = self.effects(items, scope);
        self.assume(&mut act.effects, &origin);
        self.details(&mut act, items, scope);
        act.timeout = act.timeout.or_else(|| self.dur_of(items, "within", scope));
        Some(act)
    }
}

/// How an undo is written.
enum UndoWritten<'a> {
    /// `undo run "…"`: the command.
    Run(&'a Expr),
    /// `undo manual "…"`: what a person does.
    Manual(&'a Expr),
    /// `undo ACTION`
    Action,
}

fn undo_written(expr: &Expr) -> UndoWritten<'_> {
    match &expr.kind {
        ExprKind::Call(callee, args) => match (&callee.kind, args.as_slice()) {
            (ExprKind::Ident(n), [arg]) if matches!(arg.value.kind, ExprKind::Str(_)) => match n.as_str() {
                "run" => UndoWritten::Run(&arg.value),
                "manual" => UndoWritten::Manual(&arg.value),
                _ => UndoWritten::Action,
            },
            _ => UndoWritten::Action,
        },
        ExprKind::Str(_) => UndoWritten::Run(expr),
        _ => UndoWritten::Action,
    }
}
