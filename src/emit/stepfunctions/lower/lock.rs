//! What only one run may hold at a time, and the flags its branches read.
//!
//! A lock is a parameter that exists while a run holds it; it names the run, so that one left by a run that has ended is taken
//! over, by one run alone. Must not know what is locked for. Called by `entry` and `finish`.

use super::Lower;
use super::ask::catch_all;
use super::build::Label;
use super::call::sdk;
use super::vars::TOP;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State, Task, Wait};
use crate::emit::stepfunctions::naming;

/// Seconds a run waits at most for another one to end.
const LOCK_SECONDS: i64 = 86_400;
/// How often a run claims a lock at most that another one left behind: each time a run that lives was before it, or one has died
/// between its claim and the lock.
const CLAIMS_AT_MOST: u64 = 5;
/// How often it has.
const CLAIMS: &str = "claims";
/// The run that left the lock behind.
const LEFT_BY: &str = "left_by";
/// That run, or the last of those who claimed the lock after it.
const HOLDER: &str = "holder";
/// Who claims it after that one.
const HEIR: &str = "heir";

impl Lower<'_> {
    /// Takes the locks. A lock whose holder has ended is taken over; a busy one is waited for, or the run is dropped.
    pub fn locks(&mut self, at: &Label, next: &Label, refused: &Label) {
        let mut here = at.clone();
        for (name, drop) in naming::locks(self.release) {
            let then = self.b.label();
            self.b.belongs(Some(["the lock `", short(&name), "`"].concat()));
            self.lock(&name, drop, (&here, &then, refused));
            self.b.belongs(None);
            here = then;
        }
        self.b.same(&here, next);
    }

    fn lock(&mut self, name: &str, drop: bool, way: (&Label, &Label, &Label)) {
        let (at, next, refused) = way;
        let busy = ["another run holds `", name, "`"].concat();
        let short = short(name);
        let start = self.b.label();
        let counted: Assign = [
            ("waited_lock".to_string(), Data::int(0)),
            (CLAIMS.to_string(), Data::int(0)),
        ]
        .into();
        self.b.set(at, &["lock ", short].concat(), counted, &start);
        let (who, own, alive, judged) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        let (rest, claim, over, given) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        let rounds = if drop { 2 } else { self.looks.polls(LOCK_SECONDS) };
        self.b.enter_loop(rounds);
        let mut put = self.hold(name, false);
        put.catch = vec![catch_all(Assign::new(), &who)];
        put.next = next.some();
        self.at_once(put, &["take the lock ", short].concat(), &start);
        let mut get = read(name);
        let holder = Expr::states(&["result", "Parameter", "Value"]);
        get.assign.insert(LEFT_BY.into(), Data::Expr(holder.clone()));
        get.assign.insert(HOLDER.into(), Data::Expr(holder));
        get.catch = vec![catch_all(Assign::new(), &rest)];
        get.next = own.some();
        self.at_once(get, &["who holds ", short].concat(), &who);
        // A call whose answer was lost has taken the lock all the same: a run never waits for itself.
        let mine = Expr::eq(Expr::var(HOLDER), this_run());
        self.b.branch(
            &own,
            &["is the lock ", short, " its own?"].concat(),
            mine,
            &over,
            &alive,
        );
        self.b.leave_loop();
        self.b.enter_loop(rounds + CLAIMS_AT_MOST);
        self.is_alive(short, (&alive, &judged, &claim, &rest));
        self.b.leave_loop();
        self.b.enter_loop(CLAIMS_AT_MOST);
        self.take_over(name, (&claim, &over, &alive), next, &rest);
        self.b.leave_loop();
        let problem: Assign = [("problem".to_string(), Data::Str(busy))].into();
        self.b
            .set(&given, &[short, " is busy"].concat(), problem, refused);
        if drop {
            self.b.same(&rest, &given);
            return;
        }
        self.b.enter_loop(rounds);
        let look = self.b.label();
        let late = Expr::op(Expr::var("waited_lock"), ">=", Expr::int(LOCK_SECONDS));
        self.b.branch(
            &rest,
            &["waited long enough for ", short, "?"].concat(),
            late,
            &given,
            &look,
        );
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
        self.b.leave_loop();
    }

    /// Whether the run that holds a lock, or was to take it over, has ended.
    fn is_alive(&mut self, short: &str, (at, judged, ended, rest): (&Label, &Label, &Label, &Label)) {
        let mut describe = sdk(
            "sfn",
            "describeExecution",
            Data::object([("ExecutionArn", Data::Expr(Expr::var(HOLDER)))]),
        );
        describe.assign.insert(
            "holder_status".into(),
            Data::Expr(Expr::states(&["result", "Status"])),
        );
        // A holder that cannot be seen counts as alive: nothing is taken from it.
        describe.catch = vec![catch_all(
            [("holder_status".to_string(), Data::str("UNKNOWN"))].into(),
            judged,
        )];
        describe.next = judged.some();
        self.at_once(describe, &["is the holder of ", short, " alive"].concat(), at);
        let over = Expr::op(
            Expr::var("holder_status"),
            "in",
            Expr::List(
                ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
                    .map(Expr::str)
                    .to_vec(),
            ),
        );
        let few = i64::try_from(CLAIMS_AT_MOST).unwrap_or(i64::MAX);
        let few = Expr::op(Expr::var(CLAIMS), "<", Expr::int(few));
        self.b.branch(
            judged,
            &["holder of ", short, " has ended?"].concat(),
            Expr::all([over, few]),
            ended,
            rest,
        );
    }

    /// Takes over a lock that a run which has ended left behind.
    ///
    /// Systems Manager changes no parameter on a condition; it only creates one that is not there (API Reference, `PutParameter`,
    /// `Overwrite`). So whoever wants the lock creates a claim that is named after the run which left it, and one run alone can.
    /// What the claim is for is read again after it was made: before, another run may have taken the lock over and dropped its
    /// own claim. A claim whose run has ended is inherited in the same way.
    fn take_over(
        &mut self,
        name: &str,
        (claim, over, alive): (&Label, &Label, &Label),
        next: &Label,
        rest: &Label,
    ) {
        let short = short(name);
        let (heir, same, line, sure, judged) = (
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
            self.b.label(),
        );
        let (taken, given_up) = (self.b.label(), self.b.label());
        let claimed = || {
            Expr::concat(vec![
                Expr::Str(naming::claims_prefix(name)),
                Expr::Call("replace", vec![Expr::var(HOLDER), Expr::str(":"), Expr::str("-")]),
            ])
        };
        let once_more = Expr::op(Expr::var(CLAIMS), "+", Expr::int(1));
        let counted: Assign = [(CLAIMS.to_string(), Data::Expr(once_more))].into();
        let mut put = create(Data::Expr(claimed()), false);
        put.assign.clone_from(&counted);
        put.catch = vec![catch_all(counted, &heir)];
        put.next = sure.some();
        self.at_once(put, &["claim the lock ", short].concat(), claim);
        let mut get = sdk(
            "ssm",
            "getParameter",
            Data::object([("Name", Data::Expr(claimed()))]),
        );
        get.assign.insert(
            HEIR.into(),
            Data::Expr(Expr::states(&["result", "Parameter", "Value"])),
        );
        get.catch = vec![catch_all(Assign::new(), rest)];
        get.next = same.some();
        self.at_once(get, &["who claims ", short].concat(), &heir);
        let mine = Expr::eq(Expr::var(HEIR), this_run());
        self.b.branch(
            &same,
            &["is the claim to ", short, " its own?"].concat(),
            mine,
            &sure,
            &line,
        );
        let follow: Assign = [(HOLDER.to_string(), Data::Expr(Expr::var(HEIR)))].into();
        self.b
            .set(&line, &["next in line for ", short].concat(), follow, alive);
        let mut again = read(name);
        again.assign.insert(
            "holder_now".into(),
            Data::Expr(Expr::states(&["result", "Parameter", "Value"])),
        );
        again.catch = vec![catch_all(Assign::new(), &given_up)];
        again.next = judged.some();
        self.at_once(again, &["who holds ", short, " now"].concat(), &sure);
        let unchanged = Expr::eq(Expr::var("holder_now"), Expr::var(LEFT_BY));
        self.b.branch(
            &judged,
            &[short, " is still left behind?"].concat(),
            unchanged,
            over,
            &given_up,
        );
        let mut put = self.hold(name, true);
        put.catch = vec![catch_all(Assign::new(), &given_up)];
        put.next = taken.some();
        self.at_once(put, &["take the lock over ", short].concat(), over);
        let drop = || {
            sdk(
                "ssm",
                "deleteParameter",
                Data::object([("Name", Data::Expr(claimed()))]),
            )
        };
        let words = ["drop the claim to ", short].concat();
        self.quietly(drop(), &words, &taken, next);
        self.quietly(drop(), &words, &given_up, rest);
    }

    /// A lock with this run as its holder, which the run then knows of.
    fn hold(&self, name: &str, again: bool) -> Task {
        let mut task = create(Data::str(name), again);
        let held = Expr::List(vec![self.vars.read("locks", TOP), Expr::str(name)]);
        task.assign.insert("locks".into(), Data::Expr(held));
        task
    }

    /// A call around a lock: the loop tries again anyway.
    fn at_once(&mut self, mut task: Task, name: &str, at: &Label) {
        task.retry.clear();
        task.output = Some(Data::object([]));
        self.note_around(&task);
        self.b.put(at, name, State::Task(Box::new(task)));
    }

    /// Releases a lock that this run holds, if it still does: whoever has it now keeps it.
    pub fn unlock(&mut self, name: &str, at: &Label, next: &Label) {
        let short = short(name);
        let (look, judged, go) = (self.b.label(), self.b.label(), self.b.label());
        let held = Expr::op(Expr::str(name), "in", self.vars.read("locks", TOP));
        self.b
            .branch(at, &["holds the lock ", short, "?"].concat(), held, &look, next);
        let mut get = read(name);
        get.assign.insert(
            HOLDER.into(),
            Data::Expr(Expr::states(&["result", "Parameter", "Value"])),
        );
        // A lock that stays is taken over from a run that has ended.
        get.catch = vec![catch_all(Assign::new(), next)];
        get.next = judged.some();
        get.output = Some(Data::object([]));
        self.note_around(&get);
        self.b.put(
            &look,
            &["who holds ", short, " in the end"].concat(),
            State::Task(Box::new(get)),
        );
        let mine = Expr::eq(Expr::var(HOLDER), this_run());
        self.b.branch(
            &judged,
            &["still holds the lock ", short, "?"].concat(),
            mine,
            &go,
            next,
        );
        let task = sdk(
            "ssm",
            "deleteParameter",
            Data::object([("Name", Data::str(name))]),
        );
        self.quietly(task, &["release the lock ", short].concat(), &go, next);
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

/// A parameter that names this run.
fn create(name: Data, again: bool) -> Task {
    sdk(
        "ssm",
        "putParameter",
        Data::object([
            ("Name", name),
            ("Value", Data::Expr(this_run())),
            ("Type", Data::str("String")),
            ("Overwrite", Data::Bool(again)),
        ]),
    )
}

fn read(name: &str) -> Task {
    sdk("ssm", "getParameter", Data::object([("Name", Data::str(name))]))
}

fn this_run() -> Expr {
    Expr::states(&["context", "Execution", "Id"])
}

fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
