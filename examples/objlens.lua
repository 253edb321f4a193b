-- SPDX-License-Identifier: MIT
-- A configuration of objlens with every block in it. `objlens check examples/objlens.lua` reads it;
-- docs/configuration.md explains each key. It wants four environment variables to be set:
-- OBJLENS_ACCESS_KEY, OBJLENS_SECRET_KEY, ANALYST_SECRET_KEY and OBJLENS_SESSION_KEY.

region = "us-east-1"      -- what clients sign for
account = "000000000000"  -- the default one, in every ARN
data = "objlens-data"     -- the store's folder, relative to this file
loops = 0                 -- one serving thread a core
domains = { "s3.example.test", "localhost" }  -- BUCKET.s3.example.test works as well
default_origin = "store"  -- the embedded one

-- Where clients connect. A second listener with a certificate would be TLS:
--   listen { address = "0.0.0.0:9443", certificate = "cert.pem", key = "key.pem",
--            certificates = { { certificate = "other.pem", key = "other-key.pem" } },
--            client_ca = "clients.pem", hsts_s = 31536000 }
listen "127.0.0.1:9000"

-- Who comes from these addresses comes from that VPC.
vpc "vpc-1a2b3c4d" { ranges = { "10.0.0.0/8", "fd00::/8" } }

-- Health, readiness, metrics. admin(false) turns it off.
admin "127.0.0.1:9001"

-- Another S3 service that buckets can live in. Nothing is asked of it before somebody uses it.
origin "ceph" {
    endpoint = "http://127.0.0.1:7480",
    credentials = "anonymous",  -- or access_key and secret_key, or credentials_file
    limits = { connections_max = 64 },
}

-- What the API makes (access points, policies, CORS rules) is kept in the data folder. Replicas keep
-- it in a bucket instead: control { bucket = "objlens-control", origin = "ceph" }
control { refresh_s = 2 }

-- What session tokens are sealed with; replicas share it.
sts { key = env "OBJLENS_SESSION_KEY" }

-- Who may ask. Secrets come from the environment (env "NAME") or a file (file "path").
root { access_key = env "OBJLENS_ACCESS_KEY", secret_key = env "OBJLENS_SECRET_KEY" }

-- A second account. The default one needs no block.
account "111122223333" { display_name = "Partner" }

-- Somebody who may read the redacted orders and the catalogue, and no original by any way.
user "analyst" {
    access_key = "analyst",
    secret_key = env "ANALYST_SECRET_KEY",
    views = { "orders-redacted", "catalog-json" },
}

-- Several keys, a group, and a policy of statements with conditions. A policy may be JSON as well:
-- policy = file "policy.json"
group "readers" {
    policy = {
        { effect = "Allow", actions = { "s3:ListBucket" }, resources = { "arn:aws:s3:::logs" } },
    },
}

user "operator" {
    keys = {
        { access_key = "operator-1", secret_key = env "ANALYST_SECRET_KEY" },
        { access_key = "operator-0", secret_key = env "ANALYST_SECRET_KEY", active = false },
    },
    groups = { "readers" },
    tags = { team = "night" },
    policy = {
        {
            sid = "FromInside",
            effect = "Allow",
            actions = { "s3:GetObject", "s3:PutObject" },
            resources = { "arn:aws:s3:::logs/*" },
            conditions = { IpAddress = { ["aws:SourceIp"] = { "127.0.0.0/8", "10.0.0.0/8" } } },
        },
    },
}

-- What the operator may become for an hour.
role "backup" {
    trust = {
        {
            effect = "Allow",
            principal = "arn:aws:iam::000000000000:user/operator",
            actions = { "sts:AssumeRole" },
        },
    },
    policy = { { effect = "Allow", actions = { "s3:Get*", "s3:List*" }, resources = "*" } },
}

-- A CDN, which a bucket's policy names by its canonical id or its ARN.
origin_identity "E2EXAMPLE" { access_key = "cdn", secret_key = env "ANALYST_SECRET_KEY" }

-- AWS's defaults, spelled out: no public access, no access control lists.
bucket_defaults { public_access_block = true, ownership = "BucketOwnerEnforced" }

-- Buckets are made when they are not there. An access point is a door to one of them, which
-- clients reach as bucket NAME-s3alias.
for _, name in ipairs { "orders", "catalog" } do
    bucket(name)
    access_point(name .. "-ap") { bucket = name }
end

-- A bucket with a policy and CORS rules of its own, and a door to a part of it that is open from one
-- VPC only.
bucket "logs" {
    policy = {
        {
            effect = "Allow",
            principal = { AWS = "111122223333" },
            actions = { "s3:PutObject" },
            resources = { "arn:aws:s3:::logs/partner/*" },
        },
    },
    cors = { { origins = { "https://app.example.test" }, methods = { "GET", "HEAD" }, max_age_s = 600 } },
}
access_point "logs-ap" { bucket = "logs", prefixes = { "app/" }, vpc = "vpc-1a2b3c4d" }

-- What is stored here is encrypted with the account's key unless a request says otherwise; and
-- this one master key is for the role "backup" alone.
bucket "ledgers" { encryption = { algorithm = "aws:kms", bucket_key = true } }
master_key "ledgers-2026" {
    policy = {
        effect = "Allow", principal = "arn:aws:iam::000000000000:role/backup",
        actions = { "kms:Decrypt", "kms:GenerateDataKey" }, resources = "*",
    },
}

-- A bucket that lives elsewhere
bucket "archive" { origin = "ceph" }

-- Shared objects are loaded by name, from these folders only: transform "orders" { plugin = "orders" }
-- With keys, each must be signed: keys = { "release.pub.pem" }
plugins { folders = { "/usr/local/lib/objlens/plugins" } }

-- A transform of one's own, and one that ships with limits of its own. What ships (pii, xml_json)
-- needs no block otherwise.
transform "shout" {
    file = "shout.lua",
    share = "identity",  -- requests of one caller may share a process; or "request", or "all"
    limits = { cpu_ms = 2000, memory_bytes = "16 MiB" },
}

transform "xml_json" { limits = { memory_bytes = "64 MiB" } }

-- Object Lambda access points: what clients reach as bucket NAME--ol-s3.
object_lambda "orders-redacted" { access_point = "orders-ap", transforms = "pii" }
object_lambda "catalog-json" { access_point = "catalog-ap", transforms = { "xml_json" } }

-- Several transforms in a row, each with its payload where it needs one.
object_lambda "logs-shouted" {
    access_point = "logs-ap",
    transforms = {
        { "pii", payload = "{}" },
        "shout",
    },
}

-- Or one transformation an action: what reads (GetObject) decides how objects look to HEAD and in
-- listings too, whether or not these are named. With unconfigured = "delegate" they would show the
-- originals, as on AWS.
object_lambda "orders-shown" {
    access_point = "orders-ap",
    transformations = { { actions = { "GetObject" }, transforms = { "pii" } } },
    allowed_features = { "GetObject-Range" },
    list = { sizes = "known" },  -- list at once, with size 0 where a view's is not known yet
    encodings = { "zstd", "gzip" },  -- compress for clients that ask
    headers = { ["Cache-Control"] = "private, max-age=60" },
}

-- Views are kept, in memory and on disk (encrypted, for the life of the process), and their lengths
-- are remembered. Replicas need one key for their ETags: view_key = env "VIEW_KEY"
view_cache { memory_bytes = "256 MiB", disk = "objlens-views", disk_bytes = "10 GiB" }
view_memo { rows_max = 1000000 }

-- Keys: SSE-S3 objects are sealed with the local keyring (objlens-data/keyring); aws:kms objects under
-- these names with a KMS. Who used which key is written down.
kms "frankfurt" {
    endpoint = "https://kms.eu-central-1.amazonaws.com",
    region = "eu-central-1",
    credentials = "environment",
    keys = { "arn:aws:kms:eu-central-1:*", "alias/frankfurt-*" },
}
data_keys { age_ms = 60000 }
key_audit { file = "keys.log" }
client_key "archive" { type = "kms", id = "alias/frankfurt-archive" }

-- What clients encrypted before they stored it is opened for transforms with these keys, and refused
-- where it cannot be. Content that must be verified to its end waits on disk.
client_encryption { keys = { "archive" }, unverified = "spool" }
spool { folder = "objlens-spool", bytes = "16 GiB" }

-- Everything has a limit, and every limit a default; these are three of them.
limits {
    put_bytes_max = "5 GiB",
    http = { idle_timeout_ms = 60000 },
    transform = { wall_ms = 300000 },
}

logs {
    access = "-",       -- standard output
    transforms = "--",  -- standard error
}
