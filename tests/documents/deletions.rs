//! Whatever else a plan can say, and is taken out of it, is missed where the documents say it; and nothing else is.

use crate::support::{Compiled, emit, example, examples, table};
use releasec::model::Release;
use releasec::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// Something that is taken out: what, the document and the heading that say it, a word of it, and the release without it.
struct Gone {
    what: String,
    document: &'static str,
    heading: &'static str,
    word: String,
    release: Release,
}

fn known(r: &Release, text: &releasec::model::Text) -> String {
    releasec::plan::show::prose(r, text)
}

fn taken_out(r: &Release) -> Vec<Gone> {
    let mut list = Vec::new();
    let mut gone = |kind: &str,
                    i: usize,
                    document: &'static str,
                    heading: &'static str,
                    word: String,
                    without: &dyn Fn(&mut Release)| {
        let mut release = r.clone();
        without(&mut release);
        list.push(Gone {
            what: format!("{kind} {i}"),
            document,
            heading,
            word,
            release,
        });
    };
    let runbook = "runbook.md";
    for (i, n) in r.notifies.iter().enumerate() {
        let to = match n.to {
            releasec::model::NotifyTarget::Channel(c) => known(r, &r.channel(c).title),
            releasec::model::NotifyTarget::Role(role) => known(r, &r.role(role).title),
        };
        let heading = "Communication";
        gone("message", i, runbook, heading, to.clone(), &|m| {
            m.notifies.remove(i);
        });
        if n.lead.is_some() {
            gone("lead", i, runbook, heading, to.clone(), &|m| {
                m.notifies[i].lead = None
            });
        }
        for k in 0..n.on.len() {
            gone("moment", i, runbook, heading, to.clone(), &|m| {
                m.notifies[i].on.remove(k);
            });
        }
    }
    for (i, e) in r.escalates.iter().enumerate() {
        let to = known(r, &r.channel(e.channel).title);
        gone("escalation", i, runbook, "Escalation", to.clone(), &|m| {
            m.escalates.remove(i);
        });
        if e.unanswered.is_some() {
            gone("patience", i, runbook, "Escalation", to, &|m| {
                m.escalates[i].unanswered = None
            });
        }
    }
    for (i, p) in r.people.iter().enumerate() {
        if let (Some(name), Some(_)) = (p.full_name.known(), &p.email) {
            gone("contact", i, runbook, "People", name.to_string(), &|m| {
                m.people[i].email = None
            });
        }
    }
    for (i, a) in r.approvals.iter().enumerate() {
        let title = known(r, &a.title);
        let heading = "Who approves";
        if a.within.is_some() {
            gone("time of approval", i, runbook, heading, title.clone(), &|m| {
                m.approvals[i].within = None
            });
        }
        for k in 0..a.from.len() {
            gone("approver", i, runbook, heading, title.clone(), &|m| {
                m.approvals[i].from.remove(k);
            });
        }
        for k in 0..a.distinct_from.len() {
            gone("distinction", i, runbook, heading, title.clone(), &|m| {
                m.approvals[i].distinct_from.remove(k);
            });
        }
    }
    for (i, o) in r.obligations.iter().enumerate() {
        gone(
            "obligation",
            i,
            runbook,
            "Owed afterwards",
            known(r, &o.what),
            &|m| {
                m.obligations.remove(i);
            },
        );
    }
    for (i, c) in r.checklists.iter().enumerate() {
        for (k, item) in c.items.iter().enumerate() {
            let what = known(r, &item.what);
            gone("item", k, runbook, "Before the deployment", what.clone(), &|m| {
                m.checklists[i].items.remove(k);
            });
            // Who owns the release owns an item that names nobody.
            if item.owner.is_some_and(|o| o != r.owner) {
                gone("owner of item", k, runbook, "Before the deployment", what, &|m| {
                    m.checklists[i].items[k].owner = None
                });
            }
        }
    }
    for i in 0..r.artifacts.len() {
        let name = r.artifacts[i].name.to_string();
        if r.artifacts[i].store.is_some() {
            gone("store", i, runbook, "Artifacts", name, &|m| {
                m.artifacts[i].store = None
            });
        }
    }
    if let Some(change) = &r.change {
        for (i, risk) in change.risks.iter().enumerate() {
            gone(
                "risk",
                i,
                "change-request.md",
                "Risks",
                known(r, &risk.what),
                &|m| {
                    if let Some(c) = &mut m.change {
                        c.risks.remove(i);
                    }
                },
            );
        }
    }
    for (i, t) in r.triggers.iter().enumerate() {
        let name = t.name.to_string();
        gone("trigger", i, runbook, "Triggers", name.clone(), &|m| {
            m.triggers.remove(i);
        });
        if t.during.len() > 1 {
            gone("watched stage", i, runbook, "Triggers", name, &|m| {
                m.triggers[i].during.pop();
            });
        }
    }
    if r.window.is_some() {
        gone("window", 0, runbook, "", "Window".to_string(), &|m| {
            m.window = None
        });
    }
    if r.tested.is_some() {
        gone("rehearsal", 0, runbook, "", "Rehearsed".to_string(), &|m| {
            m.tested = None
        });
    }
    list
}

/// The rows under a heading, or those of the first screen.
fn rows(document: &str, heading: &str) -> BTreeSet<Vec<String>> {
    if heading.is_empty() {
        let first: String = document
            .lines()
            .skip(1)
            .take_while(|l| !l.starts_with("## "))
            .map(|l| format!("{l}\n"))
            .collect();
        return table(&format!("# top\n{first}"), "top").into_iter().collect();
    }
    if heading == "Before the deployment" {
        let mut all = BTreeSet::new();
        for line in document.lines().filter(|l| l.starts_with("### Checklist")) {
            all.extend(table(document, line.trim_start_matches('#').trim()));
        }
        return all;
    }
    table(document, heading).into_iter().collect()
}

fn removed(c: &Compiled, gone: &Gone, after: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let before = rows(c.document(gone.document), gone.heading);
    let now = rows(&after[gone.document], gone.heading);
    before.difference(&now).cloned().collect()
}

#[test]
fn whatever_else_is_taken_out_is_missed_by_name() {
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    for path in examples() {
        if !["bioage.release", "migration.release"]
            .iter()
            .any(|p| path.ends_with(p))
        {
            continue;
        }
        let Some(c) = example(&path) else { continue };
        for gone in taken_out(c.plan.release()) {
            let Ok(plan) = Plan::new(gone.release.clone()) else {
                continue;
            };
            let after = emit(&plan, &c.sources, &[]);
            let missing = removed(&c, &gone, &after);
            let bare = |text: &str| text.replace('\\', "");
            let word = bare(&gone.word);
            let named = missing
                .iter()
                .any(|row| row.iter().any(|cell| bare(cell).contains(&word)));
            assert!(
                named,
                "{} of {}: nothing under “{}” of {} is missing that says `{word}`: {missing:#?}",
                gone.what,
                path.display(),
                gone.heading,
                gone.document
            );
            let kind = gone.what.trim_end_matches(|c: char| c.is_ascii_digit()).trim();
            *tried.entry(kind.to_string()).or_default() += 1;
        }
    }
    for kind in [
        "message",
        "lead",
        "moment",
        "escalation",
        "patience",
        "contact",
        "time of approval",
        "approver",
        "distinction",
        "obligation",
        "item",
        "owner of item",
        "risk",
        "trigger",
        "window",
        "rehearsal",
    ] {
        assert!(tried.contains_key(kind), "{kind} was not tried: {tried:?}");
    }
}
