//! What is told about each mistake, where, and what of the file is kept.

use super::{kept, told};

/// A snapshot of the source, of what is told about it, and of the statements that are kept.
fn case(name: &str, text: &str) {
    let report = format!(
        "{}\n--- told\n{}\n--- kept\n{}",
        text.replace('\r', "␍").replace('\0', "␀"),
        told(text),
        kept(text)
    );
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, report);
    });
}

macro_rules! cases {
    ($($name:ident: $text:expr;)*) => {
        $(#[test] fn $name() { case(stringify!($name), $text); })*
    };
}

cases! {
    missing_brace_in_the_middle: "release r {\n  stage a {\n    owner x\n    do f(a: 1)\n\n  stage b {\n    owner y\n  }\n}\n\nperson p { name \"P\" }\n";
    missing_brace_at_the_end: "release r {\n  stage a {\n    owner x\n  }\n";
    missing_brace_before_the_outer_one: "release r {\n  stage a {\n    owner x\n  rollback { do y }\n}\nperson p { name \"P\" }\n";
    extra_brace_in_the_middle: "release r {\n  stage a {\n    owner x\n    }\n  }\n  stage b { owner y }\n}\n";
    extra_brace_at_the_end: "person p { name \"P\" }\n}\nperson q { name \"Q\" }\n";
    unterminated_string_at_end_of_line: "title \"Deploy\nowner x\n";
    unterminated_string_in_a_one_line_block: "person a { name \"Alice; github \"al\" }\nperson b { name \"Bob }\nperson c { name \"C\" }\n";
    unterminated_raw_string: "stage a {\n  run 'echo it\n  owner x\n}\n";
    unterminated_string_in_a_call: "do f(a: \"abc)\nowner x\n";
    unclosed_interpolation: "title \"Deploy ${version\"\nowner x\n";
    unclosed_interpolation_in_a_heredoc: "stage a {\n  run \"\"\"\n    echo ${foo\n    \"\"\"\n  owner x\n}\n";
    unterminated_heredoc: "stage a {\n  run \"\"\"\n    echo 'it' {\n    (more\n  owner x\n}\nperson p { name \"P\" }\n";
    unterminated_heredoc_before_another: "stage a {\n  run \"\"\"\n    echo one\n  owner x\n  run \"\"\"\n    echo two\n    \"\"\"\n}\nperson p { name \"P\" }\n";
    trailing_comma_before_a_statement: "role r {\n  title \"R\"\n  members a,\n  kind security\n}\n";
    trailing_comma_before_a_brace: "role r { members a, b, }\nrole q { members a,\n}\n";
    trailing_comma_before_a_block: "notify a, b, { on failed }\n";
    several_trailing_commas: "a b,\nc d,\ne f,\ng h\n";
    missing_value_after_an_operator: "gate g {\n  pass errors <\n  over 15m\n}\nlet x = 1 +\nlet y = 2\n";
    missing_value_after_equals: "let x =\nlet y = 3\nparam z: int =\n";
    missing_value_between_commas: "members a, , b\n";
    missing_value_at_the_start: "members , b\nwhen > 5\n";
    equals_sign: "title = \"x\"\nowner=y\nstage a { at = T+30m }\n";
    equals_before_a_block: "window = {\n  opens 2026-06-01T02:00\n}\n";
    colon: "stage a {\n  owner: alice\n  in:staging\n}\nmembers a, b: c\n";
    colon_before_a_block: "stage model: {\n  owner x\n}\n";
    yaml_style: "stage model:\n  owner: alice\n";
    keyword_case: "Stage a {\n  Owner x\n  onFailure { then stop }\n}\n";
    curly_quotes: "title “Deploy”\nowner ‘x’, y\n";
    slash_comments: "// a comment\nowner x // why\n/* more\nowner y */\nowner z\n";
    slash_comment_in_a_call: "do f(a: 1, // first\n  b: 2)\n";
    unquoted_url: "url https://example.com/a?b=c\nowner x\n";
    unclosed_parenthesis: "stage a {\n  do f(a: 1, b: g(2)\n  owner x\n}\n";
    unclosed_parenthesis_before_a_brace: "gate g { pass f(a ; over 1m }\ngate h { pass f(a }\nowner x\n";
    unclosed_list: "let a = [1, 2\nlet b = 3\n";
    unclosed_inner_bracket: "do f(a[1, b)\ndo g([1, 2)\n";
    extra_parenthesis: "do f(a))\nowner ]\n";
    mismatched_bracket: "let a = [1, 2)\nlet b = (1]\n";
    unclosed_object: "do f({ a: 1, b: { c: 2 )\nowner x\n";
    bad_escape: "run \"grep \\d+ \\x\"\nowner x\n";
    bad_unicode: "title \"\\u{} \\u{110000} \\u{zz} \\u{1234567}\"\n";
    brace_on_its_own_line: "stage a\n{\n  owner x\n}\nstage b # why\n{ owner y }\n";
    stray_block: "owner x;\n{ a b }\nowner y\n";
    chained_comparison: "when 1 < x < 5\nwhen a == b == c and d < e\n";
    chained_range: "takes 1m .. 2m .. 3m\n";
    word_operators: "when a && b || !c\nwhen !a && b == c\n";
    capital_operators: "when a AND NOT b OR True\n";
    single_equals: "when kind = \"patch\"\n";
    single_equals_after_let: "let a == 5\nlet b 5\nlet c: int = 5\nlet 5\n";
    equals_in_a_call: "do f(a = 1, b: { c = 2 })\n";
    object_outside_parentheses: "let a = { b: 1 }\nenv { Path: \"x\" }\ndo f, { a: 1 }\nowner x\n";
    semicolon_in_an_object: "do f({ a: 1; b: 2 })\nowner x\n";
    numbers: "pass errors < 5 %\nover 10min\nwithin 2weeks\nat 9:30\nwithin 30 minutes\nversion 1.2.3\nx 1_000\ny 2026-6-1\nz 2026-06-01T02:00:00Z\nw .5\nv 2.5.\n";
    names_with_capitals: "owner Alice\nlet fooBar = 1\ndo Lambda.Shift(to: X)\nstage _a { owner x }\n";
    names_with_hyphens: "stage my-stage {\n  owner release-manager-team\n}\nlet a-b = 1\non-failure { stop }\ndo a-b(c-d: 1)\n";
    statement_after_brace: "stage a { owner x } stage b { owner y }\nrole r { members a },\n";
    missing_comma: "title Hello big world\nmembers a b\ndo f(a b)\nlet x = [\n  \"a\"\n  \"b\"\n]\nowner x\n";
    missing_semicolon: "person a { name \"A\" github \"a\" }\n";
    space_before_a_bracket: "do f (a: 1)\nlet x = a [1]\n";
    call_as_statement: "manual(\"x\")\nslack.send(\"x\")\nslack.room\nrollback(app) { x }\n";
    missing_space: "title\"x\"\nmembers[a]\n";
    missing_keyword: "\"text\"\n5 x\n- item\nowner x\n";
    newline_before_an_operator: "when a\n  == b\nlet x = a if b\n  else c\ndo f\n  .g(1)\nmembers a\n  , b\n";
    missing_else: "let x = a if b\ndo f(a if b, c)\n";
    reserved_words: "let in = 5\nparam if: int\nlet true = 1\nstage else {\n  owner x\n}\ncapture not\nowner y\n";
    ternary: "let x = a ? b : c\nlet y = 1\n";
    misplaced_not: "when a == not b\n";
    malformed_param: "param a\nparam b string\nparam c = 5\nparam d: int = 5\nparam \"x\": int\n";
    malformed_use: "use std.a from b\nuse { a }\nuse std.a { b c }\nuse std.b as\nuse std.c\n";
    malformed_capture: "capture \"x\"\ncapture a: int { json \".x\" }\ncapture b int\n";
    stray_characters: "owner @alice\nlet a = $b\nowner x\u{a0}, y\nowner `x`\nowner caf\u{e9}\n\u{2022} item\n";
    control_characters: "owner x\0y\nowner\u{7} z\nowner a\rowner b\nowner c\n";
    everything_in_one_file: "Person a { name “A” }\nrelease r {\n  title = \"x\n  members a,\n  stage b {\n    do f(1\n    owner my-team\n  }\n  when a && b\n  stage c {\n    owner d\n";
    comments_and_docs_survive: "## Module\n\n## Doc of a\nstage a { ## inside\n  owner = x ## end\n  owner y ## kept\n}\nowner z,\n";
    bom_and_crlf: "\u{feff}owner x\r\nowner = y\r\nstage a {\r\n  owner z,\r\n}\r\n";
    object_keys_of_any_case: "do f(aws({ Foo: 1, \"B\": 2, (c): 3 }), 5 %)\n";
    heads_with_errors_keep_their_blocks: "stage a b c {\n  owner x\n}\naction f(a int) {\n  title = \"x\"\n}\nstage 5x {\n  owner y\n}\n";
    interpolation_mistakes: "title \"a ${b && c} d ${f(x} e ${g y}\"\nowner x\n";
    only_a_brace: "}";
    only_an_open_brace: "{";
    only_a_quote: "\"";
    only_a_dollar: "x \"${";
}
