//! Bash: commands with their guards, measurements and waits; the fixed scripts as they are.
//!
//! A command of the plan goes into a file by a heredoc whose end is quoted, so nothing in it is read twice. Every value stands in a
//! variable. Must not know plans. Called by `print::workflow`.

use crate::emit::github::print::measure;
use crate::emit::github::script::{
    Assert, Computed, Extraction, Failing, Keep, Known, Program, Script, Source, Tries, Wait, WaitLength,
    Work,
};

/// What every script begins with: the runner itself adds `-eo pipefail`.
pub const HEAD: &str = "set -u\n";

/// Seconds that a command has to end once it has been told to.
const GRACE: u32 = 30;

/// The text of a script.
pub fn script(s: &Script) -> String {
    let body = match s {
        Script::Work(w) => work(w),
        Script::Measure(m) => measure::measure(m),
        Script::Wait(w) => wait(w),
        Script::Asserts(list) => asserts(list),
        Script::Conditions(list) => list.iter().map(|(name, p)| condition(name, p)).collect(),
        Script::Fixed(f) => f.text(),
    };
    format!("{HEAD}{body}")
}

fn condition(name: &str, p: &Program) -> String {
    format!(
        "holds={}\necho \"{name}=$holds\" >>\"$GITHUB_OUTPUT\"\n",
        jq("-rn", p)
    )
}

fn asserts(list: &[Assert]) -> String {
    let mut out = String::from("failed=0\n");
    for a in list {
        out.push_str(&format!(
            "if [ {} != true ]; then\n  echo \"::error title=Not as the plan demands::${{{}//[[:cntrl:]]/ }}\"\n  failed=1\nfi\n",
            quoted_jq("-n", &a.holds),
            a.message
        ));
    }
    out.push_str("exit \"$failed\"\n");
    out
}

/// `$(jq FLAGS --arg … 'program')`, for the right side of an assignment.
pub fn jq(flags: &str, p: &Program) -> String {
    format!("$({})", jq_call(flags, p))
}

fn quoted_jq(flags: &str, p: &Program) -> String {
    format!("\"{}\"", jq(flags, p))
}

/// `jq FLAGS --arg NAME "$NAME" … 'program'`
pub fn jq_call(flags: &str, p: &Program) -> String {
    let args: String = p.args.iter().map(|a| format!(" --arg {a} \"${a}\"")).collect();
    format!("jq {flags}{args} '{}'", p.text)
}

/// Computed variables, exported.
pub fn compute(list: &[Computed]) -> String {
    list.iter()
        .map(|c| format!("{0}={1}\nexport {0}\n", c.name, jq("-rn", &c.program)))
        .collect()
}

/// A heredoc that writes `text` into the file `name` of the runner's temporary folder.
pub fn file(name: &str, text: &str) -> String {
    let mut end = String::from("COMMAND");
    while text.lines().any(|l| l == end) {
        end.push('_');
    }
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    format!("cat >\"$RUNNER_TEMP/{name}.sh\" <<'{end}'\n{text}{newline}{end}\n")
}

/// What writes a source into the file `name`, behind lines of its own.
pub fn written(name: &str, before: &str, s: &Source) -> String {
    match s {
        Source::Held(var) => {
            let own = if before.is_empty() {
                String::new()
            } else {
                file(name, before)
            };
            let sign = if before.is_empty() { ">" } else { ">>" };
            format!("{own}printf '%s\\n' \"${var}\" {sign}\"$RUNNER_TEMP/{name}.sh\"\n")
        }
        s => file(name, &format!("{before}{}", source(s))),
    }
}

/// The bash of a source.
fn source(s: &Source) -> String {
    match s {
        Source::Bash(text) => text.clone(),
        Source::Held(_) => String::new(),
        Source::Aws {
            service,
            operation,
            input,
        } => format!(
            "request={}\naws {service} {operation} --cli-input-json \"$request\" --output json\n",
            jq("-cn", input)
        ),
        Source::Http { method, body } => {
            let head = "header() { printf 'Authorization: %s' \"$RELEASEC_AUTHORIZATION\"; }\n";
            let call = format!(
                "curl --fail-with-body --silent --show-error --max-time 60 --request {method} --header @<(header)"
            );
            match body {
                None => format!("{head}{call} \"$RELEASEC_URL\"\n"),
                Some(p) => format!(
                    "{head}{} |\n  {call} --header 'Content-Type: application/json' --data-binary @- \"$RELEASEC_URL\"\n",
                    jq_call("-cn", p)
                ),
            }
        }
    }
}

/// The function `stopped`: whether something else in the run has failed, so that nothing more may begin.
pub const STOPPED: &str = r#"stopped() {
  local failed
  failed=$(GH_TOKEN=$RELEASEC_TOKEN gh api --paginate "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/$GITHUB_RUN_ATTEMPT/jobs?per_page=100" \
    --jq '.jobs[] | select(.conclusion | IN("failure", "timed_out", "cancelled")) | .name' | grep -E '^(Stage|Approval|Choice|Decision|Checks|Ready|Trigger|Hold) ' || true)
  if [ -n "$failed" ]; then
    echo "::error title=Stopped::$failed failed, so nothing more begins here"
    echo "stopped=true" >>"$GITHUB_OUTPUT"
    exit 1
  fi
}
"#;

/// The function `keep NAME VALUE`: an output of the step, whatever the value holds.
const KEEP: &str = r#"keep() {
  local end
  end=$(cat /proc/sys/kernel/random/uuid)
  printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}
"#;

fn work(w: &Work) -> String {
    let mut out = String::new();
    if w.guarded {
        out.push_str(STOPPED);
        out.push_str("stopped\n");
    }
    out.push_str(&compute(&w.compute));
    for a in &w.asserts {
        out.push_str(&format!(
            "if [ {} != true ]; then\n  echo \"::error title=Not as the library demands::${}\"\n  exit 1\nfi\n",
            quoted_jq("-n", &a.holds),
            a.message
        ));
    }
    if !w.keeps.is_empty() {
        out.push_str(KEEP);
    }
    let (forward, back): (Vec<&Known>, Vec<&Known>) = w.known.iter().partition(|k| k.forward);
    forward.iter().for_each(|k| out.push_str(&not_known(k)));
    let lost: String = back.iter().map(|k| not_known(k)).collect();
    back.iter()
        .filter_map(|k| not_begun(k))
        .for_each(|s| out.push_str(&s));
    out.push_str(&written(&w.file, "", &w.source));
    out.push_str(&attempt(w));
    if !matches!(w.failing, Failing::Nothing) {
        out.push_str("echo \"began=true\" >>\"$GITHUB_OUTPUT\"\n");
    }
    out.push_str(&lost);
    out.push_str(&trying(w));
    for k in &w.keeps {
        out.push_str(&kept(w, k));
    }
    if let Some(verdict) = &w.verdict {
        out.push_str(&format!("echo \"{verdict}=passed\" >>\"$GITHUB_OUTPUT\"\n"));
    }
    out
}

/// Ends well where nothing has begun that could be given back.
fn not_begun(k: &Known) -> Option<String> {
    let (unit, state) = (k.unit.as_ref()?, &k.state);
    Some(format!(
        "if [ \"$(jq -n --arg unit {unit} '{}.began // [] | index($unit) == null')\" = true ]; then\n  echo 'nothing had begun that has to be given back'\n  exit 0\nfi\n",
        read(state)
    ))
}

/// Fails where what is to be given back was never recorded: an empty word in its place could do anything.
fn not_known(k: &Known) -> String {
    let (name, state) = (&k.name, &k.state);
    if k.forward {
        return format!(
            "if [ -z \"${state}\" ]; then\n  echo '::error title=Never recorded::{name} was never recorded, because the run went past what records it'\n  exit 1\nfi\n"
        );
    }
    format!(
        "if [ \"$(jq -n --arg name {name} '{}.values // {{}} | has($name) or has(\"was_\" + $name)')\" != true ]; then\n  echo '::error title=Never recorded::{name} was never recorded, so nobody knows what to give back: it has to be looked up by hand'\n  exit 1\nfi\n",
        read(state)
    )
}

/// The state that a variable holds, read by `jq`; none yet is an empty one.
fn read(state: &str) -> String {
    format!("$ENV.{state} | if . == \"\" then {{}} else fromjson end | ")
}

/// The function `attempt`: the command once, within its time, with its output in a file and its pattern checked.
fn attempt(w: &Work) -> String {
    let mut out = String::from("attempt() {\n");
    if w.git {
        out.push_str(
            "  # git asks this helper when it speaks to the repository.\n  local -x GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=credential.helper\n  local -x GIT_CONFIG_VALUE_0=\"!f() { echo username=x-access-token; echo \\\"password=\\$RELEASEC_TOKEN\\\"; }; f\"\n",
        );
    }
    let limit = match (w.deadline, w.limit) {
        (true, limit) => {
            out.push_str("  local limit\n  limit=$((RELEASEC_DEADLINE - $(date +%s)))\n");
            if let Some(limit) = limit {
                out.push_str(&format!(
                    "  if [ \"$limit\" -gt {limit} ]; then limit={limit}; fi\n"
                ));
            }
            out.push_str(
                "  if [ \"$limit\" -le 0 ]; then\n    echo \"::error title=Out of time::the whole stage is given up\"\n    return 1\n  fi\n",
            );
            Some("\"$limit\"".to_string())
        }
        (false, Some(limit)) => Some(limit.to_string()),
        (false, None) => None,
    };
    let timeout = limit.map_or(String::new(), |l| format!("timeout --kill-after={GRACE} {l} "));
    let name = &w.file;
    let run = format!("{timeout}bash -euo pipefail \"$RUNNER_TEMP/{name}.sh\" </dev/null");
    let run = if w.folder {
        format!("(cd -- \"$RELEASEC_FOLDER\" && {run})")
    } else {
        run
    };
    if w.prints || !w.keeps.is_empty() {
        out.push_str(&format!(
            "  {run} | tee \"$RUNNER_TEMP/{name}.out\"{}\n",
            if w.prints { " || return" } else { "" }
        ));
    } else {
        out.push_str(&format!("  {run}\n"));
    }
    if w.prints {
        out.push_str(&format!(
            "  if ! jq -Rse 'test($ENV.RELEASEC_PRINTS)' \"$RUNNER_TEMP/{name}.out\" >/dev/null; then\n    echo \"::error title=Not the expected output::the output does not match $RELEASEC_PRINTS\"\n    return 1\n  fi\n"
        ));
    }
    out.push_str("}\n");
    out
}

fn trying(w: &Work) -> String {
    let failed = failure(&w.failing, w.verdict.as_deref());
    match &w.tries {
        Tries::Again(pauses) if pauses.is_empty() => match &w.failing {
            Failing::Job if w.verdict.is_none() => "attempt\n".to_string(),
            _ => format!("if ! attempt; then\n{}fi\n", indented(&failed)),
        },
        Tries::Again(pauses) => {
            let list: Vec<_> = pauses.iter().map(i64::to_string).collect();
            format!(
                "for pause in {} last; do\n  if attempt; then break; fi\n  if [ \"$pause\" = last ]; then\n{}  fi\n  echo \"trying again in $pause seconds\"\n  sleep \"$pause\"\ndone\n",
                list.join(" "),
                indented(&indented(&failed)),
            )
        }
        Tries::Until { every, within } => {
            let stop = if w.guarded { "  stopped\n" } else { "" };
            format!(
                "end=$(($(date +%s) + {within}))\nwhile true; do\n  if attempt; then break; fi\n  if [ $(($(date +%s) + {every})) -gt \"$end\" ]; then\n    echo \"::error title=Given up::it did not happen within {within} seconds\"\n{}  fi\n{stop}  sleep {every}\ndone\n",
                indented(&indented(&failed)),
            )
        }
    }
}

/// How a script ends when something was tried or judged and failed.
pub fn failure(f: &Failing, verdict: Option<&str>) -> String {
    let says = |lines: &[String]| -> String {
        let verdict = verdict.map(|v| format!("{v}=failed"));
        verdict
            .iter()
            .chain(lines)
            .map(|l| format!("echo \"{l}\" >>\"$GITHUB_OUTPUT\"\n"))
            .collect()
    };
    let warn = |title: &str, text: &str| format!("echo \"::warning title={title}::{text}\"\nexit 0\n");
    match f {
        Failing::Job => format!("{}exit 1\n", says(&[])),
        Failing::Cause(cause) => format!("{}exit 1\n", says(&[format!("cause={cause}")])),
        Failing::Noted => says(&[]) + &warn("Failed", "the plan says that the stage goes on"),
        Failing::Stage => {
            says(&["failed=true".to_string()])
                + &warn(
                    "Failed",
                    "the stage ends here; the plan says that the run goes on",
                )
        }
        Failing::Nothing => warn("Not sent", "a message could not be sent; the run goes on"),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|l| format!("  {l}\n")).collect()
}

/// An expression that takes a value from the file of an output.
pub fn extraction(how: &Extraction, file: &str) -> String {
    match how {
        Extraction::All => format!("$(cat \"{file}\")"),
        Extraction::Pattern(var) => format!(
            "$(jq -Rser 'first(match($ENV.{var})) | if .captures == [] then .string else .captures[0].string end' \"{file}\")"
        ),
        // `false` is a value like another; what is missing is none.
        Extraction::Json(var) => format!(
            "$(jq -r \"${var} | if . == null then error(\\\"there is no such value\\\") else . end\" \"{file}\")"
        ),
    }
}

fn kept(w: &Work, k: &Keep) -> String {
    let file = format!("$RUNNER_TEMP/{}.out", w.file);
    let mut out = format!("value={}\n", extraction(&k.how, &file));
    if matches!(k.how, Extraction::All) {
        out.push_str("value=\"${value#\"${value%%[![:space:]]*}\"}\"\nvalue=\"${value%\"${value##*[![:space:]]}\"}\"\n");
    }
    if let Some(shape) = k.shape {
        out.push_str(&format!(
            "if [[ ! $value =~ {shape} ]]; then\n  echo \"::error title=Not the expected value::{} is '${{value//[[:cntrl:]]/ }}'\"\n  exit 1\nfi\n",
            k.name
        ));
    }
    out.push_str(&format!("keep {} \"$value\"\n", k.name));
    out
}

fn wait(w: &Wait) -> String {
    let mut out = String::new();
    if w.guarded {
        out.push_str(STOPPED);
    }
    if let WaitLength::Seconds(_) = w.length {
        // A step of the plan, which begins like any other; what only waits for its hour is none.
        if w.guarded {
            out.push_str("stopped\n");
        }
        out.push_str("echo \"began=true\" >>\"$GITHUB_OUTPUT\"\n");
    }
    match &w.length {
        WaitLength::Seconds(s) if !w.guarded => out.push_str(&format!("sleep {s}\n")),
        WaitLength::Seconds(s) => {
            out.push_str(&format!("left={s}\n"));
            out.push_str(COUNT_DOWN);
        }
        WaitLength::Since { after, most, whole } => {
            out.push_str(&format!("left=$((START + {after} - $(date +%s)))\n"));
            if *whole {
                out.push_str(&format!(
                    "if [ \"$left\" -gt {most} ]; then\n  echo \"::error title=Too early::$left seconds are left; the owner is asked, and answers \\`retry\\` then\"\n  echo \"cause=window\" >>\"$GITHUB_OUTPUT\"\n  exit 1\nfi\n"
                ));
            } else {
                out.push_str(&format!("if [ \"$left\" -gt {most} ]; then left={most}; fi\n"));
            }
            if w.guarded {
                out.push_str(COUNT_DOWN);
            } else {
                out.push_str("if [ \"$left\" -gt 0 ]; then sleep \"$left\"; fi\n");
            }
        }
    }
    out
}

/// Sleeps `left` seconds, a minute at a time, and looks in between.
const COUNT_DOWN: &str = r#"while [ "$left" -gt 0 ]; do
  stopped
  nap=$((left < 60 ? left : 60))
  sleep "$nap"
  left=$((left - nap))
done
"#;
