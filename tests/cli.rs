//! The program as people call it: exit codes, what goes to which output, and the environment it obeys.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A plan whose form is wrong in one place.
const WRONG: &str = "person ada_l { name \"Ada\" }\nrole board { members ada-l }\n";
/// The same, mended.
const MENDED: &str = "person ada_l { name \"Ada\" }\nrole board { members ada_l }\n";
/// A module without a fault in its form.
const RIGHT: &str = "person ada { name \"Ada\" }\n";

/// A folder with files, and the program run in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(files: &[(&str, &str)]) -> Desk {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            std::fs::write(path, text).expect("a file");
        }
        Desk(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().expect("the program starts"))
    }

    fn pipe(&self, args: &[&str], input: &[u8]) -> Run {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input)
            .expect("written");
        Run::of(&child.wait_with_output().expect("the program ends"))
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).expect("a file")
    }
}

#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn of(output: &Output) -> Run {
        Run {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn ends(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

#[test]
fn findings_go_to_standard_output_and_end_with_1() {
    let desk = Desk::new(&[("a.release", WRONG), ("b.release", RIGHT)]);
    let wrong = desk.run(&["check", "a.release", "--format", "short"]).ends(1);
    assert!(
        wrong.out.starts_with("a.release:2:22: error[syntax/"),
        "{wrong:?}"
    );
    assert!(wrong.err.is_empty(), "{wrong:?}");
}

#[test]
fn folders_are_searched_and_reported_in_order() {
    let desk = Desk::new(&[
        ("z.release", WRONG),
        ("a/b.release", WRONG),
        ("a/c.txt", WRONG),
        (".gitignore", "y*\n"),
        ("y.release", WRONG),
    ]);
    let all = desk.run(&["check", "--format", "short"]).ends(1);
    let paths: Vec<&str> = all.out.lines().filter_map(|l| l.split(':').next()).collect();
    assert_eq!(paths, ["a/b.release", "z.release", "2 errors in 2 files"]);
    for _ in 0..5 {
        assert_eq!(desk.run(&["check", "--format", "short"]).out, all.out);
    }
}

#[test]
fn standard_input_is_a_file_with_a_name() {
    let desk = Desk::new(&[]);
    let run = desk
        .pipe(&["check", "-", "--format", "short"], WRONG.as_bytes())
        .ends(1);
    assert!(run.out.starts_with("stdin.release:2:"), "{run:?}");
    let run = desk.pipe(
        &[
            "check",
            "-",
            "--stdin-filename",
            "x/y.release",
            "--format",
            "short",
        ],
        WRONG.as_bytes(),
    );
    assert!(run.ends(1).out.starts_with("x/y.release:2:"));
    desk.run(&["check", "--stdin-filename", "x.release"]).ends(2);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let desk = Desk::new(&[("empty/notes.txt", "")]);
    let run = desk.run(&["check", "none.release"]).ends(2);
    assert_eq!(
        run.err,
        "error: cannot read `none.release`: there is no such file or folder\n"
    );
    assert!(run.out.is_empty());
    let run = desk.run(&["check", "empty"]).ends(2);
    assert!(
        run.err.contains("no `.release` file lies below `empty`"),
        "{run:?}"
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let desk = Desk::new(&[("a.release", RIGHT)]);
    for args in [
        &["check", "--format", "xml"][..],
        &["check", "--unsafe-fixes"],
        &["check", "--select", "no/such"],
        &["nonsense"],
        &["explain", "no/such"],
        &[],
    ] {
        let run = desk.run(args).ends(2);
        assert!(!run.err.is_empty() && run.out.is_empty(), "{args:?}: {run:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_finding_at_their_place() {
    let desk = Desk::new(&[]);
    std::fs::write(
        desk.path().join("x.release"),
        b"person ada {\n  name \"\xff\"\n}\n\0",
    )
    .expect("a file");
    let run = desk.run(&["check", "x.release", "--format", "short"]).ends(1);
    let line = "x.release:2:9: error[file/not_text]: the file is not text: byte 21 (line 2) is 0xFF, which is not UTF-8";
    assert!(run.out.starts_with(line), "{run:?}");
}

#[test]
fn colours_obey_the_flag_and_the_environment() {
    let desk = Desk::new(&[("a.release", WRONG)]);
    let colored = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = desk.command(args);
        command.envs(env.iter().copied());
        Run::of(&command.output().expect("the program starts"))
            .ends(1)
            .out
            .contains('\u{1b}')
    };
    let check = &["check", "a.release"][..];
    assert!(!colored(check, &[]), "a pipe gets no colours");
    assert!(colored(check, &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(check, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colored(
        &["check", "a.release", "--color", "always"],
        &[("NO_COLOR", "1")]
    ));
    assert!(!colored(
        &["check", "a.release", "--color", "never"],
        &[("CLICOLOR_FORCE", "1")]
    ));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let many = "role b { members a-b }\n".repeat(5_000);
    let desk = Desk::new(&[("a.release", &many)]);
    let mut command = desk.command(&["check", "a.release", "--format", "short"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let run = Run::of(&child.wait_with_output().expect("the program ends"));
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
}

#[test]
fn one_report_can_hide_findings_and_says_so() {
    let published = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/bioage-as-published/plan.release"
    );
    let desk = Desk::new(&[]);
    // Errors that were left out are no clean plan.
    let run = desk.run(&["check", published, "--select", "sod"]).ends(0);
    assert!(
        run.out
            .contains("nothing found of what was asked for (7 errors and 1 warning hidden"),
        "{run:?}"
    );
    assert!(!run.out.contains("clean"), "{run:?}");
    let run = desk
        .run(&["check", published, "--ignore", "rollback", "--format", "short"])
        .ends(1);
    assert!(run.out.contains("hidden by `--select` or `--ignore`)"), "{run:?}");
}

#[test]
fn what_keeps_a_plan_from_being_checked_is_never_hidden() {
    let desk = Desk::new(&[("a.release", WRONG)]);
    for filter in [["--ignore", "resolve,syntax"], ["--select", "sod"]] {
        let run = desk
            .run(&["check", "--format", "short", filter[0], filter[1]])
            .ends(1);
        assert!(run.out.contains("error["), "{run:?}");
    }
}

#[test]
fn fixes_are_shown_then_made() {
    let desk = Desk::new(&[("a.release", WRONG)]);
    let run = desk.run(&["check", "--diff", "--unsafe-fixes"]).ends(1);
    assert!(run.out.contains("+role board { members ada_l }"), "{run:?}");
    assert_eq!(desk.read("a.release"), WRONG);
    let run = desk.run(&["check", "--fix", "--format", "short"]).ends(1);
    assert!(run.err.is_empty(), "an unsafe fix is not made unasked: {run:?}");
    let run = desk
        .run(&["check", "--fix", "--unsafe-fixes", "--select", "syntax"])
        .ends(0);
    assert!(run.err.contains("made 1 change in 1 file"), "{run:?}");
    assert_eq!(desk.read("a.release"), MENDED);
}

#[test]
fn a_byte_order_mark_and_crlf_survive_a_fix() {
    let desk = Desk::new(&[(
        "a.release",
        "\u{feff}# é\r\nperson ada_l { name \"A\" }\r\nrole board { members ada-l }\r\n",
    )]);
    desk.run(&["check", "--fix", "--unsafe-fixes", "--select", "syntax"])
        .ends(0);
    assert_eq!(
        desk.read("a.release"),
        "\u{feff}# é\r\nperson ada_l { name \"A\" }\r\nrole board { members ada_l }\r\n"
    );
}

#[test]
fn pages_can_be_listed_and_read() {
    let desk = Desk::new(&[]);
    let list = desk.run(&["explain"]).ends(0);
    assert!(list.out.contains("file/not_text"), "{list:?}");
    let page = desk.run(&["explain", "file/not_text"]).ends(0);
    assert!(
        page.out.starts_with("file/not_text\n") && page.out.contains("UTF-8"),
        "{page:?}"
    );
    let keyword = desk.run(&["explain", "quorum"]).ends(0);
    assert!(
        keyword.out.starts_with("quorum N\n") && keyword.out.contains("in `approval`"),
        "{keyword:?}"
    );
    let near = desk.run(&["explain", "file/not_txt"]).ends(2);
    assert!(near.err.contains("did you mean `file/not_text`?"), "{near:?}");
}

#[test]
fn completions_and_manual_pages_are_made_from_the_flags() {
    let desk = Desk::new(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            desk.run(&["completions", shell])
                .ends(0)
                .out
                .contains("fail-level"),
            "{shell}"
        );
    }
    assert!(desk.run(&["man"]).ends(0).out.contains(".TH releasec 1"));
    desk.run(&["man", "--out", "share/man"]).ends(0);
    assert!(desk.read("share/man/releasec-check.1").contains("fail\\-level"));
    assert_eq!(
        desk.run(&["--version"]).ends(0).out,
        format!("releasec {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_first_plan_checks_clean_and_overwrites_nothing() {
    let desk = Desk::new(&[]);
    let run = desk.run(&["init", "plans"]).ends(0);
    assert!(run.out.is_empty() && run.err.contains("plan.release"), "{run:?}");
    let check = desk.run(&["check", "plans", "--fail-level", "info"]).ends(0);
    assert_eq!(check.out, "checked 2 files: clean\n");
    std::fs::write(desk.path().join("plans/plan.release"), "mine").expect("a file");
    std::fs::remove_file(desk.path().join("plans/people.release")).expect("removed");
    let run = desk.run(&["init", "plans"]).ends(2);
    assert!(run.err.contains("exists already; nothing was written"), "{run:?}");
    assert_eq!(desk.read("plans/plan.release"), "mine");
    assert!(!desk.path().join("plans/people.release").exists());
}

#[test]
fn a_plan_is_drawn_in_every_format() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    assert!(desk.run(&["graph"]).ends(0).out.starts_with("flowchart TD\n"));
    assert!(
        desk.run(&["graph", "plan.release", "--format", "dot"])
            .ends(0)
            .out
            .starts_with("digraph release {")
    );
    let svg = desk.run(&["graph", "--format", "svg"]).ends(0);
    assert!(svg.out.starts_with("<svg xmlns=") && svg.out.ends_with("</svg>\n"));
    let none = desk.run(&["graph", "people.release"]).ends(2);
    assert!(none.err.contains("nothing to draw"), "{none:?}");
    std::fs::write(desk.path().join("wrong.release"), WRONG).expect("a file");
    let wrong = desk.run(&["graph", "wrong.release"]).ends(1);
    assert!(wrong.out.contains("syntax/"), "{wrong:?}");
}

#[test]
fn parameters_can_be_fixed_and_must_exist() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    desk.run(&["check", "--param", "version=2.0.0", "--param", "previous=1.9.0"])
        .ends(0);
    let same = desk
        .run(&["check", "--param", "version=1.0.0", "--param", "previous=1.0.0"])
        .ends(1);
    assert!(same.out.contains("nothing to release"), "{same:?}");
    let unknown = desk.run(&["check", "--param", "verson=1"]).ends(2);
    assert!(
        unknown.err.contains("no plan here has a parameter `verson`"),
        "{unknown:?}"
    );
    assert!(unknown.err.contains("did you mean `version`?"), "{unknown:?}");
    desk.run(&["check", "--param", "version"]).ends(2);
}
#[test]
fn files_are_formatted_shown_or_left_alone() {
    let (loose, tight) = (
        "person ada { name   \"Ada\" }   # a comment\n",
        "person ada { name \"Ada\" } # a comment\n",
    );
    let desk = Desk::new(&[("a.release", loose), ("wrong.release", WRONG)]);
    let check = desk.run(&["fmt", "a.release", "--check"]).ends(1);
    assert_eq!(check.out, "a.release\n");
    let diff = desk.run(&["fmt", "a.release", "--diff"]).ends(1);
    assert!(
        diff.out.starts_with("--- a/a.release\n+++ b/a.release\n@@ "),
        "{diff:?}"
    );
    assert_eq!(desk.read("a.release"), loose);
    let wrong = desk.run(&["fmt"]).ends(1);
    assert!(wrong.out.contains("wrong.release:2:22"), "{wrong:?}");
    assert_eq!(desk.read("wrong.release"), WRONG);
    let formatted = desk.read("a.release");
    assert_eq!(
        formatted.split_whitespace().collect::<Vec<_>>(),
        tight.split_whitespace().collect::<Vec<_>>()
    );
    desk.run(&["fmt", "a.release", "--check"]).ends(0);
    assert_eq!(desk.pipe(&["fmt", "-"], loose.as_bytes()).ends(0).out, formatted);
    assert!(
        desk.pipe(&["fmt", "-"], WRONG.as_bytes())
            .ends(1)
            .out
            .contains("stdin.release:2:22")
    );
}

#[test]
fn the_first_plan_is_in_its_one_form() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    assert_eq!(desk.run(&["fmt", "--check"]).ends(0).out, "");
}

#[test]
fn a_build_writes_a_tree_and_keeps_what_people_changed() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    desk.run(&["build", "--check"]).ends(1);
    assert!(!desk.path().join("dist").exists(), "a check writes nothing");
    let built = desk.run(&["build"]).ends(0);
    assert!(built.err.contains("`dist/app`"), "{built:?}");
    let workflow = "dist/app/.github/workflows/release-app.yml";
    let first = desk.read(workflow);
    assert!(
        first.starts_with('#')
            && desk
                .read("dist/app/.releasec-manifest.json")
                .contains("release-app.yml")
    );
    assert!(
        desk.run(&["build", "--check"])
            .ends(0)
            .out
            .lines()
            .all(|l| !l.starts_with("dist/"))
    );

    // The same bytes again, in another folder and from another place.
    desk.run(&["build", "plan.release", "--out", "again/dist"])
        .ends(0);
    assert_eq!(
        desk.read("again/dist/app/.github/workflows/release-app.yml"),
        first
    );

    std::fs::write(desk.path().join(workflow), "mine\n").expect("a file");
    let check = desk.run(&["build", "--check"]).ends(1);
    assert!(
        check.out.contains(&format!("{workflow}: changed by hand")),
        "{check:?}"
    );
    let refused = desk.run(&["build"]).ends(2);
    assert!(refused.err.contains("--force"), "{refused:?}");
    assert_eq!(desk.read(workflow), "mine\n");
    desk.run(&["build", "--force"]).ends(0);
    assert_eq!(desk.read(workflow), first);
}

#[test]
fn a_build_writes_nothing_for_a_plan_with_errors() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    let plan = desk.read("plan.release").replace("approved  go", "");
    std::fs::write(desk.path().join("plan.release"), plan).expect("a file");
    let run = desk.run(&["build"]).ends(1);
    assert!(run.out.contains("approval/unguarded_production") && run.err.contains("nothing was written"));
    assert!(!desk.path().join("dist").exists());
    let none = desk.run(&["build", "people.release"]).ends(2);
    assert!(none.err.contains("nothing to build"), "{none:?}");
    let target = desk.run(&["build", "--target", "githb"]).ends(2);
    assert!(target.err.contains("did you mean `github`?"), "{target:?}");
}

#[test]
fn one_target_can_be_built_alone() {
    let desk = Desk::new(&[]);
    desk.run(&["init"]).ends(0);
    desk.run(&["build"]).ends(0);
    desk.run(&["build", "--target", "github"]).ends(0);
    assert!(
        desk.path().join("dist/app/stepfunctions").is_dir(),
        "the other targets' files stay"
    );
    desk.run(&["build", "--check"]).ends(0);
}
