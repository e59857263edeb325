//! The people of a plan, as a document: what `plan::people::survey` found, in words and with places.
//!
//! One model for both outputs: `text` prints it for people, `json` for programs. Must not decide anything. Called by the
//! driver for the command `people`. The version changes when a field goes or changes its meaning; fields may be added.

mod numbers;
mod seats;
mod text;

use super::clean;
use crate::model::{Origin, PersonRef};
use crate::plan::Plan;
use crate::plan::people::{
    Case, Core, Directory, FactOf, SeatOf, Seating, Survey, Verdict, Who, survey, words,
};
use crate::source::{SourceMap, Span};
use serde::Serialize;

/// The version of the document.
const VERSION: u32 = 1;

/// The people of a plan.
#[derive(Debug, Serialize)]
pub struct Document {
    version: u32,
    release: String,
    #[serde(flatten)]
    place: Place,
    /// Whether everyone can be seated in every case.
    verdict: &'static str,
    production: numbers::Production,
    /// Why there are no cases, when they are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    undecided: Option<String>,
    cases: Vec<CaseView>,
}

/// A place in a file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Place {
    path: String,
    line: u32,
    column: u32,
}

/// Something that is so, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Fact {
    text: String,
    #[serde(flatten)]
    place: Place,
}

/// Somebody and the seats they take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Holder {
    #[serde(serialize_with = "plain")]
    person: String,
    seats: Vec<Duty>,
}

/// What somebody on a seat does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Duty {
    /// `author`, `executor`, `approver`, `decider` or `override`.
    kind: &'static str,
    /// The stage, approval, decision or override.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The role an executor acts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// The same in words: "approves `go`".
    #[serde(skip)]
    words: String,
}

/// Names for programs: without the marks that set them off in a sentence.
fn plain<S: serde::Serializer>(name: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&name.replace('`', ""))
}

/// The same for lists of names.
fn all_plain<S: serde::Serializer>(names: &[String], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(names.iter().map(|n| n.replace('`', "")))
}

/// Facts that contradict each other.
#[derive(Debug, Serialize)]
struct Contradiction {
    facts: Vec<Fact>,
    /// Whether each of them is needed.
    minimal: bool,
}

/// One case.
#[derive(Debug, Serialize)]
struct CaseView {
    /// What must hold for it; absent when it is the only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    /// `possible`, `impossible` or `undecided`.
    verdict: &'static str,
    /// One way to fill all seats, when there is one.
    witness: Vec<Holder>,
    contradictions: Vec<Contradiction>,
    away: Vec<numbers::Away>,
    seats: Vec<seats::SeatView>,
}

/// What is needed to put numbers into words.
struct Book<'a> {
    directory: &'a Directory<'a>,
    sources: &'a SourceMap,
}

impl Book<'_> {
    fn place(&self, span: Span) -> Place {
        let file = self.sources.file(span.file);
        let at = file.line_col(span.start);
        Place {
            path: file.path.clone(),
            line: at.line,
            column: at.column,
        }
    }

    fn said(&self, origin: &Origin, text: impl Into<String>) -> Fact {
        Fact {
            text: text.into(),
            place: self.place(origin.span),
        }
    }

    fn fact(&self, fact: FactOf) -> Fact {
        self.said(
            Seating::origin(self.directory, fact),
            words::fact(self.directory, fact),
        )
    }

    fn facts(&self, seating: &Seating, facts: &[u32]) -> Vec<Fact> {
        let known = facts.iter().filter_map(|f| seating.facts.get(*f as usize));
        known.map(|f| self.fact(*f)).collect()
    }

    fn person(&self, who: Who) -> String {
        words::person(self.directory.release(), who)
    }

    fn duty(&self, seat: SeatOf) -> Duty {
        let r = self.directory.release();
        let (kind, name, role) = match seat {
            SeatOf::Author(_) => ("author", None, None),
            SeatOf::Executor(role, s) => ("executor", Some(&r.stage(s).name), Some(&r.role(role).name)),
            SeatOf::Approval(a, _) => ("approver", Some(&r.approval(a).name), None),
            SeatOf::Decision(d) => ("decider", Some(&r.decision(d).name), None),
            SeatOf::Override(i, _) => ("override", Some(&r.overrides[i].name), None),
        };
        Duty {
            kind,
            name: name.map(ToString::to_string),
            role: role.map(ToString::to_string),
            words: words::duty(r, seat),
        }
    }

    /// Everybody of an assignment with their seats, in the order of the seats.
    fn holders(&self, seating: &Seating, seated: &[u32]) -> Vec<Holder> {
        let mut list: Vec<(u32, Holder)> = Vec::new();
        for (what, p) in seating.seats.iter().zip(seated) {
            let seat = self.duty(*what);
            match list.iter_mut().find(|(q, _)| q == p) {
                Some((_, holder)) if holder.seats.contains(&seat) => {}
                Some((_, holder)) => holder.seats.push(seat),
                None => {
                    let who = seating.people.get(*p as usize);
                    let person = who.map_or(String::new(), |w| self.person(*w));
                    let seats = vec![seat];
                    list.push((*p, Holder { person, seats }));
                }
            }
        }
        list.into_iter().map(|(_, h)| h).collect()
    }

    fn contradiction(&self, seating: &Seating, core: &Core) -> Contradiction {
        Contradiction {
            facts: self.facts(seating, &core.facts),
            minimal: core.minimal,
        }
    }

    fn case(&self, case: &Case) -> CaseView {
        let witness = match &case.verdict {
            Verdict::Sat(seated) => self.holders(&case.seating, seated),
            _ => Vec::new(),
        };
        CaseView {
            when: case.scenario.clause.clone(),
            verdict: word(&case.verdict),
            witness,
            contradictions: case
                .contradictions
                .iter()
                .map(|c| self.contradiction(&case.seating, c))
                .collect(),
            away: case.away.iter().zip(1..).map(|(a, n)| self.away(n, a)).collect(),
            seats: case.seats.iter().map(|g| self.seat(case, g)).collect(),
        }
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sat(_) => "possible",
        Verdict::Unsat => "impossible",
        Verdict::Undecided => "undecided",
    }
}

impl Document {
    /// The people of a plan.
    pub fn new(plan: &Plan, sources: &SourceMap) -> Document {
        let release = plan.release();
        let directory = Directory::new(release);
        let found: Survey = survey(plan, &directory);
        let book = Book {
            directory: &directory,
            sources,
        };
        let only = found.cases.as_ref().is_some_and(|c| c.len() == 1);
        let mut cases: Vec<CaseView> = found.cases.iter().flatten().map(|c| book.case(c)).collect();
        if let [case] = cases.as_mut_slice()
            && only
            && plan
                .release()
                .authors
                .iter()
                .all(|(a, _)| !matches!(a, PersonRef::Param(_)))
        {
            // Whatever holds, these are the seats.
            case.when = None;
        }
        let any = |verdict| cases.iter().any(|c| c.verdict == verdict);
        Document {
            version: VERSION,
            release: release.name.to_string(),
            place: book.place(release.origin.span),
            verdict: if any("impossible") {
                "impossible"
            } else if found.cases.is_none() || any("undecided") {
                "undecided"
            } else {
                "possible"
            },
            production: book.production(&found),
            undecided: found
                .cases
                .is_none()
                .then(|| "there are more than 4,096 cases".to_string()),
            cases,
        }
    }

    /// Whether in some case nobody can fill all seats.
    pub fn impossible(&self) -> bool {
        self.verdict == "impossible"
    }

    /// The document for people, at most 100 columns wide unless a name is longer. Of more cases than `shown`, the others are counted.
    pub fn text(&self, shown: usize) -> String {
        clean::defuse(&(clean::block(&text::print(self, shown)) + "\n"))
    }

    /// The document for programs.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("internal: plain data serialises");
        clean::json(&text) + "\n"
    }
}
