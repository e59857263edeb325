//! Calls: an SDK call, an HTTP request or a build, as a `Task` that still lacks its way on.
//!
//! Decides which integration carries an act, with which rights and how long it may take. Must not know where a failure
//! leads. Used by `act`, `gate`, `message` and the rest of `lower`.

use super::Lower;
use super::buildspec::{self, Script, Take};
use super::vars::Scope;
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::{Retrier, Task};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::model::{Act, Command, Dur, EnvId, Extract, Retry, Task as Call, Text};
use std::sync::LazyLock;

/// Seconds an SDK call or a request may take when the plan does not say.
pub const CALL_SECONDS: i64 = 300;
/// Seconds a build may take when the plan does not say.
pub const BUILD_SECONDS: i64 = 3_600;
/// Seconds a build may take at most (CodeBuild User Guide, "Quotas": build timeout of 5 to 2160 minutes; API Reference,
/// `StartBuild`, `timeoutInMinutesOverride`). Less than the least is rounded up to it: the call is given up on time, and CodeBuild ends
/// what is left.
pub const BUILD_MOST: i64 = 2_160 * 60;
/// Minutes CodeBuild gives a build at least, by the same quota.
const BUILD_LEAST: i64 = 5;
/// The member of a build's call that says after how many minutes CodeBuild itself ends it.
const BUILD_MINUTES: &str = "TimeoutInMinutesOverride";
/// Seconds a message may take.
pub const MESSAGE_SECONDS: i64 = 30;

/// How an act is carried out.
#[derive(Debug, Clone, Copy)]
pub enum Means<'a> {
    /// A call the machine makes itself.
    Call(&'a Call),
    /// A command in a build.
    Build(&'a Command),
    /// A person.
    Person(&'a crate::model::Manual),
    /// Nothing: the act only stands for its parts.
    Nothing,
}

/// Who makes a call, and where.
#[derive(Debug, Clone, Copy)]
pub struct Hand {
    /// Whose rights.
    pub duty: Duty,
    /// In which environment.
    pub environment: EnvId,
    /// Where its variables live.
    pub scope: Scope,
}

impl Lower<'_> {
    /// How an act is carried out here: its own call, else its command, else a person. A call cannot reach another region,
    /// and says nothing that a command prints; a command serves then.
    pub fn means<'a>(&self, act: &'a Act, environment: EnvId, reads_output: bool) -> Means<'a> {
        let far = naming::foreign_region(self.release, environment).is_some();
        let printed = act.run.as_ref().is_some_and(|r| r.prints.is_some()) || reads_output;
        match (&act.task, &act.run, &act.manual) {
            (Some(call), run, _) if run.is_none() || !(far || printed) => Means::Call(call),
            (_, Some(run), _) => Means::Build(run),
            (_, _, Some(manual)) => Means::Person(manual),
            _ => Means::Nothing,
        }
    }

    /// A call as a task.
    pub fn call(&self, call: &Call, hand: Hand) -> Task {
        match call {
            Call::Aws {
                service,
                operation,
                args,
                ..
            } => {
                let mut task = sdk(service, operation, self.data(args, hand.scope));
                let reads = READS.iter().any(|r| operation.starts_with(r));
                task.retry = vec![throttled(&throttles(service, reads))];
                let account = naming::foreign_account(self.release, hand.environment);
                let role = (hand.duty, account.map(str::to_string));
                self.used.borrow_mut().assumed.insert(role);
                task.credentials = Some(Data::object([(
                    "RoleArn",
                    self.role_arn(hand.duty, hand.environment),
                )]));
                task
            }
            Call::Http {
                method,
                url,
                body,
                connection,
                ..
            } => {
                let arn = Expr::var("connections").parts(vec![Part::Name(self.connection(connection))]);
                let mut members = vec![
                    ("ApiEndpoint", self.text(url, hand.scope)),
                    ("Method", Data::str(method.as_str())),
                    (
                        "Authentication",
                        Data::object([("ConnectionArn", Data::Expr(arn))]),
                    ),
                ];
                if let Some(body) = body {
                    let json = Data::str("application/json; charset=utf-8");
                    members.push(("Headers", Data::object([("Content-Type", json)])));
                    members.push(("RequestBody", self.data(body, hand.scope)));
                }
                Task {
                    resource: "arn:aws:states:::http:invoke".into(),
                    arguments: Some(Data::object(members)),
                    retry: vec![throttled(&["States.Http.StatusCode.429".to_string()])],
                    timeout_seconds: Some(Data::int(60)),
                    ..Task::default()
                }
            }
        }
    }

    /// A command as a build that is waited for. A step of the plan says which it is: two with one command are then two builds, for
    /// whoever reads them.
    pub fn build(
        &self,
        command: &Command,
        secrets: &[smol_str::SmolStr],
        takes: Vec<(String, Take)>,
        hand: Hand,
        step: Option<&str>,
    ) -> Task {
        let release = self.release;
        let foreign = naming::foreign_account(release, hand.environment).is_some();
        self.used.borrow_mut().passed.insert(hand.duty);
        let script = Script {
            source: command.script.clone(),
            in_folder: command.folder.is_some(),
            prints: command.prints.as_ref().map(|(p, _)| p.clone()),
            takes,
            secrets: secrets
                .iter()
                .map(|s| (s.to_string(), ["releasec/", &release.name, "/", s].concat()))
                .collect(),
            assumes: foreign,
        };
        let mut env = Vec::new();
        let mut variable = |name: &str, value: Data| {
            env.push(Data::object([
                ("Name", Data::str(name)),
                ("Value", value),
                ("Type", Data::str("PLAINTEXT")),
            ]));
        };
        for e in &command.env {
            variable(&e.name, self.value_text(&e.value, hand.scope));
        }
        if let Some(folder) = &command.folder {
            variable(buildspec::FOLDER, self.text(folder, hand.scope));
        }
        if foreign {
            variable(buildspec::ROLE, self.role_arn(hand.duty, hand.environment));
        }
        if let Some(region) = naming::foreign_region(release, hand.environment) {
            variable("AWS_REGION", Data::str(region));
            variable("AWS_DEFAULT_REGION", Data::str(region));
        }
        if let Some(step) = step {
            variable(buildspec::STEP, Data::str(step));
        }
        let arguments = Data::object([
            ("ProjectName", Data::Str(naming::project(release))),
            ("SourceVersion", Data::Expr(Expr::var("commit"))),
            ("ServiceRoleOverride", self.local_role_arn(hand.duty)),
            ("BuildspecOverride", Data::Str(buildspec::buildspec(&script))),
            ("EnvironmentVariablesOverride", Data::List(env)),
            (BUILD_MINUTES, minutes(&Data::int(BUILD_SECONDS))),
        ]);
        Task {
            resource: "arn:aws:states:::codebuild:startBuild.sync".into(),
            arguments: Some(arguments),
            retry: vec![throttled(&*BUILD_THROTTLES)],
            timeout_seconds: Some(Data::int(BUILD_SECONDS)),
            ..Task::default()
        }
    }

    /// The role of a duty, in the account of an environment.
    pub fn role_arn(&self, duty: Duty, environment: EnvId) -> Data {
        let role = duty.role(self.release);
        match naming::foreign_account(self.release, environment) {
            Some(account) => Data::Expr(Expr::concat(vec![
                Expr::str("arn:"),
                Expr::var("partition"),
                Expr::Str([":iam::", account, ":role/", &role].concat()),
            ])),
            None => self.local_role_arn(duty),
        }
    }

    fn local_role_arn(&self, duty: Duty) -> Data {
        Data::Expr(self.arn("iam", false, &["role/", &duty.role(self.release)].concat()))
    }

    /// An ARN in the machine's own account, and in its region when the service has regions.
    pub fn arn(&self, service: &str, regional: bool, resource: &str) -> Expr {
        let mut parts = vec![
            Expr::str("arn:"),
            Expr::var("partition"),
            Expr::Str([":", service, ":"].concat()),
        ];
        if regional {
            parts.push(Expr::var("region"));
        }
        parts.extend([
            Expr::str(":"),
            Expr::var("account"),
            Expr::Str([":", resource].concat()),
        ]);
        Expr::concat(parts)
    }

    /// The name of a connection.
    pub fn connection(&self, name: &Text) -> String {
        self.shown(name)
    }

    /// Gives a task its time. A build is told as well: whoever gives up waiting for one only asks for its end (Step Functions Developer
    /// Guide, "Run a Job (.sync)": it makes a best effort to cancel the job), and CodeBuild would go on until the time of its project.
    pub fn may_take(&mut self, task: &mut Task, seconds: i64, deadline: Option<&Expr>) {
        let limit = self.limited(seconds, deadline);
        if let Some(Data::Object(members)) = &mut task.arguments
            && let Some(told) = members.get_mut(BUILD_MINUTES)
        {
            *told = minutes(&limit);
            self.longest_build = self.longest_build.max(seconds.clamp(1, BUILD_MOST));
        }
        task.timeout_seconds = Some(limit);
    }

    /// How long a task may take: what is written, never past the end of its stage.
    pub fn limited(&self, seconds: i64, deadline: Option<&Expr>) -> Data {
        let seconds = seconds.clamp(1, super::YEAR_SECONDS);
        match deadline {
            None => Data::int(seconds),
            Some(deadline) => {
                let left = Expr::op(deadline.clone(), "-", Expr::now());
                let left = Expr::Call("ceil", vec![Expr::op(left, "*", Expr::Num("0.001".into()))]);
                let least = Expr::Call("min", vec![Expr::List(vec![Expr::int(seconds), left])]);
                Data::Expr(Expr::Call("max", vec![Expr::List(vec![Expr::int(1), least])]))
            }
        }
    }
}

/// So much time in the whole minutes that CodeBuild takes, rounded up.
fn minutes(seconds: &Data) -> Data {
    let most = BUILD_MOST / 60;
    match seconds {
        Data::Expr(seconds) => {
            let whole = Expr::Call("ceil", vec![Expr::op(seconds.clone(), "/", Expr::int(60))]);
            let most = Expr::Call("min", vec![Expr::List(vec![Expr::int(most), whole])]);
            let list = Expr::List(vec![Expr::int(BUILD_LEAST), most]);
            Data::Expr(Expr::Call("max", vec![list]))
        }
        Data::Num(n) => {
            let seconds = n.as_i64().unwrap_or(BUILD_SECONDS);
            Data::int(whole_minutes(seconds))
        }
        _ => Data::int(most),
    }
}

/// The minutes CodeBuild is told of so many seconds.
pub fn whole_minutes(seconds: i64) -> i64 {
    let whole = seconds / 60 + i64::from(seconds % 60 > 0);
    whole.clamp(BUILD_LEAST, BUILD_MOST / 60)
}

/// An SDK call with the machine's own rights.
pub fn sdk(service: &str, operation: &str, arguments: Data) -> Task {
    let optimised = operation.contains('.') || (service == "lambda" && operation == "invoke");
    let resource = if optimised {
        ["arn:aws:states:::", service, ":", operation]
    } else {
        ["arn:aws:states:::aws-sdk:", service, ":", operation]
    };
    Task {
        resource: resource.concat(),
        arguments: Some(arguments),
        retry: vec![throttled(&throttles(service, true))],
        timeout_seconds: Some(Data::int(60)),
        ..Task::default()
    }
}

/// What begins the names of operations that change nothing.
const READS: [&str; 8] = [
    "batchGet", "describe", "get", "head", "list", "lookup", "query", "scan",
];

/// What a build that was not started fails with: too many run at once, or too many were asked for. CodeBuild's API has no error of its
/// own for the latter (API Reference, `StartBuild`, "Errors").
static BUILD_THROTTLES: LazyLock<[String; 2]> = LazyLock::new(|| {
    ["AccountLimitExceededException", "CodeBuildException"].map(|e| ["CodeBuild.", e].concat())
});

/// What a call fails with that came too often.
///
/// Errors bear the names of the classes that the AWS SDK for Java 2 has (Step Functions Developer Guide, "AWS SDK service integrations"): of
/// an error that a service's API declares, its own; of every other, one that is called like the service. Systems Manager, CloudWatch and S3
/// declare none for throttling, so theirs is `Ssm.SsmException`. What is not allowed bears that name as well, and so might what broke off
/// half done: it is tried again only where that harms nothing.
fn throttles(service: &str, harmless: bool) -> Vec<String> {
    let prefix = error_prefix(service);
    let declared: &[&str] = match service {
        "dynamodb" => &[
            "ProvisionedThroughputExceededException",
            "RequestLimitExceededException",
            "ThrottlingException",
        ],
        "s3" => &[],
        "ssm" => &["ThrottlingException", "TooManyUpdatesException"],
        _ => &["ThrottlingException", "TooManyRequestsException"],
    };
    let undeclared = [&prefix, "Exception"].concat();
    let undeclared = Some(undeclared.as_str()).filter(|_| harmless || service == "s3");
    let errors = declared.iter().copied().chain(undeclared);
    errors.map(|e| [&prefix, ".", e].concat()).collect()
}

/// What a retry for throttling looks like: the call was refused before it did anything.
pub fn throttled(errors: &[String]) -> Retrier {
    Retrier {
        error_equals: errors.to_vec(),
        interval_seconds: 2,
        max_attempts: 3,
        backoff_rate: 2.0,
        max_delay_seconds: Some(60),
        jitter_strategy: Some("FULL".into()),
    }
}

/// A retry of the work itself: only where the plan says so, or where doing it twice is doing it once.
pub fn retried(retry: Option<&Retry>, idempotent: bool) -> Option<Retrier> {
    let times = match retry {
        Some(r) => r.times,
        None if idempotent => 2,
        None => return None,
    };
    if times == 0 {
        return None;
    }
    let said = retry.and_then(|r| r.every).map(Dur::as_seconds);
    let every = said.unwrap_or(10);
    let backoff = retry.map_or(2.0, |r| r.backoff.to_f64());
    Some(Retrier {
        error_equals: vec!["States.ALL".into()],
        interval_seconds: every.clamp(1, 31_622_400),
        max_attempts: times.min(99_999),
        backoff_rate: backoff.max(1.0),
        // What the plan says it waits is not cut short: neither by a longest time nor by chance, which `FULL` takes anything from nothing
        // up to the whole time by (Amazon States Language, "JitterStrategy"; without one there is no jitter).
        max_delay_seconds: (backoff > 1.0 && said.is_none())
            .then(|| (every.max(1)).saturating_mul(20).clamp(2, 3_600))
            .filter(|d| *d > every),
        jitter_strategy: said.is_none().then(|| "FULL".into()),
    })
}

/// The seconds an act may take: the step's word, the act's, or twice its longest time.
pub fn seconds(step: Option<Dur>, act: &Act, default: i64) -> i64 {
    step.or(act.timeout)
        .map(Dur::as_seconds)
        .or_else(|| {
            act.takes
                .map(|(_, high)| high.as_seconds().saturating_mul(2).max(60))
        })
        .unwrap_or(default)
}

/// How a value is taken from a build's output.
pub fn take(extract: &Extract) -> Take {
    match extract {
        Extract::Output => Take::Output,
        Extract::Regex(r) => Take::Regex(r.clone()),
        Extract::Json(path) => Take::Json(
            super::value::json_path(path)
                .into_iter()
                .map(|p| match p {
                    Part::Name(n) => serde_json::Value::String(n),
                    Part::Index(i) => i.into(),
                    Part::Where(..) => serde_json::Value::Null,
                })
                .collect(),
        ),
    }
}

/// A value a build exported.
pub fn exported(name: &str) -> Expr {
    Expr::states(&["result", "Build", "ExportedEnvironmentVariables"]).parts(vec![
        Part::Where("Name", name.to_string()),
        Part::Name("Value".into()),
    ])
}

/// How errors of a service begin: the name its SDK has.
fn error_prefix(service: &str) -> String {
    match service {
        "apigateway" => "ApiGateway",
        "apigatewayv2" => "ApiGatewayV2",
        "appconfig" => "AppConfig",
        "autoscaling" => "AutoScaling",
        "cloudformation" => "CloudFormation",
        "cloudfront" => "CloudFront",
        "applicationautoscaling" => "ApplicationAutoScaling",
        "cloudwatch" => "CloudWatch",
        "cloudwatchlogs" => "CloudWatchLogs",
        "codebuild" => "CodeBuild",
        "codedeploy" => "CodeDeploy",
        "codepipeline" => "CodePipeline",
        "cognitoidentityprovider" => "CognitoIdentityProvider",
        "dynamodb" => "DynamoDb",
        "elasticache" => "ElastiCache",
        "elasticbeanstalk" => "ElasticBeanstalk",
        "elasticloadbalancingv2" => "ElasticLoadBalancingV2",
        "eventbridge" => "EventBridge",
        "pinpointsmsvoicev2" => "PinpointSmsVoiceV2",
        "servicediscovery" => "ServiceDiscovery",
        "secretsmanager" => "SecretsManager",
        "sesv2" => "SesV2",
        other => {
            let mut chars = other.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            return first.into_iter().chain(chars).collect();
        }
    }
    .to_string()
}
