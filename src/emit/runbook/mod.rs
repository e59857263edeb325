//! Documents for people: the runbook, the change request, the release plan, and one HTML file for the board.
//!
//! The only place that knows `handlebars`. Every decision is made here and in the modules below, in Rust; templates only lay
//! out. Must not know other targets but the diagram. Called through `emit::TARGETS`.

mod acts;
mod alike;
mod allows;
mod around;
mod bars;
mod changes;
mod chosen;
mod closed;
mod consent;
mod deciders;
mod escape;
mod exposure;
mod fails;
mod follows;
mod found;
mod from_here;
mod gates;
mod held;
mod kit;
mod matrix;
mod notices;
pub mod recorded;
mod red_flags;
mod region;
mod render;
mod restarts;
mod rows;
mod say;
mod shade;
mod strip;
mod stuck;
mod summary;
pub mod templates;
mod tidy;
mod timeline;
mod times;
mod unsaid;
mod ways_back;
pub mod words;
mod work;

use crate::diagnostic::Bag;
use crate::emit::{Artifact, Context, Target};
use crate::plan::Plan;
use serde::Serialize;
use templates::{Flaw, Templates};

pub use changes::{Changes, changes};
use words::Spoken;

/// The target of the documents.
pub const TARGET: Target = Target {
    name: "runbook",
    emit,
    find: |_, _| Bag::new(),
};

/// Everything the templates may say. Versioned: a field is added, never changed.
#[derive(Debug, Serialize)]
struct View {
    /// The version of this model.
    version: u32,
    /// The tag of the language.
    language: String,
    summary: summary::Summary,
    environments: Vec<around::Place>,
    checklists: Vec<around::List>,
    timeline: Vec<timeline::Row>,
    stages: Vec<work::StageCard>,
    exposures: Vec<exposure::Exposure>,
    points: Vec<exposure::Point>,
    seats: Vec<String>,
    holds: Vec<around::HoldCard>,
    validations: Vec<gates::Validation>,
    smoke: Vec<gates::Validation>,
    from_here: Vec<ways_back::FromHere>,
    point_of_no_return: Option<String>,
    /// The stages of which the plan accepts that nothing undoes them.
    not_undone: String,
    triggers: Vec<around::TriggerRow>,
    messages: Vec<around::Message>,
    /// The same, each at each of its moments.
    told: Vec<around::Message>,
    escalations: Vec<around::Escalation>,
    approvals: Vec<around::ApprovalRow>,
    decisions: Vec<around::DecisionCard>,
    duties: Vec<String>,
    separation: Vec<String>,
    overrides: Vec<around::OverrideRow>,
    people: Vec<around::Contact>,
    artifacts: Vec<around::ArtifactRow>,
    /// The tools that the work calls.
    tools: Vec<rows::ToolRow>,
    /// The secrets that the work reads, by name.
    secrets: Vec<rows::SecretRow>,
    risks: Vec<around::Risk>,
    impacts: Vec<around::ImpactRow>,
    notices: Vec<notices::Notice>,
    obligations: Vec<around::Duty>,
    on_duty: Vec<around::Watch>,
    finally: Vec<around::Action>,
    review: Review,
    /// Whether there is a gate.
    gates: bool,
    /// Whether anything stays changed after some failure.
    kept_any: bool,
    /// Whether a person decides after some failure.
    asks_any: bool,
    /// Whether some stage in an order of undoing may not have applied.
    conditional: bool,
    /// Whether times are told of several cases that exclude each other.
    cases: bool,
    policies: Vec<around::PolicyRow>,
    findings: Vec<around::Finding>,
    accepted: Vec<around::Accepted>,
    inputs: Vec<around::Input>,
    sign_off: Vec<String>,
    /// What changed since the plan last approved; nothing when nobody said which that is.
    changes: Option<changes::Since>,
    mermaid: String,
    dag: String,
    /// The picture in parts, for printed pages; none where the whole can be read on one.
    dag_pages: Vec<DagPage>,
    strips: Vec<String>,
    /// The same for a small screen.
    bars: Vec<strip::Small>,
    /// The shapes of the picture of the plan, for a small screen.
    shapes: Vec<Shape>,
    stretched: bool,
    /// Times in which nothing may be released.
    closed: Vec<around::Closed>,
    /// What speaks for the window.
    chosen: Vec<rows::Criterion>,
    /// What is shaded behind the stages over time.
    shaded: Vec<String>,
    critical: Vec<String>,
    matrix: matrix::Matrix,
    /// What the pipelines hold, when they were asked.
    holding: Option<held::Holding>,
    /// How the run went, once it is over.
    went: Option<recorded::Went>,
    provenance: Provenance,
}

/// A part of the picture for a printed page.
#[derive(Debug, Serialize)]
struct DagPage {
    /// Which part it is.
    name: String,
    /// The part, as SVG.
    drawn: String,
}

/// A shape of the picture in words, for a small screen.
#[derive(Debug, Serialize)]
struct Shape {
    title: String,
    lines: Vec<String>,
    /// What it waits for, with what is written beside the arrow.
    after: String,
}

impl Shape {
    fn all(plan: Spoken<'_>, diagram: &crate::emit::diagram::Diagram) -> Vec<Self> {
        let mut after: Vec<Vec<String>> = vec![Vec::new(); diagram.shapes.len()];
        for arrow in &diagram.arrows {
            let (Some(from), Some(list)) = (diagram.shapes.get(arrow.from), after.get_mut(arrow.to)) else {
                continue;
            };
            let (name, label) = (&from.title, &arrow.label);
            list.push(if label.is_empty() {
                name.clone()
            } else {
                words::words!(plan, "text.title_and_name", title = name, name = label)
            });
        }
        use crate::emit::diagram::Kind;
        let shape = |(shape, after): (&crate::emit::diagram::Shape, Vec<String>)| Shape {
            title: match shape.kind {
                Kind::Approval => words::words!(plan, "point.approval", approval = shape.title),
                Kind::Decision => words::words!(plan, "row.decision", decision = shape.title),
                Kind::Stage | Kind::Production => shape.title.clone(),
            },
            lines: shape.lines.clone(),
            after: say::list(plan.release(), &after),
        };
        diagram.shapes.iter().zip(after).map(shape).collect()
    }
}

impl DagPage {
    fn all(plan: Spoken<'_>, pages: Vec<crate::emit::diagram::Page>) -> Vec<Self> {
        let n = pages.len();
        let page = |(i, page): (usize, crate::emit::diagram::Page)| DagPage {
            name: words::words!(plan, "text.part_of", k = i + 1, n = n),
            drawn: page.drawn,
        };
        pages.into_iter().enumerate().map(page).collect()
    }
}

/// What `review.html` says of itself: facts that only a page shows.
#[derive(Debug, Serialize)]
struct Review {
    /// How many stages there are.
    stages: usize,
    /// Whether there is one only.
    one: bool,
    /// How many of them are in production.
    production: usize,
    /// The environments in which stages take place.
    environments: Vec<String>,
    /// The owners of stages.
    owners: Vec<String>,
}

impl Review {
    fn of(plan: Spoken<'_>) -> Self {
        let r = plan.release();
        let mut environments: Vec<String> = Vec::new();
        let mut owners: Vec<String> = Vec::new();
        for s in plan.stage_order() {
            let s = r.stage(s);
            let environment = r.env(s.environment).name.to_string();
            if !environments.contains(&environment) {
                environments.push(environment);
            }
            let owner = say::role(r, s.owner);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Review {
            stages: r.stages.len(),
            one: r.stages.len() == 1,
            production: r.stages.iter().filter(|s| r.is_production(s.environment)).count(),
            environments,
            owners,
        }
    }
}

/// Where the documents come from.
#[derive(Debug, Serialize)]
struct Provenance {
    source: String,
    digest: String,
    compiler: String,
    command: String,
}

fn emit(plan: &Plan, context: &Context<'_>) -> (Vec<Artifact>, Bag) {
    let artifacts =
        documents(plan, context, &Templates::default()).expect("internal: a document renders from its view");
    (artifacts, Bag::new())
}

/// The documents, from these templates.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn documents(plan: &Plan, context: &Context<'_>, templates: &Templates) -> Result<Vec<Artifact>, Flaw> {
    let plan = Spoken {
        plan,
        words: templates.words(),
    };
    rendered(view(plan, context), templates)
}

/// The runbook of a run that is over: with what really happened.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn completed(
    plan: &Plan,
    context: &Context<'_>,
    templates: &Templates,
    run: &recorded::Recorded,
) -> Result<String, Flaw> {
    let plan = Spoken {
        plan,
        words: templates.words(),
    };
    let mut view = view(plan, context);
    let times = times::Times::of(plan);
    view.went = Some(recorded::went(plan, &times, run, &mut view.timeline));
    let pages = rendered(view, &templates.only("runbook.md"))?;
    let runbook = pages.into_iter().find(|a| a.path == "runbook.md");
    Ok(runbook.map(|a| a.content).unwrap_or_default())
}

fn rendered(mut view: View, templates: &Templates) -> Result<Vec<Artifact>, Flaw> {
    if templates.words().language() != words::ENGLISH {
        let language = templates.words().language();
        view.provenance.command.push_str(&format!(" --lang {language}"));
    }
    if let Some(folder) = templates.folder() {
        view.provenance
            .command
            .push_str(&format!(" --templates {folder}"));
    }
    let pages = render::documents(view, templates)?;
    let artifact = |(path, content): (&str, String)| Artifact {
        path: path.to_string(),
        content,
    };
    Ok(pages.into_iter().map(artifact).collect())
}

fn view(plan: Spoken<'_>, context: &Context<'_>) -> View {
    let times = times::Times::of(plan);
    let open = red_flags::not_undone(plan, context);
    let ways = from_here::ways(&plan, &open);
    let stages = work::stages(plan, &times, &ways_back::Known::of(plan, &open, &ways));
    let strip::Strips {
        pictures: strips,
        rows: bars,
        stretched,
        shaded,
    } = strip::strips(plan, &times, &stages);
    let diagram = crate::emit::diagram::told(&plan, &|note| say::note(plan.release(), note));
    let draw = |name: &str| {
        let format = crate::emit::diagram::FORMATS.iter().find(|f| f.name == name);
        format.map(|f| (f.draw)(&diagram)).unwrap_or_default()
    };
    let (tools, secrets) = kit::kit(plan);
    let from_here = ways_back::from_here(plan, &ways);
    let stays = |row: &ways_back::FromHere| !row.kept.is_empty() || !row.kept_beside.is_empty();
    let kept_any = from_here.iter().any(stays);
    let (dag, pages) = crate::emit::diagram::printed(&diagram);
    View {
        version: 10,
        language: plan.words.language().to_string(),
        summary: summary::summary(plan, context, &times, &ways),
        environments: around::places(plan),
        checklists: around::checklists(plan),
        timeline: timeline::timeline(plan, &times, &stages),
        exposures: exposure::exposures(plan, &stages),
        points: exposure::points(plan, &times, &stages),
        seats: consent::seats(plan),
        holds: around::holds(plan),
        validations: gates::validations(plan, false),
        smoke: gates::validations(plan, true),
        from_here,
        point_of_no_return: ways_back::point_of_no_return(plan),
        not_undone: say::stages(plan.release(), &open),
        triggers: around::triggers(plan),
        messages: around::messages(plan, &times),
        told: around::told(plan, &times),
        escalations: around::escalations(plan),
        approvals: consent::approvals(plan),
        decisions: consent::decisions(plan),
        duties: consent::duties(plan),
        separation: consent::separation(plan, context),
        overrides: consent::overrides(plan),
        people: around::contacts(plan),
        artifacts: around::artifacts(plan),
        tools,
        secrets,
        risks: around::risks(plan),
        impacts: around::impacts(plan),
        notices: notices::notices(plan, &times),
        obligations: around::obligations(plan),
        on_duty: around::on_duty(plan),
        closed: closed::closed(plan, &times),
        chosen: chosen::chosen(plan, &times, &ways),
        finally: around::finally(plan),
        review: Review::of(plan),
        gates: !plan.release().gates.is_empty(),
        kept_any,
        asks_any: ways.iter().any(|w| ways_back::asks(&w.then)),
        conditional: ways.iter().any(|w| w.conditional(&plan)),
        cases: plan.cases().len() > 1,
        policies: around::policies(plan),
        findings: around::findings(plan, context),
        accepted: around::accepted(plan, context),
        inputs: around::inputs(plan),
        sign_off: consent::sign_off(plan),
        mermaid: draw("mermaid").trim_end().to_string(),
        dag,
        dag_pages: DagPage::all(plan, pages),
        strips,
        bars,
        shapes: Shape::all(plan, &diagram),
        stretched,
        shaded,
        critical: bars::deciding(plan),
        changes: context.changes.map(|c| changes::Since::of(c, plan.words)),
        matrix: matrix::matrix(plan),
        stages,
        holding: held::holding(plan, context.held),
        went: None,
        provenance: Provenance {
            source: context.source.to_string(),
            digest: context.digest.to_string(),
            compiler: context.version.to_string(),
            command: format!("releasec build {} --target runbook", context.source),
        },
    }
}
