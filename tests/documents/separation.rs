//! What the documents claim about the separation of duties, and when they may not claim it.

use crate::support::{Compiled, plan};

const CLAIM: &str = "that these approvals can be given and that nobody approves their own work";

/// A plan whose approval names these people, with a statement in it.
fn released(leads: &str, statement: &str) -> Compiled {
    plan(&format!(
        r#"
person ana   {{ name "Ana Ruiz" }}
person ben   {{ name "Ben Okoro" }}
person cleo  {{ name "Cleo Maas" }}
person dev   {{ name "Dev Patel" }}
person eva   {{ name "Eva Lund" }}
role operations {{ title "Operations"; members ben, cleo }}
role leads      {{ title "Leads"; members {leads} }}
environment staging    {{ kind staging; mirrors production }}
environment production {{ kind production }}
channel pager {{ title "On call"; run "./page.sh ${{message}}" }}
gate smoke {{ run "./smoke.sh"; exercises "app:shop"; otherwise rollback }}
release shop {{
  title "Shop"; version "2.0.0"; author ana; owner operations; in production
  start 2026-06-01T09:00Z
  tested {{ in staging; on 2026-05-28; evidence "rehearsal 13" }}
  {statement}
  approval go {{ from leads; within 2d }}
  stage deploy {{
    approved  go
    run       "./deploy.sh" {{ changes "app:shop" }}
    verify    smoke
    rollback  {{ run "./deploy.sh --previous" {{ changes "app:shop"; idempotent }} }}
  }}
  notify operations {{ on started, finished, failed, rolled_back }}
  escalate pager {{ on failed, needs_help; unanswered 10m }}
}}
"#
    ))
}

#[test]
fn what_was_proved_is_claimed() {
    let compiled = released("dev, eva", "");
    for document in ["runbook.md", "review.html"] {
        assert!(compiled.document(document).contains(CLAIM), "{document}");
    }
}

#[test]
fn what_was_accepted_is_not_claimed_but_named() {
    let allow =
        r#"allow "sod/self_approval" { because "a team of two, reviewed afterwards"; until 2026-07-01 }"#;
    let compiled = released("ana, cleo, dev, eva", allow);
    for document in ["runbook.md", "review.html"] {
        let text = compiled.document(document);
        assert!(!text.contains(CLAIM), "{document} claims what was not proved");
        for said in [
            "Accepted in the plan by Ana Ruiz, until 1 July 2026",
            "a team of two, reviewed afterwards",
            "sod/self_approval",
        ] {
            let text = crate::support::plain(text);
            assert!(text.contains(said), "{document} does not say: {said}");
        }
    }
}
