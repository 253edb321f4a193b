# SPDX-License-Identifier: MIT
# A bucket, an access point, an Object Lambda access point and its policy, as one would write them
# for AWS. Endpoints, keys and the proxy come from the environment.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "payload" { default = "" }

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

locals { account = "000000000000" }

resource "aws_s3control_object_lambda_access_point" "view" {
  account_id = local.account
  name       = "tf-view"
  configuration {
    supporting_access_point = "arn:aws:s3:us-east-1:${local.account}:accesspoint/shop"
    allowed_features        = ["GetObject-Range"]
    transformation_configuration {
      actions = ["GetObject"]
      content_transformation {
        aws_lambda {
          function_arn     = "arn:aws:lambda:us-east-1:${local.account}:function:pii"
          function_payload = var.payload
        }
      }
    }
  }
}

resource "aws_s3control_object_lambda_access_point_policy" "view" {
  account_id = local.account
  name       = aws_s3control_object_lambda_access_point.view.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3-object-lambda:GetObject"
      Principal = { AWS = local.account }
      Resource  = aws_s3control_object_lambda_access_point.view.arn
    }]
  })
}
