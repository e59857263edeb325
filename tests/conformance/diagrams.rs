//! What `graph` and `simulate` draw, of every example and of every way in which one of its stages can fail, read by Mermaid's own parser.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::examples::built;
use crate::judge::Judge;
use crate::tools::{or_skip, said};

/// What the program prints.
fn printed(args: &[&str], source: &Path) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_releasec"))
        .args(args)
        .arg(source)
        .output()
        .expect("the compiler can be started");
    assert!(
        done.status.success(),
        "{args:?} {}: {}",
        source.display(),
        said(&done)
    );
    String::from_utf8(done.stdout).expect("text")
}

/// The names of the stages, as the artifacts tell them.
fn stages(dist: &Path) -> Vec<String> {
    let plans = crate::artifacts::files_below(dist);
    let plan = plans.iter().find(|p| p.ends_with("plan.json")).expect("a plan");
    let text = std::fs::read_to_string(plan).expect("it can be read");
    let plan: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let list = plan["stages"].as_array().expect("stages").iter();
    list.map(|s| s["name"].as_str().expect("a name").to_string())
        .collect()
}

#[test]
fn every_diagram_of_every_example_parses() {
    let Some(tools) = or_skip("mermaid") else { return };
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagrams");
    let mut pages: Vec<PathBuf> = Vec::new();
    for example in built() {
        let folder = root.join(&example.name);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let mut add = |name: &str, drawn: &str, kind: &str| {
            assert!(drawn.starts_with(kind), "{name}: {drawn}");
            let page = folder.join(format!("{name}.md"));
            std::fs::write(&page, format!("```mermaid\n{}\n```\n", drawn.trim_end()))
                .expect("it can be written");
            pages.push(page);
        };
        let graph = printed(&["graph", "--format", "mermaid"], &example.source);
        add("graph", &graph, "flowchart");
        let well = printed(&["simulate", "--format", "mermaid"], &example.source);
        add("well", &well, "sequenceDiagram");
        for stage in stages(&example.dist) {
            let fails = ["simulate", "--format", "mermaid", "--fail", &stage];
            add(&stage, &printed(&fails, &example.source), "sequenceDiagram");
        }
    }
    Judge::named("mermaid").must_accept(tools, &pages);
}
