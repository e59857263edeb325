//! The page for the board on paper, as far as that can be told without a browser, and what it says of very many stages.

use crate::support::plan;

/// So many stages after each other; a freeze that all are in is accepted.
fn many(stages: usize) -> String {
    let mut text = String::from(
        "person ana { name \"Ana Ruiz\" }\nrole operations { title \"Operations\"; at_least 3 }\n\
         environment production { kind production }\n\
         calendar work { freeze \"the quarter ends\" { from 2026-06-01T08:00Z; to 2026-06-30T12:00Z } }\n\
         release shop {\n  title \"Shop\"; version \"2\"; author ana; owner operations; in production\n\
         start 2026-06-01T09:00Z; calendar work\n\
         allow \"time/in_freeze\" { because \"the quarter is closed by hand\"; until 2099-01-01 }\n",
    );
    for i in 0..stages {
        let after = match i {
            0 => String::new(),
            i => format!("after s{}; ", i - 1),
        };
        text.push_str(&format!(
            "stage s{i} {{ {after}run \"./do.sh\" {{ changes \"app:{i}\"; takes 1m .. 2m }}; \
             rollback {{ run \"./undo.sh\" {{ changes \"app:{i}\"; takes 1m .. 2m }} }} }}\n"
        ));
    }
    text + "}\n"
}

#[test]
fn the_bars_stand_on_pages_of_one_length() {
    for (stages, expected) in [(40, vec![40]), (41, vec![21, 20]), (100, vec![34, 34, 32])] {
        let c = plan(&many(stages));
        let page = c.document("review.html");
        let strips = page.split("<svg class=\"strip\"").skip(1);
        let bars: Vec<usize> = strips
            .map(|s| {
                let end = s.find("</svg>").expect("a picture ends");
                s[..end].matches("height=\"14\"").count()
            })
            .collect();
        assert_eq!(bars, expected, "{stages}");
    }
}

#[test]
fn what_was_accepted_takes_no_warning_away() {
    let c = plan(&many(12));
    let page = c.document("review.html");
    let warnings = page.matches("<td>warning</td>").count();
    assert!(warnings > 1);
    assert!(
        page.contains(&format!("The compiler warns of {warnings} things")),
        "{warnings}"
    );
}

#[test]
fn a_part_of_the_picture_over_time_is_no_higher_than_a_sheet_however_narrow_it_is() {
    let c = plan(&many(40));
    let page = c.document("review.html");
    let print = page.split("@media print").nth(1).expect("a style for print");
    assert!(print.contains(".strip { width: auto; max-height: 200mm; }"));
}
