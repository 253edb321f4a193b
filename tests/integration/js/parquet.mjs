// SPDX-License-Identifier: MIT
// A Parquet reader that fetches by ranges, over a view that takes a veil off: every byte of the
// original is its complement. Prints one JSON object. Environment: ENDPOINT, BUCKET, VIEW.
import http from "node:http";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";

const { ENDPOINT, BUCKET, VIEW } = process.env;
const lookup = (host, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
const s3 = new S3Client({ endpoint: ENDPOINT, forcePathStyle: true,
    requestHandler: new NodeHttpHandler({ httpAgent: new http.Agent({ lookup }) }) });

const rows = 60000;
const numbers = Array.from({ length: rows }, (_, i) => i * 7);
const words = numbers.map((n) => `word ${n} ${(n * 2654435761 >>> 0).toString(36)}`);
const plain = Buffer.from(parquetWriteBuffer({ rowGroupSize: 5000, columnData: [
    { name: "number", data: numbers, type: "INT32" }, { name: "word", data: words, type: "STRING" }] }));
await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "table.parquet",
    Body: plain.map((byte) => 255 - byte) }));

const table = { Bucket: VIEW, Key: "table.parquet" };
const head = await s3.send(new HeadObjectCommand(table));
let fetched = 0;
const file = {
    byteLength: head.ContentLength,
    async slice(start, end = head.ContentLength) {
        const answer = await s3.send(new GetObjectCommand({ ...table,
            Range: `bytes=${start}-${end - 1}`, IfMatch: head.ETag }));
        const bytes = await answer.Body.transformToByteArray();
        if (bytes.length !== end - start) throw new Error(`${bytes.length} bytes for ${start}-${end}`);
        fetched += bytes.length;
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    },
};
const some = await parquetReadObjects({ file, rowStart: 41000, rowEnd: 41003 });
console.log(JSON.stringify({
    size: head.ContentLength === plain.length, fetched, total: plain.length,
    right: some.every((row, i) => row.number === numbers[41000 + i] && row.word === words[41000 + i]),
    rows: some.length,
}));
