//! What GitHub does to a run besides what the plan speaks of: somebody does it again, a question goes unanswered by its API, a reviewer
//! answers with other words than those asked for. The emitted workflows, executed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::tools::{or_skip, said};

/// A plan with an approval, two stages and an owner who is asked when the second fails.
const PLAN: &str = r##"use std.comms { slack }
person ana { name "Ana Ruiz"; github "ana" }
person bob { name "Bob Okoro"; github "bob" }
role ops   { title "Operations"; members bob }
person cyd { name "Cyd Maas"; github "cyd" }
role leads { title "Leads"; members cyd }
environment production { kind production; region "eu-west-1"; account "123456789012" }
release again {
  title "Again"; version "2"; author ana; owner ops; in production
  start 2026-06-01T09:00Z
  approval go { from leads; distinct_from author, executors; within 2d }
  stage web { approved go; run "./web.sh" { changes "web"; undo run "./unweb.sh" { idempotent } } }
  stage app {
    after web
    run "./app.sh" { changes "app"; undo run "./unapp.sh" { idempotent } }
    on_failure { then FOLLOWS }
  }
  notify slack.channel("#room") { on failed, needs_help }
}
"##;

/// Where a plan is built.
fn home(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("again").join(name)
}

/// The plan, with what follows when its second stage fails.
fn plan(follows: &str) -> String {
    PLAN.replace("FOLLOWS", follows)
}

/// A plan built; gives its workflow.
fn built(name: &str, plan: &str) -> PathBuf {
    let folder = home(name);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("again.release");
    std::fs::write(&file, plan).expect("the plan can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let done = command
        .arg("build")
        .arg(&file)
        .args(["--force", "--out"])
        .arg(&folder);
    let done = done.output().expect("the compiler can be started");
    let workflow = folder.join("again/.github/workflows/release-again.yml");
    assert!(
        workflow.is_file(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        said(&done)
    );
    workflow
}

/// A world in which all goes well, with these members besides.
fn world(more: Value) -> Value {
    let asked = |who: &str, answers: Value| json!({ "reviewers": [who], "answers": answers });
    let mut world = json!({
        "about": "again", "engine": "workflow", "artifact": "", "expect": { "result": "" },
        "inputs": { "plan": "{{plan}}" },
        "github": { "actor": "eva" },
        "scripts": ["web.sh", "unweb.sh", "app.sh", "unapp.sh"],
        "secrets": { "SLACK_BOT_TOKEN": "token" },
        "usual": [{ "command": "^curl .*slack", "answers": [{ "stdout": "{\"ok\":true}" }] }],
        "environments": {
            "production": {},
            "again-messages": {},
            "again-approve-go": asked("cyd", json!([{ "state": "approved", "after": 60 }])),
            "again-pause-app": asked("bob", json!([])),
            "again-pause": asked("bob", json!([])),
        },
    });
    for (key, value) in more.as_object().expect("members") {
        world[key] = value.clone();
    }
    world
}

/// What happens in each of these worlds.
fn runs(tool: &str, name: &str, plan: &str, worlds: &[Value]) -> Option<Vec<Value>> {
    let tools = or_skip(tool)?;
    let workflow = built(name, plan);
    let mut command = tools.node("run.mjs");
    command.arg(&workflow);
    for (n, world) in worlds.iter().enumerate() {
        let file = home(name).join(format!("world{n}.json"));
        std::fs::write(&file, world.to_string()).expect("it can be written");
        command.arg(file);
    }
    let done = command.output().expect("the engine can be started");
    assert!(done.status.success(), "the engine broke: {}", said(&done));
    let text = String::from_utf8_lossy(&done.stdout);
    let read = |l| serde_json::from_str::<Value>(l).expect("a trace is JSON");
    let traces: Vec<Value> = text.lines().map(read).collect();
    assert_eq!(traces.len(), worlds.len(), "the engine reports every run");
    for trace in &traces {
        assert_eq!(trace["complaints"], json!([]), "{trace:#}");
    }
    Some(traces)
}

/// The scripts of the plan that ran, in order.
fn scripts(trace: &Value) -> Vec<String> {
    let calls = trace["calls"].as_array().into_iter().flatten();
    let text = calls.filter_map(Value::as_str);
    let ran = text.filter_map(|c| Some(c.rsplit_once(": ")?.1.trim_end_matches(" (exit 1)").to_string()));
    ran.filter(|c| c.ends_with(".sh")).collect()
}

/// The app does not work.
fn broken() -> Value {
    json!({ "command": "^app.sh$", "answers": [{ "exit": 1 }] })
}

/// A call that GitHub does not answer the first time.
fn unanswered(command: &str) -> Value {
    json!({ "command": command, "answers": [{ "exit": 1, "stderr": "HTTP 502\n" }, { "pass": true }] })
}

#[test]
fn a_run_that_is_done_again_does_nothing() {
    let again = |run: u32, jobs: &str| world(json!({ "again": [{ "run": run, "jobs": jobs }] }));
    let failed = |run: u32, jobs: &str| {
        let replies = json!([broken()]);
        world(json!({ "replies": replies, "again": [{ "run": run, "jobs": jobs }] }))
    };
    let stuck = |jobs: &str| {
        let undo = json!({ "command": "^unapp.sh$", "answers": [{ "exit": 1 }] });
        world(json!({ "replies": [broken(), undo], "again": [{ "run": 2, "jobs": jobs }] }))
    };
    let back = ["web.sh", "app.sh", "unapp.sh", "unweb.sh"];
    // Inside a run, an undo that may be done twice is tried three times.
    let tried = ["web.sh", "app.sh", "unapp.sh", "unapp.sh", "unapp.sh"];
    let cases: [(Value, &[&str], &str); 8] = [
        (again(1, "all"), &back[..2], "release-again.yml failure"),
        (
            failed(1, "failed"),
            &back,
            "release-again.yml failure; rollback-again.yml success",
        ),
        (
            failed(1, "all"),
            &back,
            "release-again.yml failure; rollback-again.yml success",
        ),
        (
            failed(2, "all"),
            &back,
            "release-again.yml failure; rollback-again.yml failure",
        ),
        (
            stuck("failed"),
            &tried,
            "release-again.yml failure; rollback-again.yml failure",
        ),
        (
            stuck("all"),
            &tried,
            "release-again.yml failure; rollback-again.yml failure",
        ),
        // Nothing was done again in these.
        (world(json!({})), &back[..2], "release-again.yml success"),
        (
            world(json!({ "replies": [broken()] })),
            &back,
            "release-again.yml failure; rollback-again.yml success",
        ),
    ];
    let worlds: Vec<Value> = cases.iter().map(|(w, ..)| w.clone()).collect();
    let what = "the workflow executor, on runs that are done again";
    let Some(traces) = runs(what, "done", &plan("rollback"), &worlds) else {
        return;
    };
    for (i, ((world, ran, result), trace)) in cases.iter().zip(&traces).enumerate() {
        assert_eq!(scripts(trace), *ran, "{i}: {trace:#}");
        assert_eq!(trace["result"], *result, "{i}: {trace:#}");
        let calls = trace["calls"].as_array().expect("calls");
        let at = calls
            .iter()
            .position(|c| c.as_str().is_some_and(|c| c.contains("done again: ")));
        assert_eq!(at.is_some(), world.get("again").is_some(), "{i}");
        let Some(at) = at else { continue };
        let after: Vec<&str> = calls[at..].iter().filter_map(Value::as_str).collect();
        assert!(
            after.iter().any(|c| c.ends_with("/again: ended failure")),
            "{i}: {after:#?}"
        );
        let asked =
            |c: &&&str| c.contains("asks for approval") || c.contains(": gh ") || c.contains(": curl ");
        assert_eq!(after.iter().find(asked), None, "{i}: {after:#?}");
    }
}

#[test]
fn what_github_does_not_answer_is_asked_again() {
    let asked = [
        "^gh api .*/approvals",
        "^gh api .*status=in_progress",
        "^gh workflow run rollback-again.yml",
        "^gh api .*/attempts/1/jobs",
        "^gh api .*/attempts/1 ",
        "^gh api .*/artifacts",
        "^gh run download",
    ];
    let unanswered = |command| world(json!({ "replies": [broken(), unanswered(command)] }));
    let worlds: Vec<Value> = asked.into_iter().map(unanswered).collect();
    let what = "the workflow executor, on what GitHub does not answer";
    let Some(traces) = runs(what, "unanswered", &plan("rollback"), &worlds) else {
        return;
    };
    for (trace, world) in traces.iter().zip(&worlds) {
        let back = ["web.sh", "app.sh", "unapp.sh", "unweb.sh"];
        assert_eq!(scripts(trace), back, "{}: {trace:#}", world["replies"]);
        let result = "release-again.yml failure; rollback-again.yml success";
        assert_eq!(trace["result"], result, "{}", world["replies"]);
    }
}

#[test]
fn nothing_begins_while_an_alarm_sounds() {
    let trigger = "  trigger storm { when errors > 5%; over 5m; during web .. app; then pause }\n  notify";
    let metric = "metric errors { run \"./errors.sh\"; unit percent }\nrelease again";
    let text = plan("pause").replacen("  notify", trigger, 1);
    let text = text.replacen("release again", metric, 1);
    let errors = |outs: &[&str]| {
        let one = |o: &&str| json!({ "stdout": format!("{o}\n") });
        let answers: Vec<Value> = outs.iter().map(one).collect();
        json!({ "command": "errors.sh$", "answers": answers })
    };
    let sees = |more: Value| {
        let mut world = world(more);
        world["scripts"]
            .as_array_mut()
            .expect("scripts")
            .push("errors.sh".into());
        let resumes = json!([{ "state": "approved", "after": 60, "comment": "retry" }]);
        world["environments"]["again-pause-app"]["answers"] = resumes.clone();
        world["environments"]["again-pause"]["answers"] = resumes;
        world
    };
    let once = json!({ "command": "^app.sh$", "answers": [{ "exit": 1 }, {}] });
    let all: &[&str] = &["web.sh", "app.sh"];
    let cases: [(Value, &[&str], &str); 4] = [
        (
            sees(json!({ "replies": [errors(&["0.1"])] })),
            &[],
            "release-again.yml failure",
        ),
        (
            sees(json!({ "replies": [errors(&["0.01"])] })),
            all,
            "release-again.yml success",
        ),
        // No data is no alarm.
        (
            sees(json!({ "replies": [errors(&[""])] })),
            all,
            "release-again.yml success",
        ),
        // A run that goes on is not asked again: its owner has decided.
        (
            sees(json!({ "replies": [once, errors(&["0.01"])] })),
            &["web.sh", "app.sh", "app.sh"],
            "release-again.yml failure; rollback-again.yml success; release-again.yml success",
        ),
    ];
    let worlds: Vec<Value> = cases.iter().map(|(w, ..)| w.clone()).collect();
    let what = "the workflow executor, on alarms that sound before a release";
    let Some(traces) = runs(what, "alarms", &text, &worlds) else {
        return;
    };
    for ((world, ran, result), trace) in cases.iter().zip(&traces) {
        let mut worked = scripts(trace);
        worked.retain(|s| s != "errors.sh");
        assert_eq!(worked, *ran, "{}: {trace:#}", world["replies"]);
        assert_eq!(trace["result"], *result, "{}", world["replies"]);
    }
    let calls = traces[0]["calls"].as_array().expect("calls");
    let asked = |c: &&Value| c.as_str().is_some_and(|c| c.contains("asks for approval"));
    assert_eq!(calls.iter().find(asked), None, "{:#}", traces[0]);
    let looked = |c: &&Value| {
        c.as_str()
            .is_some_and(|c| c.contains("/alarms: ") && c.contains("errors.sh"))
    };
    assert_eq!(
        traces[3]["calls"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(looked)
            .count(),
        1
    );
}

#[test]
fn people_are_told_when_handing_over_fails() {
    let never = json!({ "command": "^gh workflow run", "answers": [{ "exit": 1 }] });
    let world = world(json!({ "replies": [broken(), never] }));
    let what = "the workflow executor, on a rollback that cannot be started";
    let Some(traces) = runs(what, "told", &plan("rollback"), &[world]) else {
        return;
    };
    let calls = traces[0]["calls"].as_array().expect("calls");
    let told = |job: &str| {
        let of = |c: &&Value| c.as_str().is_some_and(|c| c.contains(job) && c.contains("curl"));
        calls.iter().filter(of).count()
    };
    assert_eq!(told("/failed-stage-app:"), 1, "{:#}", traces[0]);
    assert_eq!(told("/report:"), 1, "{:#}", traces[0]);
}

#[test]
fn an_answer_in_other_words_is_asked_for_in_another_run() {
    let says = |comments: &[&str]| {
        let one = |c: &&str| json!({ "state": "approved", "by": "bob", "after": 60, "comment": c });
        let answers: Vec<Value> = comments.iter().map(one).collect();
        let mut world =
            world(json!({ "replies": [{ "command": "^app.sh$", "answers": [{ "exit": 1 }, {}] }] }));
        world["environments"]["again-pause-app"]["answers"] = answers.into();
        world
    };
    let unclear = [
        "well",
        "hm",
        "looks good",
        "sure",
        "fine",
        "yes",
        "ok",
        "whatever",
    ];
    let cases = [
        (
            says(&["well", "hm", "retry"]),
            vec!["web.sh", "app.sh", "app.sh"],
            4,
        ),
        (
            says(&["well", "hm", "sure", "rollback"]),
            vec!["web.sh", "app.sh", "unapp.sh", "unweb.sh"],
            3,
        ),
        (says(&unclear), vec!["web.sh", "app.sh"], 5),
    ];
    let worlds: Vec<Value> = cases.iter().map(|(w, ..)| w.clone()).collect();
    let what = "the workflow executor, on answers in other words";
    let Some(traces) = runs(what, "words", &plan("pause"), &worlds) else {
        return;
    };
    for ((world, ran, count), trace) in cases.iter().zip(&traces) {
        assert_eq!(scripts(trace), *ran, "{trace:#}");
        let result = trace["result"].as_str().expect("a result");
        assert_eq!(
            result.split("; ").count(),
            *count,
            "{result}: {}",
            world["environments"]
        );
    }
}
