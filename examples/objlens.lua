-- SPDX-License-Identifier: MIT
-- A configuration of objlens with every block in it. `objlens check examples/objlens.lua` reads it;
-- docs/configuration.md explains each key. It wants three environment variables to be set:
-- OBJLENS_ACCESS_KEY, OBJLENS_SECRET_KEY and ANALYST_SECRET_KEY.

region = "us-east-1"      -- what clients sign for
account = "000000000000"  -- in every ARN
data = "objlens-data"     -- the store's folder, relative to this file
loops = 0                 -- one serving thread a core

-- Where clients connect. A second listener with a certificate would be TLS:
--   listen { address = "0.0.0.0:9443", certificate = "cert.pem", key = "key.pem" }
listen "127.0.0.1:9000"

-- Health, readiness, metrics. admin(false) turns it off.
admin "127.0.0.1:9001"

-- Who may ask. Secrets come from the environment (env "NAME") or a file (file "path").
root { access_key = env "OBJLENS_ACCESS_KEY", secret_key = env "OBJLENS_SECRET_KEY" }

-- Somebody who may read the redacted orders and the catalogue, and never an original.
local function view(name)
    return "arn:aws:s3-object-lambda:*:*:accesspoint/" .. name
end

user "analyst" {
    access_key = "analyst",
    secret_key = env "ANALYST_SECRET_KEY",
    policy = {
        {
            effect = "Allow",
            actions = { "s3-object-lambda:GetObject" },
            resources = { view "orders-redacted", view "catalog-json" },
        },
    },
}

-- Buckets are made when they are not there. An access point is a door to one of them, which
-- clients reach as bucket NAME-s3alias.
for _, name in ipairs { "orders", "catalog" } do
    bucket(name)
    access_point(name .. "-ap") { bucket = name }
end

-- A second door to the same bucket
bucket "logs"
access_point "logs-ap" { bucket = "logs" }

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
