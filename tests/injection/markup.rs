//! Documents: Markdown as GitHub reads it, and HTML as a browser does. What is marked up must stay the same; the words may differ.

use crate::compare::Comparison;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// Compares two Markdown documents.
pub fn markdown(comparison: &mut Comparison<'_>, path: &str, own: &str, got: &str) {
    let (mut a, mut b) = (outline(own), outline(got));
    // An address of the plan is a link to itself.
    b.retain(|(mark, _)| {
        !mark
            .rsplit(' ')
            .nth(1)
            .is_some_and(|url| comparison.is_address(url))
    });
    if comparison.some_text_is_wild() {
        a.retain(|(mark, _)| telling(mark));
        b.retain(|(mark, _)| telling(mark));
    }
    let b_list = b;
    for (i, ((a, at), (b, other))) in a.iter().zip(&b_list).enumerate() {
        if a != b && comparison.replaced(a) != *b {
            let after = if i > 0 { b_list[i - 1].0.as_str() } else { "" };
            comparison.problems.push(format!(
                "{path}:{other} (line {at} of the harmless one), after {after}\n      want {a}\n      got  {b}"
            ));
            return;
        }
    }
    if a.len() != b_list.len() {
        comparison
            .problems
            .push(format!("{path}: {} marks became {}", a.len(), b_list.len()));
    }
}

/// Whether a mark says more than how words are laid out.
fn telling(mark: &str) -> bool {
    let (_, mark) = mark.split_once(' ').unwrap_or_default();
    let kind = mark.split(' ').next().unwrap_or_default();
    let laid_out = [
        "paragraph",
        "table",
        "table_row",
        "table_cell",
        "table_header",
        "code",
        "block",
        "list",
        "item",
        "task",
        "tasklist",
    ];
    !laid_out.contains(&kind)
}

/// Everything in a document that is not words, with its line.
fn outline(text: &str) -> Vec<(String, usize)> {
    let mut options = Options::default();
    let e = &mut options.extension;
    e.table = true;
    e.strikethrough = true;
    e.autolink = true;
    e.tasklist = true;
    e.footnotes = true;
    e.math_dollars = true;
    e.math_code = true;
    e.alerts = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    let mut out = Vec::new();
    walk(root, 0, &mut out);
    out
}

fn walk<'a>(node: &'a AstNode<'a>, depth: usize, out: &mut Vec<(String, usize)>) {
    let data = node.data.borrow();
    let line = data.sourcepos.start.line;
    let said = match &data.value {
        NodeValue::Text(_) | NodeValue::SoftBreak | NodeValue::LineBreak | NodeValue::Escaped => None,
        NodeValue::Code(_) => Some("code".to_string()),
        NodeValue::CodeBlock(block) if block.info == "mermaid" => {
            Some(format!("mermaid {}", diagram(&block.literal)))
        }
        NodeValue::CodeBlock(block) => Some(format!("block {}", block.info)),
        NodeValue::Heading(h) => Some(format!("heading {}", h.level)),
        NodeValue::Link(link) => Some(format!("link {} {}", link.url, link.title)),
        NodeValue::Image(link) => Some(format!("image {} {}", link.url, link.title)),
        NodeValue::HtmlBlock(html) => Some(format!("html {}", html.literal)),
        NodeValue::HtmlInline(html) => Some(format!("html {html}")),
        NodeValue::Math(_) => Some("math".to_string()),
        NodeValue::List(list) => Some(format!("list {:?} {}", list.list_type, list.start)),
        NodeValue::TaskItem(item) => Some(format!("task {:?}", item.symbol)),
        NodeValue::Table(_) => Some("table".to_string()),
        NodeValue::FrontMatter(_) => Some("front matter".to_string()),
        value => Some(value.xml_node_name().to_string()),
    };
    if let Some(said) = said {
        out.push((format!("{depth} {said}"), line));
    }
    for child in node.children() {
        walk(child, depth + 1, out);
    }
}

/// A Mermaid diagram without what stands in double quotes but the tags of its shapes: no other may be there, and no line break.
fn diagram(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('"').enumerate() {
        if i % 2 == 0 {
            out.push_str(part);
            continue;
        }
        out.push('"');
        for inner in part.split('<').skip(1) {
            out.push('<');
            out.push_str(inner.split('>').next().unwrap_or(inner));
        }
        if part.contains(['\n', '`']) {
            out.push_str(part);
        }
        out.push('"');
    }
    out
}

/// Compares two pages.
pub fn html(comparison: &mut Comparison<'_>, path: &str, own: &str, got: &str) {
    let shown = |text: &str| -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut inside = false;
        for tag in tags(text) {
            // An address of the plan is a link to itself.
            let url = tag.strip_prefix("a href=").and_then(|t| t.split(' ').next());
            if url.is_some_and(|url| comparison.is_address(&url.replace("&amp;", "&"))) {
                inside = true;
            } else if inside && tag == "/a" {
                inside = false;
            } else {
                out.push(tag);
            }
        }
        out
    };
    let (mut a, mut b) = (shown(own), shown(got));
    if comparison.some_text_is_wild() {
        let laid_out = |tag: &String| {
            let kind = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
            ![
                "code", "pre", "td", "th", "tr", "table", "thead", "tbody", "p", "li", "ul", "ol", "span",
                "div", "br", "dl", "dt", "dd",
            ]
            .contains(&kind)
                || tag.contains("href")
                || tag.contains("=")
                    && !tag
                        .split_once(' ')
                        .is_some_and(|(_, rest)| rest.starts_with("class="))
        };
        a.retain(laid_out);
        b.retain(laid_out);
    }
    for (a, b) in a.iter().zip(&b) {
        if a != b && comparison.replaced(a) != *b {
            comparison
                .problems
                .push(format!("{path}\n      want {a}\n      got  {b}"));
            return;
        }
    }
    if a.len() != b.len() {
        comparison
            .problems
            .push(format!("{path}: {} tags became {}", a.len(), b.len()));
    }
}

/// The tags of a page with the names of their attributes, the addresses they lead to, and the text of scripts and styles.
fn tags(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut tag = String::new();
        let mut value: Option<(char, String)> = None;
        let mut chars = rest.char_indices();
        let mut end = rest.len();
        for (i, c) in chars.by_ref() {
            match &mut value {
                Some((quote, text)) if c == *quote => {
                    let lead = tag.ends_with("href=") || tag.ends_with("src=");
                    if lead || tag.ends_with("style=") {
                        tag.push_str(text);
                    }
                    value = None;
                }
                Some((_, text)) => text.push(c),
                None if c == '"' || c == '\'' => value = Some((c, String::new())),
                None if c == '>' => {
                    end = i + 1;
                    break;
                }
                None => tag.push(c),
            }
        }
        rest = &rest[end..];
        if tag.starts_with("style") || tag.starts_with("script") {
            let close = rest.find("</").unwrap_or(rest.len());
            tag.push_str(&rest[..close]);
        }
        out.push(tag);
    }
    out
}
