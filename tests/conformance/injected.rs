//! Executes a plan whose texts are hostile, beside the same plan with harmless ones: what each command, each call and each build is given
//! must be the text itself, and nothing else may differ: not the calls, their number or their order, not what a step leaves behind for the next, not
//! what the runner is told to do.
//!
//! The texts are those of `tests/injection`, which reads artifacts back; here they run. The plan is one of its own, in which each kind of place
//! stands many times, so that a few plans bring all texts by. A place counts as executed on an engine when the harmless text in it comes by there.
//! Texts that the language refuses at a place are left out there, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use releasec::plan::Plan;
use serde_json::Value;

use crate::tools::{self, Tools, said};

mod pairs;
#[path = "../injection/plan.rs"]
mod plan;
#[path = "../injection/settle.rs"]
mod settle;
mod worlds;

use pairs::Pairs;
use plan::{Outcome, Template};
use worlds::{Known, Way};

/// The rounds that every run of `.ci/run` executes: in them every text stands in every kind of place that holds a quarter of the corpus at once.
const IN_CI: usize = 4;
/// Bytes of texts at one kind of place in a plan: GitHub takes 21,000 characters where an expression is among them.
const ROOM: usize = 6_000;
/// How many texts of a plan may be longer than that: a state machine holds a million bytes.
const LONG_PLACES: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Engine {
    Workflow,
    StepFunctions,
}

/// A plan with texts in its places, written to a folder.
struct Compiled {
    /// The hostile texts, by place.
    texts: BTreeMap<String, String>,
    /// How many texts were refused at their places.
    refused: usize,
    known: Known,
    outcome: Outcome,
    folder: PathBuf,
}

impl Compiled {
    fn plan(&self) -> &Plan {
        self.outcome.plan.as_ref().expect("what was accepted has a plan")
    }

    fn artifact(&self, engine: Engine) -> PathBuf {
        self.folder.join(match engine {
            Engine::Workflow => ".github/workflows/release-hello.yml",
            Engine::StepFunctions => "stepfunctions/hello.asl.json",
        })
    }

    /// Where the command runs that runs in a folder.
    fn place(&self) -> &str {
        self.texts.get("folder").map_or("zqfolderqz", String::as_str)
    }

    fn world(&self, engine: Engine, way: Way) -> Value {
        match engine {
            Engine::Workflow => worlds::on_github(self.plan(), &self.known, self.place(), way),
            Engine::StepFunctions => {
                let text = std::fs::read_to_string(self.artifact(engine)).expect("the machine is there");
                let definition = serde_json::from_str(&text).expect("the machine is JSON");
                worlds::on_aws(self.plan(), &definition, &self.known, way)
            }
        }
    }
}

/// The plan and the corpus.
struct Subject {
    template: Template,
    strings: Vec<String>,
    /// The kinds of places, each with its places: `run_bare` with `run_bare1`, `run_bare2`.
    kinds: Vec<(String, Vec<String>)>,
    folder: PathBuf,
}

fn kind(place: &str) -> &str {
    place.trim_end_matches(|c: char| c.is_ascii_digit())
}

impl Subject {
    fn new(engine: Engine) -> Subject {
        let template = Template::load("executed.release");
        let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
        for place in template.places() {
            let name = kind(place);
            match kinds.iter_mut().find(|(known, _)| known == name) {
                Some((_, places)) => places.push(place.to_string()),
                None => kinds.push((name.to_string(), vec![place.to_string()])),
            }
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("injected")
            .join(format!("{engine:?}"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("the last run's plans can be removed");
        }
        Subject {
            template,
            strings: plan::strings(),
            kinds,
            folder,
        }
    }

    /// The plan as it is, with harmless texts.
    fn own(&self) -> Compiled {
        let known = worlds::known()
            .into_iter()
            .map(|n| (n.clone(), format!("zq{n}qz")));
        let outcome = self.template.compile(&BTreeMap::new());
        assert!(
            outcome.errors.is_empty(),
            "the plan is sound: {:?}",
            outcome.errors
        );
        self.written("own", BTreeMap::new(), 0, known.collect(), outcome)
    }

    /// The plan of a round: over as many rounds as are needed, every text stands in every kind of place.
    fn round(&self, n: usize, problems: &mut Vec<String>) -> Compiled {
        let count = self.strings.len();
        let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
        let mut long = 0;
        // From another kind on in each round, so that the long texts come to each of them.
        let kinds = self
            .kinds
            .iter()
            .enumerate()
            .cycle()
            .skip(n % self.kinds.len())
            .take(self.kinds.len());
        for (at, (_, places)) in kinds {
            let mut room = ROOM;
            for (i, place) in places.iter().enumerate() {
                // Texts that are alike stand beside each other in the corpus.
                let text = self.strings[(at * 101 + (n * places.len() + i) * 37) % count].as_str();
                if text.len() > ROOM && long < LONG_PLACES {
                    long += 1;
                    wanted.insert(place, text);
                } else if text.len() <= room {
                    room -= text.len();
                    wanted.insert(place, text);
                }
            }
        }
        let before = wanted.len();
        let outcome = settle::settle(&self.template, &mut wanted, problems)
            .unwrap_or_else(|| panic!("round {n}: nothing is accepted: {problems:?}"));
        let texts: BTreeMap<String, String> = wanted
            .into_iter()
            .map(|(p, t)| (p.to_string(), t.to_string()))
            .collect();
        let refused = before - texts.len();
        self.written(&n.to_string(), texts, refused, self.known(n), outcome)
    }

    /// What only the run knows, in a round: texts that a program can be given, and that no command refuses because they begin an option.
    fn known(&self, n: usize) -> Known {
        let fits = |t: &&String| {
            let blank = t.is_empty() || t.trim() != t.as_str();
            !blank && t.len() < ROOM && !t.contains('\0') && !t.starts_with('-') && !t.contains("##[")
        };
        let texts: Vec<&String> = self.strings.iter().filter(fits).collect();
        let names = worlds::known();
        let pick = |i: usize| texts[(n * names.len() + i) % texts.len()].clone();
        names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), pick(i)))
            .collect()
    }

    fn written(
        &self,
        name: &str,
        texts: BTreeMap<String, String>,
        refused: usize,
        known: Known,
        outcome: Outcome,
    ) -> Compiled {
        let folder = self.folder.join(name);
        for (path, content) in &outcome.files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            std::fs::write(path, content).expect("it can be written");
        }
        Compiled {
            texts,
            refused,
            known,
            outcome,
            folder,
        }
    }
}

fn json_lines(what: &str, mut command: Command) -> Vec<Value> {
    let done = command.output().expect("the engine can be started");
    assert!(done.status.success(), "{what} broke: {}", said(&done));
    let text = String::from_utf8_lossy(&done.stdout);
    let lines = text.lines();
    lines
        .map(|l| serde_json::from_str(l).expect("a line is JSON"))
        .collect()
}

/// What plans show, each in its ways: one start of the engine for all of them.
fn traces(tools: &Tools, engine: Engine, plans: &[(&Compiled, Vec<Way>)]) -> Vec<Value> {
    let mut command = match engine {
        Engine::Workflow => tools.node("run.mjs"),
        Engine::StepFunctions => tools.python("stepfunctions/run.py"),
    };
    command.arg("--pairs");
    let mut builds = Vec::new();
    for (compiled, ways) in plans {
        for way in ways {
            let file = compiled.folder.join(format!("{way:?}.json"));
            std::fs::write(&file, compiled.world(engine, *way).to_string()).expect("it can be written");
            command.arg(compiled.artifact(engine)).arg(file);
        }
    }
    let found = json_lines("the engine", command);
    let mut shown: Vec<Value> = found.iter().map(worlds::shown).collect();
    assert_eq!(
        found.len(),
        plans.iter().map(|(_, ways)| ways.len()).sum::<usize>(),
        "the engine reports every run"
    );
    if engine == Engine::StepFunctions {
        let runs = plans
            .iter()
            .flat_map(|(compiled, ways)| ways.iter().map(move |_| compiled));
        for (trace, compiled) in found.iter().zip(runs) {
            builds.push(worlds::builds(&compiled.known, compiled.place(), trace));
        }
        for (shown, done) in shown.iter_mut().zip(built(tools, &plans[0].0.folder, &builds)) {
            shown["builds"] = Value::Array(done);
        }
    }
    shown
}

/// Runs the builds of each of these lists, the same build once.
fn built(tools: &Tools, folder: &Path, lists: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for build in lists.iter().flatten() {
        known.entry(build.to_string()).or_insert_with(|| {
            all.push(build.clone());
            all.len() - 1
        });
    }
    let file = folder.join("builds.json");
    std::fs::write(&file, Value::Array(all).to_string()).expect("it can be written");
    let mut command = tools.python("stepfunctions/builds.py");
    command.arg(file);
    let done = json_lines("the builds", command);
    let result = |b: &Value| done[known[&b.to_string()]].clone();
    lists
        .iter()
        .map(|list| list.iter().map(result).collect())
        .collect()
}

/// The rounds that are executed now: `CONFORMANCE_INJECTED` says `all`, or names a range of them, as `10..20`.
fn chosen(subject: &Subject) -> std::ops::Range<usize> {
    let Ok(wanted) = std::env::var("CONFORMANCE_INJECTED") else {
        return 0..IN_CI;
    };
    let Some((from, to)) = wanted.split_once("..") else {
        assert_eq!(wanted, "all", "CONFORMANCE_INJECTED is `all` or a range");
        let fewest = subject
            .kinds
            .iter()
            .map(|(_, places)| places.len())
            .min()
            .unwrap_or(1);
        return 0..subject.strings.len().div_ceil(fewest);
    };
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// The ways of a round: all goes well, and in turn one of the others.
fn ways(round: usize) -> Vec<Way> {
    vec![Way::Well, Way::ALL[1 + round % (Way::ALL.len() - 1)]]
}

fn every_text_is_data(engine: Engine, what: &str) {
    let Some(tools) = tools::or_skip(what) else { return };
    let subject = Subject::new(engine);
    let own = subject.own();
    let shows: BTreeMap<Way, Value> = Way::ALL
        .into_iter()
        .zip(traces(tools, engine, &[(&own, Way::ALL.to_vec())]))
        .collect();
    for (way, shown) in &shows {
        assert_eq!(
            shown["complaints"],
            serde_json::json!([]),
            "{way:?}: the harmless plan is executed as it should be"
        );
        let count = |key: &str| shown[key].as_array().map_or(0, Vec::len);
        println!(
            "{engine:?}, {way:?}: {}, {} events, {} builds",
            shown["result"],
            count("events"),
            count("builds")
        );
    }
    // Which places come by.
    let all: String = shows.values().map(Value::to_string).collect();
    let executed: BTreeSet<&str> = subject
        .template
        .places()
        .into_iter()
        .filter(|p| all.contains(subject.template.own(p)))
        .collect();
    let kinds: BTreeSet<&str> = executed.iter().map(|p| kind(p)).collect();

    let mut problems = Vec::new();
    let rounds: Vec<usize> = chosen(&subject).collect();
    let compiled: Vec<Compiled> = rounds.iter().map(|n| subject.round(*n, &mut problems)).collect();
    let plans: Vec<(&Compiled, Vec<Way>)> =
        compiled.iter().zip(&rounds).map(|(c, n)| (c, ways(*n))).collect();
    let mut found = traces(tools, engine, &plans).into_iter();
    let mut met: BTreeSet<(&str, &str)> = BTreeSet::new();
    let (mut texts, mut refused) = (BTreeSet::new(), 0);
    for (compiled, ways) in &plans {
        refused += compiled.refused;
        let mut pairs: BTreeMap<String, &str> = BTreeMap::new();
        for (place, text) in &compiled.texts {
            pairs.insert(subject.template.own(place).to_string(), text);
            if executed.contains(place.as_str()) {
                met.insert((kind(place), text));
                texts.insert(text.as_str());
            }
        }
        for (name, text) in &compiled.known {
            pairs.insert(own.known[name].clone(), text);
            texts.insert(text);
        }
        let pairs = Pairs(pairs);
        for (way, trace) in ways.iter().zip(found.by_ref()) {
            let name = compiled.folder.file_name().unwrap_or_default().display();
            pairs.same(
                &format!("round {name}, {way:?}"),
                &shows[way],
                &trace,
                &mut problems,
            );
        }
    }
    // What several texts would make if they were obeyed.
    if Path::new("/tmp/pwned").exists() {
        problems.insert(
            0,
            "a text was obeyed: it made /tmp/pwned; remove that".to_string(),
        );
    }
    let all = &subject.strings;
    let missing = all.iter().filter(|t| !texts.contains(t.as_str())).count();
    assert!(
        rounds.len() < IN_CI || missing * 50 < all.len(),
        "{missing} texts come by nowhere"
    );
    println!(
        "{engine:?}: {} kinds of places, {} places; {} texts in {} plans, {} of a text at a kind of place; {refused} refused where they would stand",
        kinds.len(),
        executed.len(),
        texts.len(),
        plans.len(),
        met.len()
    );
    assert!(
        problems.is_empty(),
        "{} differences\n{}",
        problems.len(),
        problems.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn workflows_get_every_text_as_data() {
    every_text_is_data(Engine::Workflow, "the workflow executor, on hostile texts");
}

#[test]
fn state_machines_pass_every_text_as_data() {
    every_text_is_data(Engine::StepFunctions, "moto, on hostile texts");
}
