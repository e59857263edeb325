//! Whoever is called or told by an artifact is missed by the proof when it no longer does so.

mod shared;

use releasec::emit::stepfunctions;
use releasec::proof;
use serde_json::{Value, json};
use shared::{context, here, plan, workflows};

/// A plan in which a trigger and failures call somebody, and everybody is told of moments.
const CALLS: &str = "tests/corpus/proved/calls.release";

/// Every place of a state that calls somebody for help, as a JSON pointer.
fn calls(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let here = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                let called = name.ends_with(" calls") || name.ends_with(": call for help");
                if called && inner["Type"] == "Task" {
                    out.push(here);
                } else {
                    calls(inner, &here, out);
                }
            }
        }
        Value::Array(list) => {
            for (i, inner) in list.iter().enumerate() {
                calls(inner, &format!("{at}/{i}"), out);
            }
        }
        _ => {}
    }
}

#[test]
fn a_state_machine_that_calls_nobody_is_refused() {
    let (plan, sources) = plan(&here(CALLS));
    let (artifacts, _) = stepfunctions::emit(&plan, &context(&sources));
    let machine: Value = serde_json::from_str(&artifacts[0].content).expect("JSON");
    let manifest = stepfunctions::manifest(&plan);
    proof::state_machine(&plan, &machine.to_string(), &manifest).expect("it means the plan");
    let mut places = Vec::new();
    calls(&machine, "", &mut places);
    let mut missed = Vec::new();
    for place in &places {
        let mut mute = machine.clone();
        let state = mute.pointer_mut(place).expect("the state");
        *state = json!({ "Type": "Pass", "Next": state["Next"] });
        if proof::state_machine(&plan, &mute.to_string(), &manifest).is_ok() {
            missed.push(place);
        }
    }
    println!("{places:#?}");
    assert!(places.len() >= 4, "{places:#?}");
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn workflows_that_call_nobody_are_refused() {
    let (plan, sources) = plan(&here(CALLS));
    let ([release, rollback], manifest) = workflows(&plan, &sources);
    proof::workflows(&plan, [&release, &rollback], &manifest).expect("they mean the plan");
    let flow: Value = serde_saphyr::from_str(&release).expect("YAML");
    let (mut seen, mut missed) = (0, Vec::new());
    for (job, body) in flow["jobs"].as_object().expect("jobs") {
        for (i, step) in body["steps"].as_array().into_iter().flatten().enumerate() {
            let id = step["id"].as_str().unwrap_or_default();
            if id != "call" && !id.starts_with("call_") {
                continue;
            }
            seen += 1;
            let mut mute = flow.clone();
            mute["jobs"][job]["steps"][i]["if"] = json!("${{ false }}");
            let mute = mute.to_string();
            if proof::workflows(&plan, [&mute, &rollback], &manifest).is_ok() {
                missed.push(format!("{job}: {id}"));
            }
        }
    }
    assert!(seen >= 4, "{seen} calls");
    assert!(missed.is_empty(), "{missed:#?}");
}
