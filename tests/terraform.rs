//! The configuration of a plan: what is written for the smallest example, that a text of the plan stays a text, that a plan's
//! rights become exactly those of its roles.
//!
//! Terraform itself judges every example in `conformance/`.

mod shared;

use releasec::emit::{Artifact, Context, terraform};
use shared::{Alone, context, sound};

const PATH: &str = "examples/hello/hello.release";
const HELLO: &str = include_str!("../examples/hello/hello.release");

fn emitted(text: &str) -> Vec<Artifact> {
    let (plan, sources) = sound(PATH, text, &Alone);
    let context = Context {
        source: PATH,
        ..context(&sources)
    };
    terraform::emit(&plan, &context).0
}

fn file<'a>(list: &'a [Artifact], name: &str) -> &'a str {
    let path = format!("terraform/{name}");
    let found = list.iter().find(|a| a.path == path);
    &found.expect("the file is written").content
}

#[test]
fn the_smallest_example() {
    let list = emitted(HELLO);
    assert_eq!(list, emitted(HELLO));
    let all: Vec<String> = list
        .iter()
        .map(|a| format!("==> {}\n{}", a.path, a.content))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn nothing_is_written_for_what_a_plan_does_not_have() {
    let list = emitted(HELLO);
    assert!(list.iter().all(|a| a.path != "terraform/scheduler.tf"));
    assert!(list.iter().all(|a| !a.content.trim_end().is_empty()));
}

#[test]
fn a_text_of_the_plan_is_never_an_expression() {
    let hostile = HELLO
        .replace("\"Ana Ruiz\"", "\"%{ if true }x%{ endif } \\${file(1)}\"")
        .replace("region \"eu-west-1\"", "region \"%{b}\"");
    let list = emitted(&hostile);
    let versions = file(&list, "versions.tf");
    assert!(versions.contains("\"%%{b}\""), "{versions}");
    let variables = file(&list, "variables.tf");
    assert!(variables.contains("%%{ if true }x%%{ endif } $"), "{variables}");
    for artifact in &list {
        let rest = artifact.content.replace("%%{", "").replace("$${", "");
        assert!(
            !rest.contains("%{") && !rest.contains("${file"),
            "{}",
            artifact.content
        );
    }
}

#[test]
fn each_environment_that_asks_somebody_keeps_administrators_out() {
    let list = emitted(HELLO);
    let github = file(&list, "github.tf");
    let environments = github
        .matches("resource \"github_repository_environment\" ")
        .count();
    assert!(environments > 0);
    assert_eq!(
        github.matches("can_admins_bypass   = false").count(),
        environments
    );
    let (_, approval) = github
        .split_once("\"hello_approve_go\" {")
        .expect("the approval's environment");
    assert!(approval.contains("prevent_self_review = true"), "{approval}");
}

#[test]
fn a_stage_may_do_what_its_actions_say_and_no_more() {
    let list = emitted(HELLO);
    let iam = file(&list, "iam.tf");
    let (_, stage) = iam
        .split_once("data \"aws_iam_policy_document\" \"stage_shift\" {")
        .expect("the rights of the stage");
    let stage = stage.split("\n}\n").next().expect("the whole block");
    let mut lambda: Vec<&str> = stage.split('"').filter(|w| w.starts_with("lambda:")).collect();
    lambda.dedup();
    assert_eq!(lambda, ["lambda:UpdateAlias"]);
    assert!(iam.contains(":environment:production\"]"), "{iam}");
}

#[test]
fn the_state_machine_takes_on_no_role_that_it_makes_no_call_with() {
    let list = emitted(HELLO);
    let iam = file(&list, "iam.tf");
    let (_, machine) = iam
        .split_once("# work with the rights of a stage")
        .expect("the rights of the machine");
    let (assumed, rest) = machine.split_once("  }\n").expect("the whole statement");
    let roles = |text: &str| -> Vec<String> {
        let words = text.split(":role/").skip(1);
        words
            .map(|w| w.split('"').next().unwrap_or(w).to_string())
            .collect()
    };
    assert_eq!(roles(assumed), ["hello-shift", "hello-rollback"]);
    let (_, passed) = rest
        .split_once("# run commands with the rights of a stage")
        .expect("the roles of builds");
    let passed = passed.split("condition {").next().expect("the whole statement");
    assert_eq!(roles(passed), ["hello-shift"]);
}
