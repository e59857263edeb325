//! The page for the board at 5, 40 and 200 stages: generated plans, compiled by the program and judged in a browser.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::judge::Judge;
use crate::tools::{or_skip, said};

/// A plan of so many stages: regions side by side, one after another within a region, all joined at the end.
fn plan(stages: usize) -> String {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\nrole leads { title \"Leads\"; at_least 3 }\n\
         environment production { kind production }\nchannel room { title \"Room\"; run \"./say.sh ${message}\" }\n\
         calendar work { freeze \"the quarter ends\" { from 2026-06-01T11:00Z; to 2026-06-01T12:00Z } }\n\
         gate healthy { title \"Everything answers as it did before\"; run \"./smoke.sh\" { changes nothing }; exercises \"app\" }\n",
    );
    let _ = writeln!(
        text,
        "release many {{\n  title \"Many stages\"; version \"2\"; author ana; owner operations; in production; start 2026-06-01T09:00Z; calendar work\n  \
         window {{ opens 2026-06-01T08:00Z; closes 2026-06-09T10:00Z }}\n  \
         allow \"time/in_freeze\" {{ because \"the quarter is closed by hand\"; until 2099-01-01 }}\n  \
         approval go {{ from leads; distinct_from author, executors; within 2d }}"
    );
    let regions = 1 + stages / 12;
    for i in 0..stages {
        let name = |i: usize| format!("region_{}_step_{}", i % regions, i / regions);
        let after = match i.checked_sub(regions) {
            Some(before) => format!("after {}; ", name(before)),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "  stage {} {{ title \"WIDE WORDS: move the service of region {} to step {}\"; {after}approved go; takes {}m .. {}m; \
             run \"./deploy.sh {i}\" {{ changes \"app:{i}\" }}; verify healthy; \
             rollback {{ run \"./undo.sh {i}\" {{ changes \"app:{i}\"; takes 1m .. 5m }} }} }}",
            name(i),
            i % regions,
            i / regions,
            1 + i % 7,
            9 + i % 50
        );
    }
    text.push_str("  notify room { on started, finished, failed, rolled_back }\n}\n");
    text
}

#[test]
fn pages_stay_legible_at_5_40_and_200_stages() {
    let Some(tools) = or_skip("review") else { return };
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let mut pages = Vec::new();
    for stages in [5, 40, 200] {
        let folder = root.join(stages.to_string());
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let source = folder.join("plan.release");
        std::fs::write(&source, plan(stages)).expect("the plan can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        command
            .arg("build")
            .arg(&source)
            .args(["--target", "runbook", "--force", "--out"]);
        let done = command
            .arg(folder.join("dist"))
            .output()
            .expect("the compiler can be started");
        assert!(
            done.status.success(),
            "{stages} stages: {}{}",
            String::from_utf8_lossy(&done.stdout),
            said(&done)
        );
        pages.push(folder.join("dist/many/review.html"));
    }
    Judge::named("review").must_accept(tools, &pages);
}
