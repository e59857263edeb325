//! Plans of any size, for measuring: tracks of stages side by side, each with an action, an undo, a gate and an owner.

use std::fmt::Write as _;

/// A plan with `stages` stages in tracks of twenty, behind one approval. It checks without an error.
pub fn plan(stages: usize) -> String {
    let mut out = String::from(
        r#"## A generated plan.

use std.aws.cloudwatch
use std.comms { pagerduty, slack }

param version: version
param previous: version

person ana  { name "Ana Ruiz";  github "ana-r" }
person ben  { name "Ben Okoro"; github "ben-o" }
person cleo { name "Cleo Maas"; github "cleo-m" }
person dev  { name "Dev Patel"; github "dev-p" }
person eva  { name "Eva Lund";  github "eva-l" }

role operations { title "Operations"; members ben, cleo }
role leads      { title "Leads";      members dev, eva }

environment staging    { kind staging; mirrors production }
environment production { kind production; region "eu-west-1"; account "123456789012" }

let errors = cloudwatch.lambda_errors(function: "shop")

gate healthy { pass errors < 1%; over 5m; otherwise rollback }

release shop {
  title     "Shop ${version}"
  version   version
  replaces  previous
  author    ana
  owner     operations
  in        production
  start     2026-06-01T08:00Z
  tested    { in staging; on 2026-05-29; evidence "Rehearsal 12" }

  approval go { from leads; distinct_from author, executors; within 2d }

"#,
    );
    for i in 0..stages {
        let _ = writeln!(out, "  stage service_{i} {{");
        if i % 20 > 0 {
            let _ = writeln!(out, "    after     service_{}", i - 1);
        }
        let _ = writeln!(
            out,
            r#"    approved  go
    owner     operations
    takes     1m .. 5m
    run       "./deploy.sh service-{i} ${{version}}" {{ changes "service:{i}"; idempotent; undo run "./deploy.sh service-{i} ${{previous}}" {{ changes "service:{i}"; idempotent }} }}
    run       "./smoke.sh service-{i}" {{ changes nothing; exercises "service:{i}" }}
    verify    healthy
  }}
"#
        );
    }
    out.push_str(
        r##"  notify slack.channel("#shop") { on started, finished, failed, rolled_back }
  escalate pagerduty.service("shop") { on failed, needs_help; unanswered 10m }
}
"##,
    );
    out
}
