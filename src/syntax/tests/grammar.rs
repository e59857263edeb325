//! The grammar explains itself: each rule has a comment above it and a row in the page beside it.

const FILES: [&str; 3] = [
    include_str!("../../../grammar/release.pest"),
    include_str!("../../../grammar/expression.pest"),
    include_str!("../../../grammar/lexical.pest"),
];
const PAGE: &str = include_str!("../../../grammar/README.md");

#[test]
fn every_rule_is_documented() {
    let mut rules = 0;
    for file in FILES {
        let lines: Vec<&str> = file.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let Some((name, _)) = line.split_once(" = ").filter(|(n, _)| !n.contains([' ', '/'])) else {
                continue;
            };
            rules += 1;
            assert!(i > 0 && lines[i - 1].starts_with("/// "), "{name} has no comment");
            assert!(PAGE.contains(&format!("| `{name}` | ")), "{name} has no row");
        }
    }
    let rows = PAGE
        .lines()
        .filter(|l| l.starts_with("| `") && l.matches(" | ").count() >= 2)
        .count();
    assert!(rules > 60 && rows >= rules, "{rules} rules, {rows} rows");
}
