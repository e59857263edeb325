//! Commands in the documents can be pasted: bash reads them, and they are the words that the artifacts run.

use crate::support::{Compiled, blocks, example, examples, in_region, plan};
use proptest::prelude::*;
use releasec::model::{Act, Command, GateTest, StageId, TextPart};
use releasec::plan::StageUndo;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Output, Stdio};

/// Runs bash on a program; `None` where there is no bash.
fn bash(args: &[&str], program: &str) -> Option<Output> {
    let mut child = std::process::Command::new("bash")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(program.as_bytes()).ok()?;
    child.wait_with_output().ok()
}

/// Every command that may be run by hand.
fn commands(compiled: &Compiled) -> Vec<&Command> {
    let plan = &compiled.plan;
    let r = plan.release();
    let mut acts: Vec<&Act> = Vec::new();
    for (i, stage) in r.stages.iter().enumerate() {
        acts.extend(stage.forward_steps().into_iter().filter_map(|s| s.act()));
        acts.extend(
            stage
                .on_failure
                .iter()
                .flat_map(|f| &f.steps)
                .filter_map(|s| s.act()),
        );
        match plan.undo(StageId::at(i)) {
            StageUndo::Derived(steps) => acts.extend(steps.iter().map(|s| s.act)),
            StageUndo::Written(w) => acts.extend(w.steps.iter().filter_map(|s| s.act())),
            _ => {}
        }
    }
    let around = r.holds.iter().flat_map(|h| h.enter.iter().chain(&h.exit));
    let triggers = r.triggers.iter().flat_map(|t| &t.steps);
    acts.extend(around.chain(&r.finally).chain(triggers).filter_map(|s| s.act()));
    acts.extend(
        r.checklists
            .iter()
            .flat_map(|c| &c.items)
            .filter_map(|i| i.check.as_deref()),
    );
    acts.extend(r.gates.iter().filter_map(|g| match &g.test {
        GateTest::Run(a) | GateTest::Job(a) => Some(&**a),
        _ => None,
    }));
    let priors = r.priors.iter().filter_map(|p| p.run.as_ref());
    acts.into_iter()
        .filter_map(|a| a.run.as_ref())
        .chain(priors)
        .collect()
}

/// Words with every value that only the run knows made alike.
fn words(text: &str) -> Vec<String> {
    let parts = shlex::split(text).unwrap_or_else(|| panic!("quotes close: {text}"));
    let alike = |word: String| {
        let mut out = String::new();
        let mut rest = word.as_str();
        while let Some(at) = rest.find(['‹', '$']) {
            out.push_str(&rest[..at]);
            let found = &rest[at..];
            let end = if found.starts_with('‹') {
                found.find('›').map(|e| e + '›'.len_utf8())
            } else {
                found
                    .starts_with("${RELEASEC")
                    .then(|| found.find('}').map(|e| e + 1))
                    .flatten()
            };
            match end {
                Some(end) => {
                    out.push('◊');
                    rest = &found[end..];
                }
                None => {
                    let first = found.chars().next().map_or(0, char::len_utf8);
                    out.push_str(&found[..first]);
                    rest = &found[first..];
                }
            }
        }
        out.push_str(rest);
        out
    };
    parts.into_iter().map(alike).collect()
}

/// What is pasted, without what stands around it.
fn inside(paste: &str) -> &str {
    match paste.strip_prefix("(\nset -euo pipefail\n") {
        Some(rest) => rest
            .strip_suffix("\n)")
            .unwrap_or_else(|| panic!("the shell is closed: {paste}")),
        None => paste,
    }
}

/// What is run, without the lines that refuse a value that would be read as an option.
fn unguarded(script: &str) -> String {
    let lines = script.split_inclusive('\n');
    lines
        .skip_while(|l| l.starts_with("case \"${RELEASEC") && l.trim_end().ends_with("esac"))
        .collect()
}

#[test]
fn every_command_of_the_examples_can_be_pasted() {
    let mut seen = 0;
    for path in examples() {
        let Some(compiled) = example(&path) else { continue };
        for command in commands(&compiled) {
            let mut paste = inside(&command.paste).to_string();
            for line in ["cd ", "export "] {
                while paste.starts_with(line) && (command.folder.is_some() || !command.env.is_empty()) {
                    paste = paste
                        .split_once('\n')
                        .map_or(String::new(), |(_, rest)| rest.to_string());
                }
            }
            assert_eq!(
                words(&paste),
                words(&unguarded(&command.script)),
                "in {}",
                path.display()
            );
            seen += 1;
        }
        for block in blocks(compiled.document("runbook.md"), "bash") {
            let Some(read) = bash(&["-n"], &block) else { return };
            assert!(
                read.status.success(),
                "{block}\n{}",
                String::from_utf8_lossy(&read.stderr)
            );
        }
    }
    assert!(seen > 20, "the examples have commands");
}

#[test]
fn every_command_stands_in_the_runbook_as_it_is_pasted() {
    for path in examples() {
        let Some(compiled) = example(&path) else { continue };
        let runbook = compiled.document("runbook.md");
        let blocks: BTreeSet<String> = blocks(runbook, "bash")
            .iter()
            .map(|b| b.trim_end().to_string())
            .collect();
        let regions: Vec<Option<String>> = std::iter::once(None)
            .chain(compiled.plan.release().environments.iter().map(|e| {
                let region = e.region.as_ref()?;
                Some(
                    region
                        .parts
                        .iter()
                        .map(|p| match p {
                            TextPart::Lit(t) => t.clone(),
                            TextPart::Sym(_) => String::new(),
                        })
                        .collect(),
                )
            }))
            .collect();
        for command in commands(&compiled) {
            let stands = |region: &Option<String>| {
                let paste = in_region(&command.paste, region.as_deref());
                let cell = paste.replace('|', "\\|");
                blocks.contains(paste.trim_end()) || (!cell.contains('\n') && runbook.contains(&cell))
            };
            assert!(
                regions.iter().any(stands),
                "{}: {}",
                path.display(),
                command.paste
            );
        }
    }
}

#[test]
fn a_folder_and_variables_come_before_the_command() {
    let c = plan(&shop(
        "let x = 1",
        r#"run "./do.sh" { changes "app:shop"; folder "in fra"; env "REGION", "eu west" }"#,
    ));
    let all = blocks(c.document("runbook.md"), "bash");
    assert!(
        all.iter()
            .any(|b| b == "(\nset -euo pipefail\ncd 'in fra'\nexport REGION='eu west'\n./do.sh\n)\n"),
        "{all:#?}"
    );
}

fn shop(first: &str, act: &str) -> String {
    format!(
        "{first}\nperson ana {{ name \"Ana\" }}\nrole operations {{ at_least 3 }}\nenvironment production {{ kind production }}\n\
         release shop {{ title \"Shop\"; version \"2\"; author ana; owner operations; in production\n\
         stage deploy {{ {act} }} }}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any constant, in any place of a command: what is pasted prints what is run.
    #[test]
    fn a_pasted_command_does_what_the_artifact_does(text in "[ -~äß\n]{0,12}") {
        prop_assume!(!text.starts_with('-'));
        let quoted: String = text.chars().map(|c| match c {
            '"' => "\\\"".to_string(),
            '\\' => "\\\\".to_string(),
            '\n' => "\\n".to_string(),
            '$' => "\\$".to_string(),
            c => c.to_string(),
        }).collect();
        let act = "run \"\"\"\n  printf '<%s>' ${x} a${x}b \"${x}\" \"a${x}b\"\n  cat <<EOF\n  ${x}\n  EOF\n  \"\"\" { changes \"app:shop\" }";
        let source = shop(&format!("let x = \"{quoted}\""), act);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan.release");
        let compiled = match crate::support::compile(&path, &source) {
            Ok(compiled) => compiled,
            Err(found) => panic!("{found:#?}\n{source}"),
        };
        let list = commands(&compiled);
        let command = list.first().expect("the plan has a command");
        let mut script = String::new();
        for e in &command.env {
            let value = match &e.value {
                releasec::model::Value::Text(t) => t.known().expect("a constant").to_string(),
                other => panic!("{other:?}"),
            };
            script.push_str(&format!("export {}={}\n", e.name, shlex::try_quote(&value).expect("no NUL")));
        }
        script.push_str(&command.script);
        let (Some(run), Some(pasted)) = (bash(&[], &script), bash(&[], &command.paste)) else { return Ok(()) };
        prop_assert_eq!(
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&pasted.stdout),
            "pasted:\n{}\nrun:\n{}\n{}",
            command.paste,
            command.script,
            String::from_utf8_lossy(&pasted.stderr)
        );
    }
}
