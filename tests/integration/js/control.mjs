// SPDX-License-Identifier: MIT
// The S3 Control client of the JavaScript SDK: makes an access point and an OLAP on it, reads
// them back, deletes them, and prints what it saw. Environment: ENDPOINT (a name, not an
// address: the account goes before it), ACCOUNT, BUCKET, FUNCTION.
import http from "node:http";
import {
    CreateAccessPointCommand, CreateAccessPointForObjectLambdaCommand, DeleteAccessPointCommand,
    DeleteAccessPointForObjectLambdaCommand, GetAccessPointCommand,
    GetAccessPointConfigurationForObjectLambdaCommand, GetAccessPointForObjectLambdaCommand,
    GetAccessPointPolicyForObjectLambdaCommand, ListAccessPointsForObjectLambdaCommand,
    PutAccessPointPolicyForObjectLambdaCommand, S3ControlClient,
} from "@aws-sdk/client-s3-control";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { ENDPOINT, ACCOUNT, BUCKET, FUNCTION } = process.env;
const lookup = (host, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
const control = new S3ControlClient({
    endpoint: ENDPOINT,
    requestHandler: new NodeHttpHandler({ httpAgent: new http.Agent({ lookup }) }),
});
const send = (Command, input) => control.send(new Command({ AccountId: ACCOUNT, ...input }));
const results = {};

const point = await send(CreateAccessPointCommand, { Name: "js-ap", Bucket: BUCKET });
results.point = { arn: point.AccessPointArn, alias: point.Alias };
results.pointBucket = (await send(GetAccessPointCommand, { Name: "js-ap" })).Bucket;
const made = await send(CreateAccessPointForObjectLambdaCommand, {
    Name: "js-view",
    Configuration: {
        SupportingAccessPoint: point.AccessPointArn,
        AllowedFeatures: ["GetObject-Range"],
        TransformationConfigurations: [{
            Actions: ["GetObject"],
            ContentTransformation: { AwsLambda: { FunctionArn: FUNCTION } },
        }],
    },
});
results.view = { arn: made.ObjectLambdaAccessPointArn, alias: made.Alias?.Value };
results.viewName = (await send(GetAccessPointForObjectLambdaCommand, { Name: "js-view" })).Name;
const configuration = (await send(GetAccessPointConfigurationForObjectLambdaCommand, { Name: "js-view" })).Configuration;
results.configuration = {
    point: configuration.SupportingAccessPoint,
    features: configuration.AllowedFeatures,
    actions: configuration.TransformationConfigurations[0].Actions,
    function: configuration.TransformationConfigurations[0].ContentTransformation.AwsLambda.FunctionArn,
};
const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: "s3-object-lambda:GetObject", Resource: made.ObjectLambdaAccessPointArn }],
});
await send(PutAccessPointPolicyForObjectLambdaCommand, { Name: "js-view", Policy: policy });
results.policy = JSON.parse((await send(GetAccessPointPolicyForObjectLambdaCommand, { Name: "js-view" })).Policy).Statement.length;
results.list = (await send(ListAccessPointsForObjectLambdaCommand, {})).ObjectLambdaAccessPointList.map((p) => p.Name);
await send(DeleteAccessPointForObjectLambdaCommand, { Name: "js-view" });
await send(DeleteAccessPointCommand, { Name: "js-ap" });
try {
    await send(GetAccessPointForObjectLambdaCommand, { Name: "js-view" });
} catch (error) {
    results.gone = { code: error.Code ?? error.name, status: error.$metadata.httpStatusCode };
}
console.log(JSON.stringify(results));
