//! The grammar reads a text twice as long with twice the work: counted in calls of its rules, not in time.
//!
//! The limit on calls belongs to the whole process, so this file has one test and nothing else runs beside it.

use std::num::NonZeroUsize;

/// The calls it takes to read a text.
fn work(text: &str) -> usize {
    let reads = |limit: usize| {
        pest::set_call_limit(NonZeroUsize::new(limit));
        releasec::syntax::bare_parse(text)
    };
    let (mut low, mut high) = (0, 2000 * text.len() + 10_000);
    assert!(
        reads(high),
        "not read within {high} calls: {}",
        &text[..text.len().min(80)]
    );
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if reads(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    pest::set_call_limit(None);
    high
}

#[test]
fn twice_the_text_is_twice_the_work() {
    let repeated: [(&str, &str, &str); 14] = [
        ("", "owner x\n", ""),
        ("", "stage a { owner x; do f(a: 1, b: [2, 3]) }\n", ""),
        ("release r {\n", "  stage a {\n    owner x\n  }\n", "}\n"),
        ("x a", ", b", "\n"),
        ("x a", " + b", "\n"),
        ("x a", "\n# comment\n + b", "\n"),
        ("x a", " if b else c", "\n"),
        ("x [", "a,\n\n", "]\n"),
        ("x f(", "a: \"b ${c} d\", ", ")\n"),
        ("x f({ ", "a: (b), \"c\": 1h30m, ", "})\n"),
        ("x \"\"\"", "text \\n ${a} \\d\n", "\"\"\"\n"),
        ("", "gate g(a: int) { ask \"x\" }\n", ""),
        ("x 1\n", "# comment\n\n;;", ""),
        ("", "let a = b\n  and c # d\n  or e\n", ""),
    ];
    for (start, unit, end) in repeated {
        let text = |times: usize| format!("{start}{}{end}", unit.repeat(times));
        let (once, twice) = (work(&text(40)), work(&text(80)));
        assert!(twice <= 2 * once + 100, "{unit:?}: {once}, then {twice}");
    }
    let nested: [(&str, &str, &str, &str); 6] = [
        ("x ", "(", "a", ")"),
        ("x ", "[", "a", "]"),
        ("x ", "f(a: ", "a", ")"),
        ("x (", "{ a: ", "1", "}"),
        ("x ", "\"${", "a", "}\""),
        ("", "gate g(a: int) { ", "b", " }"),
    ];
    for (start, open, middle, close) in nested {
        let end = if start.ends_with('(') { ")" } else { "" };
        let text = |depth: usize| {
            format!(
                "{start}{}{middle}{}{end}",
                open.repeat(depth),
                close.repeat(depth)
            )
        };
        let (once, twice) = (work(&text(15)), work(&text(30)));
        assert!(twice <= 2 * once + 200, "{open:?}: {once}, then {twice}");
    }
}
