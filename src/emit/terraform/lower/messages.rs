//! Topics that tell people, and the connections that requests are made with.

use super::iam::{condition, service};
use super::variables::Variable;
use super::{Lower, arn, ident, shown};
use crate::emit::environments::{answerers, tickers};
use crate::emit::people::members;
use crate::emit::stepfunctions::{naming, permits};
use crate::emit::terraform::model::{Block, Val};
use crate::model::{PersonId, RoleId, RoleOrPerson, Task, Text};
use std::collections::{BTreeMap, BTreeSet};

impl Lower<'_> {
    /// `messages.tf`
    pub fn messages(&mut self) -> Vec<Block> {
        let release = self.release;
        let mut blocks =
            vec![topic("ask", &naming::ask_topic(release)).above("Tells people that they are asked.")];
        blocks.extend(self.letters("ask", &self.asked()));
        let told = permits::topics(self.plan);
        for (i, role) in release.roles.iter().enumerate() {
            let id = RoleId::at(i);
            let name = naming::role_topic(release, id);
            if id != release.owner && !told.contains(&name) {
                continue;
            }
            let key = topic_key(&role.name);
            blocks.push(self.from(&role.origin, topic(&key, &name)));
            let people: BTreeSet<PersonId> = members(release, id).into_iter().collect();
            blocks.extend(self.letters(&key, &people));
            if id == release.owner {
                blocks.extend(events_publish(&key));
            }
        }
        blocks.extend(self.connections());
        blocks
    }

    /// A subscription for each person with an address.
    fn letters(&self, key: &str, people: &BTreeSet<PersonId>) -> Vec<Block> {
        people
            .iter()
            .filter_map(|p| {
                let person = self.release.person(*p);
                let address = person.email.as_ref().and_then(Text::known)?;
                let name = [key, "_", &ident(&person.name)].concat();
                Some(
                    Block::resource("aws_sns_topic_subscription", &name)
                        .attr("topic_arn", Val::of(["aws_sns_topic.", key, ".arn"].concat()))
                        .attr("protocol", "email")
                        .attr("endpoint", address),
                )
            })
            .collect()
    }

    /// Everybody who may be asked something.
    fn asked(&self) -> BTreeSet<PersonId> {
        let r = self.release;
        let mut who: Vec<RoleOrPerson> = vec![RoleOrPerson::Role(r.owner)];
        who.extend(r.approvals.iter().flat_map(|a| a.from.iter().map(|(w, _)| *w)));
        who.extend(r.overrides.iter().flat_map(|o| o.by.iter().map(|(w, _)| *w)));
        for decision in &r.decisions {
            who.extend(answerers(&decision.question, r.owner));
        }
        for list in &r.checklists {
            who.extend(tickers(r, list).into_iter().map(RoleOrPerson::Role));
        }
        who.extend(r.stages.iter().map(|s| RoleOrPerson::Role(s.owner)));
        let mut people = BTreeSet::new();
        for one in who {
            match one {
                RoleOrPerson::Person(p) => {
                    people.insert(p);
                }
                RoleOrPerson::Role(role) => people.extend(members(r, role)),
            }
        }
        people
    }

    /// The connections that requests are made with, each with its credentials.
    fn connections(&mut self) -> Vec<Block> {
        let r = self.release;
        let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut see = |task: Option<&Task>| {
            if let Some(Task::Http { connection, url, .. }) = task {
                names
                    .entry(shown(connection))
                    .or_insert_with(|| url.known().map(str::to_string));
            }
        };
        r.acts().iter().for_each(|a| see(a.task.as_ref()));
        r.metrics.iter().for_each(|m| see(m.task.as_ref()));
        r.priors.iter().for_each(|p| see(p.task.as_ref()));
        r.channels.iter().for_each(|c| see(c.task.as_ref()));
        names
            .into_iter()
            .map(|(name, url)| self.connection(&name, url.as_deref()))
            .collect()
    }

    fn connection(&mut self, name: &str, url: Option<&str>) -> Block {
        let key = ident(name);
        let header = self.variables.need(
            Variable::new(
                ["connection_", &key, "_header"].concat(),
                "string",
                [
                    "The header that carries the credentials of connection ",
                    name,
                    ".",
                ]
                .concat(),
            )
            .or("Authorization"),
        );
        let value = self.variables.need(
            Variable::new(
                ["connection_", &key, "_value"].concat(),
                "string",
                [
                    "What that header says for connection ",
                    name,
                    ", as `Bearer …`; it is kept in the state of Terraform.",
                ]
                .concat(),
            )
            .secret(),
        );
        let block = Block::resource("aws_cloudwatch_event_connection", &key)
            .attr("name", name)
            .attr("authorization_type", "API_KEY")
            .attr("kms_key_identifier", Val::of("aws_kms_key.release.arn"))
            .block(
                Block::new("auth_parameters", &[]).block(
                    Block::new("api_key", &[])
                        .attr("key", Val::of(header))
                        .attr("value", Val::of(value)),
                ),
            );
        match url {
            Some(url) => block.above(["For ", url].concat()),
            None => block,
        }
    }

    /// The variable that says who somebody is at AWS.
    pub fn principal(&mut self, key: &str, one: RoleOrPerson) -> String {
        let who = match one {
            RoleOrPerson::Person(p) => shown(&self.release.person(p).full_name),
            RoleOrPerson::Role(r) => shown(&self.release.role(r).title),
        };
        self.variables.need(
            Variable::new(
                ["principal_", &ident(key), "_arn"].concat(),
                "string",
                ["ARN of the user or role with which ", &who, " answers at AWS."].concat(),
            )
            .like(
                "^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:",
                "This is the ARN of a user or role.",
            ),
        )
    }
}

/// What a role's topic is called in the configuration.
pub fn topic_key(role: &str) -> String {
    ["role_", &ident(role)].concat()
}

fn topic(key: &str, name: &str) -> Block {
    Block::resource("aws_sns_topic", key)
        .attr("name", name)
        .attr("kms_master_key_id", Val::of("aws_kms_key.release.id"))
}

/// The rule about aborted executions may publish.
fn events_publish(key: &str) -> Vec<Block> {
    let topic = ["aws_sns_topic.", key, ".arn"].concat();
    let mut statement = service("events.amazonaws.com");
    statement.comments = vec!["the rule about aborted executions".into()];
    for item in &mut statement.items {
        if let crate::emit::terraform::model::Item::Attr(name, value) = item
            && name == "actions"
        {
            *value = Val::texts(&["sns:Publish"]);
        }
    }
    statement.items.insert(
        1,
        crate::emit::terraform::model::Item::Attr(
            "resources".into(),
            Val::List(vec![Val::of(topic.clone())]),
        ),
    );
    let statement = statement.block(condition(
        "ArnEquals",
        "aws:SourceArn",
        Val::List(vec![arn::own("events", true, "rule/*")]),
    ));
    vec![
        Block::data("aws_iam_policy_document", &[key, "_topic"].concat()).block(statement),
        Block::resource("aws_sns_topic_policy", key)
            .attr("arn", Val::of(topic))
            .attr(
                "policy",
                Val::of(["data.aws_iam_policy_document.", key, "_topic.json"].concat()),
            ),
    ]
}
