//! A stage as a chain of jobs: cut where a person is asked, an approval stands between, or six hours are over.
//!
//! Must not know how a job is made (`stage` does). Called by `lower::context`.

use crate::emit::environments::{LONGEST_WAIT, Purpose, asked, in_window};
use crate::emit::github::lower::names;
use crate::emit::github::script::WaitLength;
use crate::emit::people::Askable;
use crate::model::{
    Act, ApprovalId, CaptureId, Cond, Dur, EnvId, GateId, GateTest, Offset, Origin, Release, Stage, StageId,
    Step, StepKind, Text, WaitTest,
};

/// The longest a job may live, in minutes.
pub const LONGEST_JOB: i64 = 360;
/// What a job may be expected to last before it is cut, in seconds.
const CUT: i64 = 5 * 3600 + 1800;

/// A job of a stage.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// Its id.
    pub job: String,
    /// What people and the API call it.
    pub name: String,
    /// Where it works.
    pub environment: EnvId,
    /// Approvals it needs besides those of the stage.
    pub approvals: Vec<ApprovalId>,
    /// What it is.
    pub kind: SegmentKind<'a>,
    /// It comes before the holds that its stage enters: what is asked and waited for before the stage begins.
    pub before_holds: bool,
}

impl Segment<'_> {
    /// Whether a step of the stage begins in it.
    pub fn begins(&self) -> bool {
        begins(&self.kind)
    }
}

fn begins(kind: &SegmentKind<'_>) -> bool {
    match kind {
        SegmentKind::Work(items) => items.iter().any(|i| !i.units.is_empty()),
        SegmentKind::Person(ask) => !ask.units.is_empty(),
        SegmentKind::Timer(_, units, _) => !units.is_empty(),
        SegmentKind::Sleep(..) => false,
    }
}

/// What a job of a stage is.
#[derive(Debug, Clone)]
pub enum SegmentKind<'a> {
    /// It works.
    Work(Vec<Item<'a>>),
    /// It asks a person.
    Person(Box<Ask<'a>>),
    /// It only waits for a moment.
    Sleep(WaitLength, Cond),
    /// GitHub waits so many minutes before it starts; what it counts as, and when it applies.
    Timer(i64, Vec<String>, Cond),
}

/// Part of a working job.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// The step of the workflow: `s1`, `r2_s1`, `g_smoke`.
    pub slug: String,
    /// What it counts as when it began: its own slug, and the slug of the stage's step it is an instance of.
    pub units: Vec<String>,
    /// When it applies.
    pub when: Cond,
    /// Where it is written.
    pub origin: &'a Origin,
    /// What it does.
    pub what: What<'a>,
    /// How long it may take, in seconds.
    pub seconds: i64,
    /// Where it is done.
    pub environment: EnvId,
}

/// What a part of a working job does.
#[derive(Debug, Clone)]
pub enum What<'a> {
    /// A step of the stage that is no wait, no question and no gate.
    Step(&'a Step),
    /// A gate.
    Gate(GateId),
    /// A wait.
    Wait(WaitLength),
    /// What must hold before a person does something.
    May(&'a Act),
}

/// A question to a person.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The environment it is asked on.
    pub purpose: Purpose,
    /// What is asked.
    pub what: Text,
    /// What it counts as once it is answered.
    pub units: Vec<String>,
    /// What the answer is kept as.
    pub captures: Vec<CaptureId>,
    /// How long they may take.
    pub within: Option<Dur>,
    /// Whether an answer that comes later counts as a yes, as the plan says of silence.
    pub silence_agrees: bool,
    /// When it applies.
    pub when: Cond,
    /// The gate it answers.
    pub gate: Option<GateId>,
    /// Where it is written.
    pub origin: &'a Origin,
}

struct Cutter<'a> {
    release: &'a Release,
    id: StageId,
    done: Vec<(Vec<ApprovalId>, EnvId, SegmentKind<'a>)>,
    home: EnvId,
    open: Vec<Item<'a>>,
    approvals: Vec<ApprovalId>,
    seconds: i64,
    /// Whether holds begin with it, and how many of its jobs come before them.
    holds: bool,
    before_holds: usize,
}

/// The jobs of a stage, in order; at least one.
pub fn segments(release: &Release, id: StageId, fixed_start: bool) -> Vec<Segment<'_>> {
    let stage = release.stage(id);
    let mut cut = Cutter {
        release,
        id,
        done: Vec::new(),
        home: stage.environment,
        open: Vec::new(),
        approvals: Vec::new(),
        seconds: 0,
        holds: release.holds.iter().any(|h| h.from == id),
        before_holds: 0,
    };
    cut.head(stage, fixed_start);
    // A hold is not kept longer than what it is for.
    if cut.holds {
        cut.close();
        cut.before_holds = cut.done.len();
    }
    match &stage.rollout {
        None => {
            for step in &stage.steps {
                cut.step(step, vec![step.slug.to_string()], step.when.clone());
            }
        }
        Some(rollout) => {
            for rung in &rollout.steps {
                if !rung.approved.is_empty() {
                    cut.close();
                    cut.approvals = rung.approved.iter().map(|(a, _)| *a).collect();
                }
                if let Some((at, origin)) = &rung.at {
                    cut.until(*at, fixed_start, format!("{}_at", rung.slug), &rung.when, origin);
                }
                for (i, step) in rung.work.iter().enumerate() {
                    let mut units = vec![step.slug.to_string()];
                    units.extend(stage.steps.get(i).map(|s| s.slug.to_string()));
                    units.dedup();
                    cut.step(step, units, rung.when.clone().and(step.when.clone()));
                }
                for step in &rung.checks {
                    cut.step(
                        step,
                        vec![step.slug.to_string()],
                        rung.when.clone().and(step.when.clone()),
                    );
                }
            }
        }
    }
    cut.finish(stage)
}

impl<'a> Cutter<'a> {
    fn head(&mut self, stage: &'a Stage, fixed_start: bool) {
        if let Some(role) = stage.started_by {
            let what = Text::lit(format!(
                "Start {}, as somebody of {}",
                stage.name,
                self.release.role(role).name
            ));
            self.person(Ask {
                purpose: Purpose::Start(self.id),
                what,
                units: Vec::new(),
                captures: Vec::new(),
                within: None,
                silence_agrees: false,
                when: Cond::True,
                gate: None,
                origin: &stage.origin,
            });
        }
        if let Some((at, origin)) = &stage.at {
            self.until(*at, fixed_start, "at".to_string(), &Cond::True, origin);
            // A job that waits long has no life left for a long stage.
            if stage.timeout.is_some_and(|t| self.seconds + t.as_seconds() > CUT) {
                self.close();
            }
        }
        for (gate, origin) in &stage.require {
            self.gate(*gate, Cond::True, origin, None);
        }
    }

    fn step(&mut self, step: &'a Step, units: Vec<String>, when: Cond) {
        match (&step.kind, asked(step)) {
            (StepKind::VerifyGate(gate), _) => {
                self.gate(*gate, when, &step.origin, Some(step));
            }
            (_, Some(ask)) => {
                if let Some(act) = step
                    .act()
                    .filter(|a| a.assertions.iter().any(|x| x.holds != Cond::True))
                {
                    self.item(Item {
                        slug: format!("{}_may", step.slug),
                        units: Vec::new(),
                        when: when.clone(),
                        origin: &step.origin,
                        what: What::May(act),
                        seconds: 60,
                        environment: self.home,
                    });
                }
                let (what, captures, within, silence_agrees) = match ask {
                    Askable::Manual(m) => (m.what.clone(), step.captures.clone(), step.timeout, false),
                    Askable::Question(q) => {
                        let mut captures = q.captures.clone();
                        captures.extend(step.captures.iter().filter(|c| !q.captures.contains(c)));
                        let within = self.release.question(step).and_then(|(_, within)| within);
                        (q.ask.clone(), captures, within, q.silence_agrees())
                    }
                };
                self.person(Ask {
                    purpose: Purpose::Step(self.id, step.slug.clone()),
                    what,
                    units,
                    captures,
                    within,
                    silence_agrees,
                    when,
                    gate: None,
                    origin: &step.origin,
                });
            }
            (StepKind::Wait(d) | StepKind::Bake(d), _) => self.wait(step, *d, units, when),
            _ => self.item(Item {
                slug: step.slug.to_string(),
                units,
                when,
                origin: &step.origin,
                what: What::Step(step),
                seconds: step_seconds(step),
                environment: self.home,
            }),
        }
    }

    fn gate(&mut self, gate: GateId, when: Cond, origin: &'a Origin, step: Option<&'a Step>) {
        let g = self.release.gate(gate);
        let when = when.and(g.when.clone());
        let units = step.map_or_else(Vec::new, |s| vec![s.slug.to_string()]);
        if let Some((q, within)) = g.question() {
            let mut captures = q.captures.clone();
            captures.extend(
                step.iter()
                    .flat_map(|s| &s.captures)
                    .filter(|c| !q.captures.contains(c)),
            );
            self.person(Ask {
                purpose: Purpose::Gate(gate),
                what: q.ask.clone(),
                units,
                captures,
                within,
                silence_agrees: q.silence_agrees(),
                when,
                gate: Some(gate),
                origin,
            });
            return;
        }
        let slug = match step {
            Some(s) => s.slug.to_string(),
            None => format!("g_{}", crate::emit::environments::gate_slug(self.release, gate)),
        };
        self.item(Item {
            slug,
            units,
            when,
            origin,
            what: What::Gate(gate),
            seconds: gate_seconds(g),
            environment: self.judged_in(g),
        });
    }

    fn wait(&mut self, step: &'a Step, length: Dur, units: Vec<String>, when: Cond) {
        let seconds = length.as_seconds().max(0);
        if seconds <= LONGEST_WAIT {
            self.item(Item {
                slug: step.slug.to_string(),
                units,
                when,
                origin: &step.origin,
                what: What::Wait(WaitLength::Seconds(seconds)),
                seconds,
                environment: self.home,
            });
            return;
        }
        self.close();
        let approvals = std::mem::take(&mut self.approvals);
        let timer = SegmentKind::Timer(length.as_minutes(), units, when);
        self.done.push((approvals, self.home, timer));
    }

    fn until(&mut self, at: Offset, fixed_start: bool, slug: String, when: &Cond, origin: &'a Origin) {
        let after = at.after.as_seconds();
        if !fixed_start && after > LONGEST_WAIT {
            self.close();
            for _ in 0..(after - 1) / LONGEST_WAIT {
                let length = WaitLength::Since {
                    after,
                    most: LONGEST_WAIT,
                    whole: false,
                };
                self.done
                    .push((Vec::new(), self.home, SegmentKind::Sleep(length, when.clone())));
            }
        }
        self.item(Item {
            slug,
            units: Vec::new(),
            when: when.clone(),
            origin,
            what: What::Wait(WaitLength::Since {
                after,
                most: LONGEST_WAIT,
                whole: true,
            }),
            seconds: after.clamp(0, LONGEST_WAIT),
            environment: self.home,
        });
    }

    /// Where a gate is judged: in its own environment when that lies in another account or region, else where the stage works.
    fn judged_in(&self, gate: &crate::model::Gate) -> EnvId {
        let (account, region) = (
            |e: EnvId| self.release.env(e).account.as_ref(),
            |e: EnvId| self.release.env(e).region.as_ref(),
        );
        let home = self.home;
        let differs = |e: &EnvId| {
            account(*e).is_some() && account(*e) != account(home)
                || region(*e).is_some() && region(*e) != region(home)
        };
        gate.environment.filter(differs).unwrap_or(home)
    }

    fn item(&mut self, item: Item<'a>) {
        let moves = self
            .open
            .last()
            .is_some_and(|i| i.environment != item.environment);
        if moves || (!self.open.is_empty() && self.seconds + item.seconds > CUT) {
            self.close();
        }
        self.seconds += item.seconds;
        self.open.push(item);
    }

    fn person(&mut self, ask: Ask<'a>) {
        self.close();
        let approvals = std::mem::take(&mut self.approvals);
        self.done
            .push((approvals, self.home, SegmentKind::Person(Box::new(ask))));
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            let items = std::mem::take(&mut self.open);
            let approvals = std::mem::take(&mut self.approvals);
            let environment = items[0].environment;
            self.done.push((approvals, environment, SegmentKind::Work(items)));
        }
        self.seconds = 0;
    }

    fn finish(mut self, stage: &Stage) -> Vec<Segment<'a>> {
        self.close();
        // The guards of a stage stand in its first working job, and what it leaves behind in its last.
        let is_work = |k: &SegmentKind<'_>| matches!(k, SegmentKind::Work(_));
        if !self.done.first().is_some_and(|(_, _, k)| is_work(k)) {
            self.done
                .insert(0, (Vec::new(), self.home, SegmentKind::Work(Vec::new())));
            self.before_holds += usize::from(self.before_holds > 0);
        }
        // What a person does first is looked at first as well: whoever was asked before may have taken days.
        let begins = self.done.iter().position(|(_, _, k)| begins(k)).unwrap_or(0);
        if begins > 0 && !is_work(&self.done[begins].2) && !is_work(&self.done[begins - 1].2) {
            let guard = (Vec::new(), self.home, SegmentKind::Work(Vec::new()));
            self.done.insert(begins, guard);
            self.before_holds += usize::from(begins < self.before_holds);
        }
        // Nothing is entered for a stage that finds its window shut, or its approvals lapsed.
        let lapses = |(a, _): &(ApprovalId, Origin)| self.release.approval(*a).valid.is_some();
        let guarded = in_window(self.release, self.id) || stage.approved.iter().any(lapses);
        let last = self.before_holds.checked_sub(1).and_then(|i| self.done.get(i));
        if self.holds && guarded && !last.is_some_and(|(_, _, k)| is_work(k)) {
            let guard = (Vec::new(), self.home, SegmentKind::Work(Vec::new()));
            self.done.insert(self.before_holds, guard);
            self.before_holds += 1;
        }
        // A question or a wait may be skipped, and whoever comes after the stage asks how its last job ended.
        if !self.done.last().is_some_and(|(_, _, k)| is_work(k)) {
            self.done
                .push((Vec::new(), self.home, SegmentKind::Work(Vec::new())));
        }
        let base = names::stage(self.release, self.id);
        let last = self.done.len();
        let before_holds = self.before_holds;
        let name = |part: Option<usize>| {
            let part = part.map_or(String::new(), |n| format!(" (part {n})"));
            format!("Stage {}{part}", names::line(&stage.name))
        };
        self.done
            .into_iter()
            .enumerate()
            .map(|(i, (approvals, environment, kind))| {
                let part = (i + 1 < last).then_some(i + 1);
                let what = match &kind {
                    SegmentKind::Person(ask) => format!(": {}", names::title(self.release, &ask.what)),
                    SegmentKind::Timer(minutes, ..) => format!(": wait {}", Dur::minutes(*minutes)),
                    _ => String::new(),
                };
                Segment {
                    job: part.map_or_else(|| base.clone(), |n| names::numbered(&base, n)),
                    name: name(part) + &what,
                    environment,
                    approvals,
                    kind,
                    before_holds: i < before_holds,
                }
            })
            .collect()
    }
}

/// The longest a step of a stage may take, in seconds, retries included.
pub fn step_seconds(step: &Step) -> i64 {
    match &step.kind {
        StepKind::Act(act) => act_seconds(act, Some(step)),
        StepKind::WaitFor(w) => match &w.test {
            WaitTest::Run(a) | WaitTest::Job(a) => w
                .within
                .or(step.timeout)
                .map_or_else(|| act_seconds(a, Some(step)).max(3600), Dur::as_seconds),
            WaitTest::Ask(_) => 0,
        },
        StepKind::Wait(d) | StepKind::Bake(d) => d.as_seconds(),
        StepKind::VerifyGate(_) | StepKind::VerifyArtifact(_) | StepKind::Tell(..) => 120,
    }
}

/// The longest an act may take, in seconds, retries included.
pub fn act_seconds(act: &Act, step: Option<&Step>) -> i64 {
    let given = step
        .and_then(|s| s.timeout)
        .or(act.timeout)
        .or(step.and_then(|s| s.takes.map(|t| t.1)));
    let once = once_seconds(act, given);
    let retry = step.and_then(|s| s.retry.as_ref()).or(act.retry.as_ref());
    let pauses: i64 = pauses(retry).iter().sum();
    let tries = retry.map_or(1, |r| i64::from(r.times) + 1);
    once.saturating_mul(tries).saturating_add(pauses)
}

/// The longest one try of an act may take, in seconds.
pub fn once_seconds(act: &Act, given: Option<Dur>) -> i64 {
    let limit = given.or(act.timeout).or(act.takes.map(|t| t.1));
    limit.map_or(1800, Dur::as_seconds)
}

/// The pauses between tries, in seconds, each longer by the factor.
pub fn pauses(retry: Option<&crate::model::Retry>) -> Vec<i64> {
    const MOST: u32 = 100;
    let Some(retry) = retry else { return Vec::new() };
    let mut pause = crate::source::Rational::int(retry.every.map_or(10, Dur::as_seconds).max(1));
    let mut list = Vec::new();
    for _ in 0..retry.times.min(MOST) {
        list.push(pause.ceil().min(LONGEST_WAIT));
        pause = pause.checked_mul(retry.backoff).unwrap_or(pause);
    }
    list
}

/// The longest a gate may take to judge, in seconds.
pub fn gate_seconds(gate: &crate::model::Gate) -> i64 {
    match &gate.test {
        GateTest::Run(act) | GateTest::Job(act) => gate
            .timeout
            .map_or_else(|| act_seconds(act, None), Dur::as_seconds),
        GateTest::Metrics(_) => {
            let every = gate.every.map_or(60, Dur::as_seconds);
            i64::from(gate.samples.max(1)) * (every + 60)
        }
        GateTest::Ask(_) => 0,
    }
}
