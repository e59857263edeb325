//! Evaluates expressions twice, with GitHub's own evaluator and with the one that the proof of workflows uses, and compares the values.
//!
//! The table is generated: every value against every other under every operator and function, and every expression of every example's
//! workflows under several contexts that hold something for each name it reads.

use std::io::Write as _;
use std::process::Stdio;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use crate::artifacts::files_below;
use crate::examples;
use crate::tools::{self, Tools, said};

/// An expression and what it reads.
#[derive(serde::Serialize)]
struct Case {
    expression: String,
    contexts: Value,
}

/// What GitHub's evaluator said.
#[derive(serde::Deserialize)]
struct Said {
    #[serde(default)]
    value: Value,
    error: Option<String>,
}

/// What GitHub's evaluator says of each.
fn judged(tools: &Tools, cases: &[Case]) -> Vec<Said> {
    let mut child = tools
        .node("expressions.mjs")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the evaluator can be started");
    let mut input = child.stdin.take().expect("internal: it was asked for");
    let lines: Vec<String> = cases
        .iter()
        .map(|c| serde_json::to_string(c).expect("internal: it is plain data"))
        .collect();
    let written = std::thread::spawn(move || input.write_all((lines.join("\n") + "\n").as_bytes()));
    let done = child.wait_with_output().expect("the evaluator ends");
    written
        .join()
        .expect("internal: writing does not panic")
        .expect("it reads all");
    assert!(done.status.success(), "the evaluator broke: {}", said(&done));
    let text = String::from_utf8_lossy(&done.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("its answer is JSON"))
        .collect()
}

/// Both sides as they are compared: numbers by their value, whatever way they are written.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64().map(|n| n + 0.0)),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), plain(v))).collect(),
        other => other.clone(),
    }
}

/// The cases on which the two do not agree.
fn differences(tools: &Tools, cases: &[Case]) -> Vec<String> {
    let theirs = judged(tools, cases);
    assert_eq!(theirs.len(), cases.len(), "each has an answer");
    let mut wrong = Vec::new();
    for (case, theirs) in cases.iter().zip(theirs) {
        let ours = releasec::proof::expression(&case.expression, &case.contexts);
        let same = match (&ours, &theirs.error) {
            (Ok(value), None) => plain(value) == plain(&theirs.value),
            (Err(_), Some(_)) => true,
            _ => false,
        };
        if !same {
            let theirs = theirs
                .error
                .map_or_else(|| theirs.value.to_string(), |e| format!("error: {e}"));
            wrong.push(format!(
                "`{}`\n    ours {ours:?}, theirs {theirs}\n    {}",
                case.expression, case.contexts
            ));
        }
    }
    wrong
}

/// Values of every kind, those among them that look like others.
const VALUES: [&str; 20] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-2.5",
    "1e3",
    "0x10",
    "''",
    "'0'",
    "'1'",
    "' 1 '",
    "'true'",
    "'abc'",
    "'ABC'",
    "'it''s'",
    "inputs.text",
    "inputs.missing",
    "fromJSON('[\"a\", 1, null]')",
    "fromJSON('{\"a\": [1]}')",
];

fn table() -> Vec<Case> {
    let mut list = Vec::new();
    for a in VALUES {
        list.push(format!("!{a}"));
        list.push(format!("toJSON({a})"));
        list.push(format!("fromJSON(toJSON({a}))"));
        list.push(format!("format('{{0}} {{{{1}}}}', {a})"));
        list.push(format!("join({a}, '-')"));
        for b in VALUES {
            for sign in ["==", "!=", "<", "<=", ">", ">=", "&&", "||"] {
                list.push(format!("{a} {sign} {b}"));
            }
            for function in ["contains", "startsWith", "endsWith"] {
                list.push(format!("{function}({a}, {b})"));
            }
        }
    }
    for odd in [
        "",
        "1 +",
        "(",
        "needs",
        "inputs['text']",
        "inputs.TEXT",
        "INPUTS.text",
        "!!inputs.text",
        "!(1 == 1) || 2 > 1 && false",
        "1 < 2 == true",
        "success() && !cancelled() && always() && !failure()",
        "fromJSON('')",
        "fromJSON('{')",
        "fromJSON('[[1]]')[0][0]",
        "fromJSON('{\"a\": {\"b\": 2}}').a.b",
        "fromJSON('{\"A\": 2}').a",
        "nothing.at.all",
        "unknown(1)",
        "contains('a')",
        "'a' 'b'",
        "'open",
        "format('{0}')",
        "format('{')",
    ] {
        list.push(odd.to_string());
    }
    let contexts = json!({"inputs": {"text": "Some Text"}, "needs": {}});
    list.into_iter()
        .map(|expression| Case {
            expression,
            contexts: contexts.clone(),
        })
        .collect()
}

/// Every expression in a text of a workflow.
fn inside(text: &str) -> Vec<String> {
    let braces = Regex::new(r"\$\{\{((?:'(?:[^']|'')*'|[^'}]|\}[^}])*)\}\}").expect("a pattern");
    braces
        .captures_iter(text)
        .filter_map(|c| c.get(1).map(|m| m.as_str().trim().to_string()))
        .collect()
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|v| texts(v, out)),
        Value::Object(map) => map.values().for_each(|v| texts(v, out)),
        _ => {}
    }
}

/// What stands where an expression reads something; another one in each round.
const FOUND: [&str; 7] = [
    "success",
    "",
    "failure",
    "skipped",
    "[\"approve-go\",\"copy\",\"model\",\"app.r1_c1\",\"exit-main_frozen\"]",
    "true",
    "{\"values\":{\"v_decide-go_on\":\"everywhere\"},\"done\":[]}",
];

/// Contexts with something for each name that an expression reads.
fn contexts(expression: &str, round: usize) -> Value {
    let path =
        Regex::new(r"(needs|inputs|steps|github|vars|secrets|runner|job)((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)")
            .expect("a pattern");
    let mut root = json!({"needs": {}, "inputs": {}, "steps": {}, "github": {}, "vars": {}, "secrets": {}, "runner": {}, "job": {}});
    for (at, found) in path.captures_iter(expression).enumerate() {
        let names = found[2].split('.').skip(1);
        let mut place = &mut root[&found[1]];
        for name in names {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name];
        }
        if place.is_null() {
            let lists = expression[found.get(0).map_or(0, |m| m.end())..].starts_with(" || '[]'");
            // What is read as JSON is JSON, or nothing at all.
            let pick = match lists {
                true => [1, 4][(at + round) % 2],
                false => (at * 3 + round) % FOUND.len(),
            };
            *place = FOUND[pick].into();
        }
    }
    root
}

/// Both evaluators come to the same value in each case.
fn agree(tools: &Tools, cases: &[Case]) {
    let wrong = differences(tools, cases);
    println!("{} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn both_evaluators_come_to_the_same_value() {
    let Some(tools) = tools::or_skip("GitHub's evaluator") else {
        return;
    };
    let cases = table();
    agree(tools, &cases);
    assert!(cases.len() > 4_000);
}

#[test]
fn both_evaluators_agree_on_every_expression_of_every_example() {
    let Some(tools) = tools::or_skip("GitHub's evaluator") else {
        return;
    };
    let mut cases = Vec::new();
    for example in examples::built() {
        let files = files_below(&example.dist);
        for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "yml")) {
            let text = std::fs::read_to_string(file).expect("a workflow");
            let value: Value = serde_saphyr::from_str(&text).expect("YAML");
            let mut all = Vec::new();
            texts(&value, &mut all);
            let mut found: Vec<String> = all.iter().flat_map(|t| inside(t)).collect();
            found.sort();
            found.dedup();
            for expression in found {
                for round in 0..FOUND.len() {
                    let contexts = contexts(&expression, round);
                    cases.push(Case {
                        expression: expression.clone(),
                        contexts,
                    });
                }
            }
        }
    }
    agree(tools, &cases);
    assert!(cases.len() > 2_000, "{} cases", cases.len());
}
