//! What only one run may hold at a time, and the flags its branches read.
//!
//! A lock is a parameter that exists while a run holds it; it names the run, so that one left by a run that has ended is taken
//! over. Must not know what is locked for. Called by `entry`.

use super::Lower;
use super::ask::catch_all;
use super::build::Label;
use super::call::sdk;
use super::vars::TOP;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Wait};
use crate::emit::stepfunctions::naming;

/// Seconds a run waits at most for another one to end.
const LOCK_SECONDS: i64 = 86_400;

impl Lower<'_> {
    /// Takes the locks. A lock whose holder has ended is taken over; a busy one is waited for, or the run is dropped.
    pub fn locks(&mut self, at: &Label, next: &Label, refused: &Label) {
        let mut here = at.clone();
        for (name, drop) in naming::locks(self.release) {
            let then = self.b.label();
            self.lock(&name, drop, (&here, &then, refused));
            here = then;
        }
        self.b.same(&here, next);
    }

    fn lock(&mut self, name: &str, drop: bool, way: (&Label, &Label, &Label)) {
        let (at, next, refused) = way;
        let busy = ["another run holds `", name, "`"].concat();
        let short = name.rsplit('/').next().unwrap_or(name);
        let start = self.b.label();
        let counted: Assign = [("waited_lock".to_string(), Data::int(0))].into();
        self.b.set(at, &["lock ", short].concat(), counted, &start);
        let (who, alive, judged, rest, stale, given) = (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        );
        self.b
            .enter_loop(if drop { 2 } else { self.looks.polls(LOCK_SECONDS) });
        let mut put = sdk(
            "ssm",
            "putParameter",
            Data::object([
                ("Name", Data::str(name)),
                ("Value", Data::Expr(Expr::states(&["context", "Execution", "Id"]))),
                ("Type", Data::str("String")),
                ("Overwrite", Data::Bool(false)),
            ]),
        );
        let held = Expr::List(vec![self.vars.read("locks", TOP), Expr::str(name)]);
        put.assign.insert("locks".into(), Data::Expr(held));
        // The loop tries again anyway.
        put.retry.clear();
        put.output = Some(Data::object([]));
        put.catch = vec![catch_all(Assign::new(), &who)];
        put.next = next.some();
        self.note_around(&put);
        self.b.put(
            &start,
            &["take the lock ", short].concat(),
            State::Task(Box::new(put)),
        );
        let mut get = sdk("ssm", "getParameter", Data::object([("Name", Data::str(name))]));
        get.assign.insert(
            "holder".into(),
            Data::Expr(Expr::states(&["result", "Parameter", "Value"])),
        );
        // The loop tries again anyway.
        get.retry.clear();
        get.output = Some(Data::object([]));
        get.catch = vec![catch_all(Assign::new(), &rest)];
        get.next = alive.some();
        self.note_around(&get);
        self.b
            .put(&who, &["who holds ", short].concat(), State::Task(Box::new(get)));
        let mut describe = sdk(
            "sfn",
            "describeExecution",
            Data::object([("ExecutionArn", Data::Expr(Expr::var("holder")))]),
        );
        describe.assign.insert(
            "holder_status".into(),
            Data::Expr(Expr::states(&["result", "Status"])),
        );
        // The loop tries again anyway.
        describe.retry.clear();
        describe.output = Some(Data::object([]));
        // A holder that cannot be seen counts as alive: nothing is taken from it.
        describe.catch = vec![catch_all(
            [("holder_status".to_string(), Data::str("UNKNOWN"))].into(),
            &judged,
        )];
        describe.next = judged.some();
        self.note_around(&describe);
        self.b.put(
            &alive,
            &["is the holder of ", short, " alive"].concat(),
            State::Task(Box::new(describe)),
        );
        let ended = Expr::op(
            Expr::var("holder_status"),
            "in",
            Expr::List(
                ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
                    .map(Expr::str)
                    .to_vec(),
            ),
        );
        self.b.branch(
            &judged,
            &["holder of ", short, " has ended?"].concat(),
            ended,
            &stale,
            &rest,
        );
        let release = sdk(
            "ssm",
            "deleteParameter",
            Data::object([("Name", Data::str(name))]),
        );
        self.quietly(release, &["take the lock over ", short].concat(), &stale, &start);
        let problem: Assign = [("problem".to_string(), Data::Str(busy))].into();
        self.b
            .set(&given, &[short, " is busy"].concat(), problem, refused);
        if drop {
            self.b.same(&rest, &given);
        } else {
            let (late, look) = (self.b.label(), self.b.label());
            let over = Expr::op(Expr::var("waited_lock"), ">=", Expr::int(LOCK_SECONDS));
            self.b.branch(
                &rest,
                &["waited long enough for ", short, "?"].concat(),
                over,
                &given,
                &late,
            );
            self.b.same(&late, &look);
            let pause = self.looks.next_wait(&Expr::var("waited_lock"), LOCK_SECONDS);
            let sum = Expr::op(Expr::var("waited_lock"), "+", pause.clone());
            let wait = Wait {
                seconds: Some(Data::Expr(pause)),
                assign: [("waited_lock".to_string(), Data::Expr(sum))].into(),
                next: start.next(),
                ..Wait::default()
            };
            self.b
                .put(&look, &["wait for the lock ", short].concat(), State::Wait(wait));
        }
        self.b.leave_loop();
    }

    /// The flags that branches read.
    pub fn flags(&mut self, at: &Label, next: &Label, refused: &Label) {
        if !self.parallel {
            self.b.same(at, next);
            return;
        }
        let mut here = at.clone();
        let lost = self.b.label();
        let flags = self.all_flags();
        for (i, flag) in flags.iter().enumerate() {
            let then = if i + 1 == flags.len() {
                next.clone()
            } else {
                self.b.label()
            };
            let mut task = sdk(
                "ssm",
                "putParameter",
                Data::object([
                    ("Name", Data::Expr(self.run_parameter(flag))),
                    ("Value", Data::str("no")),
                    ("Type", Data::str("String")),
                    ("Overwrite", Data::Bool(true)),
                ]),
            );
            task.output = Some(Data::object([]));
            task.catch = vec![catch_all(Assign::new(), &lost)];
            task.next = then.some();
            self.note_around(&task);
            self.b.put(
                &here,
                &["lower the flag ", flag].concat(),
                State::Task(Box::new(task)),
            );
            here = then;
        }
        let why: Assign = [(
            "problem".to_string(),
            Data::str("the run's flags could not be set"),
        )]
        .into();
        self.b.set(&lost, "no flags", why, refused);
    }
}
