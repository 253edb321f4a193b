/* SPDX-License-Identifier: MIT */
#include "cli/starter.h"

const char ol_starter_event[] =
    "{\n"
    "  \"xAmzRequestId\": \"1a5ed718-5f53-471d-b6fe-5cf62d88d02a\",\n"
    "  \"userIdentity\": {\n"
    "    \"type\": \"IAMUser\",\n"
    "    \"principalId\": \"AIDAEXAMPLEEXAMPLE\",\n"
    "    \"arn\": \"arn:aws:iam::000000000000:user/ann\",\n"
    "    \"accountId\": \"000000000000\",\n"
    "    \"userName\": \"ann\"\n"
    "  },\n"
    "  \"userRequest\": {\n"
    "    \"url\": \"https://masked--ol-s3.s3.example.com/reports/may.txt?version=2\",\n"
    "    \"headers\": { \"Host\": \"masked--ol-s3.s3.example.com\", \"Accept\": \"text/plain\" }\n"
    "  },\n"
    "  \"configuration\": {\n"
    "    \"accessPointArn\": \"arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/masked\",\n"
    "    \"supportingAccessPointArn\": \"arn:aws:s3:us-east-1:000000000000:accesspoint/notes\",\n"
    "    \"payload\": \"{\\\"keep\\\": 4}\"\n"
    "  },\n"
    "  \"protocolVersion\": \"1.00\"\n"
    "}\n";
