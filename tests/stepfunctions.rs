//! State machines of the examples: what is emitted, that it is closed in itself, that it is within limits.
//!
//! Independent judges and an interpreter stand in `conformance/`.

mod shared;

use releasec::emit::{Artifact, Context, stepfunctions};
use releasec::plan::Plan;
use releasec::source::SourceMap;
use shared::{Disk, context, sound};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A plan and the texts it came from.
fn plan(path: &Path) -> (Plan, SourceMap) {
    let text = std::fs::read_to_string(path).expect("a readable plan");
    compile(&path.to_string_lossy(), &text)
}

fn compile(path: &str, text: &str) -> (Plan, SourceMap) {
    sound(path, text, &Disk)
}

fn emitted(path: &Path) -> (Artifact, Vec<releasec::diagnostic::Diagnostic>) {
    let (plan, sources) = plan(path);
    of(&plan, &sources)
}

fn of(plan: &Plan, sources: &SourceMap) -> (Artifact, Vec<releasec::diagnostic::Diagnostic>) {
    let context = Context {
        version: "0.1.0",
        ..context(sources)
    };
    let (mut artifacts, bag) = stepfunctions::emit(plan, &context);
    assert_eq!(artifacts.len(), 1);
    (artifacts.remove(0), bag.into_sorted())
}

fn examples() -> Vec<PathBuf> {
    let list = [
        "hello/hello.release",
        "bioage/bioage.release",
        "bioage-as-published/plan.release",
        "database-migration/migration.release",
        "multi-region/regions.release",
    ];
    list.iter().map(|f| root().join("examples").join(f)).collect()
}

/// Every name that leads nowhere, every name used twice, every expression that is not closed.
fn faults(
    states: &serde_json::Map<String, serde_json::Value>,
    start: &str,
    seen: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut list = Vec::new();
    if !states.contains_key(start) {
        list.push(format!("starts at {start}"));
    }
    for (name, state) in states {
        if !seen.insert(name.clone()) {
            list.push(format!("twice: {name}"));
        }
        if name.chars().count() > 80 {
            list.push(format!("long: {name}"));
        }
        for target in targets(state) {
            if !states.contains_key(&target) {
                list.push(format!("{name} leads to {target}"));
            }
        }
        for branch in state["Branches"].as_array().into_iter().flatten() {
            let inner = branch["States"].as_object().expect("states");
            list.extend(faults(inner, branch["StartAt"].as_str().expect("a start"), seen));
        }
    }
    list
}

fn targets(state: &serde_json::Value) -> Vec<String> {
    let mut list = Vec::new();
    list.extend(state["Next"].as_str().map(str::to_string));
    list.extend(state["Default"].as_str().map(str::to_string));
    for part in ["Catch", "Choices"] {
        for item in state[part].as_array().into_iter().flatten() {
            list.extend(item["Next"].as_str().map(str::to_string));
        }
    }
    list
}

#[test]
fn every_example_is_closed_in_itself() {
    for path in examples() {
        let (artifact, bag) = emitted(&path);
        if let Ok(out) = std::env::var("RELEASEC_KEEP") {
            let at = Path::new(&out).join(&artifact.path);
            std::fs::create_dir_all(at.parent().expect("a folder")).expect("made");
            std::fs::write(at, &artifact.content).expect("written");
            for d in &bag {
                println!(
                    "{}: {} {} {}",
                    artifact.path,
                    d.severity.word(),
                    d.code,
                    d.message
                );
            }
        }
        let machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
        let states = machine["States"].as_object().expect("states");
        let wrong = faults(
            states,
            machine["StartAt"].as_str().expect("a start"),
            &mut BTreeSet::new(),
        );
        assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
        let errors: Vec<_> = bag
            .iter()
            .filter(|d| d.severity == releasec::diagnostic::Severity::Error)
            .map(|d| &d.message)
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

#[test]
fn the_model_reads_back_what_it_wrote() {
    for path in examples() {
        let (artifact, _) = emitted(&path);
        let machine: stepfunctions::model::Machine = serde_json::from_str(&artifact.content).expect("reads");
        assert_eq!(
            stepfunctions::print::machine(&machine),
            artifact.content,
            "{}",
            path.display()
        );
    }
}

/// Every state of a machine, those in branches too.
fn states(within: &serde_json::Value, all: &mut Vec<(String, serde_json::Value)>) {
    for (name, state) in within["States"].as_object().expect("states") {
        all.push((name.clone(), state.clone()));
        for branch in state["Branches"].as_array().into_iter().flatten() {
            states(branch, all);
        }
    }
}

/// Two stages side by side: one starts over when it fails, one asks.
fn beside() -> Vec<(String, serde_json::Value)> {
    let people = "person ana { name \"Ana Ruiz\" }\nperson ben { name \"Ben Okoro\"; aws \"arn:aws:iam::123456789012:user/ben\" }\n";
    let head = "role ops { title \"Operations\"; members ben }\nenvironment staging { kind staging; region \"eu-west-1\"; account \"123456789012\" }\n";
    let run = |name: &str| {
        format!(
            "run \"./{name}.sh\" {{ changes \"app:{name}\"; timeout 5m; undo run \"./un{name}.sh\" {{ idempotent }} }}"
        )
    };
    let text = format!(
        "{people}{head}release shop {{\n title \"Shop\"; version \"2.0.0\"; author ana; owner ops; in staging\n stage base {{\n {base}\n }}\n stage left {{\n after base\n {left}\n on_failure {{ then restart(base, at_most: 1) }}\n }}\n stage right {{\n after base\n {one}\n {two}\n on_failure {{ then pause }}\n }}\n stage next {{\n after right\n {next}\n }}\n}}\n",
        base = run("base"),
        left = run("left"),
        one = run("one"),
        two = run("two"),
        next = run("next"),
    );
    let (plan, sources) = compile("beside.release", &text);
    let (artifact, _) = of(&plan, &sources);
    let machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
    let mut all = Vec::new();
    states(&machine, &mut all);
    all
}

#[test]
fn beside_a_restart_nothing_begins_and_what_has_begun_comes_to_its_end() {
    let reads = |state: &serde_json::Value| {
        let rules = state["Choices"].as_array().into_iter().flatten();
        let mut conditions = rules.filter_map(|r| r["Condition"].as_str());
        conditions.any(|c| c.contains("/restart\""))
    };
    let all = beside();
    let looks = all.iter().filter(|(n, _)| n.contains(": goes on?"));
    let (fresh, under_way): (Vec<_>, Vec<_>) = looks.partition(|(_, s)| {
        let default = s["Default"].as_str().unwrap_or_default();
        default.ends_with(": begins")
    });
    assert_eq!(fresh.len(), 3, "one before each stage of a branch");
    for (name, state) in fresh {
        assert!(reads(state), "{name} does not see that the run starts over");
    }
    assert!(!under_way.is_empty());
    for (name, state) in under_way {
        assert!(!reads(state), "{name} is under way");
    }
    let (_, lowered) = all
        .iter()
        .find(|(n, _)| n == "restart from base: branches may begin again")
        .expect("the flag is lowered before the run starts over");
    assert_eq!(lowered["Arguments"]["Value"], "no");
    // With the flag still up no branch would begin anything, and the run would end as if all were well.
    let failed = lowered["Catch"][0]["Next"].as_str().expect("a way out");
    assert_ne!(failed, lowered["Next"].as_str().expect("a way on"));
}

#[test]
fn whoever_is_asked_how_to_go_on_is_not_asked_any_longer_when_the_run_is_given_up_beside() {
    let all = beside();
    let (_, over) = all
        .iter()
        .find(|(n, _)| n == "right: given up beside it")
        .expect("a way out of the question");
    assert_eq!(over["Next"], "right: branch ends");
    // What goes on after the answer looks first whether it may.
    let find = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, s)| s.clone());
    for answer in ["again", "on"] {
        let lifted = find(&format!("right: siblings go on ({answer})")).expect("siblings go on");
        let next = lifted["Next"].as_str().expect("a way on");
        assert!(next.starts_with("right: may go on?"), "{answer}: {next}");
    }
}

#[test]
fn whoever_waits_for_the_window_looks_whether_the_run_is_given_up_beside() {
    let of_covered = |covered: &str| {
        let path = root().join("tests/corpus/proved/window_beside.release");
        let text = std::fs::read_to_string(path).expect("a plan");
        let text = text.replace("covers db, web", &format!("covers {covered}"));
        let (plan, sources) = compile("window_beside.release", &text);
        let (artifact, _) = of(&plan, &sources);
        let mut all = Vec::new();
        states(&serde_json::from_str(&artifact.content).expect("JSON"), &mut all);
        let state = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, s)| s);
        let next = |s: &serde_json::Value| s["Next"].as_str().and_then(state);
        let wait = state("db: wait for the window").expect("a wait");
        let judged = next(wait).and_then(next);
        let given_up = judged.is_some_and(|s| s["Choices"].to_string().contains("/stop"));
        (given_up, state("db: wait for the window: is it time?").is_some())
    };
    assert_eq!(
        of_covered("db, web"),
        (true, true),
        "`flags` is not covered, and may fail meanwhile"
    );
    assert_eq!(
        of_covered("flags, db, web"),
        (false, false),
        "everything beside it waits as well"
    );
}

/// What the proof says of the machine of the smallest example after a change.
fn refused(change: impl FnOnce(&mut serde_json::Value)) -> Option<String> {
    let (plan, sources) = plan(&root().join("examples/hello/hello.release"));
    let (artifact, _) = of(&plan, &sources);
    let mut machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
    change(&mut machine["States"]);
    let manifest = stepfunctions::manifest(&plan);
    let judged = releasec::proof::state_machine(&plan, &machine.to_string(), &manifest);
    judged.err().map(|d| d.what)
}

/// Of several runs that wait for a lock that was left behind, one has it, and a run releases its own lock only.
#[test]
fn a_lock_that_was_left_behind_is_taken_over_by_one_run() {
    let lead = |from: &'static str, to: &'static str| {
        let changed = refused(move |states| {
            let way = match states[from].get("Choices") {
                Some(_) => &mut states[from]["Choices"][0]["Next"],
                None => &mut states[from]["Next"],
            };
            *way = to.into();
        });
        changed.unwrap_or_else(|| panic!("`{from}` may lead to `{to}`"))
    };
    assert_eq!(refused(|_| {}), None);
    let over = "take the lock over production";
    let stolen = "it takes a lock that another run may hold";
    let unclaimed = lead("holder of production has ended?", over);
    assert!(unclaimed.contains(stolen), "{unclaimed}");
    let unread = lead("claim the lock production", over);
    assert!(unread.contains(stolen), "{unread}");
    let foreign = lead("holds the lock production?", "release the lock production");
    assert!(
        foreign.contains("it removes the lock of another run"),
        "{foreign}"
    );
    lead(
        "is the lock production its own?",
        "is the holder of production alive",
    );
    let kept = refused(|states| {
        let after = states["drop the claim to production"]["Next"].clone();
        states[over]["Next"] = after;
    });
    let kept = kept.expect("a claim may stay");
    assert!(kept.contains("the claim `"), "{kept}");
}

/// A plan with one stage of one command, which holds what is given and stands after an approval.
fn command(with: &str) -> String {
    let people = r#"
person ana  { name "Ana Ruiz";  github "ana-ruiz"; aws "arn:aws:iam::123456789012:user/ana" }
person ben  { name "Ben Okoro"; github "b-okoro";  aws "arn:aws:iam::123456789012:user/ben" }
role operations { title "Operations"; members ben; aws "arn:aws:iam::123456789012:role/operations" }
environment production { kind production }
release shop {
  title "Shop"; version "2.0.0"; author ana; owner operations; in production
  approval go { from operations; within 20d }
  stage publish { approved go; STEP; rollback { run "./withdraw.sh" { changes "package:shop" } } }
}
"#;
    people.replace("STEP", with)
}

/// The first state of a machine whose name ends so.
fn state(text: &str, ends: &str) -> serde_json::Value {
    let (plan, sources) = compile("plan.release", text);
    let (artifact, found) = of(&plan, &sources);
    let errors = found
        .iter()
        .filter(|d| d.severity == releasec::diagnostic::Severity::Error);
    assert_eq!(errors.count(), 0, "{found:?}");
    let machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
    let states = machine["States"].as_object().expect("states");
    let (_, state) = states.iter().find(|(n, _)| n.ends_with(ends)).expect("the state");
    state.clone()
}

/// CodeBuild ends a build itself when its step is over: whoever waits for one may not be able to.
#[test]
fn a_build_ends_with_its_step() {
    let told = |timeout: &str| {
        let step = format!(r#"run "./publish.sh" {{ changes "package:shop"{timeout} }}"#);
        let task = state(&command(&step), "publish: ./publish.sh");
        task["Arguments"]["TimeoutInMinutesOverride"].clone()
    };
    assert_eq!(told("; timeout 2m"), 5);
    assert_eq!(told("; timeout 401s"), 7);
    assert_eq!(told("; timeout 10h"), 600);
    assert_eq!(told("; timeout 36h"), 2160);
    assert_eq!(told(""), 60);
    let step = r#"timeout 3h; run "./publish.sh" { changes "package:shop"; timeout 20m }"#;
    let task = state(&command(step), "publish: ./publish.sh");
    let told = task["Arguments"]["TimeoutInMinutesOverride"]
        .as_str()
        .expect("the rest of the stage");
    assert!(
        told.contains("$max([5, $min([2160, $ceil(") && told.contains("1200"),
        "{told}"
    );
}

/// What no build may take that long for is refused, and the project of the builds lets them take as long as the longest of them.
#[test]
fn a_command_takes_no_longer_than_a_build() {
    let step = r#"run "./publish.sh" { changes "package:shop"; timeout 40h }"#;
    let (plan, sources) = compile("plan.release", &command(step));
    let found: Vec<String> = of(&plan, &sources).1.iter().map(|d| d.message.clone()).collect();
    let wanted =
        "a command may take 1d16h, and CodeBuild, which runs it for Step Functions, ends a build after 1d12h";
    assert_eq!(found.iter().filter(|m| *m == wanted).count(), 1, "{found:?}");
    let (plan, sources) = compile("plan.release", &command(&step.replace("40h", "10h")));
    let (files, _) = releasec::emit::terraform::emit(&plan, &context(&sources));
    let project = files
        .iter()
        .find(|f| f.path == "terraform/codebuild.tf")
        .expect("a project");
    assert!(
        project.content.contains("build_timeout  = 600"),
        "{}",
        project.content
    );
}

/// What a plan says is waited between two tries is waited: nothing at random, and no longest time below it.
#[test]
fn a_retry_waits_as_long_as_the_plan_says() {
    let retry = |words: &str| {
        let step = format!(r#"run "./publish.sh" {{ changes "package:shop"; idempotent; retry 3 {words} }}"#);
        let task = state(&command(&step), "publish: ./publish.sh");
        let all = task["Retry"].as_array().expect("retries").clone();
        all.into_iter()
            .find(|r| r["ErrorEquals"][0] == "States.ALL")
            .expect("its own")
    };
    let said = retry("{ every 30m; backoff 2 }");
    assert_eq!(
        (&said["IntervalSeconds"], &said["BackoffRate"]),
        (&1800.into(), &2.0.into())
    );
    assert!(
        said.get("JitterStrategy").is_none() && said.get("MaxDelaySeconds").is_none(),
        "{said}"
    );
    assert_eq!(retry("")["JitterStrategy"], "FULL");
}

/// Systems Manager and CodeBuild declare no error of their own for calls that come too often.
#[test]
fn a_throttled_call_is_known_by_the_name_that_it_has() {
    let step = r#"run "./publish.sh" { changes "package:shop" }"#;
    let build = state(&command(step), "publish: ./publish.sh");
    let names = build["Retry"][0]["ErrorEquals"].to_string();
    assert_eq!(
        names,
        r#"["CodeBuild.AccountLimitExceededException","CodeBuild.CodeBuildException"]"#
    );
    let look = state(&command(step), "who holds production in the end");
    let names = look["Retry"][0]["ErrorEquals"].to_string();
    assert!(
        names.contains("\"Ssm.SsmException\"") && !names.contains("TooManyRequests"),
        "{names}"
    );
    // An alias might have been moved when an error says nothing of itself.
    let (plan, sources) = plan(&root().join("examples/hello/hello.release"));
    let text = of(&plan, &sources).0.content;
    assert!(text.contains("Lambda.TooManyRequestsException") && !text.contains("Lambda.LambdaException"));
}

/// A run that would write too much says what for.
#[test]
fn too_many_events_are_told_by_their_parts() {
    let step = r#"wait_for "every mirror to have it" { run "./mirrored.sh"; every 10m; within 30d }"#;
    let (plan, sources) = compile("plan.release", &command(step));
    let (_, found) = of(&plan, &sources);
    let told = found
        .iter()
        .find(|d| d.message.contains("25000"))
        .expect("too many");
    let words = &told.notes[0];
    let start = "most of them: ";
    assert!(words.starts_with(start), "{words}");
    let in_order = [
        "in stage `publish`, ",
        "for \"wait for every mirror to have it\"; ",
        "in approval `go`",
    ];
    let places = in_order.map(|w| words.find(w).unwrap_or_else(|| panic!("{w}: {words}")));
    assert!(places.is_sorted(), "{words}");
}
