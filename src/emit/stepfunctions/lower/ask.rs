//! Questions to people: a Systems Manager automation that verifies who answers, polled for a bounded time.
//!
//! One automation per option; the first that is approved is the answer. Must not know what an answer means.
//! Used by `consent`, `act`, `gate`, `handler` and `hold`.

use super::Lower;
use super::build::Label;
use super::call::sdk;
use super::vars::Scope;
use super::watch::Watch;
use crate::emit::parts::{Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::{Assign, Catcher, Map, Pass, State, Task, Wait};
use crate::emit::stepfunctions::naming;
use crate::model::{CaptureId, PersonRef, Question, RoleId, RoleOrPerson, Text};

/// Most principals an automation may ask.
pub const MOST_APPROVERS: usize = 10;
/// The longest Systems Manager waits for an answer.
pub const LONGEST_SECONDS: i64 = 30 * 86_400;
/// How long a question stays open when the plan does not say.
pub const DEFAULT_SECONDS: i64 = 86_400;
/// What an answer is before there is one.
const OPEN: &str = "open";
/// Most characters of a message.
const MESSAGE: usize = 3_900;

/// A question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The beginning of its states' names.
    pub name: String,
    /// Unique in the machine: `[a-z0-9_]+`.
    pub key: String,
    /// What it stands for.
    pub part: Purpose,
    /// What is asked.
    pub message: Expr,
    /// The principals asked.
    pub approvers: Vec<Expr>,
    /// How many must say yes.
    pub quorum: i64,
    /// How long they may take.
    pub seconds: i64,
    /// Where its variables live.
    pub scope: Scope,
    /// The answers and where they lead; one for a question that is answered yes or no.
    pub options: Vec<(String, Label)>,
    /// Where no leads; with several options nobody can say no to all of them.
    pub no: Label,
    /// Where silence leads.
    pub late: Label,
    /// Where it leads when nobody can be asked, where that is no silence.
    pub unasked: Option<Label>,
    /// The variable that keeps who said yes, and when.
    pub record: Option<String>,
    /// Texts that whoever answers writes down.
    pub answers: Vec<CaptureId>,
}

impl Lower<'_> {
    /// Puts a question at a place.
    pub fn ask(&mut self, ask: &Ask, watch: &Watch, at: &Label) {
        let many = ask.options.len() > 1;
        // A name of the plan can hold what a variable's cannot.
        let key = self.key_of(&ask.key);
        let waited = self.vars.local(&["waited_", &key].concat(), ask.scope);
        let ids: Vec<String> = (0..ask.options.len())
            .map(|i| {
                self.vars
                    .local(&["ask_", &key, "_", &i.to_string()].concat(), ask.scope)
            })
            .collect();
        let status = self.vars.local(&["answer_", &key].concat(), ask.scope);
        let who = self.vars.local(&["who_", &key].concat(), ask.scope);
        let wait = self.b.label();
        let (judged, late) = (self.b.label(), self.b.label());
        let mut here = at.clone();
        for (i, (option, _)) in ask.options.iter().enumerate() {
            let next = if i + 1 < ids.len() {
                self.b.label()
            } else {
                wait.clone()
            };
            let mut task = self.start(ask, if many { Some(option) } else { None });
            task.assign.insert(
                ids[i].clone(),
                Data::Expr(Expr::states(&["result", "AutomationExecutionId"])),
            );
            task.assign.insert(waited.clone(), Data::int(0));
            task.assign.insert(status.clone(), Data::str(OPEN));
            task.assign.insert(who.clone(), Data::List(Vec::new()));
            task.output = Some(Data::object([]));
            // What was asked before it cannot be asked is taken back; what is not there yet counts as the first of it.
            task.catch = vec![if i == 0 {
                catch_all(Assign::new(), ask.unasked.as_ref().unwrap_or(&ask.late))
            } else {
                let unasked = ids[i..]
                    .iter()
                    .map(|id| (id.clone(), Data::Expr(Expr::var(&ids[0]))));
                catch_all(unasked.collect(), &late)
            }];
            task.next = next.some();
            self.note(option_part(&ask.part, i), &task);
            let name = if many {
                [&ask.name, ": ask ", option].concat()
            } else {
                [&ask.name, ": ask"].concat()
            };
            self.b.put(&here, &name, State::Task(Box::new(task)));
            here = next;
        }
        // What is gone to once stands outside the loop.
        let watch = watch.through(|l| self.withdrawn(ask, &ids, l));
        let name = [&ask.name, ": answered?"].concat();
        let rules: Vec<(Expr, Label)> = if many {
            let taken = self.b.label();
            let rules = ids
                .iter()
                .zip(&ask.options)
                .map(|(id, (_, goal))| (Expr::eq(Expr::var(&status), Expr::var(id)), goal.clone()))
                .collect();
            self.b
                .choose(&taken, &[&ask.name, ": which answer?"].concat(), rules, &ask.late);
            let all = self.withdrawn(ask, &ids, &taken);
            self.b.same(&late, &all);
            vec![(Expr::op(Expr::var(&status), "!=", Expr::str(OPEN)), all)]
        } else {
            let gone = self.withdrawn(ask, &ids, &ask.late);
            self.b.same(&late, &gone);
            let yes = self.granted(ask, &who);
            let refused = ["Rejected", "Failed", "Cancelled", "TimedOut"].map(Expr::str);
            vec![
                (Expr::eq(Expr::var(&status), Expr::str("Success")), yes),
                (
                    Expr::op(Expr::var(&status), "in", Expr::List(refused.to_vec())),
                    ask.no.clone(),
                ),
            ]
        };
        self.b.enter_loop(self.looks.polls(ask.seconds));
        self.slowest = self.slowest.max(self.looks.apart(ask.seconds));
        let (watched, look) = (self.b.label(), self.b.label());
        let pause = self.looks.next_wait(&Expr::var(&waited), ask.seconds);
        let state = Wait {
            seconds: Some(Data::Expr(pause.clone())),
            assign: [(
                waited.clone(),
                Data::Expr(Expr::op(Expr::var(&waited), "+", pause)),
            )]
            .into(),
            next: watched.next(),
            ..Wait::default()
        };
        self.b.put(
            &wait,
            &[&ask.name, ": wait for an answer"].concat(),
            State::Wait(state),
        );
        self.boundary(&watch, &watched, &look);
        if many {
            self.look_at_all(ask, &ids, &status, &look, &judged);
        } else {
            self.look(ask, &ids[0], &status, &who, &look, &judged);
        }
        let over = Expr::op(Expr::var(&waited), ">=", Expr::int(ask.seconds));
        let rules = rules.into_iter().chain([(over, late)]).collect();
        self.b.choose(&judged, &name, rules, &wait);
        self.b.leave_loop();
    }

    fn start(&self, ask: &Ask, option: Option<&str>) -> Task {
        let mut message = ask.message.clone();
        if let Some(option) = option {
            message = Expr::concat(vec![
                message,
                Expr::Str(["\nApprove this request to answer: ", option].concat()),
            ]);
        }
        // Systems Manager reads `{{ }}` in a value as one of its own variables. Of three braces the first time leaves two together.
        let apart = |text| Expr::Call("replace", vec![text, Expr::str("{{"), Expr::str("{ {")]);
        let open = apart(apart(message));
        let limit = i64::try_from(MESSAGE).unwrap_or(i64::MAX);
        let message = Expr::Call("substring", vec![open, Expr::int(0), Expr::int(limit)]);
        let parameters = Data::object([
            (
                "Approvers",
                Data::Expr(Expr::Call("distinct", vec![Expr::List(ask.approvers.clone())])),
            ),
            (
                "MinimumApprovals",
                Data::List(vec![Data::Str(ask.quorum.to_string())]),
            ),
            ("Message", Data::List(vec![Data::Expr(message)])),
        ]);
        sdk(
            "ssm",
            "startAutomationExecution",
            Data::object([
                ("DocumentName", Data::Str(naming::document(self.release))),
                ("Parameters", parameters),
            ]),
        )
    }

    fn look(&mut self, ask: &Ask, id: &str, status: &str, who: &str, at: &Label, next: &Label) {
        let mut task = sdk(
            "ssm",
            "getAutomationExecution",
            Data::object([("AutomationExecutionId", Data::Expr(Expr::var(id)))]),
        );
        task.retry.clear();
        let execution = Expr::states(&["result", "AutomationExecution"]);
        task.assign.insert(
            status.to_string(),
            Data::Expr(execution.clone().dot(&["AutomationExecutionStatus"])),
        );
        let outputs = Expr::Call("string", vec![execution.dot(&["Outputs"])]);
        let named = Expr::Call("match", vec![outputs, Expr::Regex(PRINCIPAL.into())])
            .parts(vec![Part::Name("match".into())]);
        let list = Expr::Call("distinct", vec![Expr::List(vec![named])]);
        task.assign.insert(who.to_string(), Data::Expr(list));
        // A look that fails counts as one without an answer; the next one comes.
        let unknown: Assign = [(status.to_string(), Data::str("unknown"))].into();
        task.catch = vec![catch_all(unknown, next)];
        task.output = Some(Data::object([]));
        task.next = next.some();
        self.note_around(&task);
        self.b
            .put(at, &[&ask.name, ": look"].concat(), State::Task(Box::new(task)));
    }

    /// One look at every option: which of them is approved.
    fn look_at_all(&mut self, ask: &Ask, ids: &[String], taken: &str, at: &Label, next: &Label) {
        let values = Data::List(ids.iter().map(|i| Data::Expr(Expr::var(i))).collect());
        let filter = Data::object([("Key", Data::str("ExecutionId")), ("Values", values)]);
        let mut task = sdk(
            "ssm",
            "describeAutomationExecutions",
            Data::object([("Filters", Data::List(vec![filter]))]),
        );
        task.retry.clear();
        let approved = Expr::states(&["result", "AutomationExecutionMetadataList"]).parts(vec![
            Part::Where("AutomationExecutionStatus", "Success".into()),
            Part::Name("AutomationExecutionId".into()),
        ]);
        let first = Expr::List(vec![approved]).parts(vec![Part::Index(0)]);
        let some = Expr::cond(Expr::Call("exists", vec![first.clone()]), first, Expr::str(OPEN));
        task.assign.insert(taken.to_string(), Data::Expr(some));
        task.catch = vec![catch_all([(taken.to_string(), Data::str(OPEN))].into(), next)];
        task.output = Some(Data::object([]));
        task.next = next.some();
        self.note_around(&task);
        self.b
            .put(at, &[&ask.name, ": look"].concat(), State::Task(Box::new(task)));
    }

    /// Where a granted question leads: who said yes is kept, and what was written down is read.
    fn granted(&mut self, ask: &Ask, who: &str) -> Label {
        let mut goal = ask.options[0].1.clone();
        for capture in ask.answers.iter().rev() {
            let at = self.b.label();
            self.read_answer(ask, *capture, &at, &goal);
            goal = at;
        }
        if let Some(record) = &ask.record {
            let (at, enough) = (self.b.label(), self.b.label());
            let grant = Expr::object([("at", Expr::now()), ("by", Expr::var(who))]);
            let set: Assign = [(record.clone(), Data::Expr(grant))].into();
            self.b
                .set(&enough, &[&ask.name, ": granted"].concat(), set, &goal);
            let count = Expr::Call("count", vec![Expr::var(who)]);
            let test = Expr::op(count, ">=", Expr::int(ask.quorum));
            self.b
                .branch(&at, &[&ask.name, ": known who?"].concat(), test, &enough, &ask.no);
            goal = at;
        }
        goal
    }

    /// Withdraws what was asked, and goes on.
    fn withdrawn(&mut self, ask: &Ask, ids: &[String], next: &Label) -> Label {
        let at = self.b.label();
        let name = [&ask.name, ": withdraw"].concat();
        let stop = |id: Expr| {
            let mut task = sdk(
                "ssm",
                "stopAutomationExecution",
                Data::object([
                    ("AutomationExecutionId", Data::Expr(id)),
                    ("Type", Data::str("Cancel")),
                ]),
            );
            task.retry.clear();
            task.output = Some(Data::object([]));
            task
        };
        if let [only] = ids {
            let task = stop(Expr::var(only));
            self.quietly(task, &name, &at, next);
            return at;
        }
        self.b.open();
        let (one, end) = (self.b.label(), self.b.label());
        self.b.enter_loop(u64::try_from(ids.len()).unwrap_or(1));
        let mut task = stop(Expr::states(&["input"]));
        task.catch = vec![catch_all(Assign::new(), &end)];
        task.next = end.some();
        self.note_around(&task);
        self.b
            .put(&one, &[&name, " one"].concat(), State::Task(Box::new(task)));
        let over = Pass {
            output: Some(Data::object([])),
            end: true,
            ..Pass::default()
        };
        self.b.put(&end, &[&name, " over"].concat(), State::Pass(over));
        self.b.leave_loop();
        let mut body = self.b.close(&one);
        body.processor_config = Some(Data::object([("Mode", Data::str("INLINE"))]));
        let map = Map {
            comment: String::new(),
            items: Data::Expr(Expr::List(ids.iter().map(Expr::var).collect())),
            max_concurrency: 1,
            item_processor: body,
            catch: vec![catch_all(Assign::new(), next)],
            assign: Assign::new(),
            output: Some(Data::object([])),
            next: next.next(),
        };
        self.b.put(&at, &name, State::Map(Box::new(map)));
        at
    }

    fn read_answer(&mut self, ask: &Ask, capture: CaptureId, at: &Label, next: &Label) {
        let fact = self.names.capture(capture);
        let name = self.run_parameter(&fact);
        let mut task = sdk("ssm", "getParameter", Data::object([("Name", Data::Expr(name))]));
        let value = self.typed(
            &self.release.capture(capture).ty,
            Expr::states(&["result", "Parameter", "Value"]),
        );
        task.assign
            .insert(self.vars.write(&fact, ask.scope), Data::Expr(value));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), &ask.no)];
        task.next = next.some();
        let title = [&ask.name, ": read ", self.release.capture(capture).name.as_str()].concat();
        self.note_around(&task);
        self.b.put(at, &title, State::Task(Box::new(task)));
    }

    /// The name of a parameter of this run.
    pub fn run_parameter(&self, name: &str) -> Expr {
        Expr::concat(vec![
            Expr::Str(naming::runs_prefix(self.release)),
            Expr::var("run"),
            Expr::Str(["/", name].concat()),
        ])
    }

    /// What a person is told: the release, the question, what counts and where to look, and where an answer is written.
    pub fn question_text(
        &self,
        subject: &str,
        lines: &[(&str, Option<&Text>)],
        answers: &[CaptureId],
        scope: Scope,
    ) -> Expr {
        let mut parts = vec![
            self.text_expr(&self.release.title, scope),
            Expr::Str([": ", subject].concat()),
        ];
        for (word, text) in lines {
            if let Some(text) = text {
                parts.push(Expr::Str(["\n", word].concat()));
                parts.push(self.text_expr(text, scope));
            }
        }
        for capture in answers {
            parts.push(Expr::Str(
                [
                    "\nFirst write `",
                    self.release.capture(*capture).name.as_str(),
                    "` into the parameter ",
                ]
                .concat(),
            ));
            parts.push(self.run_parameter(&self.names.capture(*capture)));
        }
        Expr::concat(join_texts(parts))
    }

    /// The principals behind roles and people.
    pub fn principals(&mut self, who: &[RoleOrPerson]) -> Vec<Expr> {
        let mut list: Vec<Expr> = Vec::new();
        let mut add = |e: Expr| {
            if !list.contains(&e) {
                list.push(e);
            }
        };
        for one in who {
            match one {
                RoleOrPerson::Person(p) => add(self.principal(RoleOrPerson::Person(*p))),
                RoleOrPerson::Role(r) => {
                    let role = self.release.role(*r);
                    let members = crate::emit::people::members(self.release, *r);
                    if role.aws.is_some() || members.is_empty() {
                        add(self.principal(RoleOrPerson::Role(*r)));
                    }
                    for m in members {
                        if !self.release.person(m).bot {
                            add(self.principal(RoleOrPerson::Person(m)));
                        }
                    }
                }
            }
        }
        list
    }

    fn principal(&mut self, one: RoleOrPerson) -> Expr {
        let aws = match one {
            RoleOrPerson::Person(p) => self.release.person(p).aws.as_ref(),
            RoleOrPerson::Role(r) => self.release.role(r).aws.as_ref(),
        };
        if let Some(known) = aws.and_then(Text::known) {
            return Expr::str(known);
        }
        self.roster.insert(naming::who(self.release, one), one);
        self.roster_entry(one)
    }

    /// What the roster says of one.
    pub fn roster_entry(&self, one: RoleOrPerson) -> Expr {
        Expr::var("people").parts(vec![Part::Name(naming::who(self.release, one))])
    }

    /// Who answers a question.
    pub fn answerers(&mut self, question: &Question, owner: RoleId) -> Vec<Expr> {
        let who = crate::emit::environments::answerers(question, owner);
        let params: Vec<_> = question
            .by_people
            .iter()
            .filter_map(|p| match p {
                PersonRef::Param(p) => Some(*p),
                PersonRef::Person(_) => None,
            })
            .collect();
        if params.is_empty() {
            return self.principals(&who);
        }
        let mut list = if question.by.is_empty() && params.len() == question.by_people.len() {
            Vec::new()
        } else {
            self.principals(&who)
        };
        for p in params {
            list.push(self.principal_of_param(p));
        }
        list
    }

    /// The principal of a person who is an input of the run: looked up among all people of the plan.
    pub fn principal_of_param(&mut self, param: crate::model::ParamId) -> Expr {
        let people: Vec<_> = (0..self.release.people.len())
            .map(crate::model::PersonId::at)
            .collect();
        let table = people
            .into_iter()
            .map(|p| {
                let name = self.release.person(p).name.to_string();
                (Expr::Str(name), self.principal(RoleOrPerson::Person(p)))
            })
            .collect();
        let name = self.input(&self.release.param(param).name);
        Expr::Call("lookup", vec![Expr::Object(table), name])
    }
}

/// The part that the question of an option stands for.
fn option_part(part: &Purpose, option: usize) -> Purpose {
    let deed = match part.deed {
        Deed::Decide(d, _) => Deed::Decide(d, option),
        Deed::Resume(_) => Deed::Resume(option),
        other => other,
    };
    Purpose { deed, ..part.clone() }
}

/// A principal in the answer of Systems Manager, whatever stands around it.
const PRINCIPAL: &str = r"arn:aws[a-z-]*:(iam|sts)::[0-9]*:[A-Za-z0-9_+=,.@\x2f-]+";

/// Catches whatever goes wrong.
pub fn catch_all(assign: Assign, next: &Label) -> Catcher {
    Catcher {
        error_equals: vec!["States.ALL".into()],
        assign,
        output: Some(Data::object([])),
        next: next.next(),
    }
}

/// Known texts beside each other become one.
fn join_texts(parts: Vec<Expr>) -> Vec<Expr> {
    let mut list: Vec<Expr> = Vec::new();
    for part in parts {
        match (list.last_mut(), part) {
            (Some(Expr::Str(a)), Expr::Str(b)) => a.push_str(&b),
            (_, part) => list.push(part),
        }
    }
    list
}
