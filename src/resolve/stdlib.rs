//! The library, embedded: one line for each module of `stdlib/`.
//!
//! `tests/house.rs` holds that every file of `stdlib/` has its line.

/// A module of the library.
#[derive(Debug, Clone, Copy)]
pub struct LibraryModule {
    /// `std.aws.lambda`
    pub name: &'static str,
    /// The path people see: `std/aws/lambda.release`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! library {
    ($($name:literal => $path:literal),* $(,)?) => {
        /// Every module, in the order of their names.
        pub const LIBRARY: &[LibraryModule] = &[
            $(LibraryModule { name: $name, path: $path, text: include_str!(concat!("../../stdlib/", $path)) }),*
        ];
    };
}

library! {
    "std.aws.api_gateway" => "std/aws/api_gateway.release",
    "std.aws.app_config" => "std/aws/app_config.release",
    "std.aws.cloudwatch" => "std/aws/cloudwatch.release",
    "std.aws.ecs" => "std/aws/ecs.release",
    "std.aws.end_user_messaging" => "std/aws/end_user_messaging.release",
    "std.aws.lambda" => "std/aws/lambda.release",
    "std.aws.pinpoint" => "std/aws/pinpoint.release",
    "std.comms.email" => "std/comms/email.release",
    "std.comms.pagerduty" => "std/comms/pagerduty.release",
    "std.comms.slack" => "std/comms/slack.release",
    "std.comms.statuspage" => "std/comms/statuspage.release",
    "std.database" => "std/database.release",
    "std.github.branch" => "std/github/branch.release",
    "std.launch_darkly" => "std/launch_darkly.release",
    "std.mobile.app_store" => "std/mobile/app_store.release",
    "std.mobile.google_play" => "std/mobile/google_play.release",
    "std.rollout" => "std/rollout.release",
    "std.sentry" => "std/sentry.release",
    "std.terraform" => "std/terraform.release",
}

/// The module of a name, `std.aws.lambda`.
pub fn module(name: &str) -> Option<&'static LibraryModule> {
    LIBRARY.iter().find(|m| m.name == name)
}
