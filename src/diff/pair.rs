//! What is the same thing on both sides: by name, else by an equal body.
//!
//! A thing that was renamed takes the name of the old plan on both sides, so that whatever names it compares equal. Must not judge what
//! changed. Called by `mod` once.

use super::canon::{Names, Side, sorted};
use super::out::{Change, Out, Spot};
use crate::model::{GateTest, Origin, Rollback, Stage, StageId};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// Things of one kind on both sides, by number.
#[derive(Debug, Default, Clone)]
pub(super) struct Paired {
    /// On both sides.
    pub(super) both: Vec<(usize, usize)>,
    /// In the old plan only.
    pub(super) gone: Vec<usize>,
    /// In the new plan only.
    pub(super) come: Vec<usize>,
    /// The number in the old plan of each in the new.
    pub(super) old_of: Vec<Option<usize>>,
}

impl Paired {
    /// The number in the new plan of one in the old.
    pub(super) fn new_of(&self, old: usize) -> Option<usize> {
        // Pairs are in the order of the old plan.
        let at = self.both.binary_search_by_key(&old, |(o, _)| *o).ok()?;
        self.both.get(at).map(|(_, n)| *n)
    }
}

/// Both plans, and what in them is the same.
#[derive(Debug)]
pub(super) struct Two<'a> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) people: Paired,
    pub(super) roles: Paired,
    pub(super) environments: Paired,
    pub(super) artifacts: Paired,
    pub(super) channels: Paired,
    pub(super) metrics: Paired,
    pub(super) gates: Paired,
    pub(super) checklists: Paired,
    pub(super) approvals: Paired,
    pub(super) decisions: Paired,
    pub(super) stages: Paired,
    pub(super) holds: Paired,
}

/// A thing to pair.
struct Item<'a> {
    name: &'a str,
    body: String,
    /// What tells apart things of one name and body.
    title: String,
    origin: &'a Origin,
}

/// Pairs things of one kind: by name and body, by name, then by body alone.
fn pair(old: &[Item<'_>], new: &[Item<'_>]) -> Paired {
    let mut taken_old = vec![None; old.len()];
    let mut taken_new = vec![false; new.len()];
    let by = |key: &dyn Fn(&Item<'_>) -> String,
              unique: bool,
              taken_old: &mut [Option<usize>],
              taken_new: &mut [bool]| {
        let mut olds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, item) in old.iter().enumerate().filter(|(i, _)| taken_old[*i].is_none()) {
            olds.entry(key(item)).or_default().push(i);
        }
        let mut news: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, item) in new.iter().enumerate().filter(|(i, _)| !taken_new[*i]) {
            news.entry(key(item)).or_default().push(i);
        }
        for (key, olds) in olds {
            let Some(news) = news.get(&key) else { continue };
            if unique && (olds.len() != 1 || news.len() != 1) {
                continue;
            }
            for (o, n) in olds.into_iter().zip(news) {
                taken_old[o] = Some(*n);
                taken_new[*n] = true;
            }
        }
    };
    by(
        &|i| format!("{}\u{5}{}\u{5}{}", i.name, i.body, i.title),
        false,
        &mut taken_old,
        &mut taken_new,
    );
    by(
        &|i| format!("{}\u{5}{}", i.name, i.body),
        false,
        &mut taken_old,
        &mut taken_new,
    );
    by(&|i| i.name.to_string(), false, &mut taken_old, &mut taken_new);
    by(&|i| i.body.clone(), true, &mut taken_old, &mut taken_new);
    let mut old_of = vec![None; new.len()];
    for (o, n) in taken_old.iter().enumerate() {
        if let Some(n) = n {
            old_of[*n] = Some(o);
        }
    }
    Paired {
        old_of,
        both: taken_old
            .iter()
            .enumerate()
            .filter_map(|(o, n)| Some((o, (*n)?)))
            .collect(),
        gone: (0..old.len()).filter(|o| taken_old[*o].is_none()).collect(),
        come: (0..new.len()).filter(|n| !taken_new[*n]).collect(),
    }
}

impl<'a> Two<'a> {
    /// Pairs everything, and says what was renamed.
    pub(super) fn new(old: &'a Plan, new: &'a Plan, out: &mut Out) -> Two<'a> {
        let mut two = Two {
            old: Side::new(old),
            new: Side::new(new),
            people: Paired::default(),
            roles: Paired::default(),
            environments: Paired::default(),
            artifacts: Paired::default(),
            channels: Paired::default(),
            metrics: Paired::default(),
            gates: Paired::default(),
            checklists: Paired::default(),
            approvals: Paired::default(),
            decisions: Paired::default(),
            stages: Paired::default(),
            holds: Paired::default(),
        };
        // What is named by others comes first.
        two.people = two.kind(out, "person", people, |n| &mut n.people);
        two.roles = two.kind(out, "role", roles, |n| &mut n.roles);
        two.environments = two.kind(out, "environment", environments, |n| &mut n.environments);
        two.artifacts = two.kind(out, "artifact", artifacts, |n| &mut n.artifacts);
        two.channels = two.kind(out, "channel", channels, |n| &mut n.channels);
        two.metrics = two.kind(out, "metric", metrics, |n| &mut n.metrics);
        two.gates = two.kind(out, "gate", gates, |n| &mut n.gates);
        two.checklists = two.kind(out, "checklist", checklists, |n| &mut n.checklists);
        two.decisions = two.kind(out, "decision", decisions, |n| &mut n.decisions);
        two.approvals = two.kind(out, "approval", approvals, |n| &mut n.approvals);
        two.stages = two.kind(out, "stage", stages, |n| &mut n.stages);
        two.holds = two.kind(out, "hold", holds, |n| &mut n.holds);
        two
    }

    /// The stages that both plans have.
    pub(super) fn both_stages(&self) -> impl Iterator<Item = (Spot, &'a Stage, &'a Stage)> + '_ {
        let stages = self.stages.both.iter();
        stages.map(|(o, n)| (spot(*o, *n), &self.old.r.stages[*o], &self.new.r.stages[*n]))
    }

    /// A stage of the old plan.
    pub(super) fn old_spot(&self, old: StageId) -> Spot {
        Spot {
            old: Some(old.index()),
            new: self.stages.new_of(old.index()),
        }
    }

    /// A stage of the new plan.
    pub(super) fn new_spot(&self, new: StageId) -> Spot {
        Spot {
            old: self.stages.old_of.get(new.index()).copied().flatten(),
            new: Some(new.index()),
        }
    }

    fn kind(
        &mut self,
        out: &mut Out,
        kind: &'static str,
        items: for<'x> fn(&'x Side<'a>) -> Vec<Item<'x>>,
        names: fn(&mut Names) -> &mut Vec<String>,
    ) -> Paired {
        let (old, new) = (items(&self.old), items(&self.new));
        let paired = pair(&old, &new);
        // Things of one name, with arguments: their bodies tell them apart.
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &old {
            *counts.entry(item.name).or_default() += 1;
        }
        let mut of_old: Vec<String> = Vec::with_capacity(old.len());
        for item in &old {
            of_old.push(if counts.get(item.name).copied().unwrap_or(0) > 1 {
                format!("{}\u{5}{}\u{5}{}", item.name, item.body, item.title)
            } else {
                item.name.to_string()
            });
        }
        let mut of_new: Vec<String> = new.iter().map(|i| format!("{}\u{6}{}", i.name, i.body)).collect();
        for (o, n) in &paired.both {
            of_new[*n] = of_old[*o].clone();
            if old[*o].name != new[*n].name {
                let message = format!(
                    "the {kind} `{}` is now called `{}`; nothing else about it changed",
                    old[*o].name, new[*n].name
                );
                out.add(
                    Change::cosmetic(kind, new[*n].name, message)
                        .placed(Some(old[*o].origin), Some(new[*n].origin)),
                );
            }
        }
        drop((old, new));
        *names(&mut self.old.names) = of_old;
        *names(&mut self.new.names) = of_new;
        paired
    }
}

fn people<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |p: &'x crate::model::Person| Item {
        name: &p.name,
        body: [&p.email, &p.github, &p.slack, &p.aws]
            .into_iter()
            .map(|t| s.maybe(t.as_ref()))
            .chain([s.text(&p.full_name), p.bot.to_string()])
            .collect::<Vec<_>>()
            .join("\u{1}"),
        title: String::new(),
        origin: &p.origin,
    };
    s.r.people.iter().map(item).collect()
}

fn roles<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let people = crate::plan::people::Directory::new(s.r);
    let item = |(i, x): (usize, &'x crate::model::Role)| {
        let pool = people.role(crate::model::RoleId::at(i));
        Item {
            name: &x.name,
            body: [
                sorted(
                    pool.people
                        .iter()
                        .map(|p| s.names.people[p.index()].clone())
                        .collect(),
                ),
                s.maybe(x.team.as_ref()),
                s.maybe(x.aws.as_ref()),
                format!("{:?} {:?}", x.kind, x.at_least.as_ref().map(|(n, _)| *n)),
            ]
            .join("\u{1}"),
            title: String::new(),
            origin: &x.origin,
        }
    };
    s.r.roles.iter().enumerate().map(item).collect()
}

fn environments<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |e: &'x crate::model::Environment| Item {
        name: &e.name,
        body: [&e.region, &e.account, &e.url, &e.iac, &e.encryption]
            .into_iter()
            .map(|t| s.maybe(t.as_ref()))
            .chain([format!("{:?} {:?}", e.kind, e.classification)])
            .collect::<Vec<_>>()
            .join("\u{1}"),
        title: String::new(),
        origin: &e.origin,
    };
    s.r.environments.iter().map(item).collect()
}

fn artifacts<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |a: &'x crate::model::Artifact| Item {
        name: &a.name,
        body: [&a.digest, &a.version, &a.signed_by, &a.store]
            .into_iter()
            .map(|t| s.maybe(t.as_ref()))
            .collect::<Vec<_>>()
            .join("\u{1}"),
        title: String::new(),
        origin: &a.origin,
    };
    s.r.artifacts.iter().map(item).collect()
}

fn channels<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |c: &'x crate::model::Channel| Item {
        name: &c.name,
        body: [
            s.text(&c.title),
            c.run.as_ref().map(|x| s.command(x)).unwrap_or_default(),
            c.task.as_ref().map(|x| s.task(x)).unwrap_or_default(),
        ]
        .join("\u{1}"),
        title: String::new(),
        origin: &c.origin,
    };
    s.r.channels.iter().map(item).collect()
}

fn metrics<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |m: &'x crate::model::Metric| Item {
        name: &m.name,
        body: s.metric(m),
        title: s.text(&m.title),
        origin: &m.origin,
    };
    s.r.metrics.iter().map(item).collect()
}

fn gates<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |g: &'x crate::model::Gate| Item {
        name: &g.name,
        body: [
            match &g.test {
                GateTest::Metrics(e) => s.metrics(e),
                GateTest::Run(a) | GateTest::Job(a) => s.act(a),
                GateTest::Ask(q) => s.question(q),
            },
            format!("{:?} {:?} {}", g.over, g.every, g.samples),
            s.cond(&g.when),
        ]
        .join("\u{1}"),
        title: s.text(&g.title),
        origin: &g.origin,
    };
    s.r.gates.iter().map(item).collect()
}

fn checklists<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |c: &'x crate::model::Checklist| Item {
        name: &c.name,
        body: sorted(c.items.iter().map(|i| s.text(&i.what)).collect()),
        title: String::new(),
        origin: &c.origin,
    };
    s.r.checklists.iter().map(item).collect()
}

fn decisions<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |d: &'x crate::model::Decision| Item {
        name: &d.name,
        body: format!(
            "{}\u{1}{}",
            s.question(&d.question),
            sorted(d.options.iter().map(|o| o.name.to_string()).collect())
        ),
        title: String::new(),
        origin: &d.origin,
    };
    s.r.decisions.iter().map(item).collect()
}

fn approvals<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |a: &'x crate::model::Approval| Item {
        name: &a.name,
        body: [
            sorted(a.from.iter().map(|(w, _)| s.who(*w)).collect()),
            format!("{:?} {:?} {:?} {:?}", a.quorum, a.passes, a.within, a.valid),
            s.cond(&a.when),
        ]
        .join("\u{1}"),
        title: String::new(),
        origin: &a.origin,
    };
    s.r.approvals.iter().map(item).collect()
}

fn stages<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |x: &'x Stage| Item {
        name: &x.slug,
        body: stage_body(s, x),
        title: String::new(),
        origin: &x.origin,
    };
    s.r.stages.iter().map(item).collect()
}

/// What makes a stage the one it is, whatever it is called and whatever it waits for.
fn stage_body(s: &Side<'_>, x: &Stage) -> String {
    let way_back = match &x.rollback {
        Rollback::Derived => String::new(),
        Rollback::Written(w) => s.steps(&w.steps),
        Rollback::Irreversible { why, .. } | Rollback::Harmless { why, .. } => s.text(why),
    };
    [
        s.steps(x.forward_steps()),
        s.names.environments[x.environment.index()].clone(),
        s.names.roles[x.owner.index()].clone(),
        way_back,
        sorted(
            x.approved
                .iter()
                .map(|(a, _)| s.names.approvals[a.index()].clone())
                .collect(),
        ),
    ]
    .join("\u{1}")
}

fn holds<'x>(s: &'x Side<'_>) -> Vec<Item<'x>> {
    let item = |h: &'x crate::model::Hold| Item {
        name: &h.name,
        body: format!("{}\u{1}{}", s.steps(&h.enter), s.steps(&h.exit)),
        title: String::new(),
        origin: &h.origin,
    };
    s.r.holds.iter().map(item).collect()
}

/// A stage of both plans.
pub(super) fn spot(old: usize, new: usize) -> Spot {
    Spot {
        old: Some(old),
        new: Some(new),
    }
}
