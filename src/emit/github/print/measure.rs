//! Bash that measures metrics and judges them.
//!
//! Numbers are compared by `jq`, with the bound as the plan says it. Must not know plans. Called by `print::script`.

use crate::emit::github::print::script::{STOPPED, compute, extraction, failure, jq, written};
use crate::emit::github::script::{Failing, Measure, MeasureEnd, MetricRun, NoDataMeans};

/// `measure NAME SECONDS`: the number that a metric's file prints, or `null` for no data.
const MEASURE: &str = r#"measure() {
  RELEASEC_OVER_SECONDS=$2 timeout --kill-after=10 300 bash -euo pipefail "$RUNNER_TEMP/$1.sh" </dev/null >"$RUNNER_TEMP/$1.out"
}
number() {
  local text
  text=$(tr -d '[:space:]' <<<"$1")
  case $text in
  '' | null | None | NaN | nan) echo null ;;
  *)
    if [[ ! $text =~ ^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$ ]]; then
      echo "::error title=Not a number::a metric printed '$text'" >&2
      return 1
    fi
    jq -n --arg text "${text#+}" '$text | tonumber'
    ;;
  esac
}
"#;

/// The script of a measurement.
pub fn measure(m: &Measure) -> String {
    let mut out = String::new();
    if m.guarded {
        out.push_str(STOPPED);
    }
    out.push_str(MEASURE);
    for metric in &m.metrics {
        out.push_str(&compute(&metric.compute));
        let exports: String = metric
            .exports
            .iter()
            .map(|(name, var)| format!("export {name}=\"${var}\"\n"))
            .collect();
        out.push_str(&written(&metric.id, &exports, &metric.source));
    }
    match &m.end {
        MeasureEnd::Gate {
            holds,
            samples,
            every,
            failing,
            verdict,
            gate: _,
        } => {
            out.push_str("judge() {\n");
            out.push_str(&indent(&read_all(m, "return 1")));
            out.push_str(&format!("  holds={}\n", jq("-n", holds)));
            out.push_str("  echo \"holds: $holds\"\n  [ \"$holds\" = true ]\n}\n");
            out.push_str("echo \"began=true\" >>\"$GITHUB_OUTPUT\"\n");
            let failed = gate_failure(m, failing, verdict);
            if *samples > 1 {
                let stop = if m.guarded { "    stopped\n" } else { "" };
                out.push_str(&format!(
                    "for ((sample = 1; sample <= {samples}; sample++)); do\n  if [ \"$sample\" -gt 1 ]; then\n{stop}    sleep {every}\n  fi\n  if ! judge; then\n{}  fi\ndone\n",
                    indent(&indent(&failed))
                ));
            } else {
                out.push_str(&format!("if ! judge; then\n{}fi\n", indent(&failed)));
            }
            out.push_str(&format!("echo \"{verdict}=passed\" >>\"$GITHUB_OUTPUT\"\n"));
        }
        MeasureEnd::Watch {
            holds,
            every,
            chunk,
            cause,
            trigger: _,
            calls,
        } => {
            let fire = if *calls {
                "echo \"::warning title=Trigger::it calls\"\necho \"fired=true\" >>\"$GITHUB_OUTPUT\"\nexit 0\n".to_string()
            } else {
                format!(
                    "echo \"::error title=Trigger::it acts\"\necho \"cause={cause}\" >>\"$GITHUB_OUTPUT\"\nexit 1\n"
                )
            };
            out.push_str(WATCHED);
            out.push_str(&format!(
                "for ((left = {chunk}; left > 0; left -= {every})); do\n"
            ));
            out.push_str("  if over; then exit 0; fi\n  if begun; then\n");
            out.push_str(&indent(&indent(&read_all(m, "true"))));
            out.push_str(&format!("    holds={}\n", jq("-n", holds)));
            out.push_str(&format!(
                "    if [ \"$holds\" = true ]; then\n{}    fi\n  fi\n",
                indent(&indent(&indent(&fire)))
            ));
            out.push_str(&format!(
                "  sleep {every}\ndone\necho \"again=true\" >>\"$GITHUB_OUTPUT\"\n"
            ));
        }
        MeasureEnd::Quiet { holds, trigger: _ } => {
            out.push_str(&read_all(m, "true"));
            out.push_str(&format!("holds={}\n", jq("-n", holds)));
            out.push_str(
                "if [ \"$holds\" = true ]; then\n  echo \"::error title=An alarm sounds::trigger $RELEASEC_ALARM would act at once, so nothing begins; start again when it is quiet\"\n  exit 1\nfi\n",
            );
        }
        MeasureEnd::Option { holds, name } => {
            out.push_str("if [ -z \"$RELEASEC_TAKEN\" ]; then\n");
            out.push_str(&indent(&read_all(m, "exit 0")));
            out.push_str(&format!(
                "  holds={}\n  if [ \"$holds\" = true ]; then\n    echo \"option={name}\" >>\"$GITHUB_OUTPUT\"\n  fi\nfi\n",
                jq("-n", holds)
            ));
        }
        MeasureEnd::Baseline => {
            out.push_str(&read_all(m, "exit 1"));
            for metric in &m.metrics {
                out.push_str(&format!("echo \"{0}=${0}\" >>\"$GITHUB_OUTPUT\"\n", metric.id));
            }
        }
    }
    out
}

/// Reads every metric into the variable of its id.
fn read_all(m: &Measure, otherwise: &str) -> String {
    m.metrics.iter().map(|metric| read(metric, otherwise)).collect()
}

fn read(metric: &MetricRun, otherwise: &str) -> String {
    let id = &metric.id;
    let out = format!("$RUNNER_TEMP/{id}.out");
    let none = match metric.no_data {
        NoDataMeans::Pass => String::new(),
        NoDataMeans::Fail => format!(
            "if [ \"${id}\" = null ]; then\n  echo \"{id}: no data, which counts as a failure\"\n  {otherwise}\nfi\n"
        ),
        NoDataMeans::Pause => format!(
            "if [ \"${id}\" = null ]; then\n  echo \"{id}: no data, so a person is asked\"\n  asks=true\n  {otherwise}\nfi\n"
        ),
    };
    format!(
        "if ! measure {id} {} || ! {id}=$(number \"{}\"); then\n  echo \"::warning title=Not measured::{id}\"\n  {id}=null\n  {}\nfi\n{none}echo \"{id}: ${id}\"\n",
        metric.over,
        extraction(&metric.how, &out),
        if otherwise == "true" { "true" } else { otherwise },
    )
}

fn gate_failure(m: &Measure, failing: &Failing, verdict: &str) -> String {
    let asks = m.metrics.iter().any(|x| x.no_data == NoDataMeans::Pause);
    if !asks {
        return failure(failing, Some(verdict));
    }
    format!(
        "if [ \"${{asks:-}}\" = true ]; then\n  echo \"cause=no_data\" >>\"$GITHUB_OUTPUT\"\n  exit 1\nfi\n{}",
        failure(failing, Some(verdict))
    )
}

/// `begun` and `over`: how the jobs stand that a trigger watches. `RELEASEC_WATCHED` are the names of all, `RELEASEC_FINAL` of the last of each stage.
const WATCHED: &str = r#"jobs() { GH_TOKEN=$RELEASEC_TOKEN gh api --paginate "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/$GITHUB_RUN_ATTEMPT/jobs?per_page=100" --jq '.jobs[] | {name, status, conclusion}' | jq -cs .; }
begun() { jobs | jq -e --argjson watched "$RELEASEC_WATCHED" 'any(.[]; IN(.name; $watched[]) and IN(.status; "in_progress", "completed"))' >/dev/null; }
over() { jobs | jq -e --argjson final "$RELEASEC_FINAL" '
  [.[] | select(IN(.name; $final[]) and .status == "completed") | .name] as $ended
  | ($final - $ended) == [] or any(.[]; .conclusion | IN("failure", "timed_out", "cancelled"))' >/dev/null; }
"#;

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("  {l}\n")).collect()
}
