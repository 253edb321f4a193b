-- SPDX-License-Identifier: MIT
-- What mount.sh serves when it is not given a server: one bucket, one view of it, and a reader who
-- has the view and nothing else. mount.sh fills in the words between the @ signs.
data = "@DATA@"
listen "127.0.0.1:@PORT@"
admin "127.0.0.1:@ADMIN@"
root { access_key = "OWNEROFORIGINALS", secret_key = env "OWNER_SECRET_KEY" }
user "reader" {
  access_key = "READEROFVIEWS", secret_key = env "READER_SECRET_KEY", views = { "redacted" },
}

bucket "shop"
access_point "shop" { bucket = "shop" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
