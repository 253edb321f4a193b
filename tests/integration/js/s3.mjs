// SPDX-License-Identifier: MIT
// The S3 client of the JavaScript SDK against a running server: prints one JSON object, a result
// for each thing it did. Environment: ENDPOINT, BUCKET, VIEW (an OLAP's alias), VIEW_ARN.
import http from "node:http";
import {
    CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand,
    DeleteObjectsCommand, GetObjectAttributesCommand, GetObjectCommand, GetObjectTaggingCommand,
    HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { ENDPOINT, BUCKET, VIEW, VIEW_ARN } = process.env;
// Every name is this machine: what wildcard DNS would do.
const lookup = (host, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
const client = (options) => new S3Client({
    endpoint: ENDPOINT,
    requestHandler: new NodeHttpHandler({ httpAgent: new http.Agent({ lookup }) }),
    ...options,
});
const s3 = client({ forcePathStyle: true });
const text = async (answer) => answer.Body.transformToString();
const results = {};

const key = "dir/a b+c/ü//x%2F.txt";
await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: "mail ada@example.com now\n",
    Metadata: { colour: "blue" }, Tagging: "team=red", ContentType: "text/plain" }));
const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, ChecksumMode: "ENABLED" }));
results.get = { body: await text(got), type: got.ContentType, colour: got.Metadata.colour,
    crc32: got.ChecksumCRC32 };
results.range = await text(await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, Range: "bytes=5-7" })));
results.tags = (await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: key }))).TagSet;
results.view = await text(await s3.send(new GetObjectCommand({ Bucket: VIEW, Key: key })));

const virtual = client({});
results.virtual = await text(await virtual.send(new GetObjectCommand({ Bucket: BUCKET, Key: key })));
results.virtualView = await text(await virtual.send(new GetObjectCommand({ Bucket: VIEW, Key: key })));
results.arnView = await text(await virtual.send(new GetObjectCommand({ Bucket: VIEW_ARN, Key: key })));

const large = Buffer.alloc(11 * 1024 * 1024, "0123456789abcdef");
await new Upload({ client: s3, params: { Bucket: BUCKET, Key: "large", Body: large } }).done();
const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "large", PartNumber: 2 }));
results.upload = { size: (await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "large" }))).ContentLength,
    part2: head.ContentLength, parts: head.PartsCount };
const attributes = await s3.send(new GetObjectAttributesCommand({ Bucket: BUCKET, Key: "large",
    ObjectAttributes: ["ETag", "ObjectSize", "ObjectParts", "Checksum"] }));
results.attributes = { size: attributes.ObjectSize, parts: attributes.ObjectParts.TotalPartsCount };

const upload = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "small", ChecksumAlgorithm: "CRC32C" }));
const part = await s3.send(new UploadPartCommand({ Bucket: BUCKET, Key: "small", UploadId: upload.UploadId,
    PartNumber: 1, Body: "only part", ChecksumAlgorithm: "CRC32C" }));
const whole = await s3.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: "small", UploadId: upload.UploadId,
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32C: part.ChecksumCRC32C }] } }));
results.multipart = { etag: whole.ETag, checksum: whole.ChecksumCRC32C };

await s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: "copy", CopySource: `${BUCKET}/${encodeURIComponent(key)}` }));
results.copy = await text(await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "copy" })));
results.list = (await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents.map((o) => o.Key);
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket: BUCKET,
    Delete: { Objects: ["copy", "small", "large"].map((k) => ({ Key: k })) } }));
results.deleted = deleted.Deleted.length;
try {
    await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "copy" }));
} catch (error) {
    results.missing = { code: error.Code ?? error.name, status: error.$metadata.httpStatusCode };
}
console.log(JSON.stringify(results));
