# Written by releasec 0.1.0 from examples/bioage/bioage.release; changes belong there.
# Plan 39ce33b6c327b7b4003a03a2cc618f5dbcff80425b9eed5f179401f8f4fcdb30
# Where commands of the plan run.

resource "aws_cloudwatch_log_group" "steps" {
  name              = "/aws/codebuild/bioage-steps"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.release.arn
}

# Commands of the plan. Each build gets its own commands, and the role of the stage it belongs to.
resource "aws_codebuild_project" "steps" {
  name           = "bioage-steps"
  description    = "Runs the commands of the release, one step a build"
  service_role   = aws_iam_role.stage_candidate.arn
  encryption_key = aws_kms_key.release.arn
  build_timeout  = 60
  queued_timeout = 60

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.steps.name
    }
  }

  source {
    type            = "GITHUB"
    location        = "https://github.com/${var.github_owner}/${var.github_repository}.git"
    git_clone_depth = 1
    buildspec = jsonencode({
      version = 0.2
      phases = {
        build = {
          commands = ["echo 'only the state machine starts builds'", "exit 1"]
        }
      }
    })

    auth {
      type     = "CODECONNECTIONS"
      resource = var.code_connection_arn
    }
  }
}
