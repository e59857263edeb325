//! Mutants of the workflows: each takes a safeguard away, and what the plan says must tell it from the real one.
//!
//! The plan's facts come from `plan.json`, the workflow from its own bytes; nothing of the emitter is used. What is looked at is
//! structure: who waits for whom, what must have succeeded, where it runs, how many must say yes, in which order is undone.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A job, as far as it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Job {
    needs: Vec<String>,
    /// What must all hold, as it is written, in the first attempt of a run.
    conditions: Vec<String>,
    /// Whether it acts in a later attempt of a run.
    later: bool,
    environment: String,
    /// How many seats an approval counts, and how long it may take.
    seats: String,
    within: String,
    /// Whether commands of the plan run in it.
    works: bool,
}

type Workflow = BTreeMap<String, Job>;

/// The plan and its two workflows.
struct Example {
    name: String,
    plan: Value,
    release: Workflow,
    rollback: Workflow,
}

/// Cuts at `sign` where no bracket and no quote is open.
fn cut(text: &str, sign: &str) -> Vec<String> {
    let (mut out, mut depth, mut quoted, mut start) = (Vec::new(), 0, false, 0);
    for (i, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 && !quoted && i >= start && text[i..].starts_with(sign) {
            out.push(text[start..i].trim().to_string());
            start = i + sign.len();
        }
    }
    out.push(text[start..].trim().to_string());
    out
}

fn read(path: &Path) -> Workflow {
    let text = std::fs::read_to_string(path).expect("the workflow is there");
    let value: Value = serde_saphyr::from_str(&text).expect("the workflow is YAML");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let jobs = value["jobs"].as_object().expect("jobs");
    // One job says what to do instead in every later attempt, whichever job somebody does again.
    let again = &jobs["again"];
    assert_eq!(text(&again["if"]), "${{ github.run_attempt != '1' && always() }}");
    assert_eq!(list(&again["needs"]).count(), jobs.len() - 1, "{path:?}");
    jobs.iter()
        .filter(|(name, _)| *name != "again")
        .map(|(name, job)| {
            let steps = job["steps"].as_array().cloned().unwrap_or_default();
            let env = |key: &str| {
                steps
                    .iter()
                    .find_map(|s| s["env"][key].as_str())
                    .unwrap_or_default()
                    .to_string()
            };
            let condition = text(&job["if"]);
            let condition = condition.trim_start_matches("${{").trim_end_matches("}}");
            let needs = job["needs"].as_array().cloned().unwrap_or_default();
            let once = condition.trim().strip_prefix("github.run_attempt == '1' && ");
            let job = Job {
                later: once.is_none(),
                needs: needs.iter().map(text).collect(),
                conditions: cut(once.unwrap_or(condition), "&&"),
                environment: text(&job["environment"]),
                seats: env("SEATS"),
                within: env("WITHIN"),
                works: steps.iter().any(|s| {
                    s["uses"]
                        .as_str()
                        .is_some_and(|u| u.starts_with("actions/checkout"))
                }),
            };
            (name.clone(), job)
        })
        .collect()
}

fn examples() -> Vec<Example> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = |path: PathBuf| -> Vec<PathBuf> {
        let mut list: Vec<PathBuf> = std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.is_dir())
            .collect();
        list.sort();
        list
    };
    let mut out = Vec::new();
    for dist in folders(root).into_iter().flat_map(|e| folders(e.join("dist"))) {
        let name = dist.file_name().expect("a name").to_string_lossy().into_owned();
        let plan = std::fs::read_to_string(dist.join("plan.json")).expect("the plan");
        let workflow = |kind: &str| read(&dist.join(format!(".github/workflows/{kind}-{name}.yml")));
        out.push(Example {
            plan: serde_json::from_str(&plan).expect("the plan is JSON"),
            release: workflow("release"),
            rollback: workflow("rollback"),
            name,
        });
    }
    out
}

/// The job that a condition demands: it has succeeded, or was left out for a reason that is named.
fn demanded(condition: &str) -> Option<String> {
    let inner = condition
        .strip_prefix('(')
        .and_then(|c| c.strip_suffix(')'))
        .unwrap_or(condition);
    let mut ways = cut(inner, "||").into_iter();
    let first = ways.next()?;
    let job = first
        .strip_prefix("needs.")?
        .strip_suffix(".result == 'success'")?
        .to_string();
    let skipped = format!("needs.{job}.result == 'skipped'");
    // What a decision asks is left out when it is decided, and a hold is entered again only where it was left.
    let optional = job.starts_with("decide-") || job.ends_with("-again");
    ways.all(|way| {
        let parts = cut(&way, "&&");
        let done = way.starts_with("contains(fromJSON(needs.preflight.outputs.done");
        done || parts[0] == skipped && (optional || parts.len() > 1)
    })
    .then_some(job)
}

fn demands(job: &Job) -> BTreeSet<String> {
    job.conditions.iter().filter_map(|c| demanded(c)).collect()
}

/// Every job that a job demands, and what those demand.
fn closure(workflow: &Workflow, job: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![job.to_string()];
    while let Some(next) = open.pop() {
        for demand in workflow.get(&next).map(demands).unwrap_or_default() {
            if seen.insert(demand.clone()) {
                open.push(demand);
            }
        }
    }
    seen
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// What contradicts the plan.
fn faults(example: &Example, release: &Workflow, rollback: &Workflow) -> Vec<String> {
    let mut out = Vec::new();
    let name = &example.name;
    let stages = || example.plan["stages"].as_array().into_iter().flatten();
    let ids: BTreeMap<&str, &str> = stages()
        .filter_map(|s| Some((s["name"].as_str()?, s["id"].as_str()?)))
        .collect();
    for (id, job) in release.iter().chain(rollback) {
        let known =
            |n: &String| release.contains_key(n) && release.get(id) == Some(job) || rollback.contains_key(n);
        out.extend(
            job.needs
                .iter()
                .filter(|n| !known(n))
                .map(|n| format!("{id} waits for nobody ({n})")),
        );
        for condition in &job.conditions {
            for part in condition.split("needs.").skip(1) {
                let of = part.split('.').next().unwrap_or_default();
                if !job.needs.iter().any(|n| n == of) {
                    out.push(format!("{id} reads {of} and does not wait for it"));
                }
            }
        }
        if job.later {
            out.push(format!("{id} acts in a run that is done again"));
        }
        if !matches!(job.conditions[0].as_str(), "!cancelled()" | "always()") {
            out.push(format!("{id} goes by what GitHub implies"));
        }
        let kind = id.split('-').next().unwrap_or_default();
        let reported = matches!(
            kind,
            "report" | "finally" | "failed" | "exit" | "settle" | "ask" | "todo"
        ) || (kind == "undo" && id.ends_with("-failed"));
        if !reported {
            let demands = demands(job);
            for need in job.needs.iter().filter(|n| *n != "preview" && *n != "settle") {
                if !(demands.contains(need) || id.starts_with("undo-") && need == "todo") {
                    out.push(format!("{id} waits for {need} and does not demand it"));
                }
            }
        }
        let always =
            kind == "report" || id.ends_with("-late") || kind == "exit" && rollback.get(id) == Some(job);
        if always != (job.conditions[0] == "always()") {
            out.push(format!("{id} runs when it should not, or not when it should"));
        }
    }
    for stage in stages() {
        let id = stage["id"].as_str().unwrap_or_default();
        let place = stage["environment"].as_str().unwrap_or_default();
        let first = if release.contains_key(&format!("stage-{id}-1")) {
            format!("stage-{id}-1")
        } else {
            format!("stage-{id}")
        };
        let before = closure(release, &first);
        let wanted = list(&stage["approved"]).map(|a| format!("approve-{a}"));
        let wanted = wanted.chain(list(&stage["after"]).map(|s| format!("stage-{}", ids[s])));
        for want in wanted.chain(["preflight".to_string()]) {
            if !before.contains(&want) {
                out.push(format!("{first} does not demand {want}"));
            }
        }
        let parts: Vec<&String> = release
            .keys()
            .filter(|k| {
                k.strip_prefix(&format!("stage-{id}"))
                    .is_some_and(|rest| rest.is_empty() || rest[1..].parse::<u32>().is_ok())
            })
            .collect();
        if parts.is_empty() {
            out.push(format!("nothing runs {id}"));
        }
        // A gate is judged where it says, and a job that only does that stands there.
        let gates = example.plan["gates"].as_array().into_iter().flatten();
        let judged = gates.filter(|g| list(&g["judged_by"]).any(|s| stage["name"] == s));
        let places: Vec<&str> = judged.filter_map(|g| g["environment"].as_str()).collect();
        for part in &parts {
            let job = &release[*part];
            let stands = job.environment == place || places.contains(&job.environment.as_str());
            if job.works && !stands || !job.works && job.environment.is_empty() {
                out.push(format!("{part} does not run in {place}"));
            }
        }
        match release.get(&format!("failed-stage-{id}")) {
            None => out.push(format!("nobody sees that {id} fails")),
            Some(job) => {
                let said = job.conditions.join(" && ");
                for part in &parts {
                    let (a, b) = (
                        format!("needs.{part}.result != 'success'"),
                        format!("needs.{part}.result != 'skipped'"),
                    );
                    if !said.contains(&a) || !said.contains(&b) {
                        out.push(format!("nobody sees that {part} fails"));
                    }
                }
            }
        }
        let undo = format!("undo-{id}");
        let first = format!("undo-{id}-1");
        let undos = rollback.keys().filter(|k| {
            let number = k.strip_prefix(&format!("{undo}-"));
            **k == undo || number.is_some_and(|n| n.parse::<u32>().is_ok())
        });
        for part in undos {
            let called = rollback.get(&format!("{undo}-failed"));
            let said = called.map(|job| job.conditions.join(" && ")).unwrap_or_default();
            let ways = ["success", "skipped"].map(|w| format!("needs.{part}.result != '{w}'"));
            if ways.iter().any(|way| !said.contains(way)) {
                out.push(format!("nobody is called when {part} fails"));
            }
        }
        let Some(job) = rollback.get(&first).or_else(|| rollback.get(&undo)) else {
            let undone = ["derived", "written"]
                .iter()
                .any(|k| stage["undo"].get(*k).is_some());
            if undone {
                out.push(format!("nothing undoes {id}"));
            }
            continue;
        };
        // What a person does on the way back is a job that asks, and only when it is to be done.
        let by_hand = stage["undo"]["written"].as_array().into_iter().flatten();
        let by_hand = by_hand
            .filter(|step| {
                let act = &step["what"]["act"];
                act["manual"].is_string() && act["command"].is_null() && act["call"].is_null()
            })
            .count();
        let asking = format!("{name}-step-{id}-");
        let asked: Vec<(&String, &str)> = rollback
            .values()
            .filter_map(|j| Some((&j.environment, j.environment.strip_prefix(&asking)?)))
            .collect();
        if asked.len() != by_hand {
            out.push(format!(
                "{by_hand} things are undone by hand in {id}, and {} asked for",
                asked.len()
            ));
        }
        for (environment, unit) in asked {
            let named = format!("contains(fromJSON(needs.todo.outputs.todo || '[]'), '{id}.{unit}')");
            let job = rollback.values().find(|j| j.environment == *environment);
            if !job.is_some_and(|j| j.conditions.contains(&named)) {
                out.push(format!("{environment} is asked for unasked"));
            }
        }
        if !rollback.contains_key(&undo) {
            out.push(format!("nothing ends the undo of {id}"));
        }
        if job.works && job.environment != place {
            out.push(format!("{undo} does not run in {place}"));
        }
        let named = format!("contains(fromJSON(needs.todo.outputs.todo || '[]'), '{id}')");
        if !job.conditions.contains(&named) || !demands(job).contains("todo") {
            out.push(format!("{undo} runs unasked"));
        }
        let before = demands(job);
        for later in list(&stage["undone_after"]) {
            let later = format!("undo-{}", ids[later]);
            if rollback.contains_key(&later) && !before.contains(&later) {
                out.push(format!("{undo} does not wait for {later}"));
            }
        }
    }
    if !rollback
        .get("todo")
        .map(demands)
        .unwrap_or_default()
        .contains("settle")
    {
        out.push("what is undone is not settled first".into());
    }
    for approval in example.plan["approvals"].as_array().into_iter().flatten() {
        let id = approval["name"].as_str().unwrap_or_default();
        let quorum = approval["quorum"].as_u64().unwrap_or(1);
        let within = approval["within_seconds"]
            .as_u64()
            .map(|s| s.to_string())
            .unwrap_or_default();
        for n in 1..=quorum {
            let job = if n == quorum {
                format!("approve-{id}")
            } else {
                format!("approve-{id}-{n}")
            };
            match release.get(&job) {
                None => out.push(format!("nobody is asked for {job}")),
                Some(j) if j.environment != format!("{name}-approve-{id}") => {
                    out.push(format!("{job} asks somebody else"));
                }
                Some(j) if j.seats != n.to_string() => out.push(format!("{job} counts wrongly")),
                Some(j) if j.within != within => out.push(format!("{job} waits too long")),
                Some(_) => {}
            }
        }
        if !release.contains_key(&format!("failed-approve-{id}")) {
            out.push(format!("nobody sees that {id} is rejected"));
        }
    }
    for hold in example.plan["holds"].as_array().into_iter().flatten() {
        let id = hold["name"].as_str().unwrap_or_default();
        let entered = release.get(&format!("enter-{id}")).map(|j| j.environment.clone());
        if entered.as_deref().unwrap_or_default().is_empty() {
            out.push(format!("{id} is not entered where it should be"));
        }
        let left = release
            .get(&format!("exit-{id}"))
            .map(demands)
            .unwrap_or_default();
        let during = list(&hold["stages"]).map(|s| format!("stage-{}", ids[s]));
        for want in during.chain(["preflight".to_string()]) {
            if !left.contains(&want) {
                out.push(format!("{id} is left before {want} has ended"));
            }
        }
        let named = |job: &str, what: &str| {
            let asked = format!("contains(fromJSON(needs.todo.outputs.holds || '[]'), '{what}-{id}')");
            rollback
                .get(job)
                .is_some_and(|j| j.conditions.contains(&asked) && demands(j).contains("todo"))
        };
        for (job, what) in [
            (format!("enter-{id}-again"), "reenter"),
            (format!("exit-{id}-word"), "exit"),
            (format!("exit-{id}"), "exit"),
        ] {
            if !named(&job, what) {
                out.push(format!("{job} runs unasked, or never"));
            }
        }
        if rollback
            .get(&format!("enter-{id}-again"))
            .map(|j| j.environment.clone())
            != entered
        {
            out.push(format!("{id} is entered again elsewhere"));
        }
        let late = format!("exit-{id}-late");
        for (workflow, exit) in [
            (release, format!("exit-{id}")),
            (release, late),
            (rollback, format!("exit-{id}")),
        ] {
            if workflow.get(&exit).map(|j| j.environment.clone()) != entered {
                out.push(format!("{exit} is missing, or elsewhere"));
            }
        }
    }
    out
}

/// A mutant: its kind, what was done, and the two workflows.
type Mutant = (&'static str, String, Workflow, Workflow);

fn mutants(example: &Example) -> Vec<Mutant> {
    let mut out = Vec::new();
    for (in_rollback, workflow) in [(false, &example.release), (true, &example.rollback)] {
        let mut add = |kind: &'static str, what: String, changed: Workflow| {
            let (a, b) = if in_rollback {
                (example.release.clone(), changed)
            } else {
                (changed, example.rollback.clone())
            };
            out.push((kind, format!("{}: {what}", example.name), a, b));
        };
        let with = |id: &str, f: &dyn Fn(&mut Job)| {
            let mut changed = workflow.clone();
            f(changed.get_mut(id).expect("the job"));
            changed
        };
        for (id, job) in workflow {
            // Reports and messages change nothing.
            if matches!(
                id.split('-').next(),
                Some("preview" | "report" | "settle" | "ask" | "finally" | "watch")
            ) {
                continue;
            }
            add("act again", id.clone(), with(id, &|j| j.later = true));
            for i in (0..job.needs.len()).filter(|i| job.needs[*i] != "preview") {
                // A need that no condition reads orders nothing that is demanded elsewhere.
                let read = format!("needs.{}.", job.needs[i]);
                if job.conditions.iter().any(|c| c.contains(&read)) {
                    add(
                        "drop a need",
                        format!("{id} {}", job.needs[i]),
                        with(id, &|j| drop(j.needs.remove(i))),
                    );
                }
            }
            for (i, condition) in job.conditions.iter().enumerate() {
                let what = format!("{id} {condition}");
                let guard = demanded(condition).is_some()
                    || i == 0
                    || condition.starts_with("contains(fromJSON(needs.todo");
                if !guard {
                    continue;
                }
                add(
                    "drop a condition",
                    what.clone(),
                    with(id, &|j| drop(j.conditions.remove(i))),
                );
                add(
                    "invert a condition",
                    what.clone(),
                    with(id, &|j| j.conditions[i] = format!("!({condition})")),
                );
                if condition.contains("== 'success'") {
                    let weak = condition.replace("== 'success'", "!= 'failure'");
                    add(
                        "weaken a condition",
                        what.clone(),
                        with(id, &|j| j.conditions[i] = weak.clone()),
                    );
                    let other = condition.replacen("'success'", "'skipped'", 1);
                    add(
                        "weaken a condition",
                        what,
                        with(id, &|j| j.conditions[i] = other.clone()),
                    );
                }
            }
            let reports = ["failed-", "decide-", "check-"].iter().any(|p| id.starts_with(p));
            if (job.works || id.starts_with("approve-")) && !reports {
                add(
                    "drop an environment",
                    id.clone(),
                    with(id, &|j| j.environment.clear()),
                );
                add(
                    "change an environment",
                    id.clone(),
                    with(id, &|j| j.environment = "elsewhere".into()),
                );
            }
            if !job.seats.is_empty() {
                add(
                    "change a threshold",
                    id.clone(),
                    with(id, &|j| j.seats = "0".into()),
                );
                add(
                    "change a threshold",
                    id.clone(),
                    with(id, &|j| j.within = "1".into()),
                );
            }
            let part = [
                "approve-",
                "exit-",
                "undo-",
                "stage-",
                "failed-stage-",
                "failed-approve-",
            ];
            if part.iter().any(|p| id.starts_with(p)) {
                // Taken out with every trace, as somebody would who wants it gone.
                let mut changed = workflow.clone();
                changed.remove(id);
                for other in changed.values_mut() {
                    other.needs.retain(|n| n != id);
                    other.conditions.retain(|c| !c.contains(&format!("needs.{id}.")));
                    if other.conditions.is_empty() {
                        other.conditions.push("!cancelled()".into());
                    }
                }
                let kind = match id.split('-').next() {
                    Some("approve") => "skip an approval",
                    Some("exit") => "remove an exit",
                    _ => "remove a job",
                };
                add(kind, id.clone(), changed);
            }
        }
        let undos: Vec<&String> = workflow.keys().filter(|k| k.starts_with("undo-")).collect();
        for pair in undos.windows(2) {
            let mut changed = workflow.clone();
            let (a, b) = (workflow[pair[0]].clone(), workflow[pair[1]].clone());
            changed.insert(pair[0].clone(), b);
            changed.insert(pair[1].clone(), a);
            add("swap two undos", format!("{} {}", pair[0], pair[1]), changed);
        }
    }
    out
}

#[test]
fn mutants_of_the_workflows_contradict_the_plan() {
    let (mut made, mut killed): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let mut survivors = Vec::new();
    let examples = examples();
    assert!(examples.len() >= 4, "the examples are built");
    for example in &examples {
        let own = faults(example, &example.release, &example.rollback);
        assert!(own.is_empty(), "{}: {own:#?}", example.name);
        for (kind, what, release, rollback) in mutants(example) {
            // A job without a condition left has the one that GitHub implies.
            let imply = |mut w: Workflow| {
                for job in w.values_mut().filter(|j| j.conditions.is_empty()) {
                    job.conditions.push("success()".into());
                }
                w
            };
            *made.entry(kind).or_default() += 1;
            if faults(example, &imply(release), &imply(rollback)).is_empty() {
                survivors.push(format!("{kind}: {what}"));
            } else {
                *killed.entry(kind).or_default() += 1;
            }
        }
    }
    let (all, dead): (usize, usize) = (made.values().sum(), killed.values().sum());
    for (kind, n) in &made {
        println!("{kind}: {} of {n}", killed.get(kind).copied().unwrap_or_default());
    }
    println!("{dead} of {all} mutants were seen\n{}", survivors.join("\n"));
    assert!(
        dead * 100 >= all * 99,
        "{dead} of {all} mutants were seen:\n{}",
        survivors.join("\n")
    );
}
