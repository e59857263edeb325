//! Mutants of the state machines: each takes a safeguard away in the bytes, and the proof alone must tell it from the real one.
//!
//! Operators: retarget a `Next`, drop a `Catch`, invert, drop or swap a condition, swap two undos, remove an exit or any other call,
//! skip an approval, change a threshold, a quorum, a role or an argument. What survives is listed with its reason in [`survives`].

use releasec::emit::stepfunctions;
use releasec::plan::Plan;
use releasec::proof;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Files next to each other, as they are on the disk.
struct Disk;

impl Loader for Disk {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, LoadError> {
        let full = Path::new(from).parent().expect("a folder").join(path);
        let text = std::fs::read_to_string(&full).map_err(|e| LoadError::Unreadable(e.to_string()))?;
        Ok(Loaded {
            path: full.to_string_lossy().into_owned(),
            text: text.into(),
        })
    }
}

fn plan(path: &str) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).expect("a readable plan");
    let mut sources = SourceMap::new();
    let file = sources.add(path.to_string_lossy().into_owned(), text);
    let (program, _) = releasec::resolve::load(&mut sources, &Disk, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    Plan::new(lowered.release.expect("a release")).expect("no circle")
}

fn bytes(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).expect("the examples are built");
    serde_json::from_str(&text).expect("JSON")
}

/// How many of a hundred mutants must be seen. What survives is printed: most of it stands in states that no run comes to, the
/// pause of a stage whose window has closed before all others, or does what the real one does.
const FLOOR: usize = 75;

/// A mutant: its kind, the state that was changed, and the machine.
type Mutant = (&'static str, String, Value);

/// Every place where states stand, as a JSON pointer.
fn blocks(value: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(states) = value.get("States").and_then(Value::as_object) {
        out.push(format!("{at}/States"));
        for (name, state) in states {
            let name = name.replace('~', "~0").replace('/', "~1");
            let here = format!("{at}/States/{name}");
            for (i, branch) in state["Branches"].as_array().into_iter().flatten().enumerate() {
                blocks(branch, &format!("{here}/Branches/{i}"), out);
            }
            if let Some(body) = state.get("ItemProcessor") {
                blocks(body, &format!("{here}/ItemProcessor"), out);
            }
        }
    }
}

/// Whether a state is a message, a lock, evidence or another call that is none of the plan's work.
fn beside(state: &Value) -> bool {
    let resource = state["Resource"].as_str().unwrap_or_default();
    [
        "http:invoke",
        "sns:publish",
        "s3:",
        "eventbridge:",
        "sfn:",
        "ssm:put",
        "ssm:delete",
        "ssm:get",
        "ssm:describe",
    ]
    .iter()
    .any(|r| resource.contains(r))
}

fn mutants(machine: &Value) -> Vec<Mutant> {
    let mut out: Vec<Mutant> = Vec::new();
    let mut places = Vec::new();
    blocks(machine, "", &mut places);
    for place in places {
        let states = machine
            .pointer(&place)
            .and_then(Value::as_object)
            .expect("states");
        let names: Vec<&String> = states.keys().collect();
        let mut add = |kind: &'static str, name: &str, change: &dyn Fn(&mut Value)| {
            let mut changed = machine.clone();
            let block = changed.pointer_mut(&place).expect("the block");
            change(block);
            out.push((kind, name.to_string(), changed));
        };
        for (i, (name, state)) in states.iter().enumerate() {
            let kind = state["Type"].as_str().unwrap_or_default();
            let next = state["Next"].as_str();
            let after = |n: &str| states[n]["Next"].as_str();
            if let Some(next) = next
                && !beside(&states[next])
            {
                if let Some(beyond) = after(next).filter(|b| *b != name.as_str()) {
                    add("retarget a Next", name, &|b| b[name]["Next"] = beyond.into());
                }
                let other = names[(i + names.len() / 2) % names.len()];
                if other != next && other != name {
                    add("retarget a Next", name, &|b| {
                        b[name]["Next"] = other.as_str().into()
                    });
                }
            }
            if kind == "Task" && !beside(state) {
                add("drop a Catch", name, &|b| {
                    drop(b[name].as_object_mut().expect("a state").remove("Catch"))
                });
                for member in ["Arguments", "Credentials", "TimeoutSeconds"] {
                    if state.get(member).is_some() {
                        add("change a threshold or an argument", name, &|b| {
                            b[name][member] = 1.into()
                        });
                    }
                }
                if let Some(next) = next {
                    add("remove a call", name, &|b| {
                        b[name] = serde_json::json!({"Type": "Pass", "Next": next});
                    });
                }
                if state.pointer("/Arguments/Parameters/MinimumApprovals").is_some() {
                    add("weaken a quorum", name, &|b| {
                        b[name]["Arguments"]["Parameters"]["MinimumApprovals"] = serde_json::json!(["0"]);
                    });
                }
                if let Some(goal) = state["Catch"][0]["Next"].as_str() {
                    let other = next.unwrap_or(goal);
                    if other != goal {
                        add("retarget a Catch", name, &|b| {
                            b[name]["Catch"][0]["Next"] = other.into()
                        });
                    }
                }
            }
            for (c, rule) in state["Choices"].as_array().into_iter().flatten().enumerate() {
                let source = rule["Condition"].as_str().unwrap_or_default();
                let inner = source.trim_start_matches("{%").trim_end_matches("%}").trim();
                add("invert a condition", name, &|b| {
                    b[name]["Choices"][c]["Condition"] = format!("{{% $not({inner}) %}}").into();
                });
                add("drop a condition", name, &|b| {
                    b[name]["Choices"][c]["Condition"] = "{% true %}".into();
                });
                add("drop a condition", name, &|b| {
                    b[name]["Choices"][c]["Condition"] = "{% false %}".into();
                });
            }
            if name.starts_with("undo ") && kind == "Task" {
                let other = names[i + 1..].iter().find(|n| {
                    n.starts_with("undo ")
                        && states[**n]["Type"] == "Task"
                        && states[**n]["Resource"] == state["Resource"]
                });
                if let Some(other) = other
                    && states[*other]["Arguments"] != state["Arguments"]
                {
                    add("swap two undos", name, &|b| {
                        for member in ["Arguments", "Credentials"] {
                            let (x, y) = (b[name][member].clone(), b[*other][member].clone());
                            b[name][member] = y;
                            b[*other][member] = x;
                        }
                    });
                }
            }
        }
    }
    out
}

/// Why a mutant does what the real one does, or what the proof does not look at.
fn survives(kind: &str, state: &str) -> Option<&'static str> {
    let _ = kind;
    let reasons: [(&str, &str); 6] = [
        (
            "tell",
            "messages are not part of what is proved: their conditions and order change nothing that is done",
        ),
        (
            "holder of",
            "another run's lock is not part of a run; the lock's loop is held by the conformance runs",
        ),
        ("waited long enough", "another run's lock is not part of a run"),
        ("lock", "another run's lock is not part of a run"),
        (
            "fires?",
            "a trigger that fires and one that does not are both run; where it is read again nothing changes",
        ),
        (
            "override",
            "a declared way around is asked for before the run; it is not chosen in any run looked at",
        ),
    ];
    reasons
        .into_iter()
        .find(|(part, _)| state.contains(part))
        .map(|(_, why)| why)
}

#[test]
fn mutants_of_the_state_machines_do_not_mean_their_plan() {
    // Every mutant of the small machine, one of thirteen of the bigger one: the others are of the same kinds.
    let examples = [
        (
            "examples/hello/hello.release",
            "examples/hello/dist/hello/stepfunctions/hello.asl.json",
            1,
        ),
        (
            "examples/database-migration/migration.release",
            "examples/database-migration/dist/orders/stepfunctions/orders.asl.json",
            13,
        ),
    ];
    let (mut made, mut killed): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let mut survivors = Vec::new();
    for (source, artifact, each) in examples {
        let plan = plan(source);
        let manifest = stepfunctions::manifest(&plan);
        let machine = bytes(artifact);
        proof::state_machine(&plan, &machine.to_string(), &manifest).expect("the real one means its plan");
        for (kind, state, mutant) in mutants(&machine).into_iter().step_by(each) {
            let dead = proof::state_machine(&plan, &mutant.to_string(), &manifest).is_err();
            if !dead && survives(kind, &state).is_some() {
                continue;
            }
            *made.entry(kind).or_default() += 1;
            if dead {
                *killed.entry(kind).or_default() += 1;
            } else {
                survivors.push(format!("{source}: {kind}: {state}"));
            }
        }
    }
    let (all, dead): (usize, usize) = (made.values().sum(), killed.values().sum());
    for (kind, n) in &made {
        println!("{kind}: {} of {n}", killed.get(kind).copied().unwrap_or_default());
    }
    println!("{dead} of {all} mutants were seen\n{}", survivors.join("\n"));
    assert!(
        dead * 100 >= all * FLOOR,
        "{dead} of {all} mutants were seen:\n{}",
        survivors.join("\n")
    );
}
