//! Approvals, decisions, duties and overrides.

use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::ScopeId;
use crate::model::{
    ApprovalId, ApprovalOutcome, DecisionId, DistinctFrom, DutyRule, OptionOutcome, OptionTestExpr, Override,
    Passes, Quorum, Seat, Value,
};
use crate::resolve::Kind;
use crate::syntax::ast::{Expr, ExprKind, Stmt};
use crate::types::errors;

impl<'a> Lower<'a> {
    pub(crate) fn approval(&mut self, id: ApprovalId, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let mut a = self.r.approval(id).clone();
        if let Some(t) = self.text_of(items, "title", scope) {
            a.title = t;
        }
        for e in all(items, "from").flat_map(Stmt::args) {
            if let Some(who) = self.role_or_person(e, scope) {
                a.from.push((who, self.origin(e.span, scope)));
            }
        }
        if let Some(s) = one(items, "quorum") {
            a.quorum_origin = Some(self.origin(s.span, scope));
            match s.args().first() {
                Some(e) if matches!(&e.kind, ExprKind::Ident(n) if n == "all") => a.quorum = Quorum::All,
                Some(e) => {
                    if let Some(n) = self.known_int(e, "the quorum", 1, 1000, scope) {
                        a.quorum = Quorum::Count(u32::try_from(n).unwrap_or(1));
                    }
                }
                None => {}
            }
        }
        if let Some(s) = one(items, "all") {
            if let Some(q) = one(items, "quorum") {
                let d = errors::one_of(s.span, "`all` and `quorum` cannot both hold", "keep one of them");
                self.report(d.fact(q.span, "the quorum"));
            }
            a.quorum = Quorum::All;
            a.quorum_origin = Some(self.origin(s.span, scope));
        }
        if let Some(word) = self.word_of(items, "passes", &["unanimous", "majority"]) {
            a.passes = if word == "majority" {
                Passes::Majority
            } else {
                Passes::Unanimous
            };
            a.passes_written = one(items, "passes").map(|s| self.origin(s.span, scope));
        }
        for e in all(items, "distinct_from").flat_map(Stmt::args) {
            if let Some(d) = self.distinct_from(e, scope) {
                a.distinct_from.push((d, self.origin(e.span, scope)));
            }
        }
        (a.after, a.after_decisions) = self.after(items, scope);
        a.open_for = self.dur_of(items, "open_for", scope);
        a.within = self.dur_of(items, "within", scope);
        a.valid = self.dur_of(items, "valid", scope);
        a.evidence = self.text_of(items, "evidence", scope);
        if let Some(s) = one(items, "otherwise") {
            a.otherwise_origin = Some(self.origin(s.span, scope));
            if let Some(o) = s.args().first().and_then(|e| self.approval_outcome(e, scope)) {
                a.otherwise = o;
            }
        }
        a.when = self.cond_of(items, "when", scope);
        self.r.approvals[id.index()] = a;
    }

    fn approval_outcome(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<ApprovalOutcome> {
        let (name, args) = match &expr.kind {
            ExprKind::Ident(word) => (Some(word.as_str()), None),
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Ident(word) => (Some(word.as_str()), Some(args.as_slice())),
                _ => (None, None),
            },
            _ => (None, None),
        };
        match (name, args) {
            (Some("rollback"), None) => Some(ApprovalOutcome::Rollback),
            (Some("stop"), None) => Some(ApprovalOutcome::Stop),
            (Some("restart"), Some([stage, rest @ ..])) => {
                let (stage, n) = self.restart(expr.span, &stage.value, rest, scope)?;
                Some(ApprovalOutcome::Restart(stage, n))
            }
            (Some("restart"), _) => {
                let why = "`restart` names no stage";
                self.report(errors::no_outcome(expr.span, why, super::gate::RESTART));
                None
            }
            (Some(other), None) => {
                let d = errors::unknown_word(expr.span, other, ["rollback", "stop"]);
                self.report(d.help("or `restart(STAGE, at_most: N)`"));
                None
            }
            _ => {
                let help = "write `rollback`, `stop` or `restart(STAGE, at_most: N)`";
                let why = "this is none that an approval can have";
                self.report(errors::no_outcome(expr.span, why, help));
                None
            }
        }
    }

    fn distinct_from(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<DistinctFrom> {
        match &expr.kind {
            ExprKind::Ident(n) if n == "author" => Some(DistinctFrom::Author),
            ExprKind::Ident(n) if n == "executors" => Some(DistinctFrom::Executors),
            _ => match self.find_value(
                expr,
                &[Kind::Approval],
                "`author`, `executors` or an approval",
                scope,
            )? {
                Value::Approval(a) => Some(DistinctFrom::Approval(a)),
                _ => None,
            },
        }
    }

    pub(crate) fn duties(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        for s in items {
            let origin = self.origin(s.span, scope);
            let args = s.args();
            let rule = match s.keyword.text.as_str() {
                "distinct" => DutyRule::Distinct(self.seats(args, scope), origin),
                "same" => DutyRule::Same(self.seats(args, scope), origin),
                word @ ("at_most" | "at_least") => {
                    let Some((first, rest)) = args.split_first() else {
                        continue;
                    };
                    let Some(n) = self.known_int(first, "the number of people", 1, 1000, scope) else {
                        continue;
                    };
                    let n = u32::try_from(n).unwrap_or(1);
                    let seats = self.seats(rest, scope);
                    if word == "at_most" {
                        DutyRule::AtMost(n, seats, origin)
                    } else {
                        DutyRule::AtLeast(n, seats, origin)
                    }
                }
                _ => continue,
            };
            self.r.duties.push(rule);
        }
    }

    fn seats(&mut self, args: &'a [Expr], scope: ScopeId) -> Vec<Seat> {
        args.iter()
            .filter_map(|e| self.seat(e, scope))
            .flatten()
            .collect()
    }

    fn seat(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Vec<Seat>> {
        match &expr.kind {
            ExprKind::Ident(n) if n == "author" => Some(vec![Seat::Author]),
            ExprKind::Ident(n) if n == "executors" => Some(vec![Seat::Executors]),
            ExprKind::Ident(n) if n == "approvers" => Some(vec![Seat::Approvers]),
            ExprKind::Call(callee, args) if matches!(&callee.kind, ExprKind::Ident(n) if n == "executor") => {
                let [arg] = args.as_slice() else {
                    self.report(errors::arguments(
                        expr.span,
                        "`executor` takes one stage".into(),
                        None,
                    ));
                    return None;
                };
                Some(
                    self.stages(&arg.value, scope)?
                        .into_iter()
                        .map(Seat::Executor)
                        .collect(),
                )
            }
            _ => match self.find_value(expr, &[Kind::Approval, Kind::Decision], "a seat", scope)? {
                Value::Approval(a) => Some(vec![Seat::Approval(a)]),
                Value::Decision(d) => Some(vec![Seat::Decision(d)]),
                _ => None,
            },
        }
    }

    pub(crate) fn decision(&mut self, id: DecisionId, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let mut d = self.r.decision(id).clone();
        // Where there is none at all, that is said already.
        if d.options.len() == 1 {
            self.report(errors::one_of(
                stmt.head(),
                &format!("the decision `{}` has fewer than two options", d.name),
                "add an `option`: a decision chooses between two or more",
            ));
        }
        if let Some(ask) = one(items, "ask")
            // Here `default` names an option, not an answer.
            && let Some(q) = self.question(items, ask, &[], Owner::Decision(id), scope)
        {
            d.question = q;
        }
        let (after, also) = self.after(items, scope);
        d.after = after;
        if let Some((_, origin)) = also.first() {
            let found = "it is a decision";
            self.report(errors::mismatch(origin.span, "a stage or a phase", found));
        }
        for (i, s) in all(items, "option").enumerate().take(d.options.len()) {
            let inner = s.children();
            if let Some(t) = self.text_of(inner, "title", scope) {
                d.options[i].title = t;
            }
            if let Some(e) = arg(inner, "if") {
                d.options[i].test = if self.speaks_of_metrics(e, scope) {
                    self.metric_cond(e, scope).map(OptionTestExpr::Metrics)
                } else {
                    self.cond(e, scope).map(OptionTestExpr::Cond)
                };
            }
            if let Some(then) = one(inner, "then")
                && let Some(e) = then.args().first()
            {
                let proceed = matches!(&e.kind, ExprKind::Ident(n) if n == "proceed");
                d.options[i].then = if proceed {
                    OptionOutcome::Proceed
                } else {
                    match self.outcome_expr(e, then.children(), scope) {
                        Some(o) => OptionOutcome::Then(o),
                        None => OptionOutcome::Proceed,
                    }
                };
            }
        }
        if let Some(e) = arg(items, "default") {
            let names: Vec<&str> = d.options.iter().map(|o| o.name.as_str()).collect();
            match &e.kind {
                ExprKind::Ident(n) => match names.iter().position(|o| *o == n.as_str()) {
                    Some(i) => d.default = Some(i),
                    None => self.report(errors::unknown_word(e.span, n, names)),
                },
                _ => self.report(errors::mismatch(
                    e.span,
                    "the name of an option",
                    "it is something else",
                )),
            }
        }
        d.when = self.cond_of(items, "when", scope);
        self.r.decisions[id.index()] = d;
    }

    pub(crate) fn override_block(&mut self, stmt: &'a Stmt, scope: ScopeId) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let Some((name, _)) = crate::eval::collect::statement_name(stmt) else {
            return;
        };
        let mut o = Override {
            name,
            origin: self.origin(stmt.head(), scope),
            approvals: Vec::new(),
            gates: Vec::new(),
            by: Vec::new(),
            quorum: 1,
            because_required: true,
            notify: Vec::new(),
        };
        for e in all(items, "skips").flat_map(Stmt::args) {
            let origin = self.origin(e.span, scope);
            match self.find_value(e, &[Kind::Approval, Kind::Gate], "an approval or a gate", scope) {
                Some(Value::Approval(a)) => o.approvals.push((a, origin)),
                Some(Value::Gate(g)) => o.gates.push((g, origin)),
                _ => {}
            }
        }
        for e in all(items, "by").flat_map(Stmt::args) {
            if let Some(who) = self.role_or_person(e, scope) {
                o.by.push((who, self.origin(e.span, scope)));
            }
        }
        if let Some(n) = arg(items, "quorum").and_then(|e| self.known_int(e, "the quorum", 1, 1000, scope)) {
            o.quorum = u32::try_from(n).unwrap_or(1);
        }
        o.because_required = self.word_of(items, "because", &["required", "optional"]) != Some("optional");
        o.notify = all(items, "notify")
            .flat_map(Stmt::args)
            .filter_map(|e| self.channel_or_role(e, scope))
            .collect();
        self.r.overrides.push(o);
    }
}
