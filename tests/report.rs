//! What every renderer makes of a handful of findings: several files, tabs, wide characters, CRLF, the end of a file,
//! places of several lines, and text that tries to steer the terminal.

use releasec::diagnostic::{Code, Diagnostic, Edit, Safety};
use releasec::report::{Hidden, Options, RENDERERS, Report, renderer};
use releasec::source::{FileId, SourceMap, Span};

const PLAN: &str = "release \"shop\" {\n\tstage deploy {\n\t\tdeploy \"東京\" in production\r\n\t}\r\n\n  # café\n  gate ok { verify \"x\" }\n\n\n\n\n\n  approval board {\n    by board\n  }\n}\n";
const PEOPLE: &str = "person ada { }\nrole board { members ada }\n";

fn find(sources: &SourceMap, file: FileId, what: &str) -> Span {
    let at = sources.file(file).text.find(what).expect("the text is there");
    Span::new(file, at, at + what.len())
}

/// The findings and the texts they point into.
fn sample() -> (SourceMap, Vec<Diagnostic>) {
    let mut sources = SourceMap::new();
    let plan = sources.add("plans/shop.release", PLAN);
    let people = sources.add("plans/people.release", PEOPLE);
    let library = sources.add_library(
        0,
        std::sync::Arc::new(releasec::source::SourceFile::of_library(
            "std/aws/lambda.release",
            "## Lambda\n\naction update_code() {\n}\n",
        )),
    );
    let evil = sources.add(
        "plans/\u{1b}[31m,a:b.release",
        "run \"\u{1b}]0;title\u{7}\u{202e}gpj\"\n##[add-mask]x\n",
    );
    let end = sources.file(people).text.len();
    let list = vec![
        Diagnostic::error(
            Code("sample/rollback"),
            find(&sources, plan, "deploy \"東京\" in production"),
            "stage `deploy` changes `production` and has no rollback",
        )
        .here("changes `production`")
        .fact(find(&sources, plan, "stage deploy"), "in this stage")
        .fact(
            find(&sources, plan, "approval board {\n    by board\n  }"),
            "guarded by this approval",
        )
        .fact(
            find(&sources, people, "role board"),
            "whose role is declared here",
        )
        .fact(
            find(&sources, library, "action update_code"),
            "the action comes from the library",
        )
        .note("in the variant `eu`:\n  1. `deploy` completes\n  2. `ok` fails")
        .help("write `rollback { … }` in the stage, or say `irreversible \"why\"`"),
        Diagnostic::warning(
            Code("sample/gate"),
            find(&sources, plan, "verify \"x\""),
            "gate `ok` measures nothing",
        )
        .safe_fix(
            "name the metric",
            find(&sources, plan, "\"x\""),
            "metric p99 < 200ms",
        )
        .fix(
            "ask two people",
            Safety::Unsafe,
            vec![
                Edit {
                    span: find(&sources, plan, "board {"),
                    replacement: "board {\n    quorum 2".into(),
                },
                Edit {
                    span: find(&sources, people, "members ada"),
                    replacement: "members ada, bob".into(),
                },
            ],
        ),
        Diagnostic::info(
            Code("sample/end"),
            Span::new(people, end, end),
            "the file ends here",
        )
        .here("here"),
        Diagnostic::error(
            Code("file/not_text"),
            find(&sources, evil, "\"\u{1b}]0;title\u{7}\u{202e}gpj\""),
            "text `\u{1b}[2J`\n::error::forged",
        )
        .note("first\n::warning file=x::forged\n##[error]forged"),
    ];
    (sources, list)
}

fn render(name: &str, options: Options) -> String {
    let (sources, findings) = sample();
    let report = Report::new(&sources, &findings, 3).hiding(
        Hidden {
            infos: 1,
            ..Hidden::default()
        },
        "hidden by `--select` or `--ignore`",
    );
    renderer(name)
        .expect("the format exists")
        .render(&report, &options)
}

#[test]
fn every_format_prints_the_sample() {
    for r in RENDERERS {
        insta::assert_snapshot!(r.name().replace('-', "_"), render(r.name(), Options::default()));
    }
    insta::assert_snapshot!(
        "fancy_ascii_narrow",
        render(
            "fancy",
            Options {
                unicode: false,
                width: 50,
                ..Options::default()
            }
        )
    );
}

#[test]
fn colours_come_only_when_they_are_wanted() {
    assert!(
        render(
            "fancy",
            Options {
                color: true,
                ..Options::default()
            }
        )
        .contains("\u{1b}[3")
    );
    for r in RENDERERS {
        let text = render(r.name(), Options::default());
        let steering = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        assert!(
            !text.contains(steering),
            "{} lets a control character through",
            r.name()
        );
    }
}

#[test]
fn no_format_lets_a_workflow_command_through() {
    for r in RENDERERS {
        for line in render(r.name(), Options::default()).lines() {
            let command = line.trim_start().starts_with("::");
            if r.name() == "github" {
                assert!(!command || line.contains(",title="), "{line}");
            } else {
                assert!(!command && !line.contains("##["), "{}: {line}", r.name());
            }
        }
    }
}

#[test]
fn json_counts_from_one_and_excludes_ends() {
    let document: serde_json::Value =
        serde_json::from_str(&render("json", Options::default())).expect("JSON");
    assert_eq!(document["version"], 1);
    let first = &document["findings"][0];
    assert_eq!((&first["line"], &first["column"]), (&3.into(), &3.into()));
    assert_eq!(first["end_column"], 28);
    assert_eq!(
        document["findings"][1]["fixes"][1]["edits"][1]["path"],
        "plans/people.release"
    );
    assert_eq!(document["summary"]["errors"], 2);
    for line in render("json-lines", Options::default()).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
    }
}

#[test]
fn sarif_holds_what_the_standard_requires() {
    let document: serde_json::Value =
        serde_json::from_str(&render("sarif", Options::default())).expect("JSON");
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "releasec");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let mut prints = std::collections::BTreeSet::new();
    for result in run["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("index")).expect("fits");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("level")));
        assert!(!result["message"]["text"].as_str().expect("text").is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
        assert!(place["region"]["startColumn"].as_u64() >= Some(1));
        let uri = place["artifactLocation"]["uri"].as_str().expect("uri");
        assert!(uri.is_ascii() && !uri.contains([' ', '[', '\u{1b}']), "{uri}");
        assert!(prints.insert(result["partialFingerprints"]["releasec/v1"].to_string()));
    }
    let fix = &run["results"][1]["fixes"][0];
    assert!(fix["artifactChanges"][0]["replacements"][0]["deletedRegion"]["startLine"].is_u64());
    assert!(run["results"][0]["relatedLocations"][0]["message"]["text"].is_string());
}

#[test]
fn one_enormous_line_costs_what_a_short_one_costs() {
    let mut sources = SourceMap::new();
    let text = "é".repeat(4_000_000);
    let file = sources.add("long.release", text);
    let findings: Vec<Diagnostic> = (0..200)
        .map(|i| {
            Diagnostic::error(
                Code("a/b"),
                Span::new(file, 7_000_000 + 2 * i, 7_000_002 + 2 * i),
                "x",
            )
            .here("y")
        })
        .collect();
    let report = Report::new(&sources, &findings, 1);
    for r in RENDERERS.iter().filter(|r| r.name() != "sarif") {
        assert!(
            r.render(&report, &Options::default()).len() < 1_000_000,
            "{}",
            r.name()
        );
    }
}

#[test]
fn summaries_say_what_was_found() {
    let sources = SourceMap::new();
    let clean = Report::new(&sources, &[], 3);
    assert_eq!(clean.summary(), "checked 3 files: clean");
    let (sources, findings) = sample();
    let report = Report::new(&sources, &findings[..2], 3);
    assert_eq!(report.summary(), "1 error, 1 warning in 1 file");
}

proptest::proptest! {
    /// Whatever the text and wherever the places, every format prints, steers nothing and stays parseable.
    #[test]
    fn no_finding_breaks_a_format(
        text in "([a-z {}\"é東\u{1b}\u{200b}\t]|\r\n|\n|\r|::|##\\[|👩‍💻|a\u{301}){0,60}",
        other in "[a-c\n]{0,20}",
        places in proptest::collection::vec((proptest::bool::ANY, 0usize..90, 0usize..90), 1..6),
        words in "([a-z\u{7}\u{9b}:%,]|::error::|\n|\r){0,20}",
        width in 0usize..200,
    ) {
        let mut sources = SourceMap::new();
        let files = [sources.add("a\n.release", text), sources.add("::b.release", other)];
        let span = |(which, a, b): &(bool, usize, usize)| Span::new(files[usize::from(*which)], *a, *b);
        let mut finding = Diagnostic::error(Code("a/b"), span(&places[0]), words.clone()).here(words.clone());
        for place in &places[1..] {
            finding = finding.fact(span(place), words.clone());
            finding = finding.safe_fix(words.clone(), span(place), words.clone());
        }
        let findings = [finding.note(words.clone()).help(words)];
        let report = Report::new(&sources, &findings, 2);
        for r in RENDERERS {
            for options in [Options { color: false, unicode: true, width }, Options { color: true, unicode: false, width }] {
                let out = r.render(&report, &options);
                proptest::prop_assert!(out.ends_with('\n'));
                let plain = !options.color;
                proptest::prop_assert!(!plain || !out.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
                for line in out.lines().filter(|_| r.name() != "github") {
                    proptest::prop_assert!(!line.trim_start().starts_with("::"), "{}: {line:?}", r.name());
                }
                match r.name() {
                    "json" | "sarif" => {
                        proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
                    }
                    "github" => proptest::prop_assert_eq!(out.lines().count(), 2),
                    "short" => proptest::prop_assert_eq!(out.lines().count(), 2),
                    _ => {}
                }
            }
        }
    }
}
