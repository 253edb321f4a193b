// SPDX-License-Identifier: MIT
// A message of the AWS Encryption SDK whose data key a KMS wraps: KEY, ENDPOINT and the credentials come
// from the environment.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const sdk = require('@aws-crypto/client-node')

const plain = Buffer.alloc(70_001, 'a line of text\n')
const clientProvider = (region) => new sdk.KMS({ region, endpoint: process.env.ENDPOINT })
const keyring = new sdk.KmsKeyringNode({ generatorKeyId: process.env.KEY, clientProvider })
const { encrypt } = sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
const encryptionContext = { team: 'blue', place: 'Zürich' }
const { result } = await encrypt(keyring, plain, { encryptionContext })
console.log(JSON.stringify({
  plain: plain.toString('base64'),
  body: Buffer.from(result).toString('base64')
}))
