//! The templates, and the helpers that write text of users into Markdown and HTML.
//!
//! Strict: a field that is missing is an error, which a test finds. Called by `mod` only.
//!
//! The engine gives a part that is included a copy of everything it may say, and each name in it a copy of what it stands for:
//! too much for a plan of thousands of stages. So included parts are put in where they are included, before anything is laid
//! out, and look at the one view that there is.

use crate::diagnostic::did_you_mean;
use crate::emit::runbook::changes::Since;
use crate::emit::runbook::templates::{Flaw, Templates, file_of};
use crate::emit::runbook::words::{Words, filled};
use crate::emit::runbook::{View, escape, tidy};
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson, Template, handlebars_helper,
};
use std::collections::BTreeMap;

/// The helper that stands where a part was included. No template can name it.
const PART: &str = "the part";

handlebars_helper!(md: |text: String| escape::inline(&text));
handlebars_helper!(code: |text: String| escape::code(&text));
handlebars_helper!(cell: |text: String| escape::cell(&text));
handlebars_helper!(link: |text: String| escape::link(&text));
handlebars_helper!(anchor: |text: String| escape::anchor(&text));
handlebars_helper!(blank: |count: u64| {
    vec![escape::BLANK.to_string(); usize::try_from(count).unwrap_or(1).min(20)].join(" | ")
});
handlebars_helper!(any: |list: Json, field: String| {
    let filled = |v: &serde_json::Value| v.get(&field).is_some_and(|f| f.as_str() != Some(""));
    list.as_array().is_some_and(|l| l.iter().any(filled))
});
handlebars_helper!(shell: |text: String| escape::fenced(&text, "bash"));
handlebars_helper!(said: |text: String| escape::said(&text));
handlebars_helper!(spoken: |text: String| escape::spoken(&text));
handlebars_helper!(markup: |text: String| escape::html(&text));

/// `{{require 1}}`: the template is written for this version of the view, or an earlier one.
fn require(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    context: &Context,
    _: &mut RenderContext<'_, '_>,
    _: &mut dyn Output,
) -> HelperResult {
    let wanted = h.param(0).and_then(|p| p.value().as_u64()).unwrap_or(0);
    let there = context
        .data()
        .get("version")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0);
    if wanted == 0 || wanted > there {
        let message =
            format!("it is written for version {wanted} of the view; this compiler has version {there}");
        return Err(RenderErrorReason::Other(message).into());
    }
    Ok(())
}

/// `{{w "key" name=(md x)}}`: words of the language's catalogue, with what is filled in as it is given.
struct Word {
    words: Words,
    escape: fn(&str) -> String,
}

impl HelperDef for Word {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let key = h.param(0).and_then(|p| p.value().as_str()).unwrap_or_default();
        let Some(text) = self.words.get(key) else {
            let near = did_you_mean(key, self.words.keys()).map(|n| format!("; {n}"));
            let message = format!("there are no words for `{key}`{}", near.unwrap_or_default());
            return Err(RenderErrorReason::Other(message).into());
        };
        let value = |name: &str| {
            let value = h.hash_get(name)?.value();
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_string))
        };
        // The blanks around what is filled in belong to the sentence.
        let plain = |part: &str| {
            let (front, back) = (part.len() - part.trim_start().len(), part.trim_end().len());
            match part.get(front..back.max(front)) {
                Some(inner) if !inner.is_empty() => {
                    format!("{}{}{}", &part[..front], (self.escape)(inner), &part[back..])
                }
                _ => part.to_string(),
            }
        };
        Ok(ScopedJson::Derived(filled(text, plain, value).into()))
    }
}

/// A part in the place where it is included: it sees what stands around it, as the engine's own parts do.
struct Part;

impl HelperDef for Part {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(template) = h.template() else {
            return Ok(());
        };
        let mut block = BlockContext::new();
        if let Some(around) = rc.block() {
            block.local_variables_mut().clone_from(around.local_variables());
            block.base_path_mut().clone_from(around.base_path());
            if let Some(value) = around.base_value() {
                block.set_base_value(value.clone());
            }
        }
        rc.push_block(block);
        let result = template.render(registry, context, rc, out);
        rc.pop_block();
        result
    }
}

/// Templates read, with the parts that they include put in.
struct Put<'a> {
    texts: BTreeMap<&'a str, &'a str>,
    /// What a part is put into.
    place: HelperTemplate,
    done: BTreeMap<&'a str, Template>,
}

impl<'a> Put<'a> {
    /// Nothing when a part is included in a way in which it cannot be put in: indented.
    fn new(given: &'a Templates) -> Option<Self> {
        let texts: BTreeMap<&str, &str> = given.parts().into_iter().collect();
        let all = given.documents().into_iter().map(|(_, text)| text);
        for text in all.chain(texts.values().copied()) {
            let plain = |line: &str| !line.starts_with([' ', '\t']) || !line.trim_start().starts_with("{{>");
            if !text.lines().all(plain) {
                return None;
            }
        }
        let place = Template::compile("{{#part}}{{/part}}").ok()?;
        let mut place = place.elements.into_iter().find_map(|e| match e {
            TemplateElement::HelperBlock(h) => Some(*h),
            _ => None,
        })?;
        place.name = Parameter::Name(PART.to_string());
        Some(Put {
            texts,
            place,
            done: BTreeMap::new(),
        })
    }

    /// A part, read once.
    fn part(&mut self, name: &str) -> Option<Template> {
        let (name, text) = self.texts.get_key_value(name).map(|(n, t)| (*n, *t))?;
        if let Some(done) = self.done.get(name) {
            return Some(done.clone());
        }
        let mut template = Template::compile_with_name(text, name.to_string()).ok()?;
        self.fill(&mut template);
        self.done.insert(name, template.clone());
        Some(template)
    }

    fn fill(&mut self, template: &mut Template) {
        for element in &mut template.elements {
            match element {
                TemplateElement::PartialExpression(d) if d.params.is_empty() && d.hash.is_empty() => {
                    let part = d.name.as_name().map(str::to_string).and_then(|n| self.part(&n));
                    if let Some(part) = part {
                        let mut place = self.place.clone();
                        place.template = Some(part);
                        *element = TemplateElement::HelperBlock(Box::new(place));
                    }
                }
                TemplateElement::HelperBlock(h) => {
                    for inner in h.template.iter_mut().chain(&mut h.inverse) {
                        self.fill(inner);
                    }
                }
                // Text and values include nothing; other ways of including are left to the engine.
                _ => {}
            }
        }
    }
}

/// The engine with the helpers and the parts.
fn engine(given: &Templates) -> Result<Handlebars<'_>, Flaw> {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    templates.register_escape_fn(handlebars::no_escape);
    templates.register_helper("md", Box::new(md));
    templates.register_helper("code", Box::new(code));
    templates.register_helper("cell", Box::new(cell));
    templates.register_helper("link", Box::new(link));
    templates.register_helper("anchor", Box::new(anchor));
    templates.register_helper("blank", Box::new(blank));
    templates.register_helper("any", Box::new(any));
    templates.register_helper("shell", Box::new(shell));
    templates.register_helper("h", Box::new(markup));
    templates.register_helper("said", Box::new(said));
    templates.register_helper("h_said", Box::new(spoken));
    templates.register_helper("require", Box::new(require));
    templates.register_helper(PART, Box::new(Part));
    let word = |escape| Word {
        words: given.words().clone(),
        escape,
    };
    templates.register_helper("w", Box::new(word(escape::inline)));
    templates.register_helper("hw", Box::new(word(escape::html)));
    for (name, text) in given.parts() {
        templates
            .register_partial(name, text)
            .map_err(|e| flaw(name, None, &e.to_string()))?;
    }
    Ok(templates)
}

/// What changed, in Markdown.
///
/// # Errors
/// What an organisation's template asks for and the view does not have.
pub(super) fn changes(since: &Since, given: &Templates) -> Result<String, Flaw> {
    let data = serde_json::json!({ "changes": since });
    let page = engine(given)?
        .render_template(
            "## {{w \"heading.what_changed_in_the_plan\"}}\n\n{{> changes}}\n",
            &data,
        )
        .map_err(|e| asked_too_much(given, "changes", &e))?;
    Ok(tidy::markdown(&page))
}

/// Every document with its path.
///
/// # Errors
/// What an organisation's template asks for and the view does not have.
pub(super) fn documents(view: View, given: &Templates) -> Result<Vec<(&'static str, String)>, Flaw> {
    let mut templates = engine(given)?;
    let data = serde_json::to_value(&view).map_err(|e| flaw("", None, &e.to_string()))?;
    drop(view);
    let data = Context::from(data);
    let mut put = Put::new(given);
    let mut documents = Vec::new();
    for (name, text) in given
        .documents()
        .into_iter()
        .filter(|(name, _)| given.chose(name))
    {
        let mut read = Template::compile(text).map_err(|e| flaw(name, None, &e.to_string()))?;
        if let Some(put) = &mut put {
            put.fill(&mut read);
        }
        templates.register_template(name, read);
        let page = templates
            .render_with_context(name, &data)
            .map_err(|e| asked_too_much(given, name, &e))?;
        let tidied = if name.ends_with(".html") {
            tidy::html(&page)
        } else {
            tidy::markdown(&page)
        };
        documents.push((name, tidied));
    }
    Ok(documents)
}

/// What a template asked for that the view does not have, with the place and the words that asked.
fn asked_too_much(given: &Templates, document: &str, e: &handlebars::RenderError) -> Flaw {
    let name = e.template_name.as_deref().unwrap_or(document);
    let all = given.parts().into_iter().chain(given.documents());
    let text = all
        .into_iter()
        .find(|(n, _)| *n == name)
        .map_or("", |(_, text)| text);
    let line = e
        .line_no
        .and_then(|l| text.lines().nth(l.checked_sub(1)?))
        .unwrap_or("");
    let from: String = line
        .chars()
        .skip(e.column_no.unwrap_or(1).saturating_sub(1))
        .collect();
    let words = from.split_inclusive("}}").next().unwrap_or("").trim();
    let words = if words.is_empty() {
        String::new()
    } else {
        format!(": `{words}`")
    };
    let reason = match e.reason() {
        RenderErrorReason::ParamNotFoundForName(..)
        | RenderErrorReason::ParamNotFoundForIndex(..)
        | RenderErrorReason::MissingVariable(_)
        | RenderErrorReason::ParamTypeMismatchForName(..) => format!("the view has no such text here{words}"),
        RenderErrorReason::HelperNotFound(helper) => format!("there is no helper `{helper}`"),
        RenderErrorReason::Other(words) => words.clone(),
        other => format!("{}{words}", other.to_string().to_lowercase()),
    };
    flaw(name, e.line_no, &reason)
}

fn flaw(name: &str, line: Option<usize>, reason: &str) -> Flaw {
    Flaw {
        file: file_of(name),
        line,
        message: reason.trim().trim_end_matches('.').to_string(),
        help: Some("`docs/templates.md` lists what a template may ask for".to_string()),
    }
}
